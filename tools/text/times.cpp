#include "tools/text/times.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "tools/text/time_zone.h"

namespace postern::text {
namespace {

struct Split {
  std::chrono::year_month_day day;
  std::chrono::hh_mm_ss<std::chrono::nanoseconds> time;
  /// "Z", or "+02:00" in a zone that was asked for.
  std::string offset;
};

std::string offset_text(const LocalTime& local) {
  if (local.is_utc) return "Z";
  const auto minutes = std::abs(local.offset_seconds) / 60;
  return fmt::format("{}{:02}:{:02}", local.offset_seconds < 0 ? '-' : '+', minutes / 60,
                     minutes % 60);
}

Split split(std::int64_t time_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> utc{nanoseconds(time_ns)};
  const auto second = floor<seconds>(utc);
  const LocalTime local = local_time_at(second.time_since_epoch().count());
  // In seconds: of the first and last days there are, nanoseconds do not reach to midnight.
  const auto time = second + seconds(local.offset_seconds);
  const auto day = floor<days>(time);
  constexpr std::int64_t second_ns = 1'000'000'000;
  const nanoseconds below((time_ns % second_ns + second_ns) % second_ns);
  return {day, hh_mm_ss(nanoseconds(time - day) + below), offset_text(local)};
}

std::string to_the_second(const Split& split) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(split.day.year()),
                     static_cast<unsigned>(split.day.month()),
                     static_cast<unsigned>(split.day.day()), split.time.hours().count(),
                     split.time.minutes().count(), split.time.seconds().count());
}

/// `count` digits at the front, taken off; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole =
      error == std::errc() && text.size() >= count && text[0] != '-' && end == text.data() + count;
  if (!is_whole) return -1;
  text.remove_prefix(count);
  return number;
}

/// The digits of a second behind the point, in nanoseconds; -1 where there are none or over nine.
int take_fraction(std::string_view& text) {
  constexpr std::size_t places = 9;
  const auto size = std::min(text.find_first_not_of("0123456789"), text.size());
  if (size == 0 || size > places) return -1;
  std::string digits(text.substr(0, size));
  digits.resize(places, '0');
  text.remove_prefix(size);
  std::string_view whole = digits;
  return take_digits(whole, places);
}

}  // namespace

std::string time_text(std::int64_t time_ns) {
  const auto parts = split(time_ns);
  return fmt::format("{}.{:09}{}", to_the_second(parts), parts.time.subseconds().count(),
                     parts.offset);
}

std::string time_text_short(std::int64_t time_ns) {
  const auto parts = split(time_ns);
  return to_the_second(parts) + parts.offset;
}

std::optional<std::int64_t> read_time(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t to_the_second = 19;
  constexpr std::int64_t second_ns = 1'000'000'000;
  if (text.size() <= to_the_second) return std::nullopt;
  std::int64_t offset = 0;
  std::string_view rest = text.substr(to_the_second);
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_fraction(rest);
  }
  if (rest.starts_with('+') || rest.starts_with('-')) {
    const std::int64_t sign = rest[0] == '-' ? -1 : 1;
    rest.remove_prefix(1);
    const int hours = take_digits(rest, 2);
    if (!rest.starts_with(':')) return std::nullopt;
    rest.remove_prefix(1);
    const int minutes = take_digits(rest, 2);
    if (!rest.empty() || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
      return std::nullopt;
    offset = sign * (hours * 3'600 + minutes * 60);
  } else if (rest != "Z") {
    return std::nullopt;
  }
  int parts[6];
  std::string_view left = text;
  for (std::size_t part = 0; part < std::size(parts); ++part) {
    if (part > 0 && !left.starts_with("--T::"[part - 1])) return std::nullopt;
    if (part > 0) left.remove_prefix(1);
    parts[part] = take_digits(left, part == 0 ? 4 : 2);
  }
  const year_month_day date{year(parts[0]), month(static_cast<unsigned>(parts[1])),
                            day(static_cast<unsigned>(parts[2]))};
  const bool is_time = parts[3] >= 0 && parts[3] < 24 && parts[4] >= 0 && parts[4] < 60 &&
                       parts[5] >= 0 && parts[5] < 60;
  if (fraction < 0 || !is_time || !date.ok()) return std::nullopt;
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + parts[3] * 3'600 + parts[4] * 60 + parts[5] - offset;
  // Counted from the second above, where before 1970, so that the earliest does not overflow.
  const std::int64_t above = seconds < 0 ? 1 : 0;
  std::int64_t time_ns = 0;
  if (__builtin_mul_overflow(seconds + above, second_ns, &time_ns) ||
      __builtin_add_overflow(time_ns, fraction - above * second_ns, &time_ns))
    return std::nullopt;
  return time_ns;
}

}  // namespace postern::text
