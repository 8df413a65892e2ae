// How a native object says empty text where absent and empty differ (SetTenant, SetProfile):
// packing it leaves empty text out, which means "as it is". Where something is made anew, both say
// the same.
#pragma once

#include <cstring>
#include <string_view>

#include "command_marks.h"

namespace postern::schema {

/// In a native object: there, and empty. Is no text itself, so it can stand for nothing else.
inline constexpr std::string_view cleared_text = "\x7f";

/// Empties such texts in what was packed from a native object (a CommandMessage, or a page's
/// UndoPlan); its bytes are the caller's.
template <class Table>
void empty_cleared_texts(const Table& packed) {
  visit_clearable(packed, [](std::string_view, const flatbuffers::String* text) {
    if (text == nullptr || text->string_view() != cleared_text) return;
    auto* place = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text));
    std::memset(place, 0, sizeof(flatbuffers::uoffset_t) + cleared_text.size());
  });
}

/// The way back: marks in the native form what is empty in the bytes.
template <class Table>
void mark_cleared_texts(const Table& packed, typename Table::NativeTableType& native) {
  visit_clearable(packed, native,
                  [](std::string_view, const flatbuffers::String* text, std::string& held) {
                    if (text != nullptr && text->size() == 0) held = cleared_text;
                  });
}

}  // namespace postern::schema
