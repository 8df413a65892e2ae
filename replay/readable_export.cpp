#include "replay/readable_export.h"

#include "replay/event_lines.h"
#include "schema/text_view.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

constexpr std::size_t piece_bytes = 256 << 10;

/// What spreadsheets take for the beginning of a formula.
constexpr std::string_view formula_beginnings = "=+-@";

std::string csv_cell(const std::string& text) {
  std::string cell = text::printable(text);
  if (!cell.empty() && formula_beginnings.find(cell.front()) != std::string_view::npos)
    cell.insert(0, 1, '\'');
  if (cell.find_first_of(",\"") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char letter : cell) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    line += csv_cell(cell);
  }
  return line + "\r\n";
}

void ReadableExport::Text::add(std::string_view text) {
  held += text;
  if (held.size() >= piece_bytes) write();
}

void ReadableExport::Text::write() {
  if (failure) return;
  if (const auto written = file.write(std::as_bytes(std::span(held))); !written)
    failure = written.error();
  held.clear();
}

Expected<std::optional<ReadableExport::Text>> ReadableExport::open(const std::string& file) {
  if (file.empty()) return std::nullopt;
  auto made = platform::NewFile::create(file);
  if (!made) return std::unexpected(made.error());
  return Text{std::move(*made)};
}

Expected<ReadableExport> ReadableExport::create(const ReadableFiles& files) {
  auto jsonl = open(files.jsonl);
  if (!jsonl) return std::unexpected(jsonl.error());
  auto csv = open(files.csv);
  if (!csv) return std::unexpected(csv.error());
  ReadableExport made(*std::move(jsonl), *std::move(csv));
  if (made.csv_)
    made.csv_->add(csv_line({"seq", "time", "operator", "role", "tenant", "user", "event",
                             "details", "reason", "outcome", "command"}));
  return made;
}

void ReadableExport::add(const Step& step) {
  const schema::Record& record = step.record;
  if (jsonl_) jsonl_->add(text::json_text(record_object(record)) + '\n');
  if (!csv_) return;
  for (const EventLine& line : event_lines(step))
    csv_->add(
        csv_line({std::to_string(record.seq()), text::time_text(record.time_ns()),
                  line.operator_name, schema::EnumNameRole(record.role()), line.tenant, line.user,
                  line.kind, line.details, std::string(schema::view_of(record.reason())),
                  text::code_name(record.outcome()), text::uuid_text(*record.command_id())}));
}

Expected<> ReadableExport::finish() {
  for (auto* text : {&jsonl_, &csv_}) {
    if (!*text) continue;
    (*text)->write();
    if ((*text)->failure) return std::unexpected(*(*text)->failure);
    if (auto placed = (*text)->file.put_in_place(); !placed) return placed;
  }
  return {};
}

}  // namespace postern::replay
