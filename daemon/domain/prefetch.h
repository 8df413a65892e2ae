// Memory that will be read is asked for ahead, so that several places come at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postern::domain {

/// Begins to fetch so many bytes from there on. Whatever lies there, and if it is nothing, no harm.
inline void fetch_ahead(const void* at, std::size_t bytes) {
  constexpr std::size_t line = 64;
  const auto first = reinterpret_cast<std::uintptr_t>(at);
  for (std::uintptr_t place = first & ~(line - 1); place < first + bytes; place += line)
    __builtin_prefetch(reinterpret_cast<const void*>(place));
}

}  // namespace postern::domain
