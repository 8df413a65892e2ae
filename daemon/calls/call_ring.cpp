#include "daemon/calls/call_ring.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "daemon/calls/frame.h"
#include "daemon/platform/files.h"
#include "daemon/platform/require.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::calls {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_prefix = "calls-";

std::unexpected<Failure> failed(std::string_view verb, const fs::path& path, int error) {
  return std::unexpected(
      platform::system_failure(std::string(verb) + " " + printable(path.native(), 400), error));
}

std::string name_of(std::uint64_t first) {
  std::string digits(16, '0');
  for (auto place = digits.rbegin(); first != 0; ++place, first >>= 4U)
    *place = "0123456789abcdef"[first & 15U];
  return std::string(name_prefix) + digits;
}

/// 0: it is no file of the ring.
std::uint64_t first_of(const std::string& name) {
  if (!name.starts_with(name_prefix) || name.size() != name_prefix.size() + 16) return 0;
  std::uint64_t first = 0;
  const char* begin = name.data() + name_prefix.size();
  const auto [end, error] = std::from_chars(begin, begin + 16, first, 16);
  return error == std::errc() && end == begin + 16 ? first : 0;
}

Expected<> write_all(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset,
                     const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = platform::retried([&] {
      return ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) return failed("write", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<CallRing>> CallRing::open(const fs::path& folder, Limits limits) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error == std::errc::not_a_directory)
    return std::unexpected(
        Failure{FailureKind::damaged, printable(folder.native(), 400) + " is no folder",
                "Move it away: recorded calls are no state, and it is made anew."});
  if (error) return failed("make the folder", folder, error.value());
  std::unique_ptr<CallRing> ring(new CallRing(folder, limits));
  if (auto found = ring->find_files(); !found) return std::unexpected(found.error());
  if (auto opened = ring->open_newest(); !opened) return std::unexpected(opened.error());
  return ring;
}

Expected<std::vector<CallRing::File>> CallRing::list(const fs::path& folder) {
  std::vector<File> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::uint64_t first = first_of(entry.path().filename().string());
    if (first == 0) continue;
    std::error_code size_error;
    const std::uint64_t size = entry.file_size(size_error);
    if (!size_error) files.push_back({first, size, entry.path()});
  }
  if (error == std::errc::no_such_file_or_directory) return files;
  if (error) return failed("read the folder", folder, error.value());
  std::ranges::sort(files, {}, &File::first);
  return files;
}

Expected<> CallRing::find_files() {
  auto files = list(folder_);
  if (!files) return std::unexpected(files.error());
  files_.assign(std::make_move_iterator(files->begin()), std::make_move_iterator(files->end()));
  return {};
}

Expected<> CallRing::open_newest() {
  if (files_.empty()) return begin_file();
  File& file = files_.back();
  const auto bytes = platform::read_file(file.path, std::size_t{1} << 30U);
  if (!bytes) return std::unexpected(bytes.error());
  if (version_of(*bytes) > file_version)
    return std::unexpected(
        Failure{FailureKind::configuration,
                printable(file.path.native(), 400) + " was written by a newer version of Postern",
                "Use that version, or move the folder of calls away."});
  std::uint64_t next = file.first;
  std::size_t end = file_head_bytes;
  for (std::size_t place = find_frame(*bytes, 0); place < bytes->size();
       place = find_frame(*bytes, end)) {
    const auto frame = frame_at(std::span(*bytes).subspan(place));
    next = std::max(next, frame->position + 1);
    end = place + frame->bytes();
  }
  cut_bytes_ = bytes->size() > end ? bytes->size() - end : 0;
  newest_ = platform::Descriptor(platform::retried(
      [&] { return ::open(file.path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW); }));
  if (!newest_.valid()) return failed("open", file.path, errno);
  const auto cut = [&] { return ::ftruncate(newest_.number(), static_cast<off_t>(end)); };
  if (cut_bytes_ > 0 && platform::retried(cut) != 0) return failed("cut", file.path, errno);
  // A crash before its head was written leaves less than a head.
  if (bytes->size() < file_head_bytes)
    if (auto written = write_all(newest_.number(), file_head(file.first), 0, file.path); !written)
      return written;
  file.size = end;
  next_.store(next, std::memory_order_release);
  show_oldest();
  return {};
}

Expected<> CallRing::begin_file() {
  if (auto synced = sync(); !synced) return synced;
  drop_oldest();
  const std::uint64_t first = next();
  File file{first, file_head_bytes, folder_ / name_of(first)};
  platform::Descriptor made(platform::retried([&] {
    return ::open(file.path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  }));
  if (!made.valid()) return failed("create", file.path, errno);
  if (auto written = write_all(made.number(), file_head(first), 0, file.path); !written)
    return written;
  newest_ = std::move(made);
  const std::scoped_lock lock(mutex_);
  files_.push_back(std::move(file));
  show_oldest();
  return {};
}

/// Leaves room for one more whole file.
void CallRing::drop_oldest() {
  const auto total = [&] {
    std::uint64_t bytes = limits_.file_bytes;
    for (const File& file : files_) bytes += file.size;
    return bytes;
  };
  while (files_.size() > 1 && total() > limits_.ring_bytes) {
    std::error_code ignored_as_it_goes_next_time;
    fs::remove(files_.front().path, ignored_as_it_goes_next_time);
    const std::scoped_lock lock(mutex_);
    files_.pop_front();
    show_oldest();
  }
}

void CallRing::append(std::span<const std::byte> entry) {
  require(entry.size() <= entry_bytes_max);
  put_frame(buffer_, next() + waiting_, entry);
  ++waiting_;
}

Expected<> CallRing::write() {
  if (waiting_ == 0) return {};
  const std::vector<std::byte> bytes = std::exchange(buffer_, {});
  const std::uint64_t count = std::exchange(waiting_, 0);
  if (files_.back().size > file_head_bytes &&
      files_.back().size + bytes.size() > limits_.file_bytes)
    if (auto begun = begin_file(); !begun) return begun;
  File& file = files_.back();
  // What a failed write left behind the size is written over by the next.
  if (auto written = write_all(newest_.number(), bytes, file.size, file.path); !written)
    return written;
  unsynced_ = true;
  const std::scoped_lock lock(mutex_);
  file.size += bytes.size();
  next_.store(next() + count, std::memory_order_release);
  return {};
}

Expected<> CallRing::sync() {
  if (!unsynced_) return {};
  unsynced_ = false;
  if (platform::retried([&] { return ::fdatasync(newest_.number()); }) != 0)
    return failed("sync", files_.back().path, errno);
  return {};
}

std::vector<CallRing::File> CallRing::files() const {
  const std::scoped_lock lock(mutex_);
  return {files_.begin(), files_.end()};
}

}  // namespace postern::calls
