// LevelDB's database under our Env: how it is opened, its rows, and what its failures mean.
#pragma once

#include <leveldb/cache.h>
#include <leveldb/db.h>

#include <boost/endian/buffers.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "daemon/journal/journal.h"
#include "daemon/journal/leveldb/journal_env.h"
#include "daemon/journal/leveldb/reading_env.h"

namespace postern::journal {

inline constexpr const char* disk_remedy =
    "check the disk and the kernel's messages (dmesg), then restart; what was acknowledged is safe";

/// Destroyed from the bottom up.
struct Database {
  std::unique_ptr<JournalEnv> env;
  /// Where the database is for reading only; stands on `env`.
  std::unique_ptr<ReadingEnv> reading;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<leveldb::DB> handle;
};

/// `database` has its Env, and gets the rest.
leveldb::Status make_database(Database& database, const std::filesystem::path& folder,
                              std::size_t write_buffer_bytes);
/// One that is there. Where what a power cut left of the last write is no more than damage to
/// LevelDB, it is opened without it: that write was never acknowledged, or the anchor will miss it.
leveldb::Status open_database(Database& database, const std::filesystem::path& folder,
                              std::size_t write_buffer_bytes);

/// The key of a record's row.
using RowKey = boost::endian::big_uint64_buf_t;
inline leveldb::Slice as_slice(const RowKey& key) {
  return {reinterpret_cast<const char*>(key.data()), sizeof(key)};
}
inline leveldb::Slice as_slice(View bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline View as_view(const leveldb::Slice& slice) {
  return std::as_bytes(std::span(slice.data(), slice.size()));
}

/// With checksums.
leveldb::ReadOptions reading(bool fill_cache);
/// Of rows from `seq` to `last`, which are there.
std::unique_ptr<Cursor> walk(leveldb::DB& database, std::uint64_t seq, std::uint64_t last);

/// Of a file that LevelDB could not make sense of, or that the disk did not give.
Failure read_failure(const std::string& attempted, const leveldb::Status& status);
Failure write_failure(const leveldb::Status& status);
/// `status` is that of a walk, after which LevelDB may have read on in other files: asked for
/// alone, the record tells which one is damaged.
Failure unreadable_in(leveldb::DB& database, std::uint64_t seq, const leveldb::Status& status);

}  // namespace postern::journal
