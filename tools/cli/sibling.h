// The programs that lie beside this one, for what is done offline.
// Failure: `Stop` with 66 where the program is not there.
#pragma once

#include <string>
#include <vector>

namespace postern::cli {

/// Where what a sibling says goes.
enum class Sound {
  /// Where this program's goes.
  on,
  /// Data is dropped; talk is heard.
  data_off,
};

/// Runs `program` (its bare name) to its end; gives its exit code.
int run_sibling(const std::string& program, const std::vector<std::string>& arguments,
                Sound sound = Sound::on);

}  // namespace postern::cli
