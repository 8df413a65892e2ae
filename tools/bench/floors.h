// What the daemon's own work is held against: bare LevelDB, and a bare table of users in memory.
// Thread: one at a time. Failure: Trouble.
#pragma once

#include <leveldb/db.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/messages.h"
#include "tools/bench/population.h"

namespace postern::bench {

/// A LevelDB of its own with default options; keys are 8-byte big-endian numbers from 1, every
/// write is synced.
class SyncedLog {
 public:
  explicit SyncedLog(const std::filesystem::path& folder);

  /// `count` records, used over and over, in batches of `group`; returns records per second.
  double write(const std::vector<std::string>& records, std::size_t count, std::size_t group);
  /// One record a write; microseconds of each.
  std::vector<double> write_singly(const std::vector<std::string>& records, std::size_t count);

 private:
  std::unique_ptr<leveldb::DB> database_;
  std::uint64_t last_key_ = 0;
};

/// A journal's database, copied, since opening changes it.
class WarmJournal {
 public:
  /// Reads all once, so that what follows finds it in the page cache.
  WarmJournal(const std::filesystem::path& database, const std::filesystem::path& copy);

  std::uint64_t records() const { return records_; }
  /// Every record with its checksums; records per second.
  double iterate() const;
  /// Each of these records alone, with its checksums; microseconds of all together.
  double read(std::span<const std::uint64_t> seqs) const;
  /// SHA-256 of every record and of the tree over them (RFC 6962), in one thread: bytes of records
  /// per second. Reading them is not timed.
  double hash() const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<leveldb::DB> database_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Names in one flat hash table, each user's grants in one flat sorted array.
class LookupTable {
 public:
  explicit LookupTable(std::size_t users);

  /// Each question of the set, its user found anew; lookups per second. Fails on a wrong verdict.
  double look_up(const QuestionSet& questions) const;

 private:
  struct FlatGrant {
    const std::string* resource;
    const std::string* action;
    bool deny;
  };
  Verdict judge(std::string_view username, std::string_view resource,
                std::string_view action) const;

  /// What the keys of `users_` point into.
  std::vector<std::string> names_;
  boost::unordered_flat_map<std::string_view, std::uint32_t> users_;
  /// `grants_per_user` for each.
  std::vector<FlatGrant> grants_;
};

}  // namespace postern::bench
