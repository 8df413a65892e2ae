#include "daemon/domain/apply.h"

#include <array>

#include "daemon/domain/handlers.h"

namespace postern::domain {

Sealed sealed_bytes(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? nullptr : SealedBytes::of({bytes->data(), bytes->size()});
}

void clear_tenant_lock(const Scene& scene, User& user) {
  edit_marks(user, [&](UserMarks& marks) { marks.tenant_lock_cleared_seq = scene.record.seq; });
  user.tenant_lock_cleared_index = scene.index;
}

namespace {

using schema::EventBody;

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
    {EventBody::TenantChanged, with_body<schema::TenantChanged, tenant_changed>},
    {EventBody::CatalogueDefined, with_body<schema::CatalogueDefined, catalogue_defined>},
    {EventBody::CatalogueRetired, with_body<schema::CatalogueRetired, catalogue_retired>},
    {EventBody::TenantSessionsEnded, with_body<schema::TenantSessionsEnded, tenant_sessions_ended>},
    {EventBody::UserRenamed, with_body<schema::UserRenamed, user_renamed>},
    {EventBody::ProfileChanged, with_body<schema::ProfileChanged, profile_changed>},
    {EventBody::UserSettingsChanged, with_body<schema::UserSettingsChanged, user_settings_changed>},
    {EventBody::PasswordRotated, with_body<schema::PasswordRotated, password_rotated>},
    {EventBody::KeyCreated, with_body<schema::KeyCreated, key_created>},
    {EventBody::KeyRevoked, with_body<schema::KeyRevoked, key_revoked>},
    {EventBody::SessionEnded, with_body<schema::SessionEnded, session_ended>},
    {EventBody::SessionsEnded, with_body<schema::SessionsEnded, sessions_ended>},
    {EventBody::RoleCreated, with_body<schema::RoleCreated, role_created>},
    {EventBody::RoleDeleted, with_body<schema::RoleDeleted, role_deleted>},
    {EventBody::RoleGrantAdded, with_body<schema::RoleGrantAdded, role_grant_added>},
    {EventBody::RoleGrantRemoved, with_body<schema::RoleGrantRemoved, role_grant_removed>},
    {EventBody::RoleNested, with_body<schema::RoleNested, role_nested>},
    {EventBody::RoleUnnested, with_body<schema::RoleUnnested, role_unnested>},
    {EventBody::RoleAssigned, with_body<schema::RoleAssigned, role_assigned>},
    {EventBody::RoleUnassigned, with_body<schema::RoleUnassigned, role_unassigned>},
    {EventBody::RangesImported, with_body<schema::RangesImported, ranges_imported>},
    {EventBody::UserUsed, with_body<schema::UserUsed, user_used>},
    {EventBody::UserErased, with_body<schema::UserErased, user_erased>},
    {EventBody::KeysBackedUp, with_body<schema::KeysBackedUp, keys_backed_up>},
    {EventBody::JournalRestored, with_body<schema::JournalRestored, journal_restored>},
    {EventBody::ReviewRecorded, with_body<schema::ReviewRecorded, review_recorded>},
};

constexpr auto event_kind_count = static_cast<std::size_t>(EventBody::MAX) + 1;
static_assert(std::size(handler_table) == event_kind_count - 1,
              "every kind of event has its handler");

constexpr auto handlers = [] {
  std::array<Handler, event_kind_count> table{};
  for (const HandlerOfKind& row : handler_table)
    table[static_cast<std::size_t>(row.kind)] = row.handler;
  return table;
}();

}  // namespace

bool is_known(const schema::Event& event) {
  const auto kind = static_cast<std::size_t>(event.body_type());
  return kind < event_kind_count && handlers[kind] != nullptr && event.body() != nullptr;
}

void apply(State& state, const RecordFacts& record, const schema::Event& event, std::uint16_t index,
           Changes& changes) {
  if (!is_known(event)) return;
  handlers[static_cast<std::size_t>(event.body_type())]({state, record, event, index, changes});
}

void apply_record(State& state, const schema::Record& record, Changes& changes) {
  RecordFacts facts{record.seq(), record.role(), Uuid(), record.time_ns()};
  if (record.tenant() != nullptr) facts.tenant = *record.tenant();
  std::uint16_t index = 0;
  if (record.events() != nullptr)
    for (const schema::Event* event : *record.events())
      apply(state, facts, *event, index++, changes);
  state.close_record(record.seq(), record.time_ns(), record.tenant());
}

}  // namespace postern::domain
