// What a run found: for people as a table, for programs as one JSON object.
// Thread: one at a time. Limits: none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/bench/environment.h"
#include "tools/bench/scale_table.h"
#include "tools/bench/statistics.h"

namespace postern::bench {

/// Four digits that mean something.
std::string shown(double value);

/// A number with its unit and what was the case when it was measured.
struct Figure {
  std::string name;
  std::string unit;
  double value = 0;
  /// Of what the figure is held against; absent without a ratio.
  std::string floor_name = {};
  double floor = 0;
  std::vector<std::pair<std::string, double>> details = {};
};

struct Ratio {
  std::string name;
  /// Place of its figure.
  std::size_t figure = 0;
  std::vector<double> of_rounds = {};

  double value() const { return median(of_rounds); }
};

class Report {
 public:
  void add(Figure figure) { figures_.push_back(std::move(figure)); }
  /// Fills in the figure's value and floor: medians of the rounds.
  void add(std::string ratio_name, const Rounds& rounds, Figure figure);

  /// A row of the table of sizes.
  void add(const ScaleRow& row) { scale_.push_back(row); }
  std::span<const ScaleRow> scale() const { return scale_; }

  /// Aligned, with units.
  std::string table() const;
  /// `decisions`: what the daemon decided, for the hash of the result.
  std::string json(const Environment& environment, const std::string& decisions) const;
  /// A sentence for each ratio or figure that misses what is asked of it.
  std::vector<std::string> missed() const;

 private:
  std::vector<Figure> figures_;
  std::vector<Ratio> ratios_;
  std::vector<ScaleRow> scale_;
};

}  // namespace postern::bench
