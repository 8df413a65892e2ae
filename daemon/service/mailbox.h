// Threads hand each other finished values (law 7): a line of letters that any thread fills and one
// thread empties.
#pragma once

#include <atomic>
#include <memory>

#include "daemon/platform/waker.h"

namespace postern::service {

/// What a letter's type derives from.
struct Letter {
  Letter* next_letter = nullptr;
};

/// Neither side ever waits. Unbounded: whoever posts keeps its own bound on what is under way.
template <class Value>
class Mailbox {
 public:
  /// Wakes the owner, who polls the waker's descriptor among others; it must outlive this.
  explicit Mailbox(platform::Waker& waker) : waker_(waker) {}
  ~Mailbox() {
    drain([](std::unique_ptr<Value>) {});
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(std::unique_ptr<Value> value) {
    // Later letters are found with the first in an empty box.
    if (put(std::move(value))) waker_.wake();
  }

  /// The same without waking: true if the owner is to be woken, or finds it when it turns anyway.
  bool put(std::unique_ptr<Value> value) {
    Letter* letter = value.release();
    Letter* before = newest_.load(std::memory_order_relaxed);
    do {
      letter->next_letter = before;
    } while (!newest_.compare_exchange_weak(before, letter, std::memory_order_release,
                                            std::memory_order_relaxed));
    // The letter itself may be gone by now.
    return before == nullptr;
  }
  void wake() { waker_.wake(); }
  /// By the owner: nothing would be handed over.
  bool empty() const { return newest_.load(std::memory_order_relaxed) == nullptr; }

  /// Hands over every letter that is there, in the order of posting. True if there was one.
  template <class Visitor>
  bool drain(Visitor visit) {
    Letter* newest_first = newest_.exchange(nullptr, std::memory_order_acquire);
    Letter* oldest_first = nullptr;
    while (newest_first != nullptr) {
      Letter* letter = newest_first;
      newest_first = letter->next_letter;
      letter->next_letter = oldest_first;
      oldest_first = letter;
    }
    const bool any = oldest_first != nullptr;
    while (oldest_first != nullptr) {
      std::unique_ptr<Value> value(static_cast<Value*>(oldest_first));
      oldest_first = oldest_first->next_letter;
      visit(std::move(value));
    }
    return any;
  }

 private:
  platform::Waker& waker_;
  std::atomic<Letter*> newest_{nullptr};
};

}  // namespace postern::service
