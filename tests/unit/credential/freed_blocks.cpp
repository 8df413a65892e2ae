#include "tests/unit/credential/freed_blocks.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace postern::testing {

FreedBlocks freed_blocks;

}  // namespace postern::testing

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete(void* block) noexcept { std::free(block); }

void operator delete(void* block, std::size_t size) noexcept {
  auto& blocks = postern::testing::freed_blocks;
  if (block != nullptr && size == blocks.size_watched) {
    ++blocks.freed;
    const auto* begin = static_cast<const char*>(block);
    if (std::any_of(begin, begin + size, [](char byte) { return byte != 0; }))
      ++blocks.freed_unwiped;
  }
  std::free(block);
}
