#include "daemon/wiped_memory.h"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local constinit bool thread_wipes = true;

void wipe_and_free(void* block, std::size_t size) {
  if (thread_wipes) {
    std::memset(block, 0, size);
    // The compiler must not see that nobody reads it any more.
    asm volatile("" : : "r"(block) : "memory");
  }
  std::free(block);
}

}  // namespace

namespace postern {

void wipe_freed_memory(bool wipes) { thread_wipes = wipes; }

}  // namespace postern

// The sanitizers' own watch freed memory better.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void operator delete(void* block, std::size_t size) noexcept {
  if (block != nullptr) wipe_and_free(block, size);
}

void operator delete(void* block) noexcept {
  if (block != nullptr) wipe_and_free(block, ::malloc_usable_size(block));
}

void operator delete[](void* block, std::size_t size) noexcept { operator delete(block, size); }

void operator delete[](void* block) noexcept { operator delete(block); }

#endif
