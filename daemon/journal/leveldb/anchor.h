// The anchor: a small file beside the database that says how far the journal went, so that a tail
// that is gone is noticed (LevelDB does not notice).
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/journal/leveldb/disk.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/descriptor.h"

namespace postern::journal {

/// The file: two slots written in turn, so that a torn write spoils the older only. Move-only;
/// owned by one thread at a time; `disk` outlives it.
class AnchorFile {
 public:
  /// Makes the file, saying that the journal is empty; replaces one that is there.
  static Expected<> create(const std::filesystem::path& path);
  /// Fails with `missing`, or with `damaged` if no slot is whole.
  static Expected<AnchorFile> open(const std::filesystem::path& path, Disk& disk);
  /// What the whole slots say, as `heads`, of a file that need not be writable.
  static Expected<std::vector<Head>> read(const std::filesystem::path& path);

  /// What the whole slots say, the older first: one or two heads.
  const std::vector<Head>& heads() const { return heads_; }

  /// On disk when it returns. Not to be called again after it failed.
  Expected<> write(const Head& head);

 private:
  AnchorFile(std::filesystem::path path, platform::Descriptor file, Disk& disk)
      : path_(std::move(path)), file_(std::move(file)), disk_(&disk) {}

  static Expected<AnchorFile> open_for(int access, const std::filesystem::path& path, Disk& disk);

  std::filesystem::path path_;
  platform::Descriptor file_;
  Disk* disk_;
  std::vector<Head> heads_;
  std::size_t next_slot_ = 0;
};

/// Keeps the file behind the journal's head by no more than its policy (not `off`) allows: `soon`
/// lets nothing be acknowledged while the file misses what was acknowledged 10 ms ago.
/// `advance` and `close` belong to the writer, `health` to any thread. The first failed write ends
/// it.
class Anchor {
 public:
  /// `written`: what the file says.
  Anchor(AnchorFile file, AnchorPolicy policy, const Head& written);
  ~Anchor();

  /// The journal's head is `head`, durably.
  Expected<> advance(const Head& head);
  Expected<> health() const;
  /// What the file says. Any thread.
  std::uint64_t written_seq() const;
  /// Until the file says `seq` or more, which `advance` was told of before. Any thread.
  Expected<> wait_for(std::uint64_t seq);
  /// Brings the file to the head; the end.
  Expected<> close();

 private:
  using Clock = std::chrono::steady_clock;

  void follow();
  bool lags() const;
  Expected<> write_wanted(std::unique_lock<std::mutex>& lock);

  AnchorFile file_;
  const AnchorPolicy policy_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable wrote_;
  Head wanted_;
  Head written_;
  /// Since when the oldest head waits that the file does not say; a write under way may say it.
  std::optional<Clock::time_point> missing_since_;
  /// The same of those that the write under way does not say.
  std::optional<Clock::time_point> still_missing_since_;
  bool is_writing_ = false;
  std::optional<Failure> failure_;
  bool closing_ = false;
  std::thread follower_;
};

}  // namespace postern::journal
