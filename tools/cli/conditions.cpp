#include "tools/cli/conditions.h"

#include <charconv>
#include <chrono>
#include <cstdio>

#include "tools/cli/text.h"
#include "tools/cli/verb.h"

namespace postern::cli {
namespace {

std::int64_t time_of(const std::string& text, const char* option) {
  const auto time = parse_time(text);
  if (!time)
    stop_usage(std::string(option) + " takes a time in UTC.",
               "Write it as 2026-07-01 or 2026-07-01T12:00:00Z.");
  return *time;
}

template <class Number>
bool take_number(std::string_view text, Number& number) {
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  int year = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0, day = 0;
  const std::string whole =
      text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text);
  int read = 0;
  if (whole.size() != 20 ||
      std::sscanf(whole.c_str(), "%4d-%2u-%2uT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute,
                  &second, &read) != 6 ||
      read != 20)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  // What nanoseconds since 1970 can say ends in 2262.
  if (!date.ok() || year < 1970 || year > 2261) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return std::nullopt;
  const auto time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  return duration_cast<nanoseconds>(time.time_since_epoch()).count();
}

void add_condition_options(CLI::App& command, ConditionsAsked& asked) {
  command.add_option("--not-before", asked.not_before, "In force from this time on, UTC");
  command.add_option("--not-after", asked.not_after, "In force before this time, UTC");
  command
      .add_option("--networks", asked.networks,
                  "From these alone: CIDRs, addresses, providers, with commas between")
      ->delimiter(',');
  command.add_flag("--require-tls", asked.require_tls, "For calls over TLS alone");
}

std::unique_ptr<schema::ConditionsT> conditions_of(const ConditionsAsked& asked) {
  if (asked.not_before.empty() && asked.not_after.empty() && asked.networks.empty() &&
      !asked.require_tls)
    return nullptr;
  auto made = std::make_unique<schema::ConditionsT>();
  if (!asked.not_before.empty()) made->not_before_ns = time_of(asked.not_before, "--not-before");
  if (!asked.not_after.empty()) made->not_after_ns = time_of(asked.not_after, "--not-after");
  if (!asked.networks.empty()) {
    made->networks = std::make_unique<schema::NetworksT>();
    made->networks->entries = asked.networks;
  }
  made->secure_transport = asked.require_tls;
  return made;
}

std::string conditions_text(const std::unique_ptr<schema::ConditionsT>& conditions) {
  if (!conditions) return {};
  std::vector<std::string> parts;
  if (conditions->not_before_ns)
    parts.push_back("from " + time_text_short(*conditions->not_before_ns));
  if (conditions->not_after_ns)
    parts.push_back("until " + time_text_short(*conditions->not_after_ns));
  if (conditions->networks) parts.push_back("in " + joined(conditions->networks->entries, " "));
  if (conditions->secure_transport) parts.push_back("TLS");
  return joined(parts);
}

std::unique_ptr<schema::GrantReferenceT> parse_reference(const std::string& text) {
  if (text.empty()) return nullptr;
  auto made = std::make_unique<schema::GrantReferenceT>();
  const auto point = text.find('.');
  if (point == text.npos || !take_number(std::string_view(text).substr(0, point), made->seq) ||
      !take_number(std::string_view(text).substr(point + 1), made->index))
    stop_usage("--grant takes a grant's name, as 12.0.", "See it in 'grant list' or 'role show'.");
  return made;
}

}  // namespace postern::cli
