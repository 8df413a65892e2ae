// What LevelDB does to our disk, made strict (hard facts 1, 4 and 6).
#pragma once

#include <leveldb/env.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/journal/leveldb/disk.h"

namespace postern::journal {

/// Stands between LevelDB and the system's Env, for one database folder. Any thread; `base` and
/// `disk` outlive it, it outlives the database. `base` keeps each file under its name on the disk.
/// The folder is synced before a new file's first sync, after each rename and before each removal.
/// The first write that fails is remembered, and everything that writes fails from then on.
/// Between `stage` and `publish` nothing that was on disk changes: a refused opening leaves the
/// evidence, and whoever puts a missing file back can open again.
class JournalEnv final : public leveldb::EnvWrapper {
 public:
  JournalEnv(std::string folder, leveldb::Env* base, Disk& disk);

  /// From now on new files lie under another name, and renames and removals wait.
  void stage();
  /// Gives the staged files their names, then does what waited.
  leveldb::Status publish();
  /// Removes the staged files, and forgets what waits; for a database that is closed.
  void abandon();
  /// Looks at the logs and the manifest for what a power cut left of a write that was never synced;
  /// from now on such a file is read only up to there. False if there is none. The file itself
  /// stays as it is: an opening replaces it.
  bool end_before_torn_writes();

  /// The first write that failed. Passes quickly while none has.
  leveldb::Status error() const;
  /// After an opening that failed: whether it is because the database is open elsewhere.
  bool held_by_another() const { return held_by_another_; }
  /// The file that the calling thread read last: after a checksum error, the damaged one.
  static const std::string& last_read();
  /// What the system said when the calling thread last opened or read a file; 0: nothing.
  static int last_error();

  leveldb::Status NewSequentialFile(const std::string& name,
                                    leveldb::SequentialFile** file) override;
  leveldb::Status NewRandomAccessFile(const std::string& name,
                                      leveldb::RandomAccessFile** file) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;
  bool FileExists(const std::string& name) override;
  leveldb::Status GetFileSize(const std::string& name, std::uint64_t* size) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;

  /// Passes `status` on, and remembers it if it is the first that is not OK.
  leveldb::Status noted(const leveldb::Status& status);
  leveldb::Status sync_folder();

 private:
  bool staged(const std::string& name) const;
  std::string place_of(const std::string& name) const;
  leveldb::Status rename_now(const std::string& from, const std::string& to);
  leveldb::Status remove_now(const std::string& name);
  void remove_leftovers();

  const std::string folder_;
  Disk& disk_;
  bool held_by_another_ = false;

  std::atomic<bool> failed_ = false;
  mutable std::mutex error_mutex_;
  leveldb::Status error_;

  mutable std::mutex names_mutex_;
  bool staging_ = false;
  std::vector<std::string> staged_;
  std::vector<std::pair<std::string, std::string>> waiting_renames_;
  std::vector<std::string> waiting_removals_;
  /// Where the reading of a file ends.
  std::map<std::string, std::uint64_t> ends_;
};

}  // namespace postern::journal
