#include "daemon/journal/leveldb/manifest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "daemon/journal/leveldb/log_form.h"

namespace postern::journal {

namespace {

using leveldb::Status;
using std::string;
using std::string_view;

// Room to count on from: LevelDB adds to what it reads.
constexpr std::uint64_t file_number_max = std::uint64_t{1} << 62;
// It packs a sequence number with a byte of type.
constexpr std::uint64_t sequence_max = (std::uint64_t{1} << 56) - 1;
// A record's seq, then sequence number and type.
constexpr std::size_t user_key_bytes = 8;
constexpr std::size_t key_bytes = user_key_bytes + 8;
constexpr std::size_t level_count = 7;

/// The fields of one record.
class Fields {
 public:
  explicit Fields(string_view rest) : rest_(rest) {}

  bool at_end() const { return rest_.empty(); }

  bool read(std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool read(string_view& text) {
    std::uint64_t size = 0;
    if (!read(size) || size > rest_.size()) return false;
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  string_view rest_;
};

struct LiveTable {
  std::uint64_t number;
  string first_key;
  string last_key;
};

struct Level {
  std::vector<LiveTable> added;
  std::set<std::uint64_t> removed;
};

/// Grows by one record after the other.
class Manifest {
 public:
  Status take(string_view record) {
    Fields fields(record);
    while (!fields.at_end())
      if (Status status = take_field(fields); !status.ok()) return status;
    return Status::OK();
  }

  /// Of all that was taken.
  Status check() {
    if (largest_ >= next_file_)
      return Status::Corruption("the manifest names file " + std::to_string(largest_) +
                                ", and as the next one file " + std::to_string(next_file_));
    return check_order();
  }

 private:
  Status check_order() {
    for (Level& level : levels_) {
      // Tables of level 0 may overlap.
      if (&level == &levels_.front()) continue;
      std::erase_if(level.added,
                    [&](const LiveTable& table) { return level.removed.contains(table.number); });
      std::ranges::sort(level.added, {}, &LiveTable::first_key);
      for (std::size_t next = 1; next < level.added.size(); ++next)
        if (level.added[next].first_key <= level.added[next - 1].last_key)
          return Status::Corruption("the manifest names tables of one level that overlap");
    }
    return Status::OK();
  }

  enum : std::uint64_t {
    comparator = 1,
    log_number = 2,
    next_file = 3,
    last_sequence = 4,
    compact_pointer = 5,
    removed_file = 6,
    added_file = 7,
    previous_log_number = 9,
  };

  static Status unreadable() {
    return Status::Corruption("the manifest has a record that cannot be read");
  }

  static Status check_number(std::uint64_t number, std::uint64_t min, std::uint64_t max,
                             const char* what) {
    if (number >= min && number <= max) return Status::OK();
    return Status::Corruption("the manifest has an impossible " + string(what),
                              std::to_string(number));
  }

  Status take_file_number(std::uint64_t number, std::uint64_t min, const char* what) {
    largest_ = std::max(largest_, number);
    return check_number(number, min, file_number_max, what);
  }

  static Status check_keys(std::initializer_list<string_view> keys) {
    for (const string_view key : keys)
      if (key.size() != key_bytes)
        return Status::Corruption("the manifest has a key that no record can have");
    return Status::OK();
  }

  Status take_field(Fields& fields) {
    std::uint64_t tag = 0;
    if (!fields.read(tag)) return unreadable();
    if (tag == comparator) {
      string_view name;
      return fields.read(name) ? Status::OK() : unreadable();
    }
    if (tag == compact_pointer || tag == removed_file || tag == added_file)
      return take_level(tag, fields);
    std::uint64_t number = 0;
    if (!fields.read(number)) return unreadable();
    switch (tag) {
      case log_number:
      case previous_log_number:
        return take_file_number(number, 0, "log number");
      case next_file:
        next_file_ = number;
        return check_number(number, 1, file_number_max, "next file number");
      case last_sequence:
        return check_number(number, 0, sequence_max, "sequence number");
      default:
        return unreadable();
    }
  }

  Status take_level(std::uint64_t tag, Fields& fields) {
    std::uint64_t at = 0;
    if (!fields.read(at) || at >= level_count) return unreadable();
    string_view key;
    if (tag == compact_pointer) return fields.read(key) ? check_keys({key}) : unreadable();
    std::uint64_t number = 0;
    if (!fields.read(number)) return unreadable();
    if (Status status = take_file_number(number, 1, "file number"); !status.ok()) return status;
    Level& level = levels_[at];
    if (tag == removed_file) {
      level.removed.insert(number);
      return Status::OK();
    }
    std::uint64_t bytes = 0;
    string_view last;
    if (!fields.read(bytes) || !fields.read(key) || !fields.read(last)) return unreadable();
    if (Status status = check_keys({key, last}); !status.ok()) return status;
    level.removed.erase(number);
    level.added.push_back(
        {number, string(key.substr(0, user_key_bytes)), string(last.substr(0, user_key_bytes))});
    return Status::OK();
  }

  std::array<Level, level_count> levels_;
  /// Of all file numbers but the next one's.
  std::uint64_t largest_ = 0;
  std::uint64_t next_file_ = 1;
};

/// As `check_manifest`, for the numbers that LevelDB reads from names.
Status check_names(leveldb::Env& env, const string& folder) {
  std::vector<string> names;
  if (!env.GetChildren(folder, &names).ok()) return Status::OK();
  for (const string& name : names) {
    const string digits = name.substr(0, name.find_first_not_of("0123456789"));
    const bool is_zero = !digits.empty() && digits.find_first_not_of('0') == string::npos;
    constexpr std::size_t digits_max = 18;
    if (is_zero || digits.size() > digits_max)
      return Status::Corruption("a file has an impossible number", name);
  }
  return Status::OK();
}

}  // namespace

Status check_manifest(leveldb::Env& env, const string& folder) {
  if (Status status = check_names(env, folder); !status.ok()) return status;
  string current;
  string content;
  if (!leveldb::ReadFileToString(&env, folder + "/CURRENT", &current).ok()) return Status::OK();
  if (!current.ends_with('\n')) return Status::OK();
  current.pop_back();
  if (!leveldb::ReadFileToString(&env, folder + "/" + current, &content).ok()) return Status::OK();
  Manifest manifest;
  LogRecords records(content);
  while (const auto record = records.next())
    if (Status status = manifest.take(*record); !status.ok()) return status;
  return manifest.check();
}

}  // namespace postern::journal
