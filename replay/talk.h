// What the audit tool says beside its data, by its name; at a terminal in as many lines as it
// takes.
#pragma once

#include <ostream>
#include <string_view>

#include "tools/text/output.h"

namespace postern::replay {

inline constexpr std::string_view talk_begin = "postern-replay: ";

inline void say(std::ostream& talk, std::string_view sentence) {
  talk << talk_begin;
  text::write_behind(talk, sentence, talk_begin.size());
}

}  // namespace postern::replay
