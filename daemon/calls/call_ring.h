// The ring of files that recorded calls lie in: the newest is appended to, the oldest goes first.
// Positions are dense, begin with 1 and survive a restart. No state (law 4): what a crash of the
// machine takes from its end is cut and told, and its positions are given again.
#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::calls {

/// Appended to by one thread; `files`, `next` and the counts are for any.
class CallRing {
 public:
  struct Limits {
    std::uint64_t ring_bytes = std::uint64_t{256} << 20U;
    std::uint64_t file_bytes = std::uint64_t{16} << 20U;
  };
  static constexpr std::size_t entry_bytes_max = 65'536;

  /// A file as readers may see it: what lies before `size` does not change.
  struct File {
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    std::filesystem::path path;
  };

  /// Makes the folder if it is not there, reads the newest file. Kinds: `configuration` for files
  /// of a newer version; else what the system refused.
  static Expected<std::unique_ptr<CallRing>> open(const std::filesystem::path& folder,
                                                  Limits limits);

  /// The files of a folder that nobody writes, oldest first; changes nothing there. None where
  /// there is no folder.
  static Expected<std::vector<File>> list(const std::filesystem::path& folder);

  /// Gives the entry the next position; it is in the file after `write`.
  void append(std::span<const std::byte> entry);
  /// On failure what was appended since the last is lost and its positions are given again.
  Expected<> write();
  /// Entries that wait for `write`.
  std::uint64_t waiting() const { return waiting_; }
  Expected<> sync();

  /// Oldest first.
  std::vector<File> files() const;
  /// The position of the next entry to be written.
  std::uint64_t next() const { return next_.load(std::memory_order_acquire); }
  /// Of the oldest file.
  std::uint64_t oldest() const { return oldest_.load(std::memory_order_acquire); }
  /// Calls that went with the oldest files since the ring began.
  std::uint64_t overwritten() const { return oldest() - 1; }
  /// Bytes that opening cut off.
  std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  CallRing(std::filesystem::path folder, Limits limits)
      : folder_(std::move(folder)), limits_(limits) {}

  Expected<> find_files();
  Expected<> open_newest();
  Expected<> begin_file();
  void show_oldest() { oldest_.store(files_.front().first, std::memory_order_release); }
  void drop_oldest();

  std::filesystem::path folder_;
  Limits limits_;
  platform::Descriptor newest_;
  std::vector<std::byte> buffer_;
  std::uint64_t waiting_ = 0;
  std::uint64_t cut_bytes_ = 0;
  bool unsynced_ = false;
  std::atomic<std::uint64_t> next_{1};
  std::atomic<std::uint64_t> oldest_{1};
  mutable std::mutex mutex_;
  /// Behind the mutex; the owner reads it without.
  std::deque<File> files_;
};

}  // namespace postern::calls
