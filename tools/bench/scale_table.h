// What grows with the users, and how: one row for each number of them, as a table and as a picture.
// Thread: any. Limits: none.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {

/// A data folder of so many users with 20 grants and a password each.
struct ScaleRow {
  double users = 0;
  double check_p50_us = 0;
  double check_p99_us = 0;
  /// Processor time of the daemon for one check.
  double check_cpu_us = 0;
  /// That over the first row's, in rounds that alternate.
  double check_cpu_over_first = 1;
  /// Anonymous memory after a start.
  double bytes_per_user = 0;
  double users_loaded_per_s = 0;
  double start_s = 0;
  double start_from_journal_s = 0;
  double snapshot_bytes = 0;
  double journal_bytes = 0;
};

/// A number of a row by its name, which ends with its unit.
struct ScaleColumn {
  std::string_view name;
  double ScaleRow::*value;
};
std::span<const ScaleColumn> scale_columns();

/// Aligned, one line a row.
std::string scale_text(std::span<const ScaleRow> rows);

/// An SVG of its own, for light and dark pages: one panel for each kind of number, both axes
/// logarithmic, each point with its value.
std::string scale_picture(std::span<const ScaleRow> rows);

}  // namespace postern::bench
