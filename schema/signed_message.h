// What an operator signs of a command message (O4): its bytes as sent, with those of each secret,
// of each text in profile and note, and of the signature set to zero. So the daemon can keep what
// was signed with the record, and anybody can check it, without ever storing what must not be
// stored.
#pragma once

#include <algorithm>

#include "command_generated.h"

namespace postern::schema {

namespace blanking {

inline void blank(const flatbuffers::String* text) {
  if (text == nullptr) return;
  // The accessors are const because messages are; the bytes are the caller's.
  auto* data = const_cast<std::uint8_t*>(text->Data());
  std::fill_n(data, text->size(), std::uint8_t{0});
}

inline void blank(const Profile* profile) {
  if (profile == nullptr) return;
  for (const auto* text :
       {profile->first_name(), profile->last_name(), profile->email(), profile->description(),
        profile->organization(), profile->department(), profile->warehouse(), profile->language(),
        profile->time_zone(), profile->phone(), profile->address(), profile->hire_date(),
        profile->system()})
    blank(text);
  if (profile->attributes() == nullptr) return;
  for (const Attribute* attribute : *profile->attributes()) {
    blank(attribute->name());
    blank(attribute->value());
  }
}

inline void blank(const Command& command) {
  if (command.body() == nullptr) return;
  if (const auto* create = command.body_as_CreateUser()) {
    blank(create->profile());
    blank(create->note());
    blank(create->password());
    blank(create->password_confirmation());
  } else if (const auto* reset = command.body_as_ResetPassword()) {
    blank(reset->password());
    blank(reset->password_confirmation());
  } else if (const auto* change = command.body_as_ChangePassword()) {
    blank(change->current_password());
    blank(change->password());
    blank(change->password_confirmation());
  } else if (const auto* rotate = command.body_as_RotatePassword()) {
    blank(rotate->password());
    blank(rotate->password_confirmation());
  } else if (const auto* profile = command.body_as_SetProfile()) {
    blank(profile->profile());
    blank(profile->note());
  }
}

}  // namespace blanking

inline constexpr std::size_t signature_bytes = 64;

/// In place; the message has been verified as well-formed, and its bytes are the caller's to write.
inline void blank_for_signature(const CommandMessage& message) {
  if (message.commands() != nullptr)
    for (const Command* command : *message.commands()) blanking::blank(*command);
  if (message.signature() != nullptr) {
    auto* data = const_cast<std::uint8_t*>(message.signature()->data());
    std::fill_n(data, message.signature()->size(), std::uint8_t{0});
  }
}

}  // namespace postern::schema
