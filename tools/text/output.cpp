#include "tools/text/output.h"

#include <algorithm>
#include <utility>

#include "tools/text/shown.h"

namespace postern::text {
namespace {

void pad(std::ostream& out, const std::string& cell, std::size_t width) {
  out << cell;
  for (std::size_t column = width_of(cell); column < width; ++column) out << ' ';
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

Table::Table(std::vector<std::string> heads) : heads_(std::move(heads)), headed_(heads_.empty()) {
  for (const auto& head : heads_) widths_.push_back(head.size());
}

void Table::add(std::vector<std::string> row) {
  widths_.resize(std::max(widths_.size(), row.size()));
  for (std::size_t column = 0; column < row.size(); ++column) {
    row[column] = row[column].empty() ? "-" : printable(row[column]);
    widths_[column] = std::max(widths_[column], width_of(row[column]));
  }
  rows_.push_back(std::move(row));
}

void Table::write(std::ostream& out) {
  if (rows_.empty()) return;
  const auto write_row = [&](const std::vector<std::string>& row) {
    for (std::size_t column = 0; column + 1 < row.size(); ++column)
      pad(out, row[column], widths_[column] + 2);
    if (!row.empty()) out << row.back();
    out << '\n';
  };
  if (!std::exchange(headed_, true)) write_row(heads_);
  for (const auto& row : rows_) write_row(row);
  rows_.clear();
  out.flush();
}

void Fields::add(std::string name, std::string value) {
  if (!value.empty()) fields_.emplace_back(std::move(name), printable(value));
}

void Fields::write(std::ostream& out, std::size_t indent) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields_) width = std::max(width, name.size());
  for (const auto& [name, value] : fields_) {
    out << std::string(indent, ' ');
    pad(out, name, width + 2);
    out << value << '\n';
  }
}

Listing::Listing(std::ostream& out, Format format, std::vector<std::string> heads)
    : out_(out), format_(format), table_(std::move(heads)) {}

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

void Listing::finish() {
  flush();
  if (format_ == Format::json) out_ << (any_ ? "\n]\n" : "[]\n");
}

}  // namespace postern::text
