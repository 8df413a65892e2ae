#include "daemon/service/auditor.h"

#include <algorithm>
#include <map>
#include <optional>

#include "codes.h"
#include "daemon/credential/api_key.h"
#include "daemon/domain/authorize.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/profile.h"
#include "daemon/journal/sha256.h"
#include "daemon/service/auditor_parts.h"
#include "daemon/service/call.h"
#include "daemon/service/permissions.h"
#include "daemon/service/personal.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::HistoryBody;

/// Of a user's first page: its keys, its roles, its grants. What it has besides is bounded itself.
constexpr std::size_t section_bytes_soft_max = 150'000;
constexpr std::size_t grants_bytes_soft_max = 400'000;

}  // namespace

Auditor::Auditor(Parts parts, view::View view, journal::Head head)
    : parts_(std::move(parts)), view_(std::move(view)), head_(head) {}

void Auditor::turn() {
  // What was published before a question was handed over has been taken before it.
  const auto take_published = [&] {
    parts_.mail.auditor_published.drain([&](std::unique_ptr<Published> published) {
      view_.take(published->changes);
      if (published->head.seq > head_.seq) head_ = published->head;
      parts_.mail.writer_returned.post(std::move(published));
    });
  };
  const auto gather = [&] {
    parts_.mail.auditor_tasks.drain([&](std::unique_ptr<AuditTask> task) {
      const Uuid asker = task->asker;
      turns_.add(asker, std::move(task));
    });
  };
  take_published();
  for (gather(); !turns_.empty(); gather()) {
    std::unique_ptr<AuditTask> task = turns_.take();
    turns_.charge(task->asker, 1);
    take_published();
    const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task->request.data());
    const PageHead head{request->id(), head_.seq, parts_.clock.now_ns()};
    const domain::Operator* asker = view_.tables().find_operator(task->asker);
    // Its role or scope may be another by now than at the historian's gate.
    std::optional<schema::ProblemT> refused = asker == nullptr
                                                  ? make_problem(Code::not_permitted, "")
                                                  : refusal(*asker, request->body_type());
    Body body = refused ? std::unexpected(std::move(*refused)) : answer(*request, *asker);
    Message page =
        body ? page_of(head, std::move(*body)) : refusal_page(head, std::move(body.error()), 0);
    if (page.size() > page_bytes_max)
      page = refusal_page(
          head, make_problem(Code::too_large, "", limit_and_size(page_bytes_max, page.size())), 0);
    task->page.assign(page.data(), page.data() + page.size());
    parts_.mail.historian_audited.post(std::move(task));
  }
}

Auditor::Body Auditor::answer(const schema::HistoryRequest& request,
                              const domain::Operator& asker) {
  switch (request.body_type()) {
    case HistoryBody::GetTenant:
      return answer(*request.body_as_GetTenant(), asker);
    case HistoryBody::ListTenants:
      return answer(*request.body_as_ListTenants(), asker);
    case HistoryBody::GetUser:
      return answer(*request.body_as_GetUser(), asker);
    case HistoryBody::ListUsers:
      return answer(*request.body_as_ListUsers(), asker);
    case HistoryBody::ListOperators:
      return answer(*request.body_as_ListOperators(), asker);
    case HistoryBody::Explain:
      return answer(*request.body_as_Explain(), asker);
    case HistoryBody::GetDigest:
      return answer(*request.body_as_GetDigest(), asker);
    case HistoryBody::ListRanges:
      return answer(*request.body_as_ListRanges(), asker);
    case HistoryBody::TestAddress:
      return answer(*request.body_as_TestAddress(), asker);
    case HistoryBody::ListCatalogue:
      return answer(*request.body_as_ListCatalogue(), asker);
    case HistoryBody::ListRoles:
      return answer(*request.body_as_ListRoles(), asker);
    case HistoryBody::GetRole:
      return answer(*request.body_as_GetRole(), asker);
    case HistoryBody::ListPermissions:
      return answer(*request.body_as_ListPermissions(), asker);
    case HistoryBody::WhoCan:
      return answer(*request.body_as_WhoCan(), asker);
    case HistoryBody::ListCalls:
    // The historian's own.
    case HistoryBody::GetRecords:
    case HistoryBody::GetCheckpoint:
    case HistoryBody::GetConsistency:
    case HistoryBody::GetInclusion:
    case HistoryBody::GetKeys:
    case HistoryBody::NONE:
      break;
  }
  return std::unexpected(make_problem(Code::unknown_kind, "body"));
}

// ---- tenants

schema::TenantViewT Auditor::describe(const domain::Tenant& tenant) {
  schema::TenantViewT made;
  made.id = std::make_unique<Uuid>(tenant.id);
  made.alias = tenant.alias;
  made.display_name = tenant.display_name;
  made.enabled = tenant.enabled;
  made.policies = std::make_unique<schema::PoliciesT>(tenant.policies);
  made.catalogue = domain::as_schema(*tenant.catalogue, domain::WithResources::no);
  made.created = cause_of(tenant.created_seq);
  made.status_changed = cause_of(tenant.status_seq);
  return made;
}

Auditor::Body Auditor::answer(const schema::GetTenant& wanted, const domain::Operator& asker) {
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.alias()));
  if (tenant == nullptr) return std::unexpected(make_problem(Code::tenant_unknown, "alias"));
  schema::TenantPageT page;
  auto& made = page.tenants.emplace_back(std::make_unique<schema::TenantViewT>(describe(*tenant)));
  made->user_count = view_.live_user_count(tenant->id);
  return body_of(std::move(page));
}

Auditor::Body Auditor::answer(const schema::ListTenants& wanted, const domain::Operator& asker) {
  const auto found =
      view::list_tenants(view_, asker, view_of(wanted.after()), page_size(wanted.count_max()));
  schema::TenantPageT page;
  const std::uint32_t left_out =
      fill(found.entries, page.tenants, page_bytes_soft_max, [&](const domain::Tenant* tenant) {
        auto made = std::make_unique<schema::TenantViewT>(describe(*tenant));
        made->user_count = view_.live_user_count(tenant->id);
        return made;
      });
  page.more = found.more || left_out > 0;
  return body_of(std::move(page));
}

// ---- users

schema::PersonalT Auditor::personal_of(const domain::User& user) {
  auto personal = open_profile(parts_.keys, user);
  if (personal) return std::move(*personal);
  // Of a user that is being erased the key may go before the record is heard of.
  if (personal.error().kind != FailureKind::missing || user.status < schema::UserStatus::trashed)
    parts_.alarm("the profile of user " + printable(user.username) +
                 " cannot be opened: " + personal.error().sentence);
  return {};
}

std::unique_ptr<schema::UserDetailsT> Auditor::details_of(const domain::Tenant& tenant,
                                                          const domain::User& user,
                                                          const domain::Operator& asker) {
  auto details = std::make_unique<schema::UserDetailsT>();
  details->id = std::make_unique<Uuid>(user.id);
  details->tenant = tenant.alias;
  details->username = user.username;
  details->status = user.status;
  details->version = user.version;
  schema::PersonalT personal = personal_of(user);
  details->profile = std::move(personal.profile);
  if (domain::reads_notes(asker.role)) details->note = std::move(personal.note);
  const domain::UserExtras& extras = domain::extras_of(user);
  details->settings = std::make_unique<schema::UserSettingsT>();
  details->settings->networks = domain::as_schema(extras.networks);
  details->settings->skip_ip_check = extras.skip_ip_check;
  details->settings->secure_transport_required = extras.secure_transport_required;
  details->settings->session_timeout_seconds = extras.session_timeout_seconds;
  details->settings->api_logging = extras.api_logging;
  details->settings_changed = cause_of(extras.settings_seq);
  details->erased = cause_of(extras.erased_seq);
  if (extras.use != nullptr) details->use = domain::as_schema(*extras.use);
  details->created = cause_of(user.created_seq);
  details->status_changed = cause_of(user.status_seq);
  details->changed = cause_of(user.changed_seq);
  return details;
}

std::unique_ptr<schema::UserSecurityT> Auditor::security_of(const domain::Tenant& tenant,
                                                            const domain::User& user) {
  auto security = std::make_unique<schema::UserSecurityT>();
  security->api_access = user.api_access;
  security->api_access_changed = cause_of(user.api_access_seq);
  for (const domain::Lock& lock : domain::locks_of(tenant, user, parts_.clock.now_ns())) {
    auto& made = security->locks.emplace_back(std::make_unique<schema::LockT>());
    made->cause = lock.cause;
    made->caused_by = cause_of(lock.seq);
    made->until_ns = lock.until_ns;
  }
  security->failures = user.failures;
  security->password_set = user.password_seq != 0;
  security->password_changed = cause_of(user.password_seq);
  const domain::UserExtras& extras = domain::extras_of(user);
  if (extras.old_password_until_ns > parts_.clock.now_ns())
    security->old_password_until_ns = extras.old_password_until_ns;
  return security;
}

std::unique_ptr<schema::KeyViewT> Auditor::describe(const domain::ApiKey& key) {
  auto made = std::make_unique<schema::KeyViewT>();
  made->key = std::make_unique<Uuid>(key.id);
  made->name = key.name;
  made->prefix = credential::api_key_beginning(key.id);
  made->expires_ns = key.expires_ns;
  made->created = cause_of(key.created_seq);
  for (const domain::Narrowing& part : key.narrowed_to) {
    auto& told = made->narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
    told->action = part.action;
    told->resource = part.resource;
  }
  return made;
}

std::unique_ptr<schema::GrantHeldT> Auditor::held(const domain::Grant& grant,
                                                  const std::string* role,
                                                  const domain::Conditions* conditions) {
  auto made = std::make_unique<schema::GrantHeldT>();
  made->grant = grant_view(grant, role, conditions);
  made->added = cause_of(grant.seq);
  return made;
}

std::unique_ptr<schema::RoleHeldT> Auditor::held(const domain::Tenant& tenant,
                                                 const domain::RoleHeld& role) {
  auto made = std::make_unique<schema::RoleHeldT>();
  if (const domain::NamedRole* known = domain::find_role(tenant, role.role))
    made->name = known->name;
  made->added = cause_of(role.seq);
  return made;
}

Auditor::Body Auditor::answer(const schema::GetUser& wanted, const domain::Operator& asker) {
  const domain::User* user =
      wanted.user_id() == nullptr ? nullptr : view_.tables().find_user(*wanted.user_id());
  const std::string_view alias = view_of(wanted.tenant());
  const domain::Tenant* tenant = nullptr;
  if (!alias.empty() || wanted.user_id() == nullptr)
    tenant = view_.find_tenant(asker, alias);
  else if (user != nullptr && domain::in_scope(asker, user->tenant))
    tenant = view_.tables().find_tenant(user->tenant);
  else
    return std::unexpected(make_problem(Code::user_unknown, "user_id"));
  if (tenant == nullptr) return std::unexpected(make_problem(Code::tenant_unknown, "tenant"));
  const std::string_view username = view_of(wanted.username());
  if (wanted.user_id() == nullptr) user = view_.tables().find_user(tenant->id, username);
  const bool agree = user != nullptr && user->tenant == tenant->id &&
                     (username.empty() || domain::equal_names(username, user->username));
  if (!agree) return std::unexpected(make_problem(Code::user_unknown, "username"));
  schema::UserViewT made;
  made.details = details_of(*tenant, *user, asker);
  made.security = security_of(*tenant, *user);
  const std::string_view after = view_of(wanted.after());
  auto grants = page_grants(*user->grants,
                            {after, wanted.count_max(),
                             after.empty() ? grants_bytes_soft_max : page_bytes_soft_max},
                            made.more, made.next);
  if (!grants) return std::unexpected(std::move(grants.error()));
  made.data_access = std::move(*grants);
  if (!after.empty()) return body_of(std::move(made));
  const domain::UserExtras& extras = domain::extras_of(*user);
  made.security->keys_left_out =
      fill(extras.keys, made.security->keys, section_bytes_soft_max,
           [&](const domain::ApiKey& key) { return describe(key); });
  made.roles_left_out =
      fill(extras.roles, made.roles, section_bytes_soft_max,
           [&](const domain::RoleHeld& role) { return held(*tenant, role); });
  return body_of(std::move(made));
}

// ---- operators

schema::OperatorViewT Auditor::describe(const domain::Operator& entry) {
  schema::OperatorViewT made;
  made.id = std::make_unique<Uuid>(entry.id);
  made.name = entry.name;
  made.role = entry.role;
  made.standing = std::make_unique<schema::OperatorStandingT>();
  for (const auto& key : entry.keys)
    made.standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
        ->bytes.assign(key.begin(), key.end());
  for (const auto& key : entry.signing_keys)
    made.standing->signing_keys.emplace_back(std::make_unique<schema::PublicKeyT>())
        ->bytes.assign(key.begin(), key.end());
  if (entry.uid) made.standing->uid = *entry.uid;
  made.standing->all_tenants = entry.all_tenants;
  for (const Uuid& id : entry.tenants)
    if (const domain::Tenant* tenant = view_.tables().find_tenant(id))
      made.standing->tenants.push_back(tenant->alias);
  made.standing->vouches = entry.vouches;
  made.added = cause_of(entry.added_seq);
  made.changed = cause_of(entry.changed_seq);
  return made;
}

Auditor::Body Auditor::answer(const schema::ListOperators&, const domain::Operator& asker) {
  schema::OperatorPageT page;
  for (const domain::Operator* entry : view::list_operators(view_).entries)
    if (domain::lies_within(*entry, asker))
      page.operators.emplace_back(std::make_unique<schema::OperatorViewT>(describe(*entry)));
  return body_of(std::move(page));
}

// ---- digest

Auditor::Body Auditor::answer(const schema::GetDigest&, const domain::Operator&) {
  journal::Sha256 sha256;
  domain::write_canonical(view_.tables(), [&](std::span<const std::uint8_t> bytes) {
    sha256.add(std::as_bytes(bytes));
  });
  const journal::Hash hash = sha256.finish();
  schema::DigestT made;
  const auto* data = reinterpret_cast<const std::uint8_t*>(hash.data());
  made.sha256.assign(data, data + hash.size());
  return body_of(std::move(made));
}

std::unique_ptr<schema::CauseT> Auditor::cause_of(domain::Seq seq) {
  if (seq == 0) return nullptr;
  auto cause = std::make_unique<schema::CauseT>();
  cause->seq = seq;
  const auto stored = journal::read_one(parts_.journal, seq);
  const auto record =
      stored ? gate_.open(*stored) : std::unexpected(domain::Unfit{false, stored.error().sentence});
  if (!record) {
    parts_.alarm("record " + std::to_string(seq) + " cannot be read: " + record.error().sentence);
    return cause;
  }
  cause->time_ns = (*record)->time_ns();
  cause->operator_id = std::make_unique<Uuid>(*(*record)->operator_id());
  cause->role = (*record)->role();
  cause->reason = view_of((*record)->reason());
  if (const domain::Operator* entry = view_.tables().find_operator(*cause->operator_id))
    cause->operator_name = entry->name;
  else if (*cause->operator_id == domain::daemon_operator)
    cause->operator_name = "daemon";
  return cause;
}

}  // namespace postern::service
