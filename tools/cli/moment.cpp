#include "tools/cli/moment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "tools/arguments/options.h"
#include "tools/text/access_text.h"
#include "tools/text/numbers.h"
#include "tools/text/times.h"

namespace postern::cli {

namespace {

bool read_at(const std::string& text, At& at) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, at.seq);
  if (error == std::errc() && stop == end) return at.seq != 0;
  at.seq = 0;
  const auto time_ns = text::read_time(text);
  // One before 1970 is before every journal; 0 would be none.
  if (time_ns) at.time_ns = std::max<std::int64_t>(*time_ns, 1);
  return time_ns.has_value();
}

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr Unit units[] = {{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}, {'w', 604'800}};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// One before 1970 is before everything; 0 would be none.
bool read_since(const std::string& text, std::int64_t& since_ns) {
  constexpr std::uint64_t most = 100'000'000;
  constexpr std::int64_t second_ns = 1'000'000'000;
  const auto* unit = std::ranges::find(units, text.empty() ? '\0' : text.back(), &Unit::letter);
  const auto number =
      text::read_number<std::uint64_t>(std::string_view(text).substr(0, text.size() - 1), 1, most);
  if (unit != std::end(units) && number) {
    const std::int64_t seconds = static_cast<std::int64_t>(*number) * unit->seconds;
    since_ns = std::max<std::int64_t>(now_ns() / second_ns - seconds, 1) * second_ns;
    return true;
  }
  const auto time_ns = text::read_time(text);
  if (time_ns) since_ns = std::max<std::int64_t>(*time_ns, 1);
  return time_ns.has_value();
}

}  // namespace

arguments::Option& add_since(arguments::Options& options, std::int64_t& since_ns,
                             std::string help) {
  return options
      .add("--since",
           arguments::Reader{
               [&since_ns](const std::string& text) { return read_since(text, since_ns); },
               "a time as 2027-01-31T00:00:00Z, or how long ago: 90s, 30m, 12h, 7d, 4w"},
           std::move(help))
      .type_name("TIME|AGO");
}

void add_at(arguments::Options& options, At& at) {
  add_moment(options, "--at", at, "As it was at this time, or when this seq was the newest");
}

arguments::Option& add_moment(arguments::Options& options, std::string name, At& at,
                              std::string help) {
  return options
      .add(std::move(name),
           arguments::Reader{[&at](const std::string& text) { return read_at(text, at); },
                             "a seq, or a time as 2027-01-31T00:00:00Z"},
           std::move(help))
      .type_name("TIME|SEQ");
}

void tell_moment(std::ostream& talk, const schema::HistoryPageT& page) {
  talk << fmt::format("As of seq {}, {}.\n", page.at_seq, text::time_text_short(page.at_time_ns));
}

void tell_owners(std::ostream& talk, const schema::HistoryPageT& page) {
  if (page.name_owners.empty()) return;
  std::vector<text::NameOwner> owners;
  for (const auto& owner : page.name_owners)
    if (owner->user) owners.push_back({*owner->user, 0, owner->until_seq});
  talk << "Note: " << text::owners_sentence("", owners) << '\n';
}

}  // namespace postern::cli
