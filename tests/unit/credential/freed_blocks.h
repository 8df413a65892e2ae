// Watches what freed memory holds: this program's operator delete looks into blocks of one size.
// Their own translation unit, for the compiler distrusts a new and a delete that it sees through.
#pragma once

#include <cstddef>

namespace postern::testing {

struct FreedBlocks {
  std::size_t size_watched = 0;
  int freed = 0;
  /// Freed with a byte in them that is not zero.
  int freed_unwiped = 0;
};

extern FreedBlocks freed_blocks;

}  // namespace postern::testing
