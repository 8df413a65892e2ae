// Lets one thread wake another that polls file descriptors.
#pragma once

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
};

}  // namespace postern::platform
