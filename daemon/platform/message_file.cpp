#include "daemon/platform/message_file.h"

#include <array>

namespace postern::platform {

Expected<MessageFile> MessageFile::open(const std::filesystem::path& path,
                                        std::size_t message_bytes_max) {
  auto file = OldFile::open(path);
  if (!file) return std::unexpected(file.error());
  return MessageFile(std::move(*file), message_bytes_max);
}

Expected<std::span<const std::uint8_t>> MessageFile::next() {
  const auto damaged = [&](const char* how) {
    return std::unexpected(Failure{FailureKind::damaged,
                                   "the part at byte " + std::to_string(offset_) + how,
                                   "Use another copy of it."});
  };
  const std::uint64_t left = offset_ > file_.size() ? 0 : file_.size() - offset_;
  if (left == 0) return std::span<const std::uint8_t>();
  std::array<std::byte, sizeof(std::uint32_t)> prefix{};
  if (left < prefix.size()) return damaged(" is cut short");
  if (auto read = file_.read(offset_, prefix); !read) return std::unexpected(read.error());
  std::size_t size = 0;
  for (std::size_t place = prefix.size(); place > 0; --place)
    size = size << 8U | std::to_integer<std::size_t>(prefix[place - 1]);
  if (size == 0 || size > message_bytes_max_) return damaged(" has an impossible size");
  if (left - prefix.size() < size) return damaged(" is cut short");
  message_.resize(size);
  const auto bytes = std::as_writable_bytes(std::span(message_));
  if (auto read = file_.read(offset_ + prefix.size(), bytes); !read)
    return std::unexpected(read.error());
  offset_ += prefix.size() + size;
  return std::span<const std::uint8_t>(message_);
}

}  // namespace postern::platform
