#include "daemon/journal/leveldb/journal_env.h"

#include <fcntl.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

#include "daemon/journal/leveldb/log_form.h"
#include "daemon/platform/descriptor.h"
#include "daemon/platform/retried.h"

namespace postern::journal {

namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr const char* staged_suffix = ".new";

Status system_error(const std::string& name, int error) {
  const char* text = std::strerror(error);
  return error == ENOENT ? Status::NotFound(name, text) : Status::IOError(name, text);
}

std::string& last_read_of_this_thread() {
  thread_local std::string name;
  return name;
}

int& last_error_of_this_thread() {
  thread_local int error = 0;
  return error;
}

/// The thread opens or reads this file now.
void begin_reading(const std::string& name) {
  last_read_of_this_thread() = name;
  last_error_of_this_thread() = 0;
}

Status reading_error(const std::string& name, int error) {
  last_error_of_this_thread() = error;
  return system_error(name, error);
}

class SequentialFile final : public leveldb::SequentialFile {
 public:
  SequentialFile(std::string name, leveldb::SequentialFile* base, std::uint64_t end)
      : name_(std::move(name)), base_(base), left_(end) {}

  Status Read(std::size_t size, Slice* result, char* scratch) override {
    begin_reading(name_);
    const Status status = base_->Read(std::min<std::uint64_t>(size, left_), result, scratch);
    left_ -= std::min<std::uint64_t>(left_, result->size());
    return status;
  }

  Status Skip(std::uint64_t size) override {
    left_ -= std::min(left_, size);
    return base_->Skip(size);
  }

 private:
  const std::string name_;
  const std::unique_ptr<leveldb::SequentialFile> base_;
  /// What may still be read.
  std::uint64_t left_;
};

// LevelDB maps table files into memory, where a bad sector or a file cut short is a SIGBUS that
// kills the daemon; read, both are errors.
class TableFile final : public leveldb::RandomAccessFile {
 public:
  TableFile(std::string name, platform::Descriptor file)
      : name_(std::move(name)), file_(std::move(file)) {}

  Status Read(std::uint64_t offset, std::size_t size, Slice* result, char* scratch) const override {
    begin_reading(name_);
    std::size_t filled = 0;
    while (filled < size) {
      const ssize_t got = platform::retried([&] {
        return ::pread(file_.number(), scratch + filled, size - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (got < 0) return reading_error(name_, errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    *result = Slice(scratch, filled);
    return Status::OK();
  }

 private:
  const std::string name_;
  const platform::Descriptor file_;
};

class WritableFile final : public leveldb::WritableFile {
 public:
  WritableFile(JournalEnv& env, leveldb::WritableFile* base) : env_(env), base_(base) {}

  // LevelDB drops a full log without closing it and would miss what closing says.
  ~WritableFile() override {
    if (!closed_) Close();
  }

  Status Append(const Slice& data) override {
    const Status before = env_.error();
    return before.ok() ? env_.noted(base_->Append(data)) : before;
  }

  Status Flush() override {
    const Status before = env_.error();
    return before.ok() ? env_.noted(base_->Flush()) : before;
  }

  Status Sync() override {
    Status status = env_.error();
    if (status.ok() && !name_durable_) {
      status = env_.sync_folder();
      name_durable_ = status.ok();
    }
    return status.ok() ? env_.noted(base_->Sync()) : status;
  }

  Status Close() override {
    closed_ = true;
    const Status before = env_.error();
    const Status closed = env_.noted(base_->Close());
    return before.ok() ? closed : before;
  }

 private:
  JournalEnv& env_;
  const std::unique_ptr<leveldb::WritableFile> base_;
  bool name_durable_ = false;
  bool closed_ = false;
};

}  // namespace

JournalEnv::JournalEnv(std::string folder, leveldb::Env* base, Disk& disk)
    : EnvWrapper(base), folder_(std::move(folder)), disk_(disk) {}

void JournalEnv::stage() {
  const std::lock_guard lock(names_mutex_);
  staging_ = true;
}

Status JournalEnv::publish() {
  const std::lock_guard lock(names_mutex_);
  Status status = error();
  for (const auto& name : staged_)
    if (status.ok()) status = noted(target()->RenameFile(name + staged_suffix, name));
  if (status.ok()) status = sync_folder();
  for (const auto& [from, to] : waiting_renames_)
    if (status.ok()) status = rename_now(from, to);
  if (!status.ok()) return status;

  staging_ = false;
  staged_.clear();
  waiting_renames_.clear();
  // A file that cannot be removed is in nobody's way; LevelDB tries again.
  for (const auto& name : waiting_removals_) static_cast<void>(remove_now(name));
  waiting_removals_.clear();
  remove_leftovers();
  return error();
}

void JournalEnv::abandon() {
  const std::lock_guard lock(names_mutex_);
  // What cannot be removed now goes when an opening succeeds.
  for (const auto& name : staged_) static_cast<void>(target()->RemoveFile(name + staged_suffix));
  staged_.clear();
  waiting_renames_.clear();
  waiting_removals_.clear();
}

bool JournalEnv::end_before_torn_writes() {
  const std::lock_guard lock(names_mutex_);
  std::vector<std::string> names;
  if (!target()->GetChildren(folder_, &names).ok()) return false;
  for (const std::string& name : names) {
    if (!name.ends_with(".log") && !name.starts_with("MANIFEST-")) continue;
    const std::string path = folder_ + "/" + name;
    std::string content;
    if (!leveldb::ReadFileToString(target(), path, &content).ok()) continue;
    const std::uint64_t end = end_before_torn_write(content);
    if (end < content.size()) ends_[path] = end;
  }
  return !ends_.empty();
}

Status JournalEnv::error() const {
  if (!failed_.load(std::memory_order_acquire)) return Status::OK();
  const std::lock_guard lock(error_mutex_);
  return error_;
}

const std::string& JournalEnv::last_read() { return last_read_of_this_thread(); }

int JournalEnv::last_error() { return last_error_of_this_thread(); }

Status JournalEnv::NewSequentialFile(const std::string& name, leveldb::SequentialFile** file) {
  const std::lock_guard lock(names_mutex_);
  begin_reading(name);
  const Status status = target()->NewSequentialFile(place_of(name), file);
  if (!status.ok()) {
    last_error_of_this_thread() = errno;
    return status;
  }
  const auto end = ends_.find(name);
  *file = new SequentialFile(
      name, *file, end == ends_.end() ? std::numeric_limits<std::uint64_t>::max() : end->second);
  return status;
}

Status JournalEnv::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) {
  const std::lock_guard lock(names_mutex_);
  *file = nullptr;
  // The name a table had long ago, which LevelDB tries behind the right one: what it finds wrong
  // with that one is to be told.
  if (name.ends_with(".sst")) return Status::NotFound(name, "tables have another name");
  begin_reading(name);
  const std::string place = place_of(name);
  platform::Descriptor opened(
      platform::retried([&] { return ::open(place.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!opened.valid()) return reading_error(name, errno);
  *file = new TableFile(name, std::move(opened));
  return Status::OK();
}

Status JournalEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  *file = nullptr;
  if (const Status before = error(); !before.ok()) return before;
  const std::lock_guard lock(names_mutex_);
  if (staging_ && !staged(name)) staged_.push_back(name);
  const std::string place = place_of(name);
  leveldb::WritableFile* base = nullptr;
  Status status = noted(target()->NewWritableFile(place, &base));
  if (!status.ok()) return status;
  auto made = std::make_unique<WritableFile>(*this, base);
  // The system's Env makes files that others may read (0644).
  if (::chmod(place.c_str(), 0600) != 0) return noted(system_error(name, errno));
  *file = made.release();
  return Status::OK();
}

Status JournalEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** file) {
  *file = nullptr;
  return Status::NotSupported(name, "a journal's file is never opened for appending");
}

bool JournalEnv::FileExists(const std::string& name) {
  const std::lock_guard lock(names_mutex_);
  return target()->FileExists(place_of(name));
}

Status JournalEnv::GetFileSize(const std::string& name, std::uint64_t* size) {
  const std::lock_guard lock(names_mutex_);
  return target()->GetFileSize(place_of(name), size);
}

Status JournalEnv::RemoveFile(const std::string& name) {
  const std::lock_guard lock(names_mutex_);
  if (!staging_) return remove_now(name);
  if (!staged(name)) {
    waiting_removals_.push_back(name);
    return Status::OK();
  }
  std::erase(staged_, name);
  return target()->RemoveFile(name + staged_suffix);
}

Status JournalEnv::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(names_mutex_);
  if (!staging_) return rename_now(from, to);
  waiting_renames_.emplace_back(from, to);
  return Status::OK();
}

Status JournalEnv::LockFile(const std::string& name, leveldb::FileLock** lock) {
  begin_reading(name);
  const Status status = target()->LockFile(name, lock);
  if (!status.ok()) last_error_of_this_thread() = errno;
  // Not by opening it: closing it again would let go of a lock of this very process.
  held_by_another_ = !status.ok() && ::access(name.c_str(), R_OK | W_OK) == 0;
  if (status.ok() && ::chmod(name.c_str(), 0600) != 0) {
    const Status refused = system_error(name, errno);
    static_cast<void>(target()->UnlockFile(*lock));
    *lock = nullptr;
    return refused;
  }
  return status;
}

Status JournalEnv::noted(const Status& status) {
  if (status.ok()) return status;
  const std::lock_guard lock(error_mutex_);
  if (error_.ok()) error_ = status;
  failed_.store(true, std::memory_order_release);
  return status;
}

Status JournalEnv::sync_folder() {
  const int error = disk_.sync_folder(folder_);
  return error == 0 ? Status::OK() : noted(system_error(folder_, error));
}

bool JournalEnv::staged(const std::string& name) const {
  return std::ranges::find(staged_, name) != staged_.end();
}

std::string JournalEnv::place_of(const std::string& name) const {
  return staged(name) ? name + staged_suffix : name;
}

Status JournalEnv::rename_now(const std::string& from, const std::string& to) {
  if (const Status before = error(); !before.ok()) return before;
  const Status status = noted(target()->RenameFile(from, to));
  return status.ok() ? sync_folder() : status;
}

Status JournalEnv::remove_now(const std::string& name) {
  if (const Status before = error(); !before.ok()) return before;
  const Status status = sync_folder();
  return status.ok() ? target()->RemoveFile(name) : status;
}

// What openings left that were interrupted.
void JournalEnv::remove_leftovers() {
  std::vector<std::string> names;
  if (!target()->GetChildren(folder_, &names).ok()) return;
  for (const auto& name : names)
    if (name.ends_with(staged_suffix))
      static_cast<void>(target()->RemoveFile(folder_ + "/" + name));
}

}  // namespace postern::journal
