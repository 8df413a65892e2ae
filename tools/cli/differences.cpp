#include "tools/cli/differences.h"

#include <fmt/format.h>

#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/text/differences.h"
#include "tools/text/numbers.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::cli {

namespace {

constexpr std::uint32_t preview_days_max = 400;

struct DiffArguments {
  At from;
  At to;
  schema::GetDifferenceT wanted;
};

int run_diff(Session& session, const DiffArguments& asked) {
  const bool is_turned = (asked.to.seq != 0 && asked.from.seq > asked.to.seq) ||
                         (asked.to.time_ns != 0 && asked.from.time_ns > asked.to.time_ns);
  if (is_turned) stop_usage("--from is later than --to.", "Give the earlier moment with --from.");
  schema::GetDifferenceT wanted = asked.wanted;
  wanted.tenant = session.tenant();
  wanted.from_seq = asked.from.seq;
  wanted.from_time_ns = asked.from.time_ns;
  wanted.count_max = page_count;
  session.stand_at(asked.to);
  ShownList listing(session, text::difference_columns());
  bool any = false;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::GetDifferenceT(wanted)));
    const auto& found = Session::part(page.body.AsDifferencePage());
    for (const auto& line : found.lines)
      listing.add(*line, text::difference_row(*line, text::time_text_short));
    listing.flush();
    any = any || !found.lines.empty();
    more = found.more && !found.lines.empty();
    wanted.skip += found.lines.size();
    // All pages are of the moments of the first.
    wanted.from_seq = found.from_seq;
    wanted.from_time_ns = found.from_time_ns;
    session.stand_at({page.at_seq, page.at_time_ns});
  }
  listing.finish();
  return any ? exit_codes::no : exit_codes::yes;
}

}  // namespace

Handler diff(Options& options) {
  auto asked = std::make_shared<DiffArguments>();
  add_moment(options, "--from", asked->from, "The earlier moment").required();
  add_moment(options, "--to", asked->to, "The later one; now if left out");
  options.add("--user", &asked->wanted.username, "Of this user alone: its name at either moment");
  options.add("--unfold", &asked->wanted.unfold,
              "A line for each user, where one record did the same to many");
  return [asked](Session& session) { return run_diff(session, *asked); };
}

std::uint32_t read_days(const std::string& text) {
  if (!text.ends_with('d')) return 0;
  const auto number = text::read_number<std::uint32_t>(
      std::string_view(text).substr(0, text.size() - 1), 1, preview_days_max);
  return number.value_or(0);
}

int tell_flips(Session& session, const schema::FlipPageT& page) {
  if (session.format() == text::Format::json) {
    session.print(text::to_json(page));
  } else {
    ShownList listing(session, text::flip_columns());
    for (const auto& flip : page.flips)
      listing.add(*flip, text::flip_row(*flip, text::time_text_short));
    listing.finish();
  }
  for (const std::string& sentence : text::flip_sentences(page, text::time_text_short))
    text::write_sentence(session.talk(), sentence);
  return page.denied + page.allowed == 0 ? exit_codes::yes : exit_codes::no;
}

int tell_preview(Session& session, const schema::FlipPageT& page) {
  const int told = tell_flips(session, page);
  session.talk() << "Nothing was done.\n";
  return told;
}

}  // namespace postern::cli
