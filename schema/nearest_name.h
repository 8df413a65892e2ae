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

/// How many letters are put in, left out or replaced (Levenshtein); texts are short names.
inline std::size_t name_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t place = 0; place < row.size(); ++place) row[place] = place;
  for (std::size_t line = 0; line < left.size(); ++line) {
    std::size_t diagonal = std::exchange(row[0], line + 1);
    for (std::size_t place = 0; place < right.size(); ++place) {
      const std::size_t replaced = diagonal + (left[line] == right[place] ? 0 : 1);
      diagonal = row[place + 1];
      row[place + 1] = std::min({replaced, diagonal + 1, row[place] + 1});
    }
  }
  return row.back();
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
