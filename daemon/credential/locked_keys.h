// Keys in locked memory: never in swap or a core dump, wiped when they go, between guard pages.
#pragma once

#include <cstddef>

#include "daemon/credential/key_store.h"

namespace postern::credential {

/// A list of keys that never shrinks. Not thread-safe; references to keys die when it grows.
class LockedKeys {
 public:
  LockedKeys() = default;
  ~LockedKeys();
  LockedKeys(const LockedKeys&) = delete;
  LockedKeys& operator=(const LockedKeys&) = delete;

  void push_back(const Key& key);
  /// The key before is overwritten.
  void replace(std::size_t index, const Key& key);
  std::size_t size() const { return size_; }
  const Key& operator[](std::size_t index) const;

  /// False: the system refused to lock, usually for RLIMIT_MEMLOCK; the keys are held all the same.
  bool locked() const { return locked_; }

 private:
  void grow();

  Key* keys_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool locked_ = true;
};

}  // namespace postern::credential
