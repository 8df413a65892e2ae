// What is sealed under a user's key (U11), as it lies in the journal: opaque here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "daemon/domain/ref_counted.h"

namespace postern::domain {

/// Immutable, its bytes behind its count in one block.
class SealedBytes : public RefCounted<SealedBytes> {
 public:
  /// Null where there are none.
  static boost::intrusive_ptr<const SealedBytes> of(std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return nullptr;
    auto* made = new (Behind{bytes.size()}) SealedBytes(bytes);
    return boost::intrusive_ptr<const SealedBytes>(made);
  }

  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  std::size_t size() const { return size_; }
  const std::uint8_t* begin() const { return data(); }
  const std::uint8_t* end() const { return data() + size_; }

  friend bool operator==(const SealedBytes& left, std::span<const std::uint8_t> right) {
    return std::ranges::equal(left, right);
  }

  static void operator delete(void* block) { ::operator delete(block); }

 private:
  /// So many bytes.
  struct Behind {
    std::size_t bytes;
  };
  static void* operator new(std::size_t size, Behind behind) {
    return ::operator new(size + behind.bytes);
  }
  static void operator delete(void* block, Behind) { ::operator delete(block); }

  explicit SealedBytes(std::span<const std::uint8_t> bytes)
      : size_(static_cast<std::uint32_t>(bytes.size())) {
    std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(this + 1));
  }

  std::uint32_t size_;
};

/// Null: none.
using Sealed = boost::intrusive_ptr<const SealedBytes>;

}  // namespace postern::domain
