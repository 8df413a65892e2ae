// Operators.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

namespace {

using PublicKeys = std::vector<std::array<std::uint8_t, 32>>;

PublicKeys keys_of(const flatbuffers::Vector<flatbuffers::Offset<schema::PublicKey>>* stored) {
  PublicKeys keys;
  if (stored == nullptr) return keys;
  for (const schema::PublicKey* key : *stored) {
    auto& bytes = keys.emplace_back();
    if (key->bytes() != nullptr && key->bytes()->size() == bytes.size())
      std::ranges::copy(*key->bytes(), bytes.begin());
  }
  return keys;
}

/// Takes over what a stored standing says of an operator.
void take_standing(Operator& entry, const schema::OperatorStanding* standing) {
  entry.keys.clear();
  entry.signing_keys.clear();
  entry.tenants.clear();
  if (standing == nullptr) return;
  entry.keys = keys_of(standing->keys());
  entry.signing_keys = keys_of(standing->signing_keys());
  entry.uid.reset();
  if (standing->uid().has_value()) entry.uid = standing->uid().value();
  entry.all_tenants = standing->all_tenants();
  if (standing->tenant_ids() != nullptr)
    for (const schema::TenantId* tenant : *standing->tenant_ids())
      if (tenant->id() != nullptr) entry.tenants.push_back(*tenant->id());
  std::ranges::sort(entry.tenants, less);
  entry.vouches = standing->vouches();
}

}  // namespace

void operator_added(const Scene& scene, const schema::OperatorAdded& body) {
  if (body.operator_id() == nullptr) return;
  auto entry = make_counted<Operator>();
  entry->id = *body.operator_id();
  entry->name = view_of(body.name());
  entry->role = body.role();
  entry->added_seq = scene.record.seq;
  entry->changed_seq = scene.record.seq;
  take_standing(*entry, body.standing());
  scene.state.replace(Owned<Operator>(std::move(entry)), scene.changes);
}

void operator_changed(const Scene& scene, const schema::OperatorChanged& body) {
  if (body.operator_id() == nullptr) return;
  const Operator* before = scene.state.tables().find_operator(*body.operator_id());
  if (before == nullptr) return;
  auto after = make_counted<Operator>(*before);
  after->role = body.role();
  after->changed_seq = scene.record.seq;
  take_standing(*after, body.standing());
  scene.state.replace(Owned<Operator>(std::move(after)), scene.changes);
}

void operator_removed(const Scene& scene, const schema::OperatorRemoved& body) {
  if (body.operator_id() != nullptr)
    scene.state.remove_operator(*body.operator_id(), scene.changes);
}

void command_refused(const Scene&, const schema::CommandRefused&) {}

}  // namespace postern::domain
