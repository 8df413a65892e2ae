#include "daemon/journal/leveldb/reading_env.h"

#include <algorithm>

namespace postern::journal {

namespace {

using leveldb::Slice;
using leveldb::Status;
using Contents = std::shared_ptr<std::string>;

/// LevelDB reads a file only after it has written all of it.
class WrittenFile final : public leveldb::WritableFile {
 public:
  explicit WrittenFile(Contents contents) : contents_(std::move(contents)) {}

  Status Append(const Slice& data) override {
    contents_->append(data.data(), data.size());
    return Status::OK();
  }
  Status Flush() override { return Status::OK(); }
  Status Sync() override { return Status::OK(); }
  Status Close() override { return Status::OK(); }

 private:
  const Contents contents_;
};

class ReadFile final : public leveldb::RandomAccessFile {
 public:
  explicit ReadFile(Contents contents) : contents_(std::move(contents)) {}

  Status Read(std::uint64_t offset, std::size_t size, Slice* result, char*) const override {
    const std::size_t start = std::min<std::size_t>(offset, contents_->size());
    *result = Slice(contents_->data() + start, std::min(size, contents_->size() - start));
    return Status::OK();
  }

 private:
  const Contents contents_;
};

class NoLock final : public leveldb::FileLock {};

}  // namespace

void ReadingEnv::seal() {
  const std::lock_guard lock(mutex_);
  sealed_ = true;
}

Status ReadingEnv::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = written_.find(name); found != written_.end()) {
      *file = new ReadFile(found->second);
      return Status::OK();
    }
  }
  return target()->NewRandomAccessFile(name, file);
}

Status ReadingEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  *file = nullptr;
  const std::lock_guard lock(mutex_);
  if (sealed_) return Status::NotSupported(name, "the journal is open for reading only");
  auto contents = std::make_shared<std::string>();
  written_[name] = contents;
  *file = new WrittenFile(std::move(contents));
  return Status::OK();
}

Status ReadingEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** file) {
  *file = nullptr;
  return Status::NotSupported(name, "a journal's file is never opened for appending");
}

Status ReadingEnv::RemoveFile(const std::string& name) {
  const std::lock_guard lock(mutex_);
  written_.erase(name);
  return Status::OK();
}

// LevelDB renames CURRENT alone, and never reads it again.
Status ReadingEnv::RenameFile(const std::string&, const std::string&) { return Status::OK(); }

Status ReadingEnv::CreateDir(const std::string&) { return Status::OK(); }

Status ReadingEnv::LockFile(const std::string&, leveldb::FileLock** lock) {
  *lock = new NoLock;
  return Status::OK();
}

Status ReadingEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return Status::OK();
}

}  // namespace postern::journal
