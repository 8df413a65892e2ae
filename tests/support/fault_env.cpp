#include "tests/support/fault_env.h"

#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "daemon/platform/require.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using leveldb::Slice;
using leveldb::Status;

std::string folder_of(const std::string& name) { return fs::path(name).parent_path().native(); }

Status on_purpose(const std::string& name) { return Status::IOError(name, "fails on purpose"); }

std::string contents(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put_back(const std::string& name, const std::string& bytes) {
  fs::create_directories(folder_of(name));
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(file.good());
}

template <class Names>
void move_names(Names& names, const std::string& from, const std::string& to) {
  Names moved;
  for (auto& [name, node] : names)
    moved.emplace(name.starts_with(from + "/") ? to + name.substr(from.size()) : name,
                  std::move(node));
  names = std::move(moved);
}

}  // namespace

// Buffers as the system's Env does, but loses the buffer with the power.
class FaultEnv::File final : public leveldb::WritableFile {
 public:
  File(FaultEnv& env, std::string name, std::shared_ptr<Node> node, leveldb::WritableFile* base)
      : env_(env), name_(std::move(name)), node_(std::move(node)), base_(base) {}

  Status Append(const Slice& data) override {
    const std::lock_guard lock(env_.mutex_);
    const Outcome outcome = env_.next(Operation::append, name_);
    if (outcome != Outcome::nothing) buffer_.append(data.data(), data.size());
    if (outcome == Outcome::works) return Status::OK();
    return break_off(outcome);
  }

  Status Flush() override {
    const std::lock_guard lock(env_.mutex_);
    const Outcome outcome = env_.next(Operation::flush, name_);
    return outcome == Outcome::works ? write(buffer_.size()) : break_off(outcome);
  }

  Status Sync() override {
    const std::lock_guard lock(env_.mutex_);
    const Outcome outcome = env_.next(Operation::sync, name_);
    if (outcome == Outcome::works) {
      const Status status = write(buffer_.size());
      if (status.ok() && !env_.syncs_lie) node_->synced = written_;
      return status;
    }
    if (outcome == Outcome::halfway) write(buffer_.size());
    return on_purpose(name_);
  }

  Status Close() override {
    const std::lock_guard lock(env_.mutex_);
    const Outcome outcome = env_.next(Operation::close, name_);
    const Status status = outcome == Outcome::works ? write(buffer_.size()) : break_off(outcome);
    const Status closed = base_->Close();
    return status.ok() ? closed : status;
  }

 private:
  Status break_off(Outcome outcome) {
    if (outcome == Outcome::halfway) write(buffer_.size() / 2);
    buffer_.clear();
    return on_purpose(name_);
  }

  Status write(std::size_t size) {
    Status status = base_->Append(Slice(buffer_.data(), size));
    if (status.ok()) status = base_->Flush();
    written_ += size;
    buffer_.clear();
    return status;
  }

  FaultEnv& env_;
  const std::string name_;
  const std::shared_ptr<Node> node_;
  const std::unique_ptr<leveldb::WritableFile> base_;
  std::string buffer_;
  std::uint64_t written_ = 0;
};

FaultEnv::FaultEnv() : EnvWrapper(Env::Default()) {}

void FaultEnv::fail(Operation operation, std::uint64_t nth, Times times) {
  const std::lock_guard lock(mutex_);
  plans_[operation] = {nth, times};
}

void FaultEnv::cut_power_after(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  power_for_ = count;
  dark_ = false;
}

std::uint64_t FaultEnv::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

std::vector<Step> FaultEnv::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

// Called with the lock held, once for each operation.
FaultEnv::Outcome FaultEnv::next(Operation operation, const std::string& name) {
  steps_.push_back({operation, fs::path(name).filename().native()});
  if (before_step) before_step(steps_.back());
  Outcome outcome = Outcome::works;
  if (power_for_ == 0)
    outcome = std::exchange(dark_, true) ? Outcome::nothing : Outcome::halfway;
  else if (power_for_)
    --*power_for_;
  if (const auto plan = plans_.find(operation); plan != plans_.end() && --plan->second.in == 0) {
    if (outcome == Outcome::works) outcome = Outcome::halfway;
    if (plan->second.times == Times::from_then_on)
      plan->second.in = 1;
    else
      plans_.erase(plan);
  }
  if (outcome != Outcome::works) ++fired_;
  return outcome;
}

Status FaultEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  adopt(folder_of(name));
  if (next(Operation::create, name) != Outcome::works) return on_purpose(name);
  forget_name(name);
  leveldb::WritableFile* base = nullptr;
  const Status status = target()->NewWritableFile(name, &base);
  if (!status.ok()) return status;
  const auto node = live_[name] = std::make_shared<Node>();
  *file = new File(*this, name, node, base);
  return status;
}

Status FaultEnv::RemoveFile(const std::string& name) {
  const std::lock_guard lock(mutex_);
  adopt(folder_of(name));
  if (next(Operation::remove, name) != Outcome::works) return on_purpose(name);
  forget_name(name);
  return target()->RemoveFile(name);
}

Status FaultEnv::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  adopt(folder_of(to));
  if (next(Operation::rename, to) != Outcome::works) return on_purpose(to);
  if (fs::is_directory(from)) {
    rename_folder(from, to);
  } else if (const auto found = live_.find(from); found != live_.end()) {
    const auto node = found->second;
    live_.erase(found);
    forget_name(to);
    live_[to] = node;
  }
  return target()->RenameFile(from, to);
}

int FaultEnv::sync_folder(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  adopt(folder);
  if (next(Operation::sync_folder, folder) != Outcome::works) return EIO;
  for (const auto& [from, to] : renamed_folders_) move_names(durable_, from, to);
  renamed_folders_.clear();
  std::erase_if(durable_, [&](const auto& entry) { return folder_of(entry.first) == folder; });
  for (const auto& entry : live_)
    if (folder_of(entry.first) == folder) durable_.insert(entry);
  return 0;
}

int FaultEnv::write_synced(int descriptor, journal::View bytes, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = next(Operation::write_synced, "anchor");
  if (outcome == Outcome::works) return Disk::write_synced(descriptor, bytes, offset);
  if (outcome == Outcome::halfway)
    Disk::write_synced(descriptor, bytes.first(bytes.size() / 2), offset);
  return EIO;
}

void FaultEnv::adopt(const std::string& folder) {
  if (!adopted_.insert(folder).second || !fs::is_directory(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto& name = entry.path().native();
    if (!entry.is_regular_file() || live_.contains(name)) continue;
    const auto node = std::make_shared<Node>();
    node->synced = entry.file_size();
    live_[name] = durable_[name] = node;
  }
}

void FaultEnv::forget_name(const std::string& name) {
  const auto found = live_.find(name);
  if (found == live_.end()) return;
  found->second->kept = contents(name);
  live_.erase(found);
}

void FaultEnv::rename_folder(const std::string& from, const std::string& to) {
  move_names(live_, from, to);
  adopted_.insert(to);
  renamed_folders_.emplace_back(from, to);
}

FaultEnv::Image FaultEnv::left_over(const Names& names, Left how, std::uint64_t seed,
                                    std::uint64_t sector) {
  std::mt19937_64 random(seed);
  std::map<Node*, std::string> places;
  for (const auto& [name, node] : live_) places[node.get()] = name;

  Image left;
  for (const auto& [name, node] : names) {
    const auto place = places.find(node.get());
    std::string bytes = place == places.end() ? node->kept : contents(place->second);
    std::uint64_t size = how == Left::written ? bytes.size() : node->synced;
    if ((how == Left::torn || how == Left::scattered) && size < bytes.size()) {
      const std::uint64_t end = size + random() % (bytes.size() - size + 1);
      size = std::max(size, end / sector * sector);
    }
    if (how == Left::scattered && size > node->synced) {
      // A file's size may be on the disk before what is in it.
      size = random() % 2 == 0 ? size : bytes.size();
      for (std::uint64_t at = node->synced; at < size;) {
        const std::uint64_t next = std::min(size, (at / sector + 1) * sector);
        if (random() % 2 == 0) std::fill(bytes.data() + at, bytes.data() + next, '\0');
        at = next;
      }
    }
    bytes.resize(std::min<std::uint64_t>(bytes.size(), size));
    left.emplace(name, std::move(bytes));
  }
  return left;
}

bool FaultEnv::keeps_all_names(Left left, std::uint64_t seed) {
  return left == Left::written || (left != Left::synced && seed % 2 == 1);
}

FaultEnv::Image FaultEnv::left_now(Left left, std::uint64_t seed, std::uint64_t sector) {
  const std::lock_guard lock(mutex_);
  return left_over(keeps_all_names(left, seed) ? live_ : durable_, left, seed, sector);
}

void FaultEnv::crash(Left left, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  if (left != Left::written) {
    const Image files = left_now(left, seed);
    for (const auto& entry : live_) fs::remove(entry.first);
    if (!keeps_all_names(left, seed))
      for (const auto& [from, to] : renamed_folders_) fs::rename(to, from);
    for (const auto& [name, bytes] : files) put_back(name, bytes);
  }
  power_for_.reset();
  dark_ = false;
  plans_.clear();
  adopted_.clear();
  live_.clear();
  durable_.clear();
  renamed_folders_.clear();
}

}  // namespace postern::support
