// What generated code asks of each list in bytes of strangers (align_lists.py has it ask).
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <type_traits>

namespace postern {

/// Whether the list ends within its message and its entries lie at multiples of their alignment. A
/// Verifier asks only where the list's length lies, at a multiple of four: an entry of eight bytes
/// may lie between two places where the processor may read one.
template <class AnyVerifier, class Entry>
bool verify_list(AnyVerifier& verifier, const flatbuffers::Vector<Entry>* list) {
  if (!verifier.VerifyVector(list)) return false;
  using Held = std::remove_const_t<std::remove_pointer_t<Entry>>;
  if constexpr (alignof(Held) > sizeof(flatbuffers::uoffset_t)) {
    if (list == nullptr || list->size() == 0) return true;
    return verifier.VerifyFieldStruct(reinterpret_cast<const std::uint8_t*>(list),
                                      sizeof(flatbuffers::uoffset_t), sizeof(Held), alignof(Held));
  }
  return true;
}

}  // namespace postern
