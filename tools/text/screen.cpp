#include "tools/text/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "tools/text/numbers.h"
#include "tools/text/times.h"

namespace postern::text {

namespace {

constexpr std::size_t width_min = 20;
constexpr std::size_t width_max = 10'000;
constexpr std::size_t width_usual = 80;
/// What ends sooner is doubtful.
constexpr std::int64_t soon_ns = 30 * std::int64_t{86'400'000'000'000};

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::size_t width_at(int descriptor) {
  if (const auto told = read_number<std::size_t>(variable("COLUMNS"), 1, width_max))
    return std::max(*told, width_min);
  winsize size{};
  const bool is_known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? std::max<std::size_t>(size.ws_col, width_min) : width_usual;
}

/// Where a stream keeps its screen.
struct Places {
  int width = std::ios_base::xalloc();
  int has_colours = std::ios_base::xalloc();
  int now_ns = std::ios_base::xalloc();
};
const Places& places() {
  static const Places made;
  return made;
}

/// ECMA-48, "select graphic rendition": of the eight colours, that every terminal shows on light
/// and on dark.
struct Rendition {
  Style style;
  std::string_view begin;
};
constexpr Rendition renditions[] = {
    {Style::heading, "\x1b[1m"},   {Style::good, "\x1b[32m"}, {Style::bad, "\x1b[31m"},
    {Style::doubtful, "\x1b[33m"}, {Style::faint, "\x1b[2m"},
};
constexpr std::string_view rendition_end = "\x1b[0m";

struct StyledWord {
  std::string_view word;
  Style style;
};
constexpr StyledWord state_words[] = {
    {"active", Style::good},     {"enabled", Style::good}, {"allowed", Style::good},
    {"healthy", Style::good},    {"on", Style::good},      {"gained", Style::good},
    {"create", Style::good},     {"new", Style::doubtful}, {"inactive", Style::doubtful},
    {"change", Style::doubtful}, {"off", Style::doubtful}, {"conditions", Style::doubtful},
    {"degraded", Style::bad},    {"commands", Style::bad}, {"disabled", Style::bad},
    {"denied", Style::bad},      {"deny", Style::bad},     {"lost", Style::bad},
    {"remove", Style::bad},      {"trashed", Style::bad},  {"deleted", Style::faint},
};

Style style_of_word(std::string_view cell) {
  const std::string_view word = cell.substr(0, cell.find_first_of(", "));
  const auto* found = std::ranges::find(state_words, word, &StyledWord::word);
  return found == std::end(state_words) ? Style::plain : found->style;
}

Style style_of_end(std::string_view cell, std::int64_t now_ns) {
  const auto ends_ns = read_time(cell);
  if (!ends_ns || *ends_ns > now_ns + soon_ns) return Style::plain;
  return *ends_ns <= now_ns ? Style::bad : Style::doubtful;
}

}  // namespace

Screen screen_at(int descriptor) {
  if (::isatty(descriptor) != 1) return {};
  const std::string_view term = variable("TERM");
  Screen screen;
  screen.width = width_at(descriptor);
  screen.has_colours = variable("NO_COLOR").empty() && !term.empty() && term != "dumb";
  screen.now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  return screen;
}

void set_screen(std::ostream& out, const Screen& screen) {
  out.iword(places().width) = static_cast<long>(screen.width);
  out.iword(places().has_colours) = screen.has_colours ? 1 : 0;
  out.iword(places().now_ns) = screen.now_ns;
}

Screen screen_of(std::ostream& out) {
  return {static_cast<std::size_t>(out.iword(places().width)), out.iword(places().has_colours) != 0,
          out.iword(places().now_ns)};
}

std::string styled(const Screen& screen, Style style, std::string_view text) {
  const auto* found = std::ranges::find(renditions, style, &Rendition::style);
  if (!screen.has_colours || text.empty() || found == std::end(renditions))
    return std::string(text);
  std::string made(found->begin);
  made += text;
  made += rendition_end;
  return made;
}

Style style_of(Shade shade, std::string_view cell, std::int64_t now_ns) {
  if (cell.empty() || cell == "-") return Style::plain;
  switch (shade) {
    case Shade::plain:
      return Style::plain;
    case Shade::state:
      return style_of_word(cell);
    case Shade::code:
      return cell == "ok" ? Style::good : Style::doubtful;
    case Shade::fault:
      return Style::bad;
    case Shade::until:
      return style_of_end(cell, now_ns);
  }
  return Style::plain;
}

}  // namespace postern::text
