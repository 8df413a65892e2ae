#include "daemon/domain/profile.h"

#include <algorithm>

#include "common_marks.h"
#include "schema/text_view.h"

namespace postern::domain {

namespace {

void change_attribute(schema::ProfileT& profile, const schema::Attribute& asked) {
  const std::string_view name = schema::view_of(asked.name());
  const bool goes = schema::view_of(asked.value()).empty();
  auto& attributes = profile.attributes;
  const auto place =
      std::ranges::find_if(attributes, [&](const auto& held) { return held->name == name; });
  if (goes) {
    if (place != attributes.end()) attributes.erase(place);
    return;
  }
  auto& changed = place != attributes.end()
                      ? *place
                      : attributes.emplace_back(std::make_unique<schema::AttributeT>());
  changed->name = name;
  changed->value = schema::view_of(asked.value());
}

/// An empty profile and none are one.
void drop_empty_profile(schema::PersonalT& personal) {
  if (personal.profile != nullptr && *personal.profile == schema::ProfileT())
    personal.profile.reset();
}

}  // namespace

schema::PersonalT personal_of(const schema::CreateUser& body) {
  schema::PersonalT personal;
  if (body.profile() != nullptr) personal.profile.reset(body.profile()->UnPack());
  drop_empty_profile(personal);
  personal.note = schema::view_of(body.note());
  return personal;
}

void change_personal(schema::PersonalT& personal, const schema::SetProfile& body) {
  if (body.note() != nullptr) personal.note = body.note()->str();
  if (body.profile() == nullptr) return;
  if (personal.profile == nullptr) personal.profile = std::make_unique<schema::ProfileT>();
  schema::ProfileT& profile = *personal.profile;
  const auto change = [](auto, const flatbuffers::String* text, std::string& held) {
    if (text != nullptr) held = text->str();
  };
  visit_clearable(*body.profile(), profile, change);
  if (body.profile()->attributes() != nullptr)
    for (const schema::Attribute* attribute : *body.profile()->attributes())
      change_attribute(profile, *attribute);
  drop_empty_profile(personal);
}

bool is_empty(const schema::PersonalT& personal) {
  return personal.note.empty() && personal.profile == nullptr;
}

ProfileSize size_of(const schema::PersonalT& personal) {
  ProfileSize size;
  if (personal.profile == nullptr) return size;
  visit_personal(*personal.profile,
                 [&](auto, const std::string& text) { size.bytes += text.size(); });
  size.attributes = personal.profile->attributes.size();
  return size;
}

}  // namespace postern::domain
