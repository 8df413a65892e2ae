// A file of size-prefixed messages (a little-endian uint32 before each), read one after the other.
// Owned by one thread. Memory: the largest message.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/platform/files.h"

namespace postern::platform {

class MessageFile {
 public:
  /// Fails as `OldFile` does.
  static Expected<MessageFile> open(const std::filesystem::path& path,
                                    std::size_t message_bytes_max);

  /// Valid until the next call; empty at the end. Fails with `damaged` where the file ends within a
  /// message, or one has no possible size; the sentence names the place alone, not the file.
  Expected<std::span<const std::uint8_t>> next();

  /// Where the next begins.
  std::uint64_t offset() const { return offset_; }
  void seek(std::uint64_t offset) { offset_ = offset; }

 private:
  MessageFile(OldFile file, std::size_t message_bytes_max)
      : file_(std::move(file)), message_bytes_max_(message_bytes_max) {}

  OldFile file_;
  std::size_t message_bytes_max_;
  std::uint64_t offset_ = 0;
  std::vector<std::uint8_t> message_;
};

}  // namespace postern::platform
