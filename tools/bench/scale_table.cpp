#include "tools/bench/scale_table.h"

#include <fmt/format.h>

#include "tools/bench/report.h"

namespace postern::bench {

std::span<const ScaleColumn> scale_columns() {
  static constexpr ScaleColumn columns[] = {
      {"users", &ScaleRow::users},
      {"check_p50_us", &ScaleRow::check_p50_us},
      {"check_p99_us", &ScaleRow::check_p99_us},
      {"check_cpu_us", &ScaleRow::check_cpu_us},
      {"check_cpu_over_first", &ScaleRow::check_cpu_over_first},
      {"bytes_per_user", &ScaleRow::bytes_per_user},
      {"users_loaded_per_s", &ScaleRow::users_loaded_per_s},
      {"start_s", &ScaleRow::start_s},
      {"start_from_journal_s", &ScaleRow::start_from_journal_s},
      {"snapshot_bytes", &ScaleRow::snapshot_bytes},
      {"journal_bytes", &ScaleRow::journal_bytes},
  };
  return columns;
}

std::string scale_text(std::span<const ScaleRow> rows) {
  std::string text;
  for (const ScaleColumn& column : scale_columns())
    text += fmt::format("{:>{}}", column.name, column.name.size() + 2);
  text += '\n';
  for (const ScaleRow& row : rows) {
    for (const ScaleColumn& column : scale_columns())
      text += fmt::format("{:>{}}", shown(row.*column.value), column.name.size() + 2);
    text += '\n';
  }
  return text;
}

}  // namespace postern::bench
