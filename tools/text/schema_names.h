// What the schema's codes, states and kinds are called. Functions without state, for any thread.
#pragma once

#include <memory>
#include <string>

#include "codes.h"
#include "history_generated.h"

namespace postern::text {

/// The schema's name, or the number if this program does not know it.
std::string code_name(schema::Code code);
std::string code_sentence(schema::Code code);
std::string code_remedy(schema::Code code);

/// "new", "active", …: the schema's names as people write them.
std::string status_text(schema::UserStatus status);
/// `unset` for no status's name.
schema::UserStatus status_named(const std::string& text);
/// As people write it, "last-used"; by username for no order's name.
schema::UserSort sort_named(const std::string& text);
std::string lock_text(schema::LockCause cause);
std::string role_text(schema::Role role);
std::string effect_text(schema::Effect effect);
/// "allow read on table/customer".
std::string grant_text(const schema::GrantViewT& grant);
/// "12.0": the record that added it and its place there.
std::string grant_name(const std::unique_ptr<schema::GrantReferenceT>& reference);

/// A remedy as a sentence: in the schema it stands behind a colon and begins small.
std::string sentence_of(std::string remedy);

}  // namespace postern::text
