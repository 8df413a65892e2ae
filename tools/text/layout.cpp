#include "tools/text/layout.h"

#include <algorithm>
#include <numeric>

#include "tools/text/shown.h"

namespace postern::text {

namespace {

/// Below, not even a word's beginning can be read.
constexpr std::size_t cut_min = 4;
/// Above every rank.
constexpr unsigned empty_rank = 256;

std::size_t least_width(const Column& column, std::size_t width) {
  if (column.cut_to == 0) return width;
  return std::min(width, std::max<std::size_t>(column.cut_to, column.head.size()));
}

std::size_t total_of(const std::vector<std::size_t>& widths) {
  std::size_t total = widths.empty() ? 0 : (widths.size() - 1) * column_gap;
  for (const std::size_t width : widths) total += width;
  return total;
}

/// Takes from the widest that is above its least, one by one; false: none is.
bool shrink(std::vector<std::size_t>& widths, const std::vector<std::size_t>& least) {
  std::size_t widest = widths.size();
  for (std::size_t place = 0; place < widths.size(); ++place)
    if (widths[place] > least[place] && (widest == widths.size() || widths[place] > widths[widest]))
      widest = place;
  if (widest == widths.size()) return false;
  --widths[widest];
  return true;
}

}  // namespace

std::string column_name(const Column& column) {
  std::string name(column.head);
  std::ranges::transform(name, name.begin(), [](char letter) {
    if (letter == ' ') return '-';
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return name;
}

std::vector<std::size_t> columns_that_fit(Columns columns, const std::vector<std::size_t>& widths,
                                          const std::vector<bool>& is_empty, std::size_t width) {
  std::vector<std::size_t> order(columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto needed = [&](bool as_cut) {
    std::vector<std::size_t> each;
    for (const std::size_t place : order)
      each.push_back(as_cut ? least_width(columns[place], widths[place]) : widths[place]);
    return total_of(each);
  };
  const auto rank_of = [&](std::size_t place) {
    const unsigned rank = columns[place].rank;
    return rank != 0 && is_empty[place] ? rank + empty_rank : rank;
  };
  for (const bool as_cut : {false, true}) {
    while (needed(as_cut) > width) {
      // The last of the highest.
      const auto first = std::ranges::max_element(order.rbegin(), order.rend(), {}, rank_of);
      if (first == order.rend() || rank_of(*first) < (as_cut ? 1U : spare_rank)) break;
      order.erase(std::next(first).base());
    }
  }
  return order;
}

std::vector<std::size_t> fitted_widths(Columns columns, const std::vector<std::size_t>& widths,
                                       const std::vector<std::size_t>& order, std::size_t width) {
  std::vector<std::size_t> fitted;
  std::vector<std::size_t> least;
  for (const std::size_t place : order) {
    fitted.push_back(widths[place]);
    least.push_back(least_width(columns[place], widths[place]));
  }
  while (total_of(fitted) > width && shrink(fitted, least)) {
  }
  // What was asked for is shown, however little of it.
  for (const std::size_t still : {cut_min, std::size_t{1}}) {
    std::ranges::fill(least, still);
    while (total_of(fitted) > width && shrink(fitted, least)) {
    }
  }
  return fitted;
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  return std::string(text.substr(0, bytes_within(text, width - 1))) + "…";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width_of(text) > width) {
    // A word that is as long as the line ends it wherever that is.
    const std::size_t fits = std::max<std::size_t>(bytes_within(text, width), 1);
    const std::size_t blank = text.rfind(' ', fits);
    const bool between_words = blank != text.npos && blank > 0;
    lines.emplace_back(text.substr(0, between_words ? blank : fits));
    text.remove_prefix(between_words ? blank + 1 : fits);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace postern::text
