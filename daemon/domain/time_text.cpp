#include "daemon/domain/time_text.h"

#include <algorithm>

namespace postern::domain {

namespace {

std::string digits(std::int64_t number, std::size_t places) {
  std::string text = std::to_string(number);
  return std::string(places - std::min(places, text.size()), '0') + text;
}

struct Day {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

/// Of the Gregorian calendar, in eras of 400 years that begin with a March.
Day day_of(std::int64_t days_since_1970) {
  constexpr std::int64_t era_days = 146'097;
  const std::int64_t days = days_since_1970 + 719'468;
  const std::int64_t era = (days >= 0 ? days : days - era_days + 1) / era_days;
  const std::int64_t of_era = days - era * era_days;
  const std::int64_t year = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t from_march = (5 * of_year + 2) / 153;
  const std::int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  return {year + era * 400 + (month <= 2 ? 1 : 0), month, of_year - (153 * from_march + 2) / 5 + 1};
}

}  // namespace

std::string time_text(std::int64_t time_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  constexpr std::int64_t day_seconds = 86'400;
  const std::int64_t below = (time_ns % second_ns + second_ns) % second_ns;
  const std::int64_t seconds = time_ns / second_ns - (time_ns % second_ns < 0 ? 1 : 0);
  const std::int64_t of_day = (seconds % day_seconds + day_seconds) % day_seconds;
  const Day day = day_of((seconds - of_day) / day_seconds);
  return digits(day.year, 4) + '-' + digits(day.month, 2) + '-' + digits(day.day, 2) + 'T' +
         digits(of_day / 3'600, 2) + ':' + digits(of_day / 60 % 60, 2) + ':' +
         digits(of_day % 60, 2) + (below == 0 ? "" : '.' + digits(below, 9)) + 'Z';
}

}  // namespace postern::domain
