// Work in pieces that do not touch each other, on all processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace postern::platform {

/// Calls `work` once for each piece from 0, on as many threads as there are processors, at most 16;
/// this one is among them. It must not throw. Returns when all is done.
template <class Work>
void do_pieces(std::size_t count, Work work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t piece = next++; piece < count; piece = next++) work(piece);
  };
  const std::size_t processors = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
  std::vector<std::thread> beside;
  for (std::size_t number = 1; number < std::min(processors, count); ++number)
    beside.emplace_back(take);
  take();
  for (std::thread& thread : beside) thread.join();
}

}  // namespace postern::platform
