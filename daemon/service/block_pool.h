// Blocks of one size, each used again when what was made in it is gone.
#pragma once

#include <flatbuffers/allocator.h>

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/credential/secret.h"

namespace postern::service {

/// Owned by one thread, which also lets go of what was made in it; outlives that. A block that is
/// kept is wiped, as memory that is freed is (U11).
class BlockPool final : public flatbuffers::Allocator {
 public:
  /// Of another size, and beyond `kept_max`, it is the allocator's.
  BlockPool(std::size_t block_bytes, std::size_t kept_max)
      : block_bytes_(block_bytes), kept_max_(kept_max) {}
  ~BlockPool() override {
    for (std::uint8_t* block : kept_) delete[] block;
  }
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  std::uint8_t* allocate(std::size_t size) override {
    if (size != block_bytes_ || kept_.empty()) return new std::uint8_t[size];
    std::uint8_t* const block = kept_.back();
    kept_.pop_back();
    return block;
  }
  void deallocate(std::uint8_t* block, std::size_t size) override {
    if (size != block_bytes_ || kept_.size() >= kept_max_) {
      delete[] block;
      return;
    }
    credential::wipe(std::as_writable_bytes(std::span(block, size)));
    kept_.push_back(block);
  }

 private:
  const std::size_t block_bytes_;
  const std::size_t kept_max_;
  std::vector<std::uint8_t*> kept_;
};

}  // namespace postern::service
