#include "daemon/domain/profile.h"

#include <algorithm>

namespace postern::domain {

namespace {

struct TextField {
  const flatbuffers::String* (schema::Profile::*asked)() const;
  std::string schema::ProfileT::*held;
};

using WantedProfile = schema::Profile;
using StoredProfile = schema::ProfileT;

constexpr TextField text_fields[] = {
    {&WantedProfile::first_name, &StoredProfile::first_name},
    {&WantedProfile::last_name, &StoredProfile::last_name},
    {&WantedProfile::email, &StoredProfile::email},
    {&WantedProfile::description, &StoredProfile::description},
    {&WantedProfile::organization, &StoredProfile::organization},
    {&WantedProfile::department, &StoredProfile::department},
    {&WantedProfile::warehouse, &StoredProfile::warehouse},
    {&WantedProfile::language, &StoredProfile::language},
    {&WantedProfile::time_zone, &StoredProfile::time_zone},
    {&WantedProfile::phone, &StoredProfile::phone},
    {&WantedProfile::address, &StoredProfile::address},
    {&WantedProfile::hire_date, &StoredProfile::hire_date},
    {&WantedProfile::system, &StoredProfile::system},
};

void change_attribute(schema::ProfileT& profile, const schema::Attribute& asked) {
  const std::string name = asked.name() == nullptr ? std::string() : asked.name()->str();
  const bool goes = asked.value() == nullptr || asked.value()->size() == 0;
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
  changed->value = asked.value()->str();
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
  if (body.note() != nullptr) personal.note = body.note()->str();
  return personal;
}

void change_personal(schema::PersonalT& personal, const schema::SetProfile& body) {
  if (body.note() != nullptr) personal.note = body.note()->str();
  if (body.profile() == nullptr) return;
  if (personal.profile == nullptr) personal.profile = std::make_unique<schema::ProfileT>();
  schema::ProfileT& profile = *personal.profile;
  for (const TextField& field : text_fields)
    if (const flatbuffers::String* text = (body.profile()->*field.asked)())
      profile.*field.held = text->str();
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
  for (const TextField& field : text_fields) size.bytes += ((*personal.profile).*field.held).size();
  for (const auto& attribute : personal.profile->attributes)
    size.bytes += attribute->name.size() + attribute->value.size();
  size.attributes = personal.profile->attributes.size();
  return size;
}

}  // namespace postern::domain
