// What an operator signs of a command message (O4): its bytes as sent, with those of each secret,
// of each text in profile and note, and of the signature set to zero. So the daemon can keep what
// was signed with the record, and anybody can check it, without ever storing what must not be
// stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "command_marks.h"

namespace postern::schema {

inline constexpr std::size_t signature_bytes = 64;

/// Object forms of some languages always write the field: an empty one is none.
inline bool is_signed(const CommandMessage& message) {
  return message.signature() != nullptr && message.signature()->size() > 0;
}

/// In place; the message has been verified as well-formed, and its bytes are the caller's to write.
inline void blank_for_signature(const CommandMessage& message) {
  // Set to zero when all are known: a crafted message lets a text lie over the way to another.
  std::vector<std::span<std::uint8_t>> places;
  const auto blank = [&](std::string_view, const flatbuffers::String* text) {
    // The accessors are const because messages are; the bytes are the caller's.
    if (text != nullptr) places.emplace_back(const_cast<std::uint8_t*>(text->Data()), text->size());
  };
  visit_secrets(message, blank);
  visit_personal(message, blank);
  if (const auto* signature = message.signature())
    places.emplace_back(const_cast<std::uint8_t*>(signature->data()), signature->size());
  for (const auto place : places) std::ranges::fill(place, std::uint8_t{0});
}

}  // namespace postern::schema
