// key   = seq                         ; 8 bytes, big-endian; 1, 2, 3 … without a gap
// value = the record's stored bytes
// Nothing is ever overwritten or removed: the head is found by reading.
#include "daemon/journal/leveldb/database.h"

#include <cerrno>
#include <string>
#include <utility>

#include "daemon/journal/damage.h"
#include "daemon/journal/leveldb/manifest.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/files.h"
#include "daemon/platform/system_failure.h"

namespace postern::journal {

namespace fs = std::filesystem;
using leveldb::Status;

namespace {

Failure unreadable(std::uint64_t seq, const Status& status) {
  return read_failure("read record " + std::to_string(seq) + " of the journal", status);
}

class RowCursor final : public Cursor {
 public:
  RowCursor(leveldb::DB& database, std::uint64_t seq, std::uint64_t last)
      : database_(database), next_(seq), last_(last) {}

  Expected<View> next() override {
    if (next_ > last_) return View{};
    // Most cursors read one record, for which an iterator would be made in vain.
    auto record = std::exchange(first_, false) ? get() : step();
    if (record && record->empty()) return std::unexpected(gap(next_));
    ++next_;
    return record;
  }

 private:
  Expected<View> get() {
    const Status status = database_.Get(reading(true), as_slice(RowKey(next_)), &value_);
    if (status.ok()) return as_view(value_);
    const bool no_row = status.IsNotFound() && JournalEnv::last_error() != ENOENT;
    return std::unexpected(no_row ? gap(next_) : unreadable(next_, status));
  }

  Expected<View> step() {
    const RowKey key(next_);
    if (iterator_) {
      iterator_->Next();
    } else {
      iterator_.reset(database_.NewIterator(reading(false)));
      iterator_->Seek(as_slice(key));
    }
    if (iterator_->Valid() && iterator_->key() == as_slice(key)) return as_view(iterator_->value());
    // LevelDB skips the rows of a damaged block, and reads on in other files: asked for alone, the
    // record tells which one is damaged.
    if (iterator_->status().ok()) return std::unexpected(gap(next_));
    iterator_.reset();
    return get();
  }

  leveldb::DB& database_;
  std::uint64_t next_;
  const std::uint64_t last_;
  bool first_ = true;
  std::string value_;
  std::unique_ptr<leveldb::Iterator> iterator_;
};

// LevelDB would keep a file of what it does; all in it that matters comes back as a Status too.
class Silence final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

enum class Opening { make, existing };

Status open_once(Database& database, const fs::path& folder, Opening opening,
                 std::size_t write_buffer_bytes) {
  static Silence silence;
  database.cache.reset(leveldb::NewLRUCache(8 << 20));
  leveldb::Options options;
  options.env = database.env.get();
  if (database.reading) options.env = database.reading.get();
  options.info_log = &silence;
  options.block_cache = database.cache.get();
  options.create_if_missing = opening == Opening::make;
  options.error_if_exists = opening == Opening::make;
  options.paranoid_checks = true;
  options.reuse_logs = false;
  options.write_buffer_size = write_buffer_bytes;
  options.block_size = 16 << 10;
  // LevelDB counts ten for itself, and takes at least 64 for tables.
  options.max_open_files =
      10 + static_cast<int>(platform::table_descriptors(platform::descriptor_limit()));
  if (opening == Opening::existing)
    if (Status status = check_manifest(*options.env, folder.native()); !status.ok()) return status;
  leveldb::DB* handle = nullptr;
  const Status status = leveldb::DB::Open(options, folder.native(), &handle);
  database.handle.reset(handle);
  return status;
}

}  // namespace

Status make_database(Database& database, const fs::path& folder, std::size_t write_buffer_bytes) {
  return open_once(database, folder, Opening::make, write_buffer_bytes);
}

Status open_database(Database& database, const fs::path& folder, std::size_t write_buffer_bytes) {
  JournalEnv& env = *database.env;
  if (!database.reading) env.stage();
  const Status first = open_once(database, folder, Opening::existing, write_buffer_bytes);
  if (!first.IsCorruption() || !env.end_before_torn_writes()) return first;
  if (database.reading) {
    database.reading = std::make_unique<ReadingEnv>(&env);
  } else {
    env.abandon();
    env.stage();
  }
  const Status second = open_once(database, folder, Opening::existing, write_buffer_bytes);
  return second.ok() ? second : first;
}

leveldb::ReadOptions reading(bool fill_cache) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = fill_cache;
  return options;
}

std::unique_ptr<Cursor> walk(leveldb::DB& database, std::uint64_t seq, std::uint64_t last) {
  return std::make_unique<RowCursor>(database, seq, last);
}

Failure read_failure(const std::string& attempted, const Status& status) {
  std::string sentence = "cannot " + attempted + ": " + printable(status.ToString(), 4096);
  const fs::path last_read = JournalEnv::last_read();
  const bool is_named =
      status.ToString().find(last_read.parent_path().native() + "/") != std::string::npos;
  if (!last_read.empty() && !is_named)
    sentence += " (the file read last: " + platform::printable_path(last_read) + ")";
  if (!status.IsIOError()) return {FailureKind::damaged, sentence, restore_remedy};
  // What is wanting is said by the system: descriptors, a mode, memory. Else it is the disk.
  const int error = JournalEnv::last_error();
  const Failure known = platform::system_failure("read", error);
  if (error == 0 || error == EIO || known.kind == FailureKind::missing)
    return {FailureKind::input_output, sentence, disk_remedy};
  return {known.kind, sentence, known.remedy};
}

Failure write_failure(const Status& status) {
  return {FailureKind::input_output,
          "cannot write to the journal: " + printable(status.ToString(), 4096), disk_remedy};
}

Failure unreadable_in(leveldb::DB& database, std::uint64_t seq, const Status& status) {
  std::string ignored;
  const Status alone = database.Get(reading(false), as_slice(RowKey(seq)), &ignored);
  return unreadable(seq, alone.ok() || alone.IsNotFound() ? status : alone);
}

}  // namespace postern::journal
