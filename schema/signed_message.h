// What an operator signs of a command message (O4): its bytes as sent, with those of each secret,
// of each text in profile and note, and of the signature set to zero. So the daemon can keep what
// was signed with the record, and anybody can check it, without ever storing what must not be
// stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "command_generated.h"
#include "secrets.h"

namespace postern::schema {

namespace blanking {

/// Set to zero when all are known: a crafted message lets a text lie over the way to another.
using Places = std::vector<std::span<std::uint8_t>>;

inline void blank(const flatbuffers::String* text, Places& places) {
  // The accessors are const because messages are; the bytes are the caller's.
  if (text != nullptr) places.emplace_back(const_cast<std::uint8_t*>(text->Data()), text->size());
}

inline void blank(const Profile* profile, Places& places) {
  if (profile == nullptr) return;
  for (const auto* text :
       {profile->first_name(), profile->last_name(), profile->email(), profile->description(),
        profile->organization(), profile->department(), profile->warehouse(), profile->language(),
        profile->time_zone(), profile->phone(), profile->address(), profile->hire_date(),
        profile->system()})
    blank(text, places);
  if (profile->attributes() == nullptr) return;
  for (const Attribute* attribute : *profile->attributes()) {
    blank(attribute->name(), places);
    blank(attribute->value(), places);
  }
}

inline void blank(const Command& command, Places& places) {
  visit_secrets(command, [&](auto, const flatbuffers::String* text) { blank(text, places); });
  if (const auto* create = command.body_as_CreateUser()) {
    blank(create->profile(), places);
    blank(create->note(), places);
  } else if (const auto* profile = command.body_as_SetProfile()) {
    blank(profile->profile(), places);
    blank(profile->note(), places);
  }
}

}  // namespace blanking

inline constexpr std::size_t signature_bytes = 64;

/// Object forms of some languages always write the field: an empty one is none.
inline bool is_signed(const CommandMessage& message) {
  return message.signature() != nullptr && message.signature()->size() > 0;
}

/// In place; the message has been verified as well-formed, and its bytes are the caller's to write.
inline void blank_for_signature(const CommandMessage& message) {
  blanking::Places places;
  if (message.commands() != nullptr)
    for (const Command* command : *message.commands()) blanking::blank(*command, places);
  if (const auto* signature = message.signature())
    places.emplace_back(const_cast<std::uint8_t*>(signature->data()), signature->size());
  for (const auto place : places) std::ranges::fill(place, std::uint8_t{0});
}

}  // namespace postern::schema
