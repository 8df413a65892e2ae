// What an export holds, beside it for people: as JSON lines, and as a table for spreadsheets (H7).
#pragma once

#include <optional>
#include <string>

#include "daemon/platform/files.h"
#include "replay/data_folder.h"

namespace postern::replay {

/// Where they go; empty: nowhere.
struct ReadableFiles {
  std::string jsonl;
  std::string csv;
};

/// Nothing is under its name before `finish`. One thread.
class ReadableExport {
 public:
  /// Fails with what a new file fails with.
  static Expected<ReadableExport> create(const ReadableFiles& files);

  /// One that is exported. What cannot be written shows in `finish`.
  void add(const Step& step);
  Expected<> finish();

 private:
  /// Written in pieces.
  struct Text {
    platform::NewFile file;
    std::string held = {};
    std::optional<Failure> failure = {};

    void add(std::string_view text);
    void write();
  };
  static Expected<std::optional<Text>> open(const std::string& file);

  ReadableExport(std::optional<Text> jsonl, std::optional<Text> csv)
      : jsonl_(std::move(jsonl)), csv_(std::move(csv)) {}

  std::optional<Text> jsonl_;
  std::optional<Text> csv_;
};

/// RFC 4180: a line of cells, with what ends it. A cell that a spreadsheet would take for a formula
/// begins with an apostrophe; what does not show is escaped as on a terminal.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace postern::replay
