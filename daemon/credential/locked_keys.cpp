#include "daemon/credential/locked_keys.h"

#include <sodium.h>

#include <algorithm>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

LockedKeys::~LockedKeys() { sodium_free(keys_); }

void LockedKeys::push_back(const Key& key) {
  if (size_ == capacity_) grow();
  keys_[size_++] = key;
}

void LockedKeys::replace(std::size_t index, const Key& key) {
  require(index < size_);
  keys_[index] = key;
}

const Key& LockedKeys::operator[](std::size_t index) const {
  require(index < size_);
  return keys_[index];
}

void LockedKeys::grow() {
  sodium_ready();
  // One page's worth at first: memory is locked by the page.
  const std::size_t capacity = std::max<std::size_t>(4'096 / sizeof(Key), capacity_ * 2);
  auto* keys = static_cast<Key*>(sodium_allocarray(capacity, sizeof(Key)));
  require(keys != nullptr);
  // sodium_allocarray keeps to itself whether it could lock; asking again tells.
  locked_ = sodium_mlock(keys, capacity * sizeof(Key)) == 0;
  std::copy_n(keys_, size_, keys);
  sodium_free(keys_);
  keys_ = keys;
  capacity_ = capacity;
}

}  // namespace postern::credential
