// table := [BOM] row { end row } [end]         end  := LF | CR LF
// row   := cell { separator cell }             cell := plain | '"' { any but '"' | '""' } '"'
#include "tools/intake/csv.h"

#include <array>

namespace postern::intake {
namespace {

constexpr std::size_t piece_bytes = 256 * 1'024;
constexpr std::string_view mark = "\xef\xbb\xbf";
/// What a spreadsheet takes for a formula, and the sign that says it is none.
constexpr std::string_view wants_apostrophe = "=+-@\t\r'";

/// How many bytes a character that begins so has; 0: none begins so.
std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/// The least and the most that the second byte may be, so that none is longer than it need be, a
/// surrogate, or beyond Unicode.
std::array<unsigned char, 2> second_bounds(unsigned char first) {
  switch (first) {
    case 0xe0:
      return {0xa0, 0xbf};
    case 0xed:
      return {0x80, 0x9f};
    case 0xf0:
      return {0x90, 0xbf};
    case 0xf4:
      return {0x80, 0x8f};
    default:
      return {0x80, 0xbf};
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t place = 0; place < text.size();) {
    const auto first = static_cast<unsigned char>(text[place]);
    const std::size_t length = utf8_length(first);
    if (length == 0 || length > text.size() - place) return false;
    for (std::size_t more = 1; more < length; ++more) {
      const auto byte = static_cast<unsigned char>(text[place + more]);
      const auto [least, most] =
          more == 1 ? second_bounds(first) : std::array<unsigned char, 2>{0x80, 0xbf};
      if (byte < least || byte > most) return false;
    }
    place += length;
  }
  return true;
}

CsvReader::CsvReader(std::istream& in, char separator) : in_(in), separator_(separator) {
  fill();
  if (held_.starts_with(mark)) place_ = mark.size();
  if (separator_ == separator_by_first_line) find_separator();
}

/// More bytes behind those that are held; false at the end.
bool CsvReader::fill() {
  held_.erase(0, place_);
  place_ = 0;
  const std::size_t before = held_.size();
  held_.resize(before + piece_bytes);
  in_.read(held_.data() + before, piece_bytes);
  held_.resize(before + static_cast<std::size_t>(in_.gcount()));
  return held_.size() > before;
}

/// -1 at the end.
int CsvReader::peek() {
  if (place_ == held_.size() && !fill()) return -1;
  return static_cast<unsigned char>(held_[place_]);
}

int CsvReader::take(CsvRow& row) {
  const int letter = peek();
  if (letter < 0) return letter;
  ++place_;
  row.text += static_cast<char>(letter);
  if (letter == '\n') ++line_;
  return letter;
}

/// Of the first line, outside quotes; a comma where it has none.
void CsvReader::find_separator() {
  constexpr std::string_view candidates = ",;\t";
  std::array<std::size_t, candidates.size()> counts{};
  bool quoted = false;
  for (std::size_t place = place_; place < held_.size(); ++place) {
    const char letter = held_[place];
    if (letter == '"') quoted = !quoted;
    if (letter == '\n' && !quoted) break;
    if (const auto found = candidates.find(letter); found != candidates.npos && !quoted)
      ++counts[found];
  }
  std::size_t most = 0;
  for (std::size_t one = 1; one < counts.size(); ++one)
    if (counts[one] > counts[most]) most = one;
  separator_ = candidates[most];
}

bool CsvReader::next(CsvRow& row) {
  while (peek() >= 0) {
    row.line = line_;
    row.cells.clear();
    row.text.clear();
    row.fault.clear();
    row.fault_column = 0;
    read_row(row);
    while (row.text.ends_with('\n') || row.text.ends_with('\r')) row.text.pop_back();
    const bool is_blank = row.cells.size() == 1 && row.cells[0].empty() && row.fault.empty();
    if (!is_blank) return true;
  }
  return false;
}

void CsvReader::read_row(CsvRow& row) {
  const auto fail = [&](const char* fault) {
    row.fault = fault;
    row.fault_column = row.cells.size();
    skip_line(row);
  };
  for (;;) {
    if (row.cells.size() == cells_max) return fail("The row has more than 1,000 cells.");
    std::string& cell = row.cells.emplace_back();
    if (peek() == '"') {
      read_quoted(row, cell);
      if (!row.fault.empty()) return;
      const int after = peek();
      if (after >= 0 && after != separator_ && after != '\n' && after != '\r')
        return fail("Behind the closing quote of a cell stands something else than a separator.");
    }
    for (;;) {
      const int letter = take(row);
      if (letter < 0 || letter == '\n') return;
      if (letter == separator_) break;
      if (letter == '\r' && (peek() == '\n' || peek() < 0)) continue;
      if (row.text.size() > row_bytes_max) return fail("The row is longer than 1 MiB.");
      cell += static_cast<char>(letter);
    }
  }
}

/// A quote within is written twice.
void CsvReader::read_quoted(CsvRow& row, std::string& cell) {
  take(row);
  for (;;) {
    const int letter = take(row);
    if (letter == '"') {
      if (peek() != '"') return;
      take(row);
    }
    if (letter < 0 || row.text.size() > row_bytes_max) {
      row.fault = "A quote that opens here is not closed.";
      row.fault_column = row.cells.size();
      return;
    }
    cell += static_cast<char>(letter);
  }
}

void CsvReader::skip_line(CsvRow& row) {
  for (int letter = 0; letter >= 0 && letter != '\n';) {
    letter = take(row);
    if (row.text.size() > row_bytes_max) row.text.clear();
  }
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    std::string text = cell;
    if (!text.empty() && wants_apostrophe.contains(text.front())) text.insert(0, 1, '\'');
    if (text.find_first_of(",;\t\"\r\n") == text.npos) {
      line += text;
      continue;
    }
    line += '"';
    for (const char letter : text) {
      if (letter == '"') line += '"';
      line += letter;
    }
    line += '"';
  }
  return line + "\r\n";
}

std::string_view cell_text(std::string_view cell) {
  if (cell.size() > 1 && cell[0] == '\'' && wants_apostrophe.contains(cell[1]))
    cell.remove_prefix(1);
  return cell;
}

}  // namespace postern::intake
