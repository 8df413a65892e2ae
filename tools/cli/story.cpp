#include "tools/cli/story.h"

#include "tools/cli/session.h"
#include "tools/text/event_story.h"
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
  out << styled(screen_, Style::faint, text::time_of_day(time_ns)) << "  "
      << styled(screen_, style, printable(sentence));
  if (!details.empty()) out << ": " << styled(screen_, Style::faint, printable(details));
  if (!reason.empty()) out << " (" << printable(reason) << ')';
  out << '\n';
}

}  // namespace postern::cli
