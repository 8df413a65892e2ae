#include "daemon/journal/journal_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/journal/anchor.h"

namespace postern::journal {

namespace {

namespace fs = std::filesystem;

constexpr const char* remedy =
    "make a backup before the daemon is stopped, as it can still read what it has open";

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

bool is_whole(const fs::path& database, const Table& table) {
  std::error_code error;
  return fs::file_size(database / name_of(table), error) == table.size && !error;
}

std::string first_line(const fs::path& file) {
  std::ifstream from(file);
  std::string line;
  std::getline(from, line);
  return line;
}

bool has_log(const fs::path& database) {
  std::error_code error;
  for (fs::directory_iterator entry(database, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().extension() == ".log") return true;
  return false;
}

}  // namespace

Expected<> check_files(leveldb::DB& database, const fs::path& folder, bool anchored) {
  const fs::path files = folder / "db";
  std::string wrong;
  const auto note = [&](const std::string& name) { wrong += (wrong.empty() ? "" : ", ") + name; };
  std::vector<Table> missing = tables_of(database);
  std::erase_if(missing, [&](const Table& table) { return is_whole(files, table); });
  if (!missing.empty()) {
    // What was replaced since it was listed may be gone.
    const std::vector<Table> now = tables_of(database);
    for (const Table& table : missing)
      if (std::ranges::find(now, table) != now.end()) note("db/" + name_of(table).native());
  }
  const std::string manifest = first_line(files / "CURRENT");
  std::error_code error;
  if (!manifest.starts_with("MANIFEST-"))
    note("db/CURRENT");
  else if (!fs::is_regular_file(files / manifest, error))
    note("db/" + manifest);
  if (!has_log(files)) note("db/*.log");
  if (anchored && !AnchorFile::read(folder / "anchor")) note("anchor");
  if (wrong.empty()) return {};
  return std::unexpected(Failure{
      FailureKind::damaged, "files of the journal are gone, cut or spoiled: " + wrong, remedy});
}

}  // namespace postern::journal
