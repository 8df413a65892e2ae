#include "tools/cli/story.h"

#include "tools/cli/session.h"
#include "tools/text/event_story.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::cli {

Story::Story(Session& session)
    : session_(session),
      screen_(text::screen_of(session.out())),
      is_told_(screen_.width != 0 && session.format() == text::Format::table) {}

void Story::tell(std::int64_t time_ns, std::string_view sentence, text::Style style,
                 std::string_view details, std::string_view reason) {
  using text::printable;
  using text::Style;
  using text::styled;
  auto& out = session_.out();
  if (auto day = text::day_heading(time_ns); day != day_) {
    out << (day_.empty() ? "" : "\n") << styled(screen_, Style::heading, day) << '\n';
    day_ = std::move(day);
  }
  const std::string time = text::time_of_day(time_ns) + "  ";
  const std::string why = reason.empty() ? "" : " (" + printable(reason) + ")";
  out << styled(screen_, Style::faint, time);
  const std::string line = printable(sentence) + ": " + printable(details) + why;
  if (!details.empty() && time.size() + text::width_of(line) <= screen_.width) {
    out << styled(screen_, style, printable(sentence)) << ": "
        << styled(screen_, Style::faint, printable(details)) << why << '\n';
    return;
  }
  // What does not fit goes on below, beside the time.
  text::write_behind(out, std::string(sentence) + why, time.size(), style);
  if (details.empty()) return;
  out << std::string(time.size(), ' ');
  text::write_behind(out, details, time.size(), Style::faint);
}

}  // namespace postern::cli
