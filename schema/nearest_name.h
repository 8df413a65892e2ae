// Which known name somebody may have meant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::schema {

/// Fewest letters to put in, leave out, replace, or swap with the next (optimal string alignment);
/// bytes are letters. Texts are short names.
inline std::size_t name_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t place = 0; place < last.size(); ++place) last[place] = place;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    row[0] = line;
    for (std::size_t place = 1; place <= right.size(); ++place) {
      const bool is_same = left[line - 1] == right[place - 1];
      row[place] =
          std::min({last[place] + 1, row[place - 1] + 1, last[place - 1] + (is_same ? 0U : 1U)});
      if (line > 1 && place > 1 && left[line - 1] == right[place - 2] &&
          left[line - 2] == right[place - 1])
        row[place] = std::min(row[place], before[place - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last.back();
}

/// The nearest of the names, the first of those that are alike; nothing where none is near: what
/// shares less than half of its letters is no mistake in typing. Compares 64 bytes of each.
template <std::ranges::input_range Names>
std::optional<std::string> nearest_name(const Names& names, std::string_view wanted) {
  constexpr std::size_t compared_max = 64;
  const std::string_view compared = wanted.substr(0, compared_max);
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(compared.size() / 2, 1) + 1;
  for (const auto& name : names) {
    const std::string_view known(name);
    const std::size_t distance = name_distance(known.substr(0, compared_max), compared);
    if (distance >= least) continue;
    least = distance;
    nearest = std::string(known);
  }
  return nearest;
}

/// "; the nearest is NAME", or nothing.
template <std::ranges::input_range Names>
std::string nearest_told(const Names& names, std::string_view wanted) {
  const auto nearest = nearest_name(names, wanted);
  return nearest ? "; the nearest is " + *nearest : std::string();
}

}  // namespace postern::schema
