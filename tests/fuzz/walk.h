// Visits everything a message's accessors can reach, and asserts for each step that it stays within
// the message: a second opinion on the gate, which needs no sanitizer to see a read beyond it.
#pragma once

#include <flatbuffers/minireflect.h>

#include <cstdint>
#include <span>

namespace postern::fuzz {

/// `bytes`: a whole message, its root of this type, aligned to 16. Gives the number of tables and
/// texts that it reached.
std::size_t walk(std::span<const std::uint8_t> bytes, const flatbuffers::TypeTable& type);

template <class Root>
std::size_t walk_as(std::span<const std::byte> bytes) {
  return walk({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
              *Root::MiniReflectTypeTable());
}

}  // namespace postern::fuzz
