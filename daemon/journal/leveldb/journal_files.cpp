#include "daemon/journal/leveldb/journal_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/journal/leveldb/anchor.h"
#include "daemon/platform/files.h"
#include "daemon/platform/system_failure.h"

namespace postern::journal {

namespace {

namespace fs = std::filesystem;

constexpr const char* remedy =
    "make a backup before the daemon is stopped, as it can still read what it has open";

constexpr std::size_t name_bytes_max = 4'096;

// By number, and as long as it was written.
struct Table {
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  friend bool operator==(const Table&, const Table&) = default;
};

// LevelDB lists a table in a line of its own: " 7:1234['first key' @ … .. 'last key' @ …]".
std::vector<Table> tables_of(leveldb::DB& database) {
  std::string listed;
  database.GetProperty("leveldb.sstables", &listed);
  std::vector<Table> tables;
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) {
    Table table;
    const char* const end = line.data() + line.size();
    if (!line.starts_with(' ')) continue;
    const auto number = std::from_chars(line.data() + 1, end, table.number);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != ':') continue;
    if (std::from_chars(number.ptr + 1, end, table.size).ec == std::errc()) tables.push_back(table);
  }
  return tables;
}

fs::path name_of(const Table& table) {
  std::ostringstream name;
  name << std::setw(6) << std::setfill('0') << table.number << ".ldb";
  return name.str();
}

/// What was found: names that are gone, cut or spoiled, and why something could not be looked at.
class Findings {
 public:
  void note(const std::string& name) { wrong_ += (wrong_.empty() ? "" : ", ") + name; }

  /// A full table of descriptors, a mode, a memory too small say nothing about the file.
  void note_failure(const std::string& name, const Failure& failure) {
    using enum FailureKind;
    if (failure.kind == missing || failure.kind == damaged || failure.kind == configuration)
      note(name);
    else if (!unseen_)
      unseen_ = failure;
  }

  Expected<> verdict() const {
    if (!wrong_.empty())
      return std::unexpected(Failure{FailureKind::damaged,
                                     "files of the journal are gone, cut or spoiled: " + wrong_,
                                     remedy});
    if (unseen_) return std::unexpected(*unseen_);
    return {};
  }

 private:
  std::string wrong_;
  std::optional<Failure> unseen_;
};

Failure cannot_look(const fs::path& file, const std::error_code& error) {
  return platform::system_failure("look at " + platform::printable_path(file), error.value());
}

void check_tables(leveldb::DB& database, const fs::path& files, Findings& findings) {
  std::vector<Table> cut;
  for (const Table& table : tables_of(database)) {
    std::error_code error;
    const fs::path file = files / name_of(table);
    const std::uint64_t size = fs::file_size(file, error);
    if (error && error != std::errc::no_such_file_or_directory)
      findings.note_failure("db/" + name_of(table).native(), cannot_look(file, error));
    else if (error || size != table.size)
      cut.push_back(table);
  }
  if (cut.empty()) return;
  // What was replaced since it was listed may be gone.
  const std::vector<Table> now = tables_of(database);
  for (const Table& table : cut)
    if (std::ranges::find(now, table) != now.end()) findings.note("db/" + name_of(table).native());
}

void check_manifest_name(const fs::path& files, Findings& findings) {
  const auto current = platform::read_file(files / "CURRENT", name_bytes_max);
  if (!current) return findings.note_failure("db/CURRENT", current.error());
  const std::string text(reinterpret_cast<const char*>(current->data()), current->size());
  const std::string manifest = text.substr(0, text.find('\n'));
  if (!manifest.starts_with("MANIFEST-")) return findings.note("db/CURRENT");
  std::error_code error;
  const auto found = fs::status(files / manifest, error);
  if (found.type() == fs::file_type::none)
    findings.note_failure("db/" + manifest, cannot_look(files / manifest, error));
  else if (found.type() != fs::file_type::regular)
    findings.note("db/" + manifest);
}

void check_log(const fs::path& files, Findings& findings) {
  std::error_code error;
  for (fs::directory_iterator entry(files, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().extension() == ".log") return;
  if (error && error != std::errc::no_such_file_or_directory)
    findings.note_failure("db/*.log", cannot_look(files, error));
  else
    findings.note("db/*.log");
}

}  // namespace

Expected<> check_files(leveldb::DB& database, const fs::path& folder, bool anchored) {
  const fs::path files = folder / "db";
  Findings findings;
  check_tables(database, files, findings);
  check_manifest_name(files, findings);
  check_log(files, findings);
  if (anchored)
    if (const auto anchor = AnchorFile::read(folder / "anchor"); !anchor)
      findings.note_failure("anchor", anchor.error());
  return findings.verdict();
}

}  // namespace postern::journal
