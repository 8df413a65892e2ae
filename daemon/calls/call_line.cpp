// cells := note | filler
// note  := cells:u32 filler:u8 pad CallNote texts outcomes     rounded up to whole cells
#include "daemon/calls/call_line.h"

#include <cstring>

#include "daemon/platform/require.h"

namespace postern::calls {

namespace {

constexpr std::size_t cell_bytes = 64;
/// Before the note, so that it is aligned.
constexpr std::size_t prefix_bytes = 8;

std::uint32_t cells_for(std::size_t bytes) {
  return static_cast<std::uint32_t>((prefix_bytes + bytes + cell_bytes - 1) / cell_bytes);
}

}  // namespace

CallLine::CallLine(platform::Waker& waker, std::size_t cells)
    : waker_(waker), mask_(cells - 1), cells_(std::make_unique<Cell[]>(cells)) {
  require(cells >= 64 && (cells & (cells - 1)) == 0);
}

std::byte* CallLine::reserve(std::size_t bytes) {
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  const std::uint64_t size = mask_ + 1;
  const std::uint32_t needed = cells_for(bytes);
  const std::uint64_t to_the_end = size - (written & mask_);
  const std::uint64_t skipped = needed > to_the_end ? to_the_end : 0;
  if (written + skipped + needed - known_read_ > size) {
    known_read_ = read_.load(std::memory_order_acquire);
    if (written + skipped + needed - known_read_ > size) return nullptr;
  }
  if (skipped > 0) {
    const Head filler{static_cast<std::uint32_t>(skipped), true};
    std::memcpy(at(written), &filler, sizeof filler);
  }
  reserved_at_ = written + skipped;
  return at(reserved_at_) + prefix_bytes;
}

void CallLine::hand_over(std::size_t bytes) {
  const Head head{cells_for(bytes), false};
  std::memcpy(at(reserved_at_), &head, sizeof head);
  const std::uint64_t written = reserved_at_ + head.cells;
  written_.store(written, std::memory_order_release);
  if (asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false)) waker_.wake();
}

CallLine::Head CallLine::head_at(std::uint64_t place) {
  Head head;
  std::memcpy(&head, at(place), sizeof head);
  return head;
}

const CallNote* CallLine::front() {
  std::uint64_t read = read_.load(std::memory_order_relaxed);
  if (read == known_written_) known_written_ = written_.load(std::memory_order_acquire);
  if (read == known_written_) return nullptr;
  if (const Head head = head_at(read); head.filler) {
    // What follows a filler was handed over with it.
    read += head.cells;
    read_.store(read, std::memory_order_release);
  }
  return reinterpret_cast<const CallNote*>(at(read) + prefix_bytes);
}

void CallLine::pop() {
  const std::uint64_t read = read_.load(std::memory_order_relaxed);
  const std::uint32_t cells = head_at(read).cells;
  // U11: addresses and labels do not stay until somebody writes over them.
  std::memset(at(read), 0, cells * cell_bytes);
  read_.store(read + cells, std::memory_order_release);
}

}  // namespace postern::calls
