#include "tools/intake/account_source.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <set>

#include "tools/intake/nearest.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::intake {
namespace {

namespace json = boost::json;

constexpr const char* form_rule = "form";
constexpr std::string_view left_out = "-";

/// "E-Mail" and "API access" are email and api_access.
std::string folded_title(std::string_view title) {
  std::string folded;
  for (char letter : text::trimmed(title)) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    folded += letter == ' ' || letter == '-' ? '_' : letter;
  }
  return folded == "e_mail" ? "email" : folded == "user" ? "username" : folded;
}

}  // namespace

std::string_view field_behind(std::string_view refused) {
  struct Pair {
    std::string_view refused;
    std::string_view field;
  };
  constexpr Pair pairs[] = {{"role", "roles"},
                            {"action", "grants"},
                            {"resource", "grants"},
                            {"effect", "grants"},
                            {"not_before_ns", "grants"},
                            {"not_after_ns", "grants"},
                            {"password_confirmation", "password"}};
  const auto* found = std::ranges::find(pairs, refused, &Pair::refused);
  return found == std::end(pairs) ? refused : found->field;
}

Fault AccountSource::fault_at(std::uint64_t line, std::string_view field) const {
  return {line, 0, std::string(field_behind(field)), {}, {}};
}

// ---- tables

CsvSource::CsvSource(std::istream& in, const CsvForm& form) : reader_(in, form.separator) {
  read_heading(form);
}

void CsvSource::read_heading(const CsvForm& form) {
  const auto fail = [&](std::size_t column, std::string sentence) {
    faults_.push_back(fault_in(row_.line, column, std::move(sentence)));
  };
  if (!reader_.next(row_)) return fail(0, "The file is empty.");
  heading_ = row_.text;
  if (!row_.fault.empty()) return fail(row_.fault_column, row_.fault);
  if (heading_.find('\0') != heading_.npos)
    return fail(0, "It is no text in UTF-8. Save the file as 'CSV UTF-8'.");
  std::set<std::string> seen;
  for (const std::string& cell : row_.cells) {
    const std::string title = text::trimmed(cell);
    const auto mapped = form.names.find(title);
    std::string field = mapped != form.names.end() ? mapped->second : folded_title(title);
    columns_.push_back({title, field == left_out ? "" : field});
    if (field == left_out) continue;
    if (title.empty() && mapped == form.names.end())
      fail(columns_.size(), "The column has no name.");
    else if (!is_field(field))
      fail(columns_.size(), no_such("field", title, field_names()) +
                                " Say what it is with --map '" + text::printable(title) +
                                "=FIELD', or '" + text::printable(title) + "=-' to leave it out.");
    else if (!seen.insert(field).second)
      fail(columns_.size(), "Another column is '" + field + "' too.");
  }
  for (const auto& [title, field] : form.names)
    if (std::ranges::find(columns_, title, &Column::title) == columns_.end())
      fail(0, "--map names the column '" + text::printable(title) + "', which is not there.");
}

Fault CsvSource::fault_in(std::uint64_t line, std::size_t column, std::string sentence) const {
  const bool is_known = column > 0 && column <= columns_.size();
  return {line, column, is_known ? columns_[column - 1].title : "", form_rule, std::move(sentence)};
}

Fault CsvSource::fault_at(std::uint64_t line, std::string_view field) const {
  const auto found = std::ranges::find(columns_, field_behind(field), &Column::field);
  if (found == columns_.end()) return AccountSource::fault_at(line, field);
  return {line, static_cast<std::size_t>(found - columns_.begin()) + 1, found->title, {}, {}};
}

bool CsvSource::next(Entry& entry) {
  if (!reader_.next(row_)) return false;
  entry.line = row_.line;
  entry.account = {};
  entry.faults.clear();
  entry.text = row_.text;
  const auto fail = [&](std::size_t column, std::string sentence) {
    entry.faults.push_back(fault_in(row_.line, column, std::move(sentence)));
  };
  if (!row_.fault.empty()) {
    fail(row_.fault_column, row_.fault);
    return true;
  }
  if (row_.cells.size() != columns_.size())
    fail(0, "It has " + std::to_string(row_.cells.size()) + " cells; the heading has " +
                std::to_string(columns_.size()) + ".");
  const std::size_t count = std::min(row_.cells.size(), columns_.size());
  for (std::size_t column = 0; column < count; ++column) {
    if (columns_[column].field.empty()) continue;
    auto fault = read_field(entry.account, columns_[column].field, cell_text(row_.cells[column]));
    if (!fault.empty()) fail(column + 1, std::move(fault));
  }
  return true;
}

// ---- JSON lines

bool JsonlSource::next(Entry& entry) {
  do {
    if (!std::getline(in_, entry.text)) return false;
    ++line_;
    if (entry.text.ends_with('\r')) entry.text.pop_back();
    if (line_ == 1 && entry.text.starts_with("\xef\xbb\xbf")) entry.text.erase(0, 3);
  } while (text::trimmed(entry.text).empty());
  entry.line = line_;
  entry.account = {};
  entry.faults.clear();
  const auto fail = [&](std::string_view field, std::string sentence) {
    entry.faults.push_back({line_, 0, std::string(field), form_rule, std::move(sentence)});
  };
  json::error_code error;
  const auto value = json::parse(entry.text, error);
  if (error || !value.is_object()) {
    fail("", error ? "It is no JSON: " + error.message() + "." : "It is no JSON object.");
    return true;
  }
  for (const auto& [name, held] : value.get_object()) {
    auto fault = read_field(entry.account, name, held);
    if (!fault.empty()) fail(std::string_view(name), std::move(fault));
  }
  return true;
}

}  // namespace postern::intake
