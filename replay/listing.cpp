#include "replay/listing.h"

#include <algorithm>

#include "replay/record_text.h"
#include "tools/client/shown.h"

namespace postern::replay {

namespace {

constexpr std::size_t rows_at_once = 500;

/// Characters, as a terminal counts them; wide ones count as one.
std::size_t width_of(const std::string& text) {
  const auto begins = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
  return static_cast<std::size_t>(std::ranges::count_if(text, begins));
}

void write_padded(std::ostream& out, const std::string& cell, std::size_t width) {
  out << cell << std::string(width - std::min(width, width_of(cell)), ' ');
}

}  // namespace

Table::Table(std::ostream& out, std::vector<std::string> heads) : out_(out), widths_(heads.size()) {
  add(std::move(heads));
}

void Table::add(std::vector<std::string> row) {
  for (std::size_t column = 0; column < row.size(); ++column) {
    row[column] = row[column].empty() ? "-" : client::printable(row[column]);
    widths_[column] = std::max(widths_[column], width_of(row[column]));
  }
  rows_.push_back(std::move(row));
  if (rows_.size() == rows_at_once) flush();
}

void Table::flush() {
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column + 1 < row.size(); ++column)
      write_padded(out_, row[column], widths_[column] + 2);
    out_ << row.back() << '\n';
  }
  rows_.clear();
  out_.flush();
}

void Objects::add(const boost::json::object& object) {
  if (format_ == Format::json) out_ << (any_ ? ",\n" : "[\n");
  any_ = true;
  out_ << json_text(object);
  if (format_ != Format::json) out_ << '\n';
}

void Objects::finish() {
  if (format_ == Format::json) out_ << (any_ ? "\n]\n" : "[]\n");
  out_.flush();
}

void write_fields(std::ostream& out,
                  const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  for (const auto& [name, value] : fields) {
    write_padded(out, name, width + 2);
    out << client::printable(value) << '\n';
  }
}

}  // namespace postern::replay
