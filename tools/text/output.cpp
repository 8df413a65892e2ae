#include "tools/text/output.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::text {
namespace {

void pad(std::ostream& out, const Screen& screen, const std::string& cell, Style style,
         std::size_t width) {
  out << styled(screen, style, cell);
  for (std::size_t column = width_of(cell); column < width; ++column) out << ' ';
}

/// What is left of a line behind so many columns.
std::size_t room_behind(const Screen& screen, std::size_t begin) {
  constexpr std::size_t readable_min = 10;
  return screen.width >= begin + readable_min ? screen.width - begin : readable_min;
}

/// To the end of the line, which begins at that column; on a screen in as many lines as it takes.
void write_below(std::ostream& out, const Screen& screen, std::string_view text, Style style,
                 std::size_t begin) {
  if (screen.width == 0) {
    out << text << '\n';
    return;
  }
  const std::size_t room = room_behind(screen, begin);
  bool is_first = true;
  for (const std::string& line : wrapped(text, room))
    out << (std::exchange(is_first, false) ? "" : std::string(begin, ' '))
        << styled(screen, style, line) << '\n';
}

}  // namespace

bool read_format(std::string_view name, Format& format) {
  constexpr std::pair<std::string_view, Format> formats[] = {
      {"table", Format::table}, {"json", Format::json}, {"jsonl", Format::jsonl}};
  const auto* const found =
      std::ranges::find(formats, name, &std::pair<std::string_view, Format>::first);
  if (found == std::end(formats)) return false;
  format = found->second;
  return true;
}

// ---- tables

Table::Table(Columns columns, std::vector<std::size_t> chosen)
    : columns_(columns), chosen_(std::move(chosen)), headed_(columns.empty()) {
  for (const Column& column : columns_) widths_.push_back(column.head.size());
  empty_.resize(columns_.size(), true);
}

void Table::add(Row row) {
  widths_.resize(std::max(widths_.size(), row.size()));
  empty_.resize(widths_.size(), true);
  for (std::size_t column = 0; column < row.size(); ++column) {
    empty_[column] = empty_[column] && row[column].empty();
    row[column] = row[column].empty() ? "-" : printable(row[column]);
    widths_[column] = std::max(widths_[column], width_of(row[column]));
  }
  rows_.push_back(std::move(row));
}

void Table::settle(const Screen& screen) {
  order_ = chosen_;
  if (!order_.empty()) return;
  if (screen.width != 0 && !columns_.empty()) {
    order_ = columns_that_fit(columns_, widths_, empty_, room_behind(screen, indent_));
    return;
  }
  order_.resize(widths_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

void Table::write(std::ostream& out) {
  if (rows_.empty()) return;
  const Screen screen = screen_of(out);
  if (order_.empty()) settle(screen);
  std::vector<std::size_t> widths;
  if (screen.width != 0 && !columns_.empty()) {
    widths = fitted_widths(columns_, widths_, order_, room_behind(screen, indent_));
  } else {
    for (const std::size_t place : order_) widths.push_back(widths_[place]);
  }
  if (!std::exchange(headed_, true)) write_heads(out, screen, widths);
  for (const Row& row : rows_) write_row(out, screen, row, widths);
  rows_.clear();
  out.flush();
}

void Table::write_heads(std::ostream& out, const Screen& screen,
                        const std::vector<std::size_t>& widths) {
  out << std::string(indent_, ' ');
  for (std::size_t shown = 0; shown < order_.size(); ++shown) {
    const std::string head = cut(columns_[order_[shown]].head, widths[shown]);
    const bool is_last = shown + 1 == order_.size();
    pad(out, screen, head, Style::heading, is_last ? 0 : widths[shown] + column_gap);
  }
  out << '\n';
}

void Table::write_row(std::ostream& out, const Screen& screen, const Row& row,
                      const std::vector<std::size_t>& widths) const {
  std::size_t begin = indent_;
  out << std::string(indent_, ' ');
  for (std::size_t shown = 0; shown < order_.size() && order_[shown] < row.size(); ++shown) {
    const std::size_t place = order_[shown];
    const std::string& cell = row[place];
    const Style style =
        columns_.empty() ? Style::plain : style_of(columns_[place].shade, cell, screen.now_ns);
    const bool is_last = shown + 1 == order_.size() || order_[shown + 1] >= row.size();
    if (is_last && wraps_last_) return write_below(out, screen, cell, style, begin);
    pad(out, screen, screen.width == 0 ? cell : cut(cell, widths[shown]), style,
        is_last ? 0 : widths[shown] + column_gap);
    begin += widths[shown] + column_gap;
  }
  out << '\n';
}

std::vector<std::string> Table::left_out() const {
  std::vector<std::string> names;
  for (std::size_t place = 0; place < columns_.size() && !order_.empty() && chosen_.empty();
       ++place)
    if (std::ranges::find(order_, place) == order_.end())
      names.push_back(column_name(columns_[place]));
  return names;
}

// ---- fields

void Fields::add(std::string name, std::string value, Shade shade) {
  if (!value.empty()) fields_.push_back({std::move(name), printable(value), shade});
}

void Fields::write(std::ostream& out, std::size_t indent) {
  const Screen screen = screen_of(out);
  std::size_t width = 0;
  for (const Field& field : fields_) width = std::max(width, width_of(field.name));
  for (const Field& field : fields_) {
    out << std::string(indent, ' ');
    pad(out, screen, field.name, Style::plain, width + column_gap);
    write_below(out, screen, field.value, style_of(field.shade, field.value, screen.now_ns),
                indent + width + column_gap);
  }
}

void write_heading(std::ostream& out, std::string_view heading) {
  out << styled(screen_of(out), Style::heading, heading) << '\n';
}

void write_behind(std::ostream& out, std::string_view sentence, std::size_t begin, Style style) {
  write_below(out, screen_of(out), printable(sentence), style, begin);
}

void write_sentence(std::ostream& out, std::string_view sentence) {
  write_behind(out, sentence, 0);
}

// ---- lists

Listing::Listing(std::ostream& out, Format format, Columns columns, std::vector<std::size_t> chosen)
    : out_(out), format_(format), table_(columns, std::move(chosen)) {}

void Listing::add_object(const boost::json::object& object) {
  if (format_ == Format::json) out_ << (any_ ? ",\n" : "[\n");
  any_ = true;
  out_ << json_text(object);
  if (format_ == Format::jsonl) out_ << '\n';
}

void Listing::flush() {
  if (format_ == Format::table) table_.write(out_);
  out_.flush();
}

void Listing::tell_left_out(std::ostream& talk, std::string_view how) const {
  const std::vector<std::string> names = table_.left_out();
  if (names.empty()) return;
  write_sentence(talk, "No room for: " + joined(names) + " (" + std::string(how) + ").");
}

void Listing::finish() {
  flush();
  if (format_ == Format::json) out_ << (any_ ? "\n]\n" : "[]\n");
}

}  // namespace postern::text
