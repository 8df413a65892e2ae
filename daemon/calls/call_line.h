// The line from the reader to the recorder: notes in cells of 64 bytes, one thread at each end.
// Neither end waits, nothing is allocated. A note that finds no room is dropped and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "daemon/calls/call_note.h"
#include "daemon/platform/waker.h"

namespace postern::calls {

class CallLine {
 public:
  /// A power of two; 4 MiB.
  static constexpr std::size_t cells_default = 65'536;

  /// The waker is the recorder's and outlives the line.
  explicit CallLine(platform::Waker& waker, std::size_t cells = cells_default);

  // ---- the reader's end

  /// Room for a note of so many bytes, in one piece; null: there is none.
  std::byte* reserve(std::size_t bytes);
  /// Hands over what was written there; at most as many bytes as were reserved.
  void hand_over(std::size_t bytes);
  void drop(std::uint64_t count) { dropped_.fetch_add(count, std::memory_order_relaxed); }

  // ---- the recorder's end

  /// The oldest note, valid until `pop`; null: there is none.
  const CallNote* front();
  void pop();
  /// Before it waits: the next note wakes it. A wake that falls between is made good by the
  /// recorder's own pace.
  void await_wake() { asleep_.store(true, std::memory_order_release); }

  /// Calls that found no room.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Cell {
    std::byte bytes[64];
  };
  struct Head {
    std::uint32_t cells = 0;
    /// Nothing but the way to the beginning.
    bool filler = false;
  };

  std::byte* at(std::uint64_t place) { return cells_[place & mask_].bytes; }
  Head head_at(std::uint64_t place);

  platform::Waker& waker_;
  std::uint64_t mask_;
  std::unique_ptr<Cell[]> cells_;

  // The reader's.
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::uint64_t known_read_ = 0;
  std::uint64_t reserved_at_ = 0;
  std::atomic<std::uint64_t> dropped_{0};

  // The recorder's.
  alignas(64) std::atomic<std::uint64_t> read_{0};
  std::uint64_t known_written_ = 0;

  alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace postern::calls
