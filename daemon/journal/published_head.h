// The head, handed from the writer to all readers without a lock.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "daemon/journal/journal.h"

namespace postern::journal {

/// One writer stores; any thread loads, and never sees halves of two heads. A load waits for
/// nobody, but tries again when a store came in between.
class PublishedHead {
 public:
  explicit PublishedHead(const Head& head) { store(head); }

  void store(const Head& head) {
    const Words words = std::bit_cast<Words>(head);
    const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
    turn_.store(turn + 1, std::memory_order_relaxed);
    // Release, so that who sees one of these words sees the odd turn too.
    for (std::size_t i = 0; i < words.size(); ++i)
      words_[i].store(words[i], std::memory_order_release);
    turn_.store(turn + 2, std::memory_order_release);
  }

  Head load() const {
    while (true) {
      const std::uint64_t turn = turn_.load(std::memory_order_acquire);
      Words words;
      for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = words_[i].load(std::memory_order_acquire);
      if (turn % 2 == 0 && turn == turn_.load(std::memory_order_relaxed))
        return std::bit_cast<Head>(words);
    }
  }

 private:
  using Words = std::array<std::uint64_t, sizeof(Head) / sizeof(std::uint64_t)>;

  std::atomic<std::uint64_t> turn_ = 0;
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_;
};

}  // namespace postern::journal
