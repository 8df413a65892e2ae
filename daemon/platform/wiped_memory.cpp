#include "daemon/platform/wiped_memory.h"

#include <jemalloc/jemalloc.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace {

/// libzmq sends from blocks of this size, one for each connection,
constexpr std::size_t sent_bytes = 8'192;
/// and receives into blocks of a count, 8 KiB of what came, and 249 counts of 40 bytes for the
/// messages in it.
constexpr std::size_t received_bytes = 8 + 8'192;
constexpr std::size_t receive_block_bytes = received_bytes + 249 * 40;

/// Beyond, memset leaves it to an instruction that begins slowly.
constexpr std::size_t piece_bytes = 1'024;

void wipe(void* block, std::size_t size) {
  auto* const bytes = static_cast<std::byte*>(block);
  for (std::size_t done = 0; done < size; done += piece_bytes)
    std::memset(bytes + done, 0, std::min(piece_bytes, size - done));
  // The compiler must not see that nobody reads it any more.
  asm volatile("" : : "r"(block) : "memory");
}

void wipe_and_free(void* block, std::size_t size) {
  if (postern::platform::wipes_freed_memory) wipe(block, size);
  // Told the size, the allocator need not look for it.
  ::sdallocx(block, size, 0);
}

}  // namespace

extern "C" void free(void* block) noexcept {
  if (block == nullptr) return;
  static const std::size_t sending = ::nallocx(sent_bytes, 0);
  static const std::size_t receiving = ::nallocx(receive_block_bytes, 0);
  const std::size_t size = ::sallocx(block, 0);
  if (size == sending) wipe(block, sent_bytes);
  if (size == receiving) wipe(block, received_bytes);
  ::dallocx(block, 0);
}

void operator delete(void* block, std::size_t size) noexcept {
  if (block != nullptr) wipe_and_free(block, size);
}

void operator delete(void* block) noexcept {
  if (block != nullptr) wipe_and_free(block, ::sallocx(block, 0));
}

void operator delete[](void* block, std::size_t size) noexcept { operator delete(block, size); }

void operator delete[](void* block) noexcept { operator delete(block); }
