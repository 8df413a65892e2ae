// How a native object says empty text where absent and empty differ (SetTenant, SetProfile):
// packing it leaves empty text out, which means "as it is".
#pragma once

#include <cstring>
#include <string_view>

#include "command_generated.h"

namespace postern::schema {

/// In a native object: there, and empty. Is no text itself, so it can stand for nothing else.
inline constexpr std::string_view cleared_text = "\x7f";

namespace cleared {

using ProfileText = const flatbuffers::String* (Profile::*)() const;
inline constexpr ProfileText profile_texts[] = {
    &Profile::first_name, &Profile::last_name,    &Profile::email,      &Profile::description,
    &Profile::organization, &Profile::department, &Profile::warehouse,  &Profile::language,
    &Profile::time_zone,  &Profile::phone,        &Profile::address,    &Profile::hire_date,
    &Profile::system};
using ProfileField = std::string ProfileT::*;
inline constexpr ProfileField profile_fields[] = {
    &ProfileT::first_name,   &ProfileT::last_name,  &ProfileT::email,     &ProfileT::description,
    &ProfileT::organization, &ProfileT::department, &ProfileT::warehouse, &ProfileT::language,
    &ProfileT::time_zone,    &ProfileT::phone,      &ProfileT::address,   &ProfileT::hire_date,
    &ProfileT::system};
static_assert(std::size(profile_texts) == std::size(profile_fields));

/// The caller made the bytes the text lies in.
inline void empty(const flatbuffers::String* text) {
  if (text == nullptr || text->string_view() != cleared_text) return;
  auto* place = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text));
  std::memset(place, 0, sizeof(flatbuffers::uoffset_t) + cleared_text.size());
}

inline void keep(const flatbuffers::String* text, std::string& native) {
  if (text != nullptr && text->size() == 0) native = cleared_text;
}

}  // namespace cleared

/// Empties such texts in a message that was packed from a native object; its bytes are the
/// caller's.
inline void empty_cleared_texts(const CommandMessage& packed) {
  if (packed.commands() == nullptr) return;
  for (const Command* command : *packed.commands()) {
    if (const auto* tenant = command->body_as_SetTenant(); tenant && tenant->policies()) {
      cleared::empty(tenant->policies()->password_forbidden_characters());
      cleared::empty(tenant->policies()->username_prefix());
      cleared::empty(tenant->policies()->username_domain());
    }
    const auto* body = command->body_as_SetProfile();
    if (body == nullptr) continue;
    cleared::empty(body->note());
    if (body->profile() == nullptr) continue;
    for (const auto text : cleared::profile_texts) cleared::empty((body->profile()->*text)());
  }
}

/// The way back: marks in the native form what is empty in the bytes.
inline void mark_cleared_texts(const CommandMessage& packed, CommandMessageT& native) {
  for (flatbuffers::uoffset_t index = 0; index < native.commands.size(); ++index) {
    const Command& from = *packed.commands()->Get(index);
    CommandT& to = *native.commands[index];
    if (const auto* tenant = from.body_as_SetTenant(); tenant && tenant->policies()) {
      PolicyChangesT& policies = *to.body.AsSetTenant()->policies;
      cleared::keep(tenant->policies()->password_forbidden_characters(),
                    policies.password_forbidden_characters);
      cleared::keep(tenant->policies()->username_prefix(), policies.username_prefix);
      cleared::keep(tenant->policies()->username_domain(), policies.username_domain);
    }
    const auto* body = from.body_as_SetProfile();
    if (body == nullptr) continue;
    cleared::keep(body->note(), to.body.AsSetProfile()->note);
    if (body->profile() == nullptr) continue;
    for (std::size_t field = 0; field < std::size(cleared::profile_texts); ++field)
      cleared::keep((body->profile()->*cleared::profile_texts[field])(),
                    (*to.body.AsSetProfile()->profile).*cleared::profile_fields[field]);
  }
}

}  // namespace postern::schema
