#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "tools/text/report_parts.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::text {

namespace {

using Week = schema::ReportWeekT;

/// What one colour of a bar counts.
struct Series {
  const char* name;
  const char* color;
  std::uint64_t Week::*count;
};
constexpr Series changes[] = {{"users", "c1", &Week::users},
                              {"credentials", "c2", &Week::credentials},
                              {"grants", "c3", &Week::grants},
                              {"roles", "c4", &Week::roles},
                              {"policies and catalogue", "c5", &Week::tenant}};
constexpr Series denials[] = {{"calls denied", "c3", &Week::calls_denied},
                              {"wrong passwords", "c4", &Week::passwords_failed}};

constexpr double width = 720;
constexpr double height = 180;
constexpr double left = 44;
constexpr double below = 22;
constexpr double above = 10;

std::uint64_t sum_of(const Week& week, std::span<const Series> series) {
  std::uint64_t sum = 0;
  for (const Series& one : series) sum += week.*one.count;
  return sum;
}

std::string date_of(std::int64_t time_ns) { return time_text_short(time_ns).substr(0, 10); }

/// The next of 1, 2, 5, 10, … that is no less.
std::uint64_t round_top(std::uint64_t most) {
  for (std::uint64_t step = 1;; step *= 10)
    for (const std::uint64_t top : {step, 2 * step, 5 * step})
      if (top >= most) return top;
}

void add_bars(std::string& svg, const schema::ReportT& report, std::span<const Series> series,
              std::uint64_t top) {
  const double step =
      (width - left) / static_cast<double>(std::max<std::size_t>(report.weeks.size(), 1));
  double x = left;
  for (const auto& week : report.weeks) {
    double y = height - below;
    std::string told;
    for (const Series& one : series) {
      const std::uint64_t count = (*week).*one.count;
      if (count == 0) continue;
      const double tall =
          static_cast<double>(count) / static_cast<double>(top) * (height - below - above);
      y -= tall;
      svg += fmt::format(
          R"h(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="var(--{})"/>)h", x,
          y, std::max(step - 2, 1.0), tall, one.color);
      told += fmt::format(", {} {}", count, one.name);
    }
    if (!told.empty())
      svg += fmt::format(R"h(<rect x="{:.1f}" y="0" width="{:.1f}" height="{:.0f}" fill="none" )h"
                         R"h(pointer-events="all"><title>week of {}{}</title></rect>)h",
                         x, step, height - below, date_of(week->begins_ns), told);
    x += step;
  }
}

void add_dates(std::string& svg, const schema::ReportT& report) {
  const std::size_t count = report.weeks.size();
  if (count == 0) return;
  const double step = (width - left) / static_cast<double>(count);
  const std::size_t every = std::max<std::size_t>(1, (count + 5) / 6);
  for (std::size_t place = 0; place < count; place += every)
    svg += fmt::format(R"h(<text x="{:.1f}" y="{:.0f}">{}</text>)h",
                       left + static_cast<double>(place) * step, height - 6,
                       date_of(report.weeks[place]->begins_ns));
}

std::string legend_of(std::span<const Series> series) {
  std::string legend = R"h(<ul class="legend">)h";
  for (const Series& one : series)
    legend +=
        fmt::format(R"h(<li><i style="background:var(--{})"></i>{}</li>)h", one.color, one.name);
  return legend + "</ul>";
}

std::string chart(const schema::ReportT& report, std::span<const Series> series,
                  std::string_view label) {
  std::uint64_t most = 1;
  for (const auto& week : report.weeks) most = std::max(most, sum_of(*week, series));
  const std::uint64_t top = round_top(most);
  std::string svg = fmt::format(
      R"h(<div class="card"><svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)h", width,
      height, label);
  for (const double share : {0.0, 0.5, 1.0}) {
    const double y = height - below - share * (height - below - above);
    svg += fmt::format(
        R"h(<line x1="{0:.0f}" x2="{1:.0f}" y1="{2:.1f}" y2="{2:.1f}" stroke="var(--line)"/>)h",
        left, width, y);
    if (share == 0.5 && top == 1) continue;
    svg += fmt::format(R"h(<text x="{:.0f}" y="{:.1f}" text-anchor="end">{:g}</text>)h", left - 6,
                       y + 4, static_cast<double>(top) * share);
  }
  add_bars(svg, report, series, top);
  add_dates(svg, report);
  return svg + "</svg>" + legend_of(series) + "</div>";
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string made;
  for (const char character : printable(text)) {
    switch (character) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      case '\'':
        made += "&#39;";
        break;
      default:
        made += character;
    }
  }
  return made;
}

std::string changes_chart(const schema::ReportT& report) {
  return chart(report, changes, "Changes in each week, by what they are about");
}

std::string denied_chart(const schema::ReportT& report) {
  return chart(report, denials, "Calls denied and wrong passwords in each week");
}

std::string status_bar(const schema::ReportT& report) {
  constexpr const char* colors[] = {"c1", "c2", "c3", "c4", "c5"};
  std::string bar = R"h(<div class="card"><div class="bar" aria-hidden="true">)h";
  std::string legend = R"h(<ul class="legend">)h";
  std::size_t place = 0;
  for (const auto& count : report.statuses) {
    const char* color = colors[place++ % std::size(colors)];
    bar += fmt::format(R"h(<span style="flex-grow:{};background:var(--{})"></span>)h", count->count,
                       color);
    legend +=
        fmt::format(R"h(<li><i style="background:var(--{})"></i>{} <b>{}</b>{}</li>)h", color,
                    status_text(count->status), count->count,
                    count->locked == 0 ? "" : fmt::format(", {} of them locked", count->locked));
  }
  return bar + "</div>" + legend + "</ul></div>";
}

}  // namespace postern::text
