// The oracle's opinion of commands: who may send what, what each is about; tenants, operators,
// networks, use.
#include <algorithm>
#include <set>

#include "tests/support/oracle.h"
#include "tests/support/oracle_forms.h"

namespace postern::support {

using forms::text_of;
using schema::Code;
using schema::CommandBody;
using schema::EventBody;
using schema::Role;

bool Oracle::may(Role role, CommandBody kind) {
  switch (kind) {
    case CommandBody::RecordAttempt:
    case CommandBody::RecordRefusals:
    case CommandBody::RecordUse:
      return role == Role::daemon;
    case CommandBody::CreateTenant:
    case CommandBody::EnableTenant:
    case CommandBody::DisableTenant:
    case CommandBody::AddOperator:
    case CommandBody::ChangeOperator:
    case CommandBody::RemoveOperator:
    case CommandBody::ImportRanges:
    case CommandBody::BackUpKeys:
      return role == Role::owner;
    case CommandBody::DeleteUser:
    case CommandBody::EraseUser:
    case CommandBody::SetTenant:
    case CommandBody::DefineCatalogue:
    case CommandBody::RetireCatalogue:
    case CommandBody::CreateRole:
    case CommandBody::DeleteRole:
    case CommandBody::AddRoleGrant:
    case CommandBody::RemoveRoleGrant:
    case CommandBody::NestRole:
    case CommandBody::UnnestRole:
    case CommandBody::RecordReview:
      return role == Role::owner || role == Role::administrator;
    case CommandBody::ChangePassword:
    case CommandBody::EndSessions:
      return role == Role::owner || role == Role::administrator || role == Role::manager ||
             role == Role::service;
    case CommandBody::NONE:
      return false;
    case CommandBody::CreateUser:
    case CommandBody::EnableUser:
    case CommandBody::DisableUser:
    case CommandBody::TrashUser:
    case CommandBody::RestoreUser:
    case CommandBody::LockUser:
    case CommandBody::UnlockUser:
    case CommandBody::SetApiAccess:
    case CommandBody::ResetPassword:
    case CommandBody::AddGrant:
    case CommandBody::RemoveGrant:
    case CommandBody::EndTenantSessions:
    case CommandBody::RenameUser:
    case CommandBody::SetProfile:
    case CommandBody::SetUserSettings:
    case CommandBody::RotatePassword:
    case CommandBody::CreateKey:
    case CommandBody::RevokeKey:
    case CommandBody::AssignRole:
    case CommandBody::UnassignRole:
      return role == Role::owner || role == Role::administrator || role == Role::manager;
  }
  return false;
}

bool Oracle::may(const Sender& sender, CommandBody kind) {
  const bool on_installation =
      kind == CommandBody::CreateTenant || kind == CommandBody::AddOperator ||
      kind == CommandBody::ChangeOperator || kind == CommandBody::RemoveOperator ||
      kind == CommandBody::ImportRanges || kind == CommandBody::BackUpKeys ||
      kind == CommandBody::RecordRefusals;
  return may(sender.role, kind) && (sender.all_tenants || !on_installation);
}

namespace {

void record_refusals(const schema::RecordRefusalsT& body, Oracle::Opinion& told) {
  if (body.operator_id == nullptr)
    told.refusals.push_back(Code::field_missing);
  else
    told.events = {EventBody::CommandRefused};
}

}  // namespace

Oracle::Opinion Oracle::opinion(const Asked& asked) const {
  using schema::UserStatus;
  Opinion told;
  const auto& body = asked.command.body;
  switch (body.type) {
    case CommandBody::NONE:
      told.refusals.push_back(Code::unknown_kind);
      break;
    case CommandBody::CreateTenant:
      create_tenant(asked, *body.AsCreateTenant(), told);
      break;
    case CommandBody::EnableTenant:
    case CommandBody::DisableTenant:
      switch_tenant(asked, body.type == CommandBody::EnableTenant, told);
      break;
    case CommandBody::SetTenant:
      set_tenant(asked, *body.AsSetTenant(), told);
      break;
    case CommandBody::DefineCatalogue:
      define_catalogue(asked, *body.AsDefineCatalogue(), told);
      break;
    case CommandBody::RetireCatalogue:
      retire_catalogue(asked, *body.AsRetireCatalogue(), told);
      break;
    case CommandBody::EndTenantSessions:
      if (tenant_of(asked, told) != nullptr) told.events = {EventBody::TenantSessionsEnded};
      break;
    case CommandBody::CreateUser:
      create_user(asked, *body.AsCreateUser(), told);
      break;
    case CommandBody::EnableUser:
      move_user(asked, {UserStatus::new_user, UserStatus::inactive}, told);
      break;
    case CommandBody::DisableUser:
      move_user(asked, {UserStatus::active}, told);
      break;
    case CommandBody::TrashUser:
      move_user(asked, {UserStatus::new_user, UserStatus::active, UserStatus::inactive}, told);
      break;
    case CommandBody::RestoreUser:
      move_user(asked, {UserStatus::trashed}, told);
      break;
    case CommandBody::DeleteUser:
      delete_user(asked, told);
      break;
    case CommandBody::EraseUser:
      erase_user(asked, told);
      break;
    case CommandBody::LockUser:
      lock_user(asked, told);
      break;
    case CommandBody::UnlockUser:
      unlock_user(asked, told);
      break;
    case CommandBody::SetApiAccess:
      set_api_access(asked, *body.AsSetApiAccess(), told);
      break;
    case CommandBody::RenameUser:
      rename_user(asked, *body.AsRenameUser(), told);
      break;
    case CommandBody::SetProfile:
      set_profile(asked, *body.AsSetProfile(), told);
      break;
    case CommandBody::SetUserSettings:
      set_settings(asked, *body.AsSetUserSettings(), told);
      break;
    case CommandBody::ResetPassword:
      reset_password(asked, *body.AsResetPassword(), told);
      break;
    case CommandBody::ChangePassword:
      change_password(asked, *body.AsChangePassword(), told);
      break;
    case CommandBody::RotatePassword:
      rotate_password(asked, *body.AsRotatePassword(), told);
      break;
    case CommandBody::RecordAttempt:
      record_attempt(asked, *body.AsRecordAttempt(), told);
      break;
    case CommandBody::CreateKey:
      create_key(asked, *body.AsCreateKey(), told);
      break;
    case CommandBody::RevokeKey:
      revoke_key(asked, *body.AsRevokeKey(), told);
      break;
    case CommandBody::EndSessions:
      end_sessions(asked, *body.AsEndSessions(), told);
      break;
    case CommandBody::AddGrant:
      add_grant(asked, *body.AsAddGrant(), told);
      break;
    case CommandBody::RemoveGrant:
      remove_grant(asked, *body.AsRemoveGrant(), told);
      break;
    case CommandBody::CreateRole:
      create_role(asked, *body.AsCreateRole(), told);
      break;
    case CommandBody::DeleteRole:
      delete_role(asked, *body.AsDeleteRole(), told);
      break;
    case CommandBody::AddRoleGrant:
      add_role_grant(asked, *body.AsAddRoleGrant(), told);
      break;
    case CommandBody::RemoveRoleGrant:
      remove_role_grant(asked, *body.AsRemoveRoleGrant(), told);
      break;
    case CommandBody::NestRole:
      nest_role(asked, *body.AsNestRole(), told);
      break;
    case CommandBody::UnnestRole:
      unnest_role(asked, *body.AsUnnestRole(), told);
      break;
    case CommandBody::AssignRole:
      assign_role(asked, *body.AsAssignRole(), told);
      break;
    case CommandBody::UnassignRole:
      unassign_role(asked, *body.AsUnassignRole(), told);
      break;
    case CommandBody::AddOperator:
      add_operator(asked, *body.AsAddOperator(), told);
      break;
    case CommandBody::ChangeOperator:
      change_operator(asked, *body.AsChangeOperator(), told);
      break;
    case CommandBody::RemoveOperator:
      remove_operator(asked, *body.AsRemoveOperator(), told);
      break;
    case CommandBody::BackUpKeys:
      back_up_keys(asked, *body.AsBackUpKeys(), told);
      break;
    case CommandBody::RecordReview:
      record_review(asked, *body.AsRecordReview(), told);
      break;
    case CommandBody::ImportRanges:
      import_ranges(asked, *body.AsImportRanges(), told);
      break;
    case CommandBody::RecordRefusals:
      record_refusals(*body.AsRecordRefusals(), told);
      break;
    case CommandBody::RecordUse:
      record_use(asked, *body.AsRecordUse(), told);
      break;
  }
  return told;
}

// ---- what a command is about

bool Oracle::sees(const Sender& sender, const std::string& tenant) const {
  return sender.all_tenants || std::ranges::any_of(sender.tenants, [&](const schema::Uuid& id) {
           return text_of(id) == tenant;
         });
}

const std::string* Oracle::tenant_id(const std::string& alias) const {
  for (const auto& [id, tenant] : tenants_)
    if (tenant.alias == alias) return &id;
  return nullptr;
}

const facts::Tenant* Oracle::tenant_of(const Asked& asked, Opinion& told) const {
  const std::string* id = tenant_id(asked.message.tenant);
  if (id != nullptr && sees(asked.sender, *id)) return &tenants_.at(*id);
  told.refusals.push_back(asked.message.tenant.empty() ? Code::field_missing
                                                       : Code::tenant_unknown);
  return nullptr;
}

const facts::User* Oracle::named_user(const Asked& asked) const {
  const std::string tenant = *tenant_id(asked.message.tenant);
  const std::string& name = asked.command.user;
  for (const auto& [id, user] : users_) {
    if (user.tenant != tenant) continue;
    const bool has_name = forms::lower(user.name) == forms::lower(name);
    if (asked.command.user_id != nullptr) {
      if (text_of(*asked.command.user_id) == id && (has_name || name.empty())) return &user;
    } else if (has_name && user.status != schema::UserStatus::deleted) {
      return &user;
    }
  }
  return nullptr;
}

const facts::User* Oracle::user_of(const Asked& asked, Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return nullptr;
  const auto refuse = [&](Code code) {
    told.refusals.push_back(code);
    return nullptr;
  };
  const facts::User* user = named_user(asked);
  if (user == nullptr)
    return refuse(asked.command.user.empty() && asked.command.user_id == nullptr
                      ? Code::field_missing
                      : Code::user_unknown);
  if (user->status == schema::UserStatus::new_user && asked.sender.role == Role::manager)
    return refuse(Code::not_permitted);
  const std::uint64_t expected = asked.command.expected_version;
  if (expected != 0 && expected != user->version) return refuse(Code::version_conflict);
  return user;
}

const facts::User* Oracle::living_user_of(const Asked& asked, Opinion& told) const {
  const facts::User* user = user_of(asked, told);
  if (user == nullptr || user->status != schema::UserStatus::deleted) return user;
  told.refusals.push_back(Code::user_not_active);
  return nullptr;
}

// ---- operators

const facts::Operator* Oracle::operator_in_reach(const Asked& asked, const std::string& name,
                                                 Opinion& told) const {
  for (const auto& [id, entry] : operators_) {
    if (entry.name != name) continue;
    const bool in_reach =
        asked.sender.all_tenants ||
        (!entry.all_tenants && std::ranges::all_of(entry.tenants, [&](const std::string& tenant) {
          return sees(asked.sender, tenant);
        }));
    if (in_reach) return &entry;
  }
  told.refusals.push_back(Code::operator_unknown);
  return nullptr;
}

bool Oracle::is_last_owner(const facts::Operator& entry) const {
  const auto owns_all = [](const facts::Operator& one) {
    return one.role == Role::owner && one.all_tenants;
  };
  return owns_all(entry) && std::ranges::count_if(operators_, [&](const auto& one) {
                              return owns_all(one.second);
                            }) == 1;
}

void Oracle::check_standing(const Asked& asked, const schema::OperatorStandingT* standing,
                            const std::string& holder, Opinion& told) const {
  const auto refuse = [&](Code code) { told.refusals.push_back(code); };
  if (standing == nullptr) return refuse(Code::field_missing);
  const auto is_taken = [&](const std::string& identity) {
    return std::ranges::any_of(operators_, [&](const auto& one) {
      return one.second.name != holder && std::ranges::count(one.second.identities, identity) > 0;
    });
  };
  if (standing->keys.size() > 2 || standing->signing_keys.size() > 2) refuse(Code::too_large);
  if (standing->keys.empty() && !standing->uid) refuse(Code::field_missing);
  // Of those of small order the random commands make zero alone.
  const std::vector<std::uint8_t> zero(32, std::uint8_t{0});
  for (const auto* keys : {&standing->keys, &standing->signing_keys}) {
    std::set<std::vector<std::uint8_t>> seen;
    for (const auto& key : *keys) {
      const bool is_new = seen.insert(key->bytes).second;
      if (key->bytes.size() != 32 || key->bytes == zero || !is_new)
        refuse(Code::field_malformed);
      else if (keys == &standing->keys &&
               is_taken(std::string(key->bytes.begin(), key->bytes.end())))
        refuse(Code::key_in_use);
    }
  }
  if (standing->uid && is_taken("uid " + std::to_string(*standing->uid))) refuse(Code::key_in_use);
  if (standing->all_tenants && !asked.sender.all_tenants) refuse(Code::not_permitted);
  if (!standing->all_tenants && standing->tenants.empty()) refuse(Code::field_missing);
  if (standing->all_tenants && !standing->tenants.empty()) refuse(Code::field_malformed);
  for (const std::string& alias : standing->tenants) {
    const std::string* id = tenant_id(alias);
    if (id == nullptr || !sees(asked.sender, *id)) refuse(Code::tenant_unknown);
  }
}

static bool is_role(Role role) {
  return role == Role::owner || role == Role::administrator || role == Role::manager ||
         role == Role::auditor || role == Role::service;
}

void Oracle::add_operator(const Asked& asked, const schema::AddOperatorT& body,
                          Opinion& told) const {
  const auto refuse = [&](Code code) { told.refusals.push_back(code); };
  if (!asked.message.tenant.empty()) refuse(Code::field_malformed);
  if (!forms::is_name(body.name, 63) || body.name == "daemon") refuse(Code::field_malformed);
  for (const auto& [id, entry] : operators_)
    if (entry.name == body.name) refuse(Code::operator_exists);
  if (!is_role(body.role)) refuse(Code::field_malformed);
  check_standing(asked, body.standing.get(), "", told);
  if (told.refusals.empty()) told.events = {EventBody::OperatorAdded};
}

void Oracle::change_operator(const Asked& asked, const schema::ChangeOperatorT& body,
                             Opinion& told) const {
  if (!asked.message.tenant.empty()) told.refusals.push_back(Code::field_malformed);
  const facts::Operator* entry = operator_in_reach(asked, body.name, told);
  if (entry == nullptr) return;
  if (!is_role(body.role)) told.refusals.push_back(Code::field_malformed);
  check_standing(asked, body.standing.get(), entry->name, told);
  if (body.role != Role::owner && is_last_owner(*entry)) told.refusals.push_back(Code::last_owner);
  if (body.standing != nullptr && !body.standing->all_tenants && is_last_owner(*entry))
    told.refusals.push_back(Code::last_owner);
  if (told.refusals.empty()) told.events = {EventBody::OperatorChanged};
}

void Oracle::remove_operator(const Asked& asked, const schema::RemoveOperatorT& body,
                             Opinion& told) const {
  if (!asked.message.tenant.empty()) told.refusals.push_back(Code::field_malformed);
  const facts::Operator* entry = operator_in_reach(asked, body.name, told);
  if (entry == nullptr) return;
  if (is_last_owner(*entry)) told.refusals.push_back(Code::last_owner);
  if (told.refusals.empty()) told.events = {EventBody::OperatorRemoved};
}

// ---- networks, use

void Oracle::import_ranges(const Asked& asked, const schema::ImportRangesT& body,
                           Opinion& told) const {
  const auto refuse = [&](Code code) { told.refusals.push_back(code); };
  if (!asked.message.tenant.empty()) refuse(Code::field_malformed);
  if (asked.message.commands.size() > 1) refuse(Code::field_malformed);
  if (std::string(schema::EnumNameProvider(body.provider)).empty() ||
      body.provider == schema::Provider::none)
    return refuse(Code::provider_unknown);
  if (body.source_name.empty() || body.source_name.size() > 256 ||
      !forms::is_text(body.source_name))
    refuse(Code::field_malformed);
  if (body.source_sha256.size() != 32 || body.source_time_ns < 0) refuse(Code::field_malformed);
  // Each range begins at least two above the end of the one before: between lies a gap.
  bool v4_fits = body.v4.size() % 2 == 0;
  for (std::size_t place = 0; place + 1 < body.v4.size(); place += 2) {
    if (body.v4[place + 1] < body.v4[place]) v4_fits = false;
    if (place > 0 && std::uint64_t{body.v4[place]} < std::uint64_t{body.v4[place - 1]} + 2)
      v4_fits = false;
  }
  bool v6_fits = body.v6.size() % 4 == 0;
  for (std::size_t place = 0; place + 3 < body.v6.size(); place += 4) {
    const std::pair first(body.v6[place], body.v6[place + 1]);
    if (std::pair(body.v6[place + 2], body.v6[place + 3]) < first) v6_fits = false;
    if (place == 0) continue;
    std::pair after(body.v6[place - 2], body.v6[place - 1] + 1);
    if (after.second == 0) ++after.first;
    const bool wrapped = after.first == 0 && after.second == 0;
    if (wrapped || first <= after) v6_fits = false;
  }
  if (!v4_fits || !v6_fits) refuse(Code::field_malformed);
  if (body.v4.empty() && body.v6.size() < 2) refuse(Code::field_missing);
  if (!told.refusals.empty()) return;
  const auto last = ranges_.find(body.provider);
  constexpr std::int64_t week_ns = std::int64_t{7} * 24 * 3'600 * 1'000'000'000;
  if (last != ranges_.end() && !body.force && body.v4 == last->second.v4 &&
      body.v6 == last->second.v6 && asked.now_ns - last->second.imported_ns < week_ns)
    return refuse(Code::unchanged);
  if (last != ranges_.end() && !body.force && body.source_time_ns != 0 &&
      body.source_time_ns < last->second.source_time_ns)
    refuse(Code::ranges_older);
  const auto count = [](const auto& ranges) { return ranges.v4.size() / 2 + ranges.v6.size() / 4; };
  if (last != ranges_.end() && !body.force && 2 * count(body) < count(last->second))
    refuse(Code::ranges_shrunk);
  if (!told.refusals.empty()) return;
  told.events = {EventBody::RangesImported};
}

void Oracle::back_up_keys(const Asked& asked, const schema::BackUpKeysT& body, Opinion& told) {
  constexpr std::int64_t century_s = std::int64_t{36'525} * 24 * 3'600;
  if (!asked.message.tenant.empty()) told.refusals.push_back(Code::field_malformed);
  if (body.recipient.empty())
    told.refusals.push_back(Code::field_missing);
  else if (body.recipient.size() != 32 ||
           body.recipient == std::vector<std::uint8_t>(32, std::uint8_t{0}))
    told.refusals.push_back(Code::field_malformed);
  if (body.kept_until_ns <= asked.now_ns ||
      (body.kept_until_ns - asked.now_ns) / 1'000'000'000 > century_s)
    told.refusals.push_back(Code::field_malformed);
  if (told.refusals.empty()) told.events = {EventBody::KeysBackedUp};
}

void Oracle::record_review(const Asked& asked, const schema::RecordReviewT& body,
                           Opinion& told) const {
  // No run has so many records.
  constexpr std::uint64_t beyond_all = std::uint64_t{1} << 32U;
  if (tenant_of(asked, told) == nullptr) return;
  const auto refuse_if = [&](bool wrong, Code code) {
    if (wrong) told.refusals.push_back(code);
  };
  refuse_if(body.report_seq == 0, Code::field_missing);
  refuse_if(body.report_seq > beyond_all, Code::seq_beyond_journal);
  // As a list that a message has and that is empty is packed as none.
  refuse_if(body.report_sha256.empty(), Code::field_missing);
  refuse_if(!body.report_sha256.empty() && body.report_sha256.size() != 32, Code::field_malformed);
  if (body.sentence.empty() || body.sentence.size() > 1'024)
    refuse_if(true, body.sentence.empty() ? Code::field_missing : Code::too_large);
  else
    refuse_if(!forms::is_text(body.sentence), Code::field_malformed);
  if (told.refusals.empty()) told.events = {EventBody::ReviewRecorded};
}

void Oracle::record_use(const Asked& asked, const schema::RecordUseT& body, Opinion& told) const {
  if (user_of(asked, told) == nullptr) return;
  if (body.use == nullptr)
    told.refusals.push_back(Code::field_missing);
  else if (body.use->networks.size() > 32 || body.use->clients.size() > 32 ||
           body.use->grants.size() > 10'000)
    told.refusals.push_back(Code::too_large);
  else
    told.events = {EventBody::UserUsed};
}

}  // namespace postern::support
