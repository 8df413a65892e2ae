// Profile and note of a user (U3, U4) as commands leave them. Pure values, opened; who calls seals
// what comes out and wipes nothing: no secret is among them.
#pragma once

#include <cstddef>

#include "command_generated.h"
#include "personal_generated.h"

namespace postern::domain {

/// What CreateUser gives a user.
schema::PersonalT personal_of(const schema::CreateUser& body);

/// What is absent stays; empty text clears; an attribute without a value goes. Attributes keep
/// their order, new ones come last.
void change_personal(schema::PersonalT& personal, const schema::SetProfile& body);

/// U4: nobody else is ever told a note.
inline bool reads_notes(schema::Role role) {
  return role == schema::Role::owner || role == schema::Role::administrator;
}

/// Neither profile nor note.
bool is_empty(const schema::PersonalT& personal);

struct ProfileSize {
  /// Of all texts but the note.
  std::size_t bytes = 0;
  std::size_t attributes = 0;
};
ProfileSize size_of(const schema::PersonalT& personal);

/// What SetProfile leaves; all that the rules must know of it.
struct ProfileChange {
  ProfileSize size;
  bool changes = false;
};

}  // namespace postern::domain
