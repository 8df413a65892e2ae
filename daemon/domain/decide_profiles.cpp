// U3, U4: profile and note. Found values are personal: no refusal repeats one.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/profile_forms.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

struct ProfileField {
  std::string_view name;
  const flatbuffers::String* (schema::Profile::*value)() const;
  /// Null: any text.
  bool (*fits)(std::string_view) = nullptr;
  std::string_view wanted = {};
};

constexpr ProfileField profile_fields[] = {
    {"first_name", &schema::Profile::first_name},
    {"last_name", &schema::Profile::last_name},
    {"email", &schema::Profile::email, is_email, "It must be an address as ops@example.com."},
    {"description", &schema::Profile::description},
    {"organization", &schema::Profile::organization},
    {"department", &schema::Profile::department},
    {"warehouse", &schema::Profile::warehouse},
    {"language", &schema::Profile::language, is_language,
     "It must be a language's tag (BCP 47), as de-CH."},
    {"time_zone", &schema::Profile::time_zone, is_time_zone,
     "It must be a zone's name (IANA), as Europe/Zurich."},
    {"phone", &schema::Profile::phone},
    {"address", &schema::Profile::address},
    {"hire_date", &schema::Profile::hire_date, is_date, "It must be a date as 2027-01-31."},
    {"system", &schema::Profile::system},
};

constexpr std::string_view not_text = "It must be UTF-8 without control characters.";

/// Empty text clears, and is of every form.
void check_field(const Case& asked, const ProfileField& field, std::string_view text) {
  if (!is_text(text))
    asked.refuse(Code::field_malformed, field.name, not_text);
  else if (!text.empty() && field.fits != nullptr && !field.fits(text))
    asked.refuse(Code::field_malformed, field.name, field.wanted);
}

void check_attributes(const Case& asked, const schema::Profile& profile) {
  if (profile.attributes() == nullptr) return;
  std::vector<std::string_view> names;
  for (const schema::Attribute* attribute : *profile.attributes()) {
    names.push_back(view(attribute->name()));
    if (names.back().empty() || !is_text(names.back()) || !is_text(view(attribute->value())))
      asked.refuse(Code::field_malformed, "attributes",
                   "Each needs a name; both must be UTF-8 without control characters.");
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    asked.refuse(Code::field_malformed, "attributes", "Their names must be unique.");
}

/// Says what the command set and cleared, not what it was before: a field's name is no secret, its
/// value is.
void name_changes(const schema::SetProfile& body, schema::ProfileChangedT& changed) {
  const auto tell = [&](std::string_view name, const flatbuffers::String* value) {
    if (value != nullptr) (value->size() == 0 ? changed.cleared : changed.set).emplace_back(name);
  };
  if (const schema::Profile* profile = body.profile()) {
    for (const ProfileField& field : profile_fields)
      tell(field.name, (profile->*field.value)());
    bool any_set = false;
    bool any_cleared = false;
    if (profile->attributes() != nullptr)
      for (const schema::Attribute* attribute : *profile->attributes())
        (view(attribute->value()).empty() ? any_cleared : any_set) = true;
    if (any_set) changed.set.emplace_back("attributes");
    if (any_cleared) changed.cleared.emplace_back("attributes");
  }
  tell("note", body.note());
}

}  // namespace

void check_profile(const Case& asked, const schema::Profile* profile,
                   const flatbuffers::String* note, const ProfileSize& size) {
  if (view(note).size() > note_bytes_max)
    asked.refuse(Code::too_large, "note",
                 "The limit is 4096 bytes, found " + std::to_string(note->size()) + ".");
  else if (!is_text(view(note)))
    asked.refuse(Code::field_malformed, "note", not_text);
  if (profile == nullptr) return;
  for (const ProfileField& field : profile_fields)
    check_field(asked, field, view((profile->*field.value)()));
  if (size.attributes > attributes_max)
    asked.refuse(Code::too_large, "attributes",
                 "The limit is 64, found " + std::to_string(size.attributes) + ".");
  check_attributes(asked, *profile);
  if (size.bytes > profile_bytes_max)
    asked.refuse(Code::too_large, "profile",
                 "The limit is 16384 bytes, found " + std::to_string(size.bytes) + ".");
}

void set_profile(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const auto& body = *asked.command.body_as_SetProfile();
  if (body.profile() == nullptr && body.note() == nullptr)
    return asked.refuse(Code::field_missing, "profile", "There is neither profile nor note.");
  check_profile(asked, body.profile(), body.note(), asked.material.profile_change.size);
  if (!asked.decision.refusals.empty()) return;
  // U4: who may not read the note could guess it, were an equal one refused.
  const bool guesses = body.note() != nullptr && !reads_notes(asked.asker().role);
  if (!asked.material.profile_change.changes && !guesses)
    return asked.refuse(Code::unchanged, "profile");
  schema::ProfileChangedT changed;
  changed.sealed_profile = asked.material.sealed_profile;
  name_changes(body, changed);
  asked.cause(*user, std::move(changed));
}

}  // namespace postern::domain
