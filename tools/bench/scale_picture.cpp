// The picture of the table of sizes: text alone, by no library.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/bench/scale_table.h"

namespace postern::bench {

namespace {

constexpr double panel_width = 440;
constexpr double panel_height = 270;
constexpr int panels_in_a_row = 2;
constexpr double title_height = 44;
// Of the field within a panel.
constexpr double left = 62;
constexpr double right = 24;
constexpr double top = 52;
constexpr double bottom = 50;
/// Room for a value at either end of a line.
constexpr double inset = 24;

struct Line {
  /// Empty where a panel has one line: its title says it.
  std::string_view label;
  double ScaleRow::*value;
};

struct Panel {
  std::string_view title;
  std::string_view unit;
  std::vector<Line> lines;
};

std::vector<Panel> all_panels() {
  return {
      {"Check, one at a time over ipc",
       "µs",
       {{"p50", &ScaleRow::check_p50_us}, {"p99", &ScaleRow::check_p99_us}}},
      {"Processor time of a check, in the daemon", "µs", {{"", &ScaleRow::check_cpu_us}}},
      {"Memory of a user", "bytes", {{"", &ScaleRow::bytes_per_user}}},
      {"Loading", "users/s", {{"", &ScaleRow::users_loaded_per_s}}},
      {"Start",
       "s",
       {{"from a snapshot", &ScaleRow::start_s},
        {"from the journal", &ScaleRow::start_from_journal_s}}},
      {"On disk",
       "bytes",
       {{"snapshot", &ScaleRow::snapshot_bytes}, {"journal", &ScaleRow::journal_bytes}}},
  };
}

constexpr std::string_view style = R"(<style>
svg { color-scheme: light dark; --ink: #1f2328; --faint: #d1d9e0; --page: #ffffff;
  --line0: #0550ae; --line1: #bc4c00; font: 12px sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6edf3; --faint: #3d444d; --page: #0d1117; --line0: #79c0ff; --line1: #ffa657; }
}
.page { fill: var(--page); }
text { fill: var(--ink); }
.title { font-size: 14px; font-weight: bold; }
.grid { stroke: var(--faint); }
.line0, .line1 { fill: none; stroke-width: 2; }
.line0 { stroke: var(--line0); }
.line1 { stroke: var(--line1); stroke-dasharray: 6 3; }
.point0 { fill: var(--line0); }
.point1 { fill: var(--line1); }
</style>
)";

/// Three digits, with k, M or G where they are many.
std::string short_text(double value) {
  static constexpr std::pair<double, const char*> scales[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& [scale, letter] : scales)
    if (value >= scale * 0.9995) return fmt::format("{:.3g}{}", value / scale, letter);
  return fmt::format("{:.3g}", value);
}

/// Whole powers of ten around what is shown.
struct Decades {
  int first;
  int last;

  double place(double value) const { return (std::log10(value) - first) / (last - first); }
};

/// A logarithm is of what is above 0; other values have no place.
bool is_shown(double value) { return value > 0 && std::isfinite(value); }

Decades decades_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !is_shown(value); });
  if (values.empty()) return {0, 1};
  const auto [least, most] = std::ranges::minmax(values);
  const int first = static_cast<int>(std::floor(std::log10(least)));
  const int last = static_cast<int>(std::ceil(std::log10(most) - 1e-9));
  return {first, std::max(last, first + 1)};
}

class PanelText {
 public:
  PanelText(const Panel& panel, std::span<const ScaleRow> rows)
      : panel_(panel), rows_(rows), across_(users_of(rows)), up_(values_of(panel, rows)) {}

  std::string make() {
    text_ = fmt::format("<text class=\"title\" x=\"{}\" y=\"20\">{}</text>\n", left, panel_.title);
    add_axes();
    for (std::size_t which = 0; which < panel_.lines.size(); ++which) add_line(which);
    return text_;
  }

 private:
  static Decades users_of(std::span<const ScaleRow> rows) {
    std::vector<double> users;
    for (const ScaleRow& row : rows) users.push_back(row.users);
    return decades_of(std::move(users));
  }
  static Decades values_of(const Panel& panel, std::span<const ScaleRow> rows) {
    std::vector<double> values;
    for (const Line& line : panel.lines)
      for (const ScaleRow& row : rows) values.push_back(row.*line.value);
    return decades_of(std::move(values));
  }
  double x_of(double users) const {
    return left + inset + across_.place(users) * (panel_width - left - right - 2 * inset);
  }
  double y_of(double value) const {
    return panel_height - bottom - up_.place(value) * (panel_height - top - bottom);
  }

  void add_axes() {
    for (int power = up_.first; power <= up_.last; ++power) {
      const double value = std::pow(10.0, power);
      text_ += fmt::format(
          "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
          "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
          left, panel_width - right, y_of(value), left - 6, y_of(value) + 4, short_text(value));
    }
    for (int power = across_.first; power <= across_.last; ++power) {
      const double users = std::pow(10.0, power);
      text_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                           x_of(users), panel_height - bottom + 18, short_text(users));
    }
    text_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">users</text>"
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        (left + panel_width - right) / 2, panel_height - bottom + 36, left - 6, top - 14,
        panel_.unit);
  }

  /// Values above the upper line, below the lower, so that they do not meet.
  void add_line(std::size_t which) {
    const Line& line = panel_.lines[which];
    std::string points;
    std::string marks;
    for (const ScaleRow& row : rows_) {
      const double value = row.*line.value;
      if (!is_shown(value)) continue;
      const double x = x_of(row.users);
      const double y = y_of(value);
      points += fmt::format("{:.1f},{:.1f} ", x, y);
      marks += which == 0 ? fmt::format(
                                "<circle class=\"point0\" cx=\"{:.1f}\" cy=\"{:.1f}\" "
                                "r=\"4\"/>",
                                x, y)
                          : fmt::format(
                                "<rect class=\"point1\" x=\"{:.1f}\" y=\"{:.1f}\" "
                                "width=\"8\" height=\"8\"/>",
                                x - 4, y - 4);
      marks += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x,
                           is_upper(which, row) ? y - 9 : y + 18, short_text(value));
    }
    text_ += fmt::format("<polyline class=\"line{}\" points=\"{}\"/>\n{}", which, points, marks);
    if (line.label.empty()) return;
    const double x = left + 8 + 160.0 * static_cast<double>(which);
    text_ += fmt::format(
        "<line class=\"line{0}\" x1=\"{1}\" x2=\"{2}\" y1=\"{3}\" y2=\"{3}\"/>"
        "<text x=\"{4}\" y=\"{5}\">{6}</text>\n",
        which, x, x + 22, 34, x + 28, 38, line.label);
  }

  bool is_upper(std::size_t which, const ScaleRow& row) const {
    for (const Line& other : panel_.lines)
      if (row.*other.value > row.*panel_.lines[which].value) return false;
    return true;
  }

  const Panel& panel_;
  std::span<const ScaleRow> rows_;
  Decades across_;
  Decades up_;
  std::string text_;
};

}  // namespace

std::string scale_picture(std::span<const ScaleRow> rows) {
  const std::vector<Panel> panels = all_panels();
  const auto panel_rows = (panels.size() + panels_in_a_row - 1) / panels_in_a_row;
  const double width = panels_in_a_row * panel_width;
  const double height = title_height + static_cast<double>(panel_rows) * panel_height;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" aria-label=\"What grows with the number of users\">\n{2}"
      "<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n"
      "<text class=\"title\" x=\"{3}\" y=\"28\">What grows with the number of users: 20 grants "
      "and a password each</text>\n",
      width, height, style, left);
  for (std::size_t place = 0; place < panels.size(); ++place) {
    text += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n",
                        static_cast<double>(place % panels_in_a_row) * panel_width,
                        title_height + static_cast<double>(place / panels_in_a_row) * panel_height,
                        PanelText(panels[place], rows).make());
  }
  return text + "</svg>\n";
}

}  // namespace postern::bench
