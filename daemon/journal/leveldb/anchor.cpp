// anchor    = slot slot
// slot      = magic seq tree-size root checksum zeros   ; 4,096 bytes: no disk sector holds two
// magic     = "PSTNANC1"
// seq       = 8 bytes                                   ; big-endian, like tree-size
// tree-size = 8 bytes                                   ; equal to seq
// root      = 32 bytes
// checksum  = 32 bytes                                  ; SHA-256 of all that stands before it
#include "daemon/journal/leveldb/anchor.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/endian/buffers.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "daemon/journal/sha256.h"
#include "daemon/journal/tree.h"
#include "daemon/platform/files.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::journal {

namespace {

// What `soon` promises.
constexpr std::chrono::milliseconds lag_max{10};
// Since the oldest head that the file misses: short of it by what a write takes, and at the
// highest rate of appends no more than 200 writes a second. Counted from the end of the write
// before, a disk that takes 3 ms for one would let appends wait.
constexpr std::chrono::milliseconds gathering_time{5};

constexpr std::size_t slot_size = 4096;
constexpr std::size_t slot_count = 2;

using boost::endian::big_uint64_buf_t;

struct Slot {
  std::array<char, 8> magic{'P', 'S', 'T', 'N', 'A', 'N', 'C', '1'};
  big_uint64_buf_t seq;
  big_uint64_buf_t tree_size;
  Hash root;
  Hash checksum;
};
static_assert(sizeof(Slot) == 88);

View bytes_of(const Slot& slot) { return std::as_bytes(std::span(&slot, 1)); }

Slot encode(const Head& head) {
  const big_uint64_buf_t seq(head.seq);
  Slot slot{.seq = seq, .tree_size = seq, .root = head.root, .checksum = {}};
  slot.checksum = Sha256().add(bytes_of(slot).first(offsetof(Slot, checksum))).finish();
  return slot;
}

// Nothing if the slot is not whole.
std::optional<Head> decode(View bytes) {
  Slot slot;
  std::memcpy(&slot, bytes.data(), sizeof slot);
  const Head head{slot.seq.value(), slot.root};
  if (!std::ranges::equal(bytes.first(sizeof slot), bytes_of(encode(head)))) return std::nullopt;
  return head;
}

std::unexpected<Failure> failed(std::string_view verb, const std::filesystem::path& path,
                                int error) {
  return std::unexpected(platform::system_failure(
      std::string(verb) + " the journal's anchor " + platform::printable_path(path), error));
}

std::unexpected<Failure> damaged(const std::filesystem::path& path) {
  return std::unexpected(
      Failure{FailureKind::damaged,
              "the journal's anchor " + platform::printable_path(path) +
                  " is damaged, so that nobody can tell whether acknowledged records are missing",
              "put the whole journal folder back from one copy, or restore a backup"});
}

// Fewer bytes only where the file ends.
Expected<Bytes> read_start(int descriptor, std::size_t size, const std::filesystem::path& path) {
  Bytes bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = platform::retried([&] {
      return ::pread(descriptor, bytes.data() + filled, size - filled, static_cast<off_t>(filled));
    });
    if (got < 0) return failed("read", path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Expected<> AnchorFile::create(const std::filesystem::path& path) {
  const Slot empty = encode({0, Tree().root()});
  Bytes bytes(slot_size * slot_count);
  for (std::size_t slot = 0; slot < slot_count; ++slot)
    std::ranges::copy(bytes_of(empty),
                      bytes.begin() + static_cast<std::ptrdiff_t>(slot * slot_size));
  return platform::write_file(path, bytes);
}

Expected<AnchorFile> AnchorFile::open(const std::filesystem::path& path, Disk& disk) {
  return open_for(O_RDWR, path, disk);
}

Expected<std::vector<Head>> AnchorFile::read(const std::filesystem::path& path) {
  auto file = open_for(O_RDONLY, path, Disk::of_system());
  if (!file) return std::unexpected(file.error());
  return std::move(file->heads_);
}

Expected<AnchorFile> AnchorFile::open_for(int access, const std::filesystem::path& path,
                                          Disk& disk) {
  platform::Descriptor descriptor(
      platform::retried([&] { return ::open(path.c_str(), access | O_CLOEXEC); }));
  if (!descriptor.valid()) return failed("open", path, errno);
  AnchorFile file(path, std::move(descriptor), disk);

  const auto bytes = read_start(file.file_.number(), slot_size * slot_count, path);
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->size() != slot_size * slot_count) return damaged(path);
  const auto first = decode(View(*bytes).first(slot_size));
  const auto second = decode(View(*bytes).last(slot_size));
  if (!first && !second) return damaged(path);

  // The next write goes where nothing is lost by it.
  const bool second_is_newer = second && (!first || first->seq <= second->seq);
  file.next_slot_ = second_is_newer ? 0 : 1;
  const auto& [older, newer] = second_is_newer ? std::tie(first, second) : std::tie(second, first);
  if (older) file.heads_.push_back(*older);
  file.heads_.push_back(*newer);
  return file;
}

Expected<> AnchorFile::write(const Head& head) {
  const Slot slot = encode(head);
  const int error = disk_->write_synced(file_.number(), bytes_of(slot), next_slot_ * slot_size);
  if (error != 0) return failed("write", path_, error);
  next_slot_ = 1 - next_slot_;
  return {};
}

Anchor::Anchor(AnchorFile file, AnchorPolicy policy, const Head& written)
    : file_(std::move(file)), policy_(policy), wanted_(written), written_(written) {
  if (policy_ == AnchorPolicy::soon) follower_ = std::thread([this] { follow(); });
}

Anchor::~Anchor() {
  // Whoever needs to know called `close` before; then this finds nothing to do.
  static_cast<void>(close());
}

Expected<> Anchor::advance(const Head& head) {
  std::unique_lock lock(mutex_);
  if (failure_) return std::unexpected(*failure_);
  const bool follower_waits = wanted_ == written_;
  wanted_ = head;
  if (policy_ == AnchorPolicy::before_acknowledgement) return write_wanted(lock);
  auto& since = is_writing_ ? still_missing_since_ : missing_since_;
  if (!since) since = Clock::now();
  if (follower_waits) changed_.notify_one();
  wrote_.wait(lock, [this] { return failure_ || !lags(); });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

bool Anchor::lags() const { return missing_since_ && Clock::now() - *missing_since_ >= lag_max; }

Expected<> Anchor::health() const {
  const std::lock_guard lock(mutex_);
  if (failure_) return std::unexpected(*failure_);
  return {};
}

std::uint64_t Anchor::written_seq() const {
  const std::lock_guard lock(mutex_);
  return written_.seq;
}

Expected<> Anchor::wait_for(std::uint64_t seq) {
  std::unique_lock lock(mutex_);
  wrote_.wait(lock, [&] { return failure_ || written_.seq >= seq; });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

Expected<> Anchor::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (follower_.joinable()) follower_.join();

  std::unique_lock lock(mutex_);
  if (failure_) return std::unexpected(*failure_);
  if (wanted_ == written_) return {};
  return write_wanted(lock);
}

void Anchor::follow() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || wanted_ != written_; });
    const auto since = missing_since_.value_or(Clock::now());
    changed_.wait_until(lock, since + gathering_time, [this] { return closing_; });
    if (closing_ || !write_wanted(lock)) return;
  }
}

Expected<> Anchor::write_wanted(std::unique_lock<std::mutex>& lock) {
  const Head head = wanted_;
  is_writing_ = true;
  lock.unlock();
  auto written = file_.write(head);
  lock.lock();
  is_writing_ = false;
  if (written) {
    written_ = head;
    missing_since_ = std::exchange(still_missing_since_, std::nullopt);
  } else {
    failure_ = written.error();
  }
  wrote_.notify_all();
  return written;
}

}  // namespace postern::journal
