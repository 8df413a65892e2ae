// U3, U4: profile and note. Found values are personal: no refusal repeats one.
#include <algorithm>

#include "codes.h"
#include "common_marks.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/profile_forms.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

/// What a field must be beside text.
struct ProfileForm {
  std::string_view field;
  bool (*fits)(std::string_view);
  std::string_view wanted;
};

constexpr ProfileForm profile_forms[] = {
    {"email", is_email, "It must be an address as ops@example.com."},
    {"language", is_language, "It must be a language's tag (BCP 47), as de-CH."},
    {"time_zone", is_time_zone, "It must be a zone's name (IANA), as Europe/Zurich."},
    {"hire_date", is_date, "It must be a date as 2027-01-31."},
};

constexpr std::string_view not_text = "It must be UTF-8 without control characters.";

/// Empty text clears, and is of every form.
void check_field(const Case& asked, std::string_view field, std::string_view text) {
  const auto* form = std::ranges::find(profile_forms, field, &ProfileForm::field);
  if (!is_text(text))
    asked.refuse(Code::field_malformed, field, not_text);
  else if (!text.empty() && form != std::end(profile_forms) && !form->fits(text))
    asked.refuse(Code::field_malformed, field, form->wanted);
}

void check_attributes(const Case& asked, const schema::Profile& profile) {
  if (profile.attributes() == nullptr) return;
  std::vector<std::string_view> names;
  for (const schema::Attribute* attribute : *profile.attributes()) {
    names.push_back(view_of(attribute->name()));
    if (names.back().empty() || !is_text(names.back()) || !is_text(view_of(attribute->value())))
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
    visit_clearable(*profile, tell);
    bool any_set = false;
    bool any_cleared = false;
    if (profile->attributes() != nullptr)
      for (const schema::Attribute* attribute : *profile->attributes())
        (view_of(attribute->value()).empty() ? any_cleared : any_set) = true;
    if (any_set) changed.set.emplace_back("attributes");
    if (any_cleared) changed.cleared.emplace_back("attributes");
  }
  tell("note", body.note());
}

}  // namespace

void check_profile(const Case& asked, const schema::Profile* profile,
                   const flatbuffers::String* note, const ProfileSize& size) {
  if (view_of(note).size() > note_bytes_max)
    asked.refuse(Code::too_large, "note",
                 "The limit is 4096 bytes, found " + std::to_string(note->size()) + ".");
  else if (!is_text(view_of(note)))
    asked.refuse(Code::field_malformed, "note", not_text);
  if (profile == nullptr) return;
  visit_clearable(*profile, [&](std::string_view field, const flatbuffers::String* text) {
    check_field(asked, field, view_of(text));
  });
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
  asked.cause(*user, changed);
}

}  // namespace postern::domain
