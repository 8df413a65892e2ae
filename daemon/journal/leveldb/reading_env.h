// Lets LevelDB open a journal whose folder must not change.
#pragma once

#include <leveldb/env.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace postern::journal {

/// Stands between LevelDB and `base`, which it only reads. What LevelDB writes while it opens (the
/// log as a table, a new manifest) stays in memory, at most about as much as the log holds; after
/// `seal` nothing more is written, so that LevelDB rearranges no tables. Makes no file and takes no
/// lock: the caller sees to it that nobody writes to the folder. Any thread; `base` outlives it, it
/// outlives the database.
class ReadingEnv final : public leveldb::EnvWrapper {
 public:
  explicit ReadingEnv(leveldb::Env* base) : EnvWrapper(base) {}

  void seal();

  leveldb::Status NewRandomAccessFile(const std::string& name,
                                      leveldb::RandomAccessFile** file) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status CreateDir(const std::string& name) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;

 private:
  std::mutex mutex_;
  bool sealed_ = false;
  std::map<std::string, std::shared_ptr<std::string>> written_;
};

}  // namespace postern::journal
