#include "daemon/calls/call_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daemon/calls/frame.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::calls {

namespace {

/// More than the largest frame.
constexpr std::size_t window_bytes = 1'048'576;
constexpr std::uint64_t bookmark_interval_bytes = 65'536;

Expected<std::vector<std::byte>> read_at(int descriptor, const CallRing::File& file,
                                         std::uint64_t offset) {
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(std::min<std::uint64_t>(window_bytes, file.size - offset)));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = platform::retried([&] {
      return ::pread(descriptor, bytes.data() + filled, bytes.size() - filled,
                     static_cast<off_t>(offset + filled));
    });
    if (got < 0)
      return std::unexpected(
          platform::system_failure("read " + printable(file.path.native(), 400), errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Expected<> CallReader::read(std::uint64_t from, const Visit& visit) {
  const std::vector<CallRing::File> files = files_();
  if (files.empty()) return {};
  bookmarks_.erase(bookmarks_.begin(), bookmarks_.lower_bound(files.front().first));
  for (std::size_t index = 0; index < files.size(); ++index) {
    const bool wholly_before = index + 1 < files.size() && files[index + 1].first <= from;
    if (wholly_before) continue;
    const auto goes_on = read_file(files[index], from, visit);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) break;
  }
  return {};
}

Expected<bool> CallReader::read_file(const CallRing::File& file, std::uint64_t from,
                                     const Visit& visit) {
  const platform::Descriptor opened(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  // The ring went on meanwhile.
  if (!opened.valid() && errno == ENOENT) return true;
  if (!opened.valid())
    return std::unexpected(
        platform::system_failure("read " + printable(file.path.native(), 400), errno));
  Bookmarks& marks = bookmarks_[file.first];
  if (marks.empty()) marks.push_back({file.first, file_head_bytes});
  const auto after = std::ranges::upper_bound(marks, from, {}, &Bookmark::position);
  std::uint64_t offset = after == marks.begin() ? file_head_bytes : std::prev(after)->offset;
  while (offset < file.size) {
    const auto window = read_at(opened.number(), file, offset);
    if (!window) return std::unexpected(window.error());
    const bool is_last = offset + window->size() >= file.size || window->empty();
    std::size_t place = 0;
    while (place < window->size()) {
      const auto frame = frame_at(std::span(*window).subspan(place));
      if (!frame) {
        // It may go on behind the window; if it stands at the beginning, it is damaged.
        if (!is_last && place > 0) break;
        const std::size_t next = find_frame(*window, place + 1);
        const bool found = next < window->size();
        place = found || is_last ? next : window->size() - (frame_head_bytes - 1);
        if (!found) break;
        continue;
      }
      if (offset + place >= marks.back().offset + bookmark_interval_bytes)
        marks.push_back({frame->position, offset + place});
      if (frame->position >= from && !visit(frame->position, frame->entry)) return false;
      place += frame->bytes();
    }
    if (is_last) break;
    offset += place;
  }
  return true;
}

}  // namespace postern::calls
