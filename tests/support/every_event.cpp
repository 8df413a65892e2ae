#include "tests/support/every_event.h"

#include <functional>

namespace postern::support {

using schema::EventBodyUnion;

namespace {

schema::CommandT role(std::string name) {
  schema::CreateRoleT body;
  body.name = std::move(name);
  return command(std::move(body));
}

schema::CommandT assign(std::string username, std::string name) {
  schema::AssignRoleT body;
  body.role = std::move(name);
  return to(std::move(username), std::move(body));
}

}  // namespace

Scenario a_full_story() {
  auto made = given(tenant("acme"), user("bob", "Corr3ct-horse"), allow("bob", "read", "table/a"),
                    allow("bob", "read", "table/b"), role("clerk"), role("chief"), role("temp"));
  schema::AddRoleGrantT grant;
  grant.role = "clerk";
  grant.effect = schema::Effect::allow;
  grant.action = "read";
  for (const char* resource : {"table/c", "table/d"}) {
    grant.resource = resource;
    made.given(command(schema::AddRoleGrantT(grant)));
  }
  schema::NestRoleT nest;
  nest.role = "chief";
  for (const char* inner : {"clerk", "temp"}) {
    nest.inner = inner;
    made.given(command(schema::NestRoleT(nest)));
  }
  schema::CreateKeyT key;
  for (const char* name : {"one", "two"}) {
    key.name = name;
    made.given(to("bob", schema::CreateKeyT(key)));
  }
  made.given(assign("bob", "clerk"), assign("bob", "chief"), add_operator("anna", Role::manager, 7),
             add_operator("otto", Role::auditor, 8));
  for (int count = 0; count < 5; ++count) made.given(attempt("bob", false));
  made.given(to("bob", schema::LockUserT()), command(schema::DisableTenantT()));
  return made;
}

namespace {

std::unique_ptr<schema::GrantReferenceT> grant_ref(std::uint64_t seq) {
  auto made = std::make_unique<schema::GrantReferenceT>();
  made->seq = seq;
  return made;
}

template <class Body>
std::vector<EventBodyUnion> each(const Body& base,
                                 const std::vector<std::function<void(Body&)>>& edits) {
  std::vector<EventBodyUnion> contents;
  for (const auto& edit : edits) {
    Body body(base);
    edit(body);
    contents.emplace_back().Set(std::move(body));
  }
  return contents;
}

/// About bob, or about the tenant and the installation.
template <class Body>
Kind of_bob(const std::vector<std::function<void(Body&)>>& edits, const Body& base = Body()) {
  return {true, each<Body>(base, edits)};
}
template <class Body>
Kind of_all(const std::vector<std::function<void(Body&)>>& edits, const Body& base = Body()) {
  return {false, each<Body>(base, edits)};
}

template <class Body>
void set_conditions(Body& body) {
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->secure_transport = true;
}

template <class Body>
Kind grants_of(bool about_bob, const Body& base) {
  return {about_bob, each<Body>(base, {[](Body&) {}, [](Body& b) { b.action = "write"; },
                                       [](Body& b) { b.resource = "table/y"; },
                                       [](Body& b) { b.effect = schema::Effect::deny; },
                                       [](Body& b) { set_conditions(b); }})};
}

template <class Body>
Body a_grant() {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = "table/x";
  return body;
}

template <class Body>
Kind passwords_of() {
  return of_bob<Body>(
      {[](Body& b) { b.sealed_password = {1}; }, [](Body& b) { b.sealed_password = {2}; }});
}

}  // namespace

std::vector<Kind> events_of_users(const Names& names) {
  using namespace schema;
  std::vector<Kind> kinds;
  UserCreatedT created;
  created.user = ref({9, 9});
  created.username = "eve";
  created.status = UserStatus::active;
  created.api_access = true;
  created.key = std::make_unique<KeyReferenceT>();
  created.key->commitment.assign(32, 1);
  kinds.push_back(of_all<UserCreatedT>(
      {[](auto&) {}, [](auto& b) { b.username = "eva"; },
       [](auto& b) { b.status = UserStatus::new_user; }, [](auto& b) { b.api_access = false; },
       [](auto& b) { b.key->slot = 2; }, [](auto& b) { b.sealed_profile = {1}; },
       [](auto& b) { b.sealed_password = {1}; },
       [](auto& b) {
         b.settings = std::make_unique<UserSettingsT>();
         b.settings->api_logging = true;
       }},
      created));
  kinds.push_back(of_bob<UserStatusChangedT>(
      {[](auto& b) { b.to = UserStatus::inactive; }, [](auto& b) { b.to = UserStatus::trashed; }}));
  kinds.push_back(of_bob<UserErasedT>({[](auto&) {}}));
  kinds.push_back(of_bob<UserLockedT>({[](auto& b) { b.cause = LockCause::passwords; },
                                       [](auto& b) { b.cause = LockCause::operator_command; }}));
  kinds.push_back(
      of_bob<UserUnlockedT>({[](auto& b) { b.causes = {LockCause::passwords}; },
                             [](auto& b) { b.causes = {LockCause::tenant}; },
                             [](auto& b) { b.causes = {LockCause::operator_command}; }}));
  kinds.push_back(of_bob<ApiAccessChangedT>(
      {[](auto& b) { b.allowed = true; }, [](auto& b) { b.allowed = false; }}));
  kinds.push_back(passwords_of<PasswordResetT>());
  kinds.push_back(passwords_of<PasswordChangedT>());
  kinds.push_back(passwords_of<PasswordRehashedT>());
  kinds.push_back(passwords_of<PasswordRotatedT>());
  kinds.back().contents.back().AsPasswordRotated()->old_valid_until_ns = 7;
  kinds.push_back(
      of_bob<PasswordFailedT>({[](auto& b) { b.failures = 1; }, [](auto& b) { b.failures = 2; }}));
  kinds.push_back(of_bob<PasswordAcceptedT>({[](auto&) {}}));
  kinds.push_back(grants_of(true, a_grant<GrantAddedT>()));
  kinds.push_back(
      of_bob<GrantRemovedT>({[&](auto& b) { b.grant = grant_ref(names.grants.at(0)); },
                             [&](auto& b) { b.grant = grant_ref(names.grants.at(1)); }}));
  kinds.push_back(
      of_bob<UserRenamedT>({[](auto& b) { b.to = "rob"; }, [](auto& b) { b.to = "robert"; }}));
  kinds.push_back(of_bob<ProfileChangedT>(
      {[](auto& b) { b.sealed_profile = {1}; }, [](auto& b) { b.sealed_profile = {2}; }}));
  UserSettingsChangedT settings;
  settings.settings = std::make_unique<UserSettingsT>();
  kinds.push_back(
      of_bob<UserSettingsChangedT>({[](auto&) {}, [](auto& b) { b.settings->skip_ip_check = true; },
                                    [](auto& b) {
                                      b.settings->networks = std::make_unique<NetworksT>();
                                      b.settings->networks->entries = {"AWS"};
                                    }},
                                   settings));
  KeyCreatedT key;
  key.key = ref({8, 8});
  key.hash.assign(32, 1);
  kinds.push_back(of_bob<KeyCreatedT>(
      {[](auto&) {},
       [](auto& b) {
         b.key = ref({8, 9});
       },
       [](auto& b) { b.name = "three"; }, [](auto& b) { b.hash.assign(32, 2); },
       [](auto& b) { b.expires_ns = 5; },
       [](auto& b) {
         b.narrowed_to.emplace_back(std::make_unique<NarrowingT>())->resource = "table/a";
       }},
      key));
  kinds.push_back(of_bob<KeyRevokedT>(
      {[&](auto& b) { b.key = ref(names.one); }, [&](auto& b) { b.key = ref(names.two); }}));
  SessionEndedT ended;
  ended.session = ref({7, 7});
  kinds.push_back(of_bob<SessionEndedT>({[](auto&) {},
                                         [](auto& b) {
                                           b.session = ref({7, 8});
                                         },
                                         [](auto& b) { b.until_ns = 5; }},
                                        ended));
  kinds.push_back(of_bob<SessionsEndedT>({[](auto&) {}}));
  kinds.push_back(of_bob<RoleAssignedT>({[&](auto& b) { b.role = ref(names.temp); },
                                         [&](auto& b) {
                                           b.role = ref({6, 6});
                                         }}));
  kinds.push_back(of_bob<RoleUnassignedT>(
      {[&](auto& b) { b.role = ref(names.clerk); }, [&](auto& b) { b.role = ref(names.chief); }}));
  UserUsedT used;
  used.use = std::make_unique<UseT>();
  kinds.push_back(of_bob<UserUsedT>(
      {[](auto&) {}, [](auto& b) { b.use->last_ns = 5; },
       [](auto& b) { b.use->days.emplace_back(std::make_unique<UseOfDayT>())->allowed = 3; },
       [](auto& b) { b.use->networks = {"192.0.2.0/24"}; },
       [](auto& b) { b.use->clients = {"till"}; },
       [&](auto& b) {
         auto& grant = *b.use->grants.emplace_back(std::make_unique<UseOfGrantT>());
         grant.grant = grant_ref(names.grants.at(0));
         grant.count = 3;
       }},
      used));
  return kinds;
}

std::vector<Kind> other_events(const Names& names) {
  using namespace schema;
  std::vector<Kind> kinds;
  TenantCreatedT tenant;
  tenant.tenant = ref({4, 4});
  tenant.alias = "globex";
  tenant.policies = std::make_unique<PoliciesT>();
  kinds.push_back(of_all<TenantCreatedT>(
      {[](auto&) {}, [](auto& b) { b.alias = "globey"; }, [](auto& b) { b.display_name = "G"; },
       [](auto& b) { b.policies->lock_seconds = 60; },
       [](auto& b) { b.catalogue.emplace_back(std::make_unique<CatalogueKindT>())->name = "a"; }},
      tenant));
  kinds.push_back(of_all<TenantEnabledT>({[](auto&) {}}));
  kinds.push_back(of_all<TenantDisabledT>({[](auto&) {}}));
  kinds.push_back(of_all<TenantSessionsEndedT>({[](auto&) {}}));
  TenantChangedT changed;
  changed.policies = std::make_unique<PoliciesT>();
  kinds.push_back(
      of_all<TenantChangedT>({[](auto&) {}, [](auto& b) { b.display_name = "Acme Ltd"; },
                              [](auto& b) { b.policies->signatures_required = true; }},
                             changed));
  CatalogueDefinedT defined;
  defined.kinds.emplace_back(std::make_unique<CatalogueKindT>())->name = "ticket";
  kinds.push_back(of_all<CatalogueDefinedT>(
      {[](auto&) {}, [](auto& b) { b.kinds[0]->name = "tickets"; },
       [](auto& b) { b.kinds[0]->open = true; },
       [](auto& b) {
         b.kinds[0]->actions.emplace_back(std::make_unique<CatalogueActionT>())->name = "open";
       }},
      defined));
  kinds.push_back(of_all<CatalogueRetiredT>(
      {[](auto& b) { b.kinds = {"table"}; }, [](auto& b) { b.kinds = {"script"}; },
       [](auto& b) {
         auto& action = *b.actions.emplace_back(std::make_unique<ActionNameT>());
         action.kind = "table";
         action.action = "write";
       }}));
  RoleCreatedT role;
  role.role = ref({5, 5});
  kinds.push_back(
      of_all<RoleCreatedT>({[](auto&) {},
                            [](auto& b) {
                              b.role = ref({5, 6});
                            },
                            [](auto& b) { b.name = "x"; }, [](auto& b) { b.description = "x"; }},
                           role));
  kinds.push_back(of_all<RoleDeletedT>(
      {[&](auto& b) { b.role = ref(names.clerk); }, [&](auto& b) { b.role = ref(names.temp); }}));
  auto role_grant = a_grant<RoleGrantAddedT>();
  role_grant.role = ref(names.clerk);
  kinds.push_back(grants_of(false, role_grant));
  kinds.back().contents.push_back(kinds.back().contents.front());
  kinds.back().contents.back().AsRoleGrantAdded()->role = ref(names.temp);
  RoleGrantRemovedT removed;
  removed.role = ref(names.clerk);
  kinds.push_back(
      of_all<RoleGrantRemovedT>({[&](auto& b) { b.grant = grant_ref(names.role_grants.at(0)); },
                                 [&](auto& b) { b.grant = grant_ref(names.role_grants.at(1)); }},
                                removed));
  RoleNestedT nested;
  nested.role = ref(names.clerk);
  kinds.push_back(of_all<RoleNestedT>({[&](auto& b) { b.inner = ref(names.temp); },
                                       [&](auto& b) {
                                         b.inner = ref({6, 6});
                                       }},
                                      nested));
  RoleUnnestedT unnested;
  unnested.role = ref(names.chief);
  kinds.push_back(of_all<RoleUnnestedT>(
      {[&](auto& b) { b.inner = ref(names.clerk); }, [&](auto& b) { b.inner = ref(names.temp); }},
      unnested));
  OperatorAddedT added;
  added.operator_id = ref({3, 9});
  added.standing = standing(9);
  kinds.push_back(of_all<OperatorAddedT>(
      {[](auto&) {}, [](auto& b) { b.name = "eve"; }, [](auto& b) { b.role = Role::auditor; },
       [](auto& b) { b.standing->uid = 7; }, [](auto& b) { b.standing->vouches = true; },
       [](auto& b) { b.standing->keys.clear(); }},
      added));
  OperatorChangedT other;
  other.operator_id = ref(names.anna);
  other.role = Role::manager;
  other.standing = standing(7);
  kinds.push_back(of_all<OperatorChangedT>(
      {[](auto&) {},
       [&](auto& b) {
         b.operator_id = ref(names.otto);
         b.standing = standing(8);
       },
       [](auto& b) { b.role = Role::auditor; }, [](auto& b) { b.standing->uid = 7; },
       [](auto& b) {
         b.standing->signing_keys.emplace_back(std::make_unique<PublicKeyT>())->bytes.assign(32, 1);
       }},
      other));
  kinds.push_back(of_all<OperatorRemovedT>({[&](auto& b) { b.operator_id = ref(names.anna); },
                                            [&](auto& b) { b.operator_id = ref(names.otto); }}));
  RangesImportedT ranges;
  ranges.provider = Provider::AWS;
  kinds.push_back(of_all<RangesImportedT>(
      {[](auto&) {}, [](auto& b) { b.provider = Provider::AZURE; },
       [](auto& b) { b.source_name = "x"; }, [](auto& b) { b.source_sha256.assign(32, 1); },
       [](auto& b) { b.source_time_ns = 1; },
       [](auto& b) {
         b.v4 = {1, 2};
       },
       [](auto& b) {
         b.v6 = {0, 1, 0, 2};
       }},
      ranges));
  // Whose copy it is shows in the record alone.
  kinds.push_back(of_all<KeysBackedUpT>(
      {[](auto& b) { b.kept_until_ns = 1; }, [](auto& b) { b.kept_until_ns = 2; }}));
  kinds.push_back(of_all<JournalRestoredT>({[&](auto& b) { b.restoration = ref(names.anna); },
                                            [&](auto& b) { b.restoration = ref(names.otto); }}));
  return kinds;
}

}  // namespace postern::support
