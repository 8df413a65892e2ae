// Lets one thread wake another that polls file descriptors.
#pragma once

#include <atomic>

namespace postern::platform {

/// `wake` from any thread; `clear` by the one that polls `descriptor`. Wakes before a `clear` count
/// as one.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake();
  void clear();
  /// Readable after a wake.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  /// A wake was written and not cleared: spares the system call of a second one, and of a clear
  /// with nothing to clear.
  std::atomic<bool> woken_{false};
};

}  // namespace postern::platform
