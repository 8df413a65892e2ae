#include "tools/cli/values.h"

#include <fmt/format.h>

#include "tools/cli/verb.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::cli {

std::int64_t parse_time(std::string_view option, const std::string& text) {
  const auto time_ns = text::read_time(text);
  if (!time_ns)
    stop_usage(fmt::format("{} takes a time, found '{}'.", option, text::printable(text)),
               text::wanted_time);
  return *time_ns;
}

bool parse_switch(const std::string& text, const std::string& option) {
  if (text != "on" && text != "off") stop_usage(option + " takes on or off.");
  return text == "on";
}

}  // namespace postern::cli
