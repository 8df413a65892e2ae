// Passwords that are made again the same from a seed and an entry's line, so that an interrupted
// import need not write down what it made.
// Thread: main. Failure: as generated_password.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common_generated.h"

namespace postern::cli {

class SeededPasswords {
 public:
  /// In hexadecimal, 16 to 64 bytes.
  SeededPasswords(const std::string& seed, schema::PoliciesT policies);
  std::string of(std::uint64_t line) const;

 private:
  schema::PoliciesT policies_;
  std::vector<std::uint8_t> seed_;
};

}  // namespace postern::cli
