#include "tools/text/time_zone.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace postern::text {
namespace {

bool is_utc = true;

/// The C library takes a name it does not know for UTC, without a word: so it is looked up first.
bool is_known(const std::string& name) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '+' || letter == '-' ||
           letter == '/';
  };
  if (!std::ranges::all_of(name, fits) || name.front() == '/') return false;
  const char* const given = std::getenv("TZDIR");
  const std::filesystem::path folder = given != nullptr ? given : "/usr/share/zoneinfo";
  std::error_code error;
  return std::filesystem::is_regular_file(folder / name, error);
}

}  // namespace

bool set_time_zone(const std::string& name) {
  is_utc = name.empty() || name == "UTC";
  if (is_utc) return true;
  if (!is_known(name)) return false;
  ::setenv("TZ", (":" + name).c_str(), 1);
  ::tzset();
  return true;
}

LocalTime local_time_at(std::int64_t time_seconds) {
  if (is_utc) return {};
  const auto moment = static_cast<std::time_t>(time_seconds);
  std::tm parts{};
  if (::localtime_r(&moment, &parts) == nullptr) return {};
  return {parts.tm_gmtoff, false};
}

}  // namespace postern::text
