#include "daemon/view/trail.h"

#include <algorithm>

namespace postern::view {

namespace {

using schema::EventBody;

std::uint64_t name_of(std::uint64_t seq, std::uint64_t index) { return seq << 10U | index; }
std::uint64_t name_of(const schema::GrantReference& grant) {
  return name_of(grant.seq(), grant.index());
}

bool is_one_of(const schema::Event& event, std::initializer_list<EventBody> kinds) {
  return std::ranges::find(kinds, event.body_type()) != kinds.end();
}

template <class Map>
domain::Seq look_up(const Map& map, const typename Map::key_type& key) {
  const auto place = map.find(key);
  return place == map.end() ? 0 : place->second;
}

}  // namespace

void Trail::add(const schema::Record& record) {
  for (const schema::Event* event : *record.events()) add(*event, record);
}

void Trail::add(const schema::Event& event, const schema::Record& record) {
  const domain::Seq seq = record.seq();
  if (const auto* removed = event.body_as_GrantRemoved()) {
    if (removed->grant() != nullptr) removed_[name_of(*removed->grant())] = seq;
  } else if (const auto* of_role = event.body_as_RoleGrantRemoved()) {
    if (of_role->grant() != nullptr) removed_[name_of(*of_role->grant())] = seq;
  } else if (event.user() != nullptr) {
    const auto* unassigned = event.body_as_RoleUnassigned();
    if (unassigned != nullptr && unassigned->role() != nullptr)
      unassigned_[*event.user()].push_back({*unassigned->role(), seq});
    if (is_one_of(event, {EventBody::UserUnlocked, EventBody::PasswordReset}))
      unlocked_[*event.user()] = seq;
  } else if (record.tenant() != nullptr) {
    if (is_one_of(event, {EventBody::RoleNested, EventBody::RoleUnnested, EventBody::RoleDeleted}))
      nested_[*record.tenant()] = seq;
    if (is_one_of(event, {EventBody::CatalogueDefined, EventBody::CatalogueRetired}))
      catalogues_[*record.tenant()] = seq;
  }
}

domain::Seq Trail::grant_removed(const domain::Grant& grant) const {
  return look_up(removed_, name_of(grant.seq, grant.index));
}

domain::Seq Trail::role_unassigned(const domain::Uuid& user, const domain::Uuid& role) const {
  const auto place = unassigned_.find(user);
  if (place == unassigned_.end()) return 0;
  const auto newest =
      std::find_if(place->second.rbegin(), place->second.rend(),
                   [&](const Unassigned& entry) { return entry.role == role; });
  return newest == place->second.rend() ? 0 : newest->seq;
}

domain::Seq Trail::roles_nested(const domain::Uuid& tenant) const {
  return look_up(nested_, tenant);
}

domain::Seq Trail::catalogue_changed(const domain::Uuid& tenant) const {
  return look_up(catalogues_, tenant);
}

domain::Seq Trail::unlocked(const domain::Uuid& user) const { return look_up(unlocked_, user); }

}  // namespace postern::view
