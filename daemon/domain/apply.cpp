#include "daemon/domain/apply.h"

#include <algorithm>
#include <array>

#include "daemon/domain/access.h"

namespace postern::domain {

namespace {

using schema::EventBody;

/// One event with all that its handler may use.
struct Scene {
  State& state;
  const RecordFacts& record;
  const schema::Event& event;
  std::uint16_t index;
  Changes& changes;
};

std::string text(const flatbuffers::String* value) {
  return value == nullptr ? std::string() : value->str();
}

std::shared_ptr<const Bytes> shared_bytes(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr || bytes->size() == 0) return nullptr;
  return std::make_shared<const Bytes>(bytes->begin(), bytes->end());
}

template <class Edit>
void edit_tenant(const Scene& scene, Edit edit) {
  const Tenant* before = scene.state.tables().find_tenant(scene.record.tenant);
  if (before == nullptr) return;
  auto after = std::make_shared<Tenant>(*before);
  edit(*after);
  scene.state.replace(Owned<Tenant>(std::move(after)), scene.changes);
}

template <class Edit>
void edit_user(const Scene& scene, Edit edit) {
  if (scene.event.user() == nullptr) return;
  const User* before = scene.state.tables().find_user(*scene.event.user());
  if (before == nullptr) return;
  auto after = std::make_shared<User>(*before);
  after->last_seq = scene.record.seq;
  if (scene.record.role != schema::Role::daemon) ++after->version;
  edit(*after);
  scene.state.replace(Owned<User>(std::move(after)), scene.changes);
}

void clear_tenant_lock(const Scene& scene, User& user) {
  user.tenant_lock_cleared_seq = scene.record.seq;
  user.tenant_lock_cleared_index = scene.index;
}

void journal_created(const Scene&, const schema::JournalCreated&) {}

void tenant_created(const Scene& scene, const schema::TenantCreated& body) {
  if (body.tenant() == nullptr) return;
  auto tenant = std::make_shared<Tenant>();
  tenant->id = *body.tenant();
  tenant->alias = text(body.alias());
  tenant->display_name = text(body.display_name());
  if (body.policies() != nullptr) body.policies()->UnPackTo(&tenant->policies);
  if (body.catalogue() != nullptr) {
    for (const schema::CatalogueKind* kind : *body.catalogue()) {
      CatalogueKind& known = tenant->catalogue.emplace_back(
          text(kind->name()), std::vector<std::string>(), kind->open());
      if (kind->actions() == nullptr) continue;
      for (const flatbuffers::String* action : *kind->actions())
        known.actions.push_back(action->str());
    }
  }
  tenant->created_seq = scene.record.seq;
  scene.state.replace(Owned<Tenant>(std::move(tenant)), scene.changes);
}

void tenant_enabled(const Scene& scene, const schema::TenantEnabled&) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.enabled = true;
    tenant.status_seq = scene.record.seq;
  });
}

void tenant_disabled(const Scene& scene, const schema::TenantDisabled&) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.enabled = false;
    tenant.status_seq = scene.record.seq;
    tenant.disabled_seq = scene.record.seq;
    tenant.disabled_index = scene.index;
  });
}

void user_created(const Scene& scene, const schema::UserCreated& body) {
  if (body.user() == nullptr) return;
  auto user = std::make_shared<User>();
  user->id = *body.user();
  user->tenant = scene.record.tenant;
  user->username = text(body.username());
  if (const schema::KeyReference* key = body.key()) {
    user->key.file = key->file();
    user->key.slot = key->slot();
    if (key->commitment() != nullptr && key->commitment()->size() == user->key.commitment.size())
      std::ranges::copy(*key->commitment(), user->key.commitment.begin());
  }
  user->status = body.status();
  user->api_access = body.api_access();
  user->version = 1;
  user->created_seq = scene.record.seq;
  user->status_seq = scene.record.seq;
  user->api_access_seq = scene.record.seq;
  clear_tenant_lock(scene, *user);
  user->last_seq = scene.record.seq;
  user->sealed_profile = shared_bytes(body.sealed_profile());
  user->sealed_password = shared_bytes(body.sealed_password());
  if (user->sealed_password) user->password_seq = scene.record.seq;
  user->grants = no_grants();
  scene.state.replace(Owned<User>(std::move(user)), scene.changes);
}

void user_status_changed(const Scene& scene, const schema::UserStatusChanged& body) {
  edit_user(scene, [&](User& user) {
    user.status = body.to();
    user.status_seq = scene.record.seq;
  });
}

void user_locked(const Scene& scene, const schema::UserLocked& body) {
  edit_user(scene, [&](User& user) {
    if (body.cause() == schema::LockCause::passwords) user.passwords_lock_seq = scene.record.seq;
    if (body.cause() == schema::LockCause::operator_command)
      user.operator_lock_seq = scene.record.seq;
  });
}

void user_unlocked(const Scene& scene, const schema::UserUnlocked& body) {
  edit_user(scene, [&](User& user) {
    if (body.causes() == nullptr) return;
    for (const auto raw : *body.causes()) {
      const auto cause = static_cast<schema::LockCause>(raw);
      if (cause == schema::LockCause::passwords) user.passwords_lock_seq = 0;
      if (cause == schema::LockCause::operator_command) user.operator_lock_seq = 0;
      if (cause == schema::LockCause::tenant) clear_tenant_lock(scene, user);
    }
  });
}

void api_access_changed(const Scene& scene, const schema::ApiAccessChanged& body) {
  edit_user(scene, [&](User& user) {
    user.api_access = body.allowed();
    user.api_access_seq = scene.record.seq;
  });
}

void password_reset(const Scene& scene, const schema::PasswordReset& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = shared_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    user.failures = 0;
    user.passwords_lock_seq = 0;
    clear_tenant_lock(scene, user);
  });
}

void password_changed(const Scene& scene, const schema::PasswordChanged& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = shared_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    user.failures = 0;
  });
}

void password_failed(const Scene& scene, const schema::PasswordFailed& body) {
  edit_user(scene, [&](User& user) { user.failures = body.failures(); });
}

void password_accepted(const Scene& scene, const schema::PasswordAccepted&) {
  edit_user(scene, [](User& user) { user.failures = 0; });
}

void password_rehashed(const Scene& scene, const schema::PasswordRehashed& body) {
  edit_user(scene,
            [&](User& user) { user.sealed_password = shared_bytes(body.sealed_password()); });
}

void grant_added(const Scene& scene, const schema::GrantAdded& body) {
  if (body.resource() == nullptr || body.action() == nullptr) return;
  Grant grant;
  grant.resource = scene.state.intern(body.resource()->string_view());
  grant.action = scene.state.intern(body.action()->string_view());
  grant.seq = scene.record.seq & ((std::uint64_t{1} << 52) - 1);
  grant.index = scene.index & 1023U;
  grant.deny = body.effect() == schema::Effect::deny;
  grant.wildcard = body.resource()->string_view().find('*') != std::string_view::npos;
  edit_user(scene, [&](User& user) { user.grants = with_grant(*user.grants, grant); });
}

void grant_removed(const Scene& scene, const schema::GrantRemoved& body) {
  if (body.grant() == nullptr) return;
  edit_user(scene, [&](User& user) {
    user.grants = without_grant(*user.grants, body.grant()->seq(), body.grant()->index());
  });
}

/// Takes over what a stored standing says of an operator.
void take_standing(Operator& entry, const schema::OperatorStanding* standing) {
  entry.keys.clear();
  entry.tenants.clear();
  if (standing == nullptr) return;
  if (standing->keys() != nullptr) {
    for (const schema::PublicKey* key : *standing->keys()) {
      auto& bytes = entry.keys.emplace_back();
      if (key->bytes() != nullptr && key->bytes()->size() == bytes.size())
        std::ranges::copy(*key->bytes(), bytes.begin());
    }
  }
  entry.uid.reset();
  if (standing->uid().has_value()) entry.uid = standing->uid().value();
  entry.all_tenants = standing->all_tenants();
  if (standing->tenant_ids() != nullptr)
    for (const schema::TenantId* tenant : *standing->tenant_ids())
      if (tenant->id() != nullptr) entry.tenants.push_back(*tenant->id());
  std::ranges::sort(entry.tenants, less);
  entry.vouches = standing->vouches();
}

void operator_added(const Scene& scene, const schema::OperatorAdded& body) {
  if (body.operator_id() == nullptr) return;
  auto entry = std::make_shared<Operator>();
  entry->id = *body.operator_id();
  entry->name = text(body.name());
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
  auto after = std::make_shared<Operator>(*before);
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

using Handler = void (*)(const Scene&);

/// Hands the body, as its own type, to its handler.
template <class Body, void (*handle)(const Scene&, const Body&)>
void with_body(const Scene& scene) {
  handle(scene, *static_cast<const Body*>(scene.event.body()));
}

struct HandlerOfKind {
  EventBody kind;
  Handler handler;
};

constexpr HandlerOfKind handler_table[] = {
    {EventBody::JournalCreated, with_body<schema::JournalCreated, journal_created>},
    {EventBody::TenantCreated, with_body<schema::TenantCreated, tenant_created>},
    {EventBody::TenantEnabled, with_body<schema::TenantEnabled, tenant_enabled>},
    {EventBody::TenantDisabled, with_body<schema::TenantDisabled, tenant_disabled>},
    {EventBody::UserCreated, with_body<schema::UserCreated, user_created>},
    {EventBody::UserStatusChanged, with_body<schema::UserStatusChanged, user_status_changed>},
    {EventBody::UserLocked, with_body<schema::UserLocked, user_locked>},
    {EventBody::UserUnlocked, with_body<schema::UserUnlocked, user_unlocked>},
    {EventBody::ApiAccessChanged, with_body<schema::ApiAccessChanged, api_access_changed>},
    {EventBody::PasswordReset, with_body<schema::PasswordReset, password_reset>},
    {EventBody::PasswordChanged, with_body<schema::PasswordChanged, password_changed>},
    {EventBody::PasswordFailed, with_body<schema::PasswordFailed, password_failed>},
    {EventBody::PasswordAccepted, with_body<schema::PasswordAccepted, password_accepted>},
    {EventBody::PasswordRehashed, with_body<schema::PasswordRehashed, password_rehashed>},
    {EventBody::GrantAdded, with_body<schema::GrantAdded, grant_added>},
    {EventBody::GrantRemoved, with_body<schema::GrantRemoved, grant_removed>},
    {EventBody::OperatorAdded, with_body<schema::OperatorAdded, operator_added>},
    {EventBody::OperatorChanged, with_body<schema::OperatorChanged, operator_changed>},
    {EventBody::OperatorRemoved, with_body<schema::OperatorRemoved, operator_removed>},
    {EventBody::CommandRefused, with_body<schema::CommandRefused, command_refused>},
};

constexpr auto kind_count = static_cast<std::size_t>(EventBody::MAX) + 1;
static_assert(std::size(handler_table) == kind_count - 1, "every kind of event has its handler");

constexpr auto handlers = [] {
  std::array<Handler, kind_count> table{};
  for (const HandlerOfKind& row : handler_table)
    table[static_cast<std::size_t>(row.kind)] = row.handler;
  return table;
}();

}  // namespace

bool is_known(const schema::Event& event) {
  const auto kind = static_cast<std::size_t>(event.body_type());
  return kind < kind_count && handlers[kind] != nullptr && event.body() != nullptr;
}

void apply(State& state, const RecordFacts& record, const schema::Event& event, std::uint16_t index,
           Changes& changes) {
  if (!is_known(event)) return;
  handlers[static_cast<std::size_t>(event.body_type())]({state, record, event, index, changes});
}

void apply_record(State& state, const schema::Record& record, Changes& changes) {
  RecordFacts facts{record.seq(), record.role(), Uuid()};
  if (record.tenant() != nullptr) facts.tenant = *record.tenant();
  std::uint16_t index = 0;
  if (record.events() != nullptr)
    for (const schema::Event* event : *record.events())
      apply(state, facts, *event, index++, changes);
  state.close_record(record.seq(), record.time_ns(), record.tenant());
}

}  // namespace postern::domain
