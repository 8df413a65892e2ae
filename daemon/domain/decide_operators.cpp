// O: operators.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/public_key.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;
using schema::Role;

namespace {

constexpr std::size_t operator_name_bytes_max = 63;
constexpr std::size_t operator_keys_max = 2;
constexpr std::size_t key_bytes = 32;

bool is_operator_name(std::string_view text) {
  if (text.empty() || text.size() > operator_name_bytes_max) return false;
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != std::string_view::npos)
    return false;
  return std::string_view("._-").find(text.front()) == std::string_view::npos;
}

void check_role(const Case& asked, Role role) {
  if (role < Role::owner || role > Role::service)
    asked.refuse(Code::field_malformed, "role",
                 "It must be owner, administrator, manager, auditor or service.");
}

using KeyList = flatbuffers::Vector<flatbuffers::Offset<schema::PublicKey>>;

/// Tells each key that has its form to `take`; refuses the others, too many, and one given twice.
template <class Take>
void check_keys(const Case& asked, std::string_view field, const KeyList* keys, Take take) {
  if (keys == nullptr) return;
  if (keys->size() > operator_keys_max)
    asked.refuse(Code::too_large, field,
                 "The limit is 2, found " + std::to_string(keys->size()) + ".");
  std::vector<std::span<const std::uint8_t>> known;
  for (const schema::PublicKey* key : *keys) {
    if (key->bytes() == nullptr || key->bytes()->size() != key_bytes) {
      asked.refuse(Code::field_malformed, field, "A public key has 32 bytes.");
      continue;
    }
    const std::span<const std::uint8_t> bytes(key->bytes()->data(), key_bytes);
    const auto same = [&](const auto& other) { return std::ranges::equal(other, bytes); };
    if (!names_somebody(bytes))
      asked.refuse(Code::field_malformed, field,
                   "This public key is nobody's: all zero, or of small order.");
    else if (std::ranges::any_of(known, same))
      asked.refuse(Code::field_malformed, field, "The same key is given twice.");
    else
      take(bytes);
    known.push_back(bytes);
  }
}

/// `holder`: the operator the standing is for, whose own keys are no conflict; null for a new one.
void check_identities(const Case& asked, const schema::OperatorStanding& standing,
                      const Operator* holder) {
  const auto is_taken = [&](const std::string& identity) {
    const Operator* other = asked.state.tables().find_identity(identity);
    return other != nullptr && other != holder;
  };
  if ((standing.keys() == nullptr || standing.keys()->size() == 0) && !standing.uid().has_value())
    asked.refuse(Code::field_missing, "keys", "An operator needs a public key or a uid.");
  check_keys(asked, "keys", standing.keys(), [&](std::span<const std::uint8_t> key) {
    if (is_taken(identity_of_key(key))) asked.refuse(Code::key_in_use, "keys");
  });
  if (standing.uid().has_value() && is_taken(identity_of_uid(standing.uid().value())))
    asked.refuse(Code::key_in_use, "uid", "uid " + std::to_string(standing.uid().value()) + ".");
  check_keys(asked, "signing_keys", standing.signing_keys(), [](auto) {});
}

/// O2: nobody can give a scope they do not have.
void check_scope(const Case& asked, const schema::OperatorStanding& standing,
                 std::vector<std::unique_ptr<schema::TenantIdT>>& tenants) {
  if (standing.all_tenants() && !asked.asker().all_tenants)
    asked.refuse(Code::not_permitted, "all_tenants", "Your own scope is a few tenants.");
  const bool names_some = standing.tenants() != nullptr && standing.tenants()->size() > 0;
  if (!standing.all_tenants() && !names_some)
    asked.refuse(Code::field_missing, "tenants", "Name at least one, or all.");
  if (standing.all_tenants() && names_some)
    asked.refuse(Code::field_malformed, "tenants", "Name some, or all, not both.");
  if (!names_some) return;
  for (const flatbuffers::String* alias : *standing.tenants()) {
    const Tenant* tenant = find_tenant_in_scope(asked.state, asked.asker(), alias->string_view());
    if (tenant == nullptr) {
      asked.refuse(Code::tenant_unknown, "tenants", quoted(alias->string_view()) + ".");
      continue;
    }
    auto& id = tenants.emplace_back(std::make_unique<schema::TenantIdT>());
    id->id = std::make_unique<Uuid>(tenant->id);
  }
}

/// The standing as it is stored: ids instead of aliases; null if it was refused.
std::unique_ptr<schema::OperatorStandingT> check_standing(const Case& asked,
                                                          const schema::OperatorStanding* standing,
                                                          const Operator* holder) {
  if (standing == nullptr) {
    asked.refuse(Code::field_missing, "standing");
    return nullptr;
  }
  std::unique_ptr<schema::OperatorStandingT> stored(standing->UnPack());
  stored->tenants.clear();
  stored->tenant_ids.clear();
  check_identities(asked, *standing, holder);
  check_scope(asked, *standing, stored->tenant_ids);
  return stored;
}

/// The operator named; refuses what does not exist or reaches beyond the asker's own tenants.
const Operator* require_operator(const Case& asked, std::string_view name) {
  const Operator* found = asked.state.tables().find_operator(name);
  const bool within = found != nullptr && lies_within(*found, asked.asker());
  if (!within) asked.refuse(Code::operator_unknown, "name", quoted(name) + ".");
  return within ? found : nullptr;
}

/// O1: without it nobody could do what concerns the installation.
bool is_last_owner(const Case& asked, const Operator& found) {
  return is_owner_of_all(found) && asked.state.owner_count() == 1;
}

void refuse_tenant(const Case& asked) {
  if (!view_of(asked.context.message->tenant()).empty())
    asked.refuse(Code::field_malformed, "tenant", "A command on operators concerns no tenant.");
}

}  // namespace

void add_operator(const Case& asked) {
  const auto& body = *asked.command.body_as_AddOperator();
  const std::string name(view_of(body.name()));
  refuse_tenant(asked);
  if (!is_operator_name(name) || name == "daemon")
    asked.refuse(
        Code::field_malformed, "name",
        "It must be [a-z0-9][a-z0-9._-]{0,62} and not 'daemon', found " + quoted(name) + ".");
  if (asked.state.tables().find_operator(name) != nullptr)
    asked.refuse(Code::operator_exists, "name", quoted(name) + ".");
  check_role(asked, body.role());
  auto standing = check_standing(asked, body.standing(), nullptr);
  if (!asked.decision.refusals.empty()) return;
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<Uuid>(asked.material.new_id);
  added.name = name;
  added.role = body.role();
  added.standing = std::move(standing);
  asked.cause(added);
}

void change_operator(const Case& asked) {
  const auto& body = *asked.command.body_as_ChangeOperator();
  refuse_tenant(asked);
  const Operator* found = require_operator(asked, view_of(body.name()));
  if (found == nullptr) return;
  check_role(asked, body.role());
  auto standing = check_standing(asked, body.standing(), found);
  if (is_last_owner(asked, *found) && body.role() != Role::owner)
    asked.refuse(Code::last_owner, "role");
  if (is_last_owner(asked, *found) && standing != nullptr && !standing->all_tenants)
    asked.refuse(Code::last_owner, "all_tenants");
  if (!asked.decision.refusals.empty()) return;
  schema::OperatorChangedT changed;
  changed.operator_id = std::make_unique<Uuid>(found->id);
  changed.role = body.role();
  changed.standing = std::move(standing);
  asked.cause(changed);
}

void remove_operator(const Case& asked) {
  refuse_tenant(asked);
  const Operator* found =
      require_operator(asked, view_of(asked.command.body_as_RemoveOperator()->name()));
  if (found == nullptr) return;
  if (is_last_owner(asked, *found)) asked.refuse(Code::last_owner, "name");
  if (!asked.decision.refusals.empty()) return;
  schema::OperatorRemovedT removed;
  removed.operator_id = std::make_unique<Uuid>(found->id);
  asked.cause(removed);
}

void record_refusals(const Case& asked) {
  const auto& body = *asked.command.body_as_RecordRefusals();
  if (body.operator_id() == nullptr) return asked.refuse(Code::field_missing, "operator_id");
  schema::CommandRefusedT refused;
  refused.operator_id = std::make_unique<Uuid>(*body.operator_id());
  refused.code = body.code();
  refused.count = body.count();
  asked.cause(refused);
}

}  // namespace postern::domain
