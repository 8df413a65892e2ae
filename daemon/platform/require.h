// An invariant of ours that must hold, in release builds too. Never for input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace postern {

[[noreturn]] inline void invariant_broken(const char* what, const char* file, int line) {
  std::fprintf(stderr, "bug: %s does not hold (%s:%d); stopping, nothing acknowledged is lost\n",
               what, file, line);
  std::abort();
}

}  // namespace postern

#define require(condition) \
  ((condition) ? static_cast<void>(0) : ::postern::invariant_broken(#condition, __FILE__, __LINE__))
