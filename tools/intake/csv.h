// Tables as spreadsheets write them (RFC 4180): a byte order mark, CRLF or LF, quotes, and the
// separator that the first line has most of. Row by row, so that a file may have any size.
// One thread; the stream outlives the reader. Failure: `fault` says what is wrong with the row that
// was read; reading goes on with the next line.
// Limits: 1 MiB a row, 1,000 cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace postern::intake {

struct CsvRow {
  /// In the file, from 1, where the row begins.
  std::uint64_t line = 0;
  std::vector<std::string> cells;
  /// The row's own bytes, without its line end.
  std::string text;
  /// Empty: nothing is wrong with its form.
  std::string fault;
  /// Where that is: the cell's number from 1; 0: the whole row.
  std::size_t fault_column = 0;
};

class CsvReader {
 public:
  static constexpr char separator_by_first_line = '\0';

  explicit CsvReader(std::istream& in, char separator = separator_by_first_line);

  /// The next row that is not blank; false at the end. What `row` held is used again.
  bool next(CsvRow& row);
  char separator() const { return separator_; }

 private:
  static constexpr std::size_t row_bytes_max = 1'048'576;
  static constexpr std::size_t cells_max = 1'000;

  bool fill();
  int peek();
  int take(CsvRow& row);
  void find_separator();
  void read_row(CsvRow& row);
  void read_quoted(CsvRow& row, std::string& cell);
  void skip_line(CsvRow& row);

  std::istream& in_;
  char separator_;
  std::string held_;
  std::size_t place_ = 0;
  std::uint64_t line_ = 1;
};

/// A line of cells with what ends it. A cell that a spreadsheet would take for a formula begins
/// with an apostrophe, which `cell_text` takes away again.
std::string csv_line(const std::vector<std::string>& cells);
std::string_view cell_text(std::string_view cell);

/// Text in UTF-8, as the schema asks for.
bool is_utf8(std::string_view text);

}  // namespace postern::intake
