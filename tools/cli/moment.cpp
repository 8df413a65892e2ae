#include "tools/cli/moment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tools/arguments/options.h"
#include "tools/text/access_text.h"
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

}  // namespace

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
