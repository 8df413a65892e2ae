// What happens, told line by line to a person at a terminal: a heading where the day changes, the
// time of day, a sentence, what else is to be said of it.
// Thread: main. Lifetime: one command line; the session outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/text/screen.h"

namespace postern::cli {

class Session;

class Story {
 public:
  explicit Story(Session& session);

  /// Somebody looks on, and no other form was asked for.
  bool is_told() const { return is_told_; }
  void tell(std::int64_t time_ns, std::string_view sentence, text::Style style,
            std::string_view details, std::string_view reason);

 private:
  Session& session_;
  text::Screen screen_;
  bool is_told_;
  std::string day_;
};

}  // namespace postern::cli
