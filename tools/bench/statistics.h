// Medians and percentiles of what was measured.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace postern::bench {

/// Nearest rank; `share` from 0 to 1. 0 of nothing.
inline double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto last = static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(last * share + 0.5);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

inline double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

/// One value of figure and floor for each round, in the order they were measured.
struct Rounds {
  std::vector<double> figure;
  std::vector<double> floor;

  std::vector<double> ratios() const {
    std::vector<double> all;
    for (std::size_t round = 0; round < figure.size(); ++round)
      all.push_back(figure[round] / floor[round]);
    return all;
  }
};

/// Measures both in turn, so that whatever else the machine does meets both alike. The first of
/// each round changes, for the same reason.
template <class Figure, class Floor>
Rounds alternate(std::size_t count, Figure figure, Floor floor) {
  Rounds rounds;
  for (std::size_t round = 0; round < count; ++round) {
    if (round % 2 == 0) rounds.floor.push_back(floor());
    rounds.figure.push_back(figure());
    if (round % 2 == 1) rounds.floor.push_back(floor());
  }
  return rounds;
}

}  // namespace postern::bench
