// What the text of an option says. Failure: `Stop` with 64, naming the option.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::cli {

/// As text::read_time reads it.
std::int64_t parse_time(std::string_view option, const std::string& text);
/// "on" or "off".
bool parse_switch(const std::string& text, const std::string& option);

}  // namespace postern::cli
