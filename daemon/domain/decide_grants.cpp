// A: grants, of users and of roles alike.
#include <algorithm>
#include <span>

#include "codes.h"
#include "daemon/domain/access.h"
#include "daemon/domain/conditions.h"
#include "daemon/domain/path.h"
#include "daemon/domain/roles.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;
using schema::Effect;

namespace {

struct GrantParts {
  Effect effect;
  std::string_view action;
  std::string_view resource;
};

std::string_view unknown_part(const Catalogue& catalogue, const GrantParts& parts) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(parts.resource));
  const bool has_action =
      kind == nullptr || parts.action == "*" || find_action(*kind, parts.action) != nullptr;
  return has_action ? "resource" : "action";
}

/// Form alone, the same for adding and removing.
template <class Body>
GrantParts check_form(const Case& asked, const Body& body) {
  const GrantParts parts{body.effect(), view_of(body.action()), view_of(body.resource())};
  if (parts.effect != Effect::allow && parts.effect != Effect::deny)
    asked.refuse(Code::field_malformed, "effect", "It must be allow or deny.");
  if (parts.action != "*" && !is_action(parts.action))
    asked.refuse(Code::field_malformed, "action",
                 "It must be a name of [a-z0-9][a-z0-9._-]{0,63}, or *; found " +
                     quoted(parts.action) + ".");
  if (!is_path_pattern(parts.resource))
    asked.refuse(Code::resource_malformed, "resource",
                 "A grant may have '*' for whole segments after the first, at most 4; found " +
                     quoted(parts.resource) + ".");
  return parts;
}

void check_conditions(const Case& asked, const schema::Conditions* conditions) {
  if (conditions == nullptr) return;
  const auto from = conditions->not_before_ns();
  const auto until = conditions->not_after_ns();
  if (from && until && *from >= *until)
    asked.refuse(Code::field_malformed, "not_after_ns", "It must be later than not_before_ns.");
  if (conditions->networks() != nullptr && conditions->networks()->entries() != nullptr)
    asked.looked_at(4 * conditions->networks()->entries()->size());
  check_networks(asked, conditions->networks(), EmptyList::refused);
}

std::string reference_text(const Grant& grant) {
  return std::to_string(grant.seq) + "." + std::to_string(grant.index);
}

/// The event body of an accepted new grant, of either holder; absent: refused.
template <class Event, class Body>
std::optional<Event> check_new_grant(const Case& asked, const Tenant& tenant, const Grants& held,
                                     std::string_view holder, const Body& body) {
  const GrantParts parts = check_form(asked, body);
  check_conditions(asked, body.conditions());
  if (!asked.decision.refusals.empty()) return std::nullopt;
  const auto refused = [&](Code code, std::string_view field, const std::string& detail) {
    asked.refuse(code, field, detail);
    return std::nullopt;
  };
  const Catalogue& catalogue = *tenant.catalogue;
  asked.looked_at(work_of_knowing(catalogue, parts.resource));
  if (!knows(catalogue, parts.resource, parts.action))
    return refused(Code::unknown_resource, unknown_part(catalogue, parts),
                   quoted(parts.action) + " on " + quoted(parts.resource) + "." +
                       nearest(asked, catalogue, parts.resource, parts.action));
  if (held.size() >= grants_max)
    return refused(Code::too_large, holder, "The limit is 10000, found 10001.");
  const std::optional<Conditions> conditions = conditions_of(body.conditions());
  const auto alike = find_grants(held, parts.effect, parts.action, parts.resource);
  asked.looked_at(2 * alike.size());
  for (GrantPointer grant : alike)
    if (are_equal(conditions_of(held, *grant), conditions ? &*conditions : nullptr))
      return refused(Code::grant_exists, "resource",
                     "It was added by record " + std::to_string(grant->seq) + ".");
  Event event;
  event.effect = parts.effect;
  event.action = parts.action;
  event.resource = parts.resource;
  if (conditions) event.conditions = as_schema(*conditions);
  return event;
}

/// The grant that a removal names; null: refused.
template <class Body>
GrantPointer require_grant(const Case& asked, const Grants& held, const Body& body) {
  const GrantParts parts = check_form(asked, body);
  if (!asked.decision.refusals.empty()) return nullptr;
  const auto found = find_grants(held, parts.effect, parts.action, parts.resource);
  asked.looked_at(found.size());
  const std::string detail = schema::EnumNameEffect(parts.effect) +
                             (" " + std::string(parts.action)) + " on " + quoted(parts.resource);
  if (const schema::GrantReference* named = body.grant()) {
    for (GrantPointer grant : found)
      if (grant->seq == named->seq() && grant->index == named->index()) return grant;
    asked.refuse(Code::grant_unknown, "grant",
                 detail + " as " + std::to_string(named->seq()) + "." +
                     std::to_string(named->index()) + ".");
    return nullptr;
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    asked.refuse(Code::grant_unknown, "resource", detail + ".");
    return nullptr;
  }
  constexpr std::size_t told_max = 100;
  std::string references;
  for (GrantPointer grant : std::span(found).first(std::min(found.size(), told_max)))
    references += (references.empty() ? "" : ", ") + reference_text(*grant);
  if (found.size() > told_max) references += " and more";
  asked.refuse(Code::grant_ambiguous, "grant", detail + ": " + references + ".");
  return nullptr;
}

template <class Event>
Event removal_of(const Grant& grant) {
  Event event;
  event.grant = std::make_unique<schema::GrantReferenceT>();
  event.grant->seq = grant.seq;
  event.grant->index = static_cast<std::uint16_t>(grant.index);
  event.effect = grant.effect();
  event.action = *grant.action;
  event.resource = *grant.resource;
  return event;
}

/// A5 of an allow, A7 of a deny, A9 of both.
template <class Event>
std::string warning_of_new(const Case& asked, const Tenant& tenant, const Event& added) {
  asked.looked_at(added.effect == Effect::allow
                      ? work_of_warning(*tenant.catalogue, added.resource)
                      : work_of_nearest(*tenant.catalogue, added.resource));
  std::string warning = added.effect == Effect::allow
                            ? warning_of(*tenant.catalogue, added.resource, added.action)
                            : unlisted_warning(*tenant.catalogue, added.resource);
  const auto until_ns =
      added.conditions == nullptr ? flatbuffers::nullopt : added.conditions->not_after_ns;
  if (until_ns && *until_ns <= asked.context.now_ns)
    warning += std::string(warning.empty() ? "" : " ") +
               "Its 'not after' is past already: it never holds.";
  return warning;
}

}  // namespace

void add_grant(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const Tenant& tenant = *asked.state.tables().find_tenant(user->tenant);
  auto added = check_new_grant<schema::GrantAddedT>(asked, tenant, *user->grants, "user",
                                                    *asked.command.body_as_AddGrant());
  if (!added) return;
  asked.cause(*user, *added, warning_of_new(asked, tenant, *added));
}

void remove_grant(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  GrantPointer grant = require_grant(asked, *user->grants, *asked.command.body_as_RemoveGrant());
  if (grant != nullptr) asked.cause(*user, removal_of<schema::GrantRemovedT>(*grant));
}

void add_role_grant(const Case& asked) {
  const auto& body = *asked.command.body_as_AddRoleGrant();
  const Tenant* tenant = require_tenant(asked);
  const NamedRole* role = tenant == nullptr ? nullptr : require_role(asked, *tenant, body.role());
  if (role == nullptr) return;
  auto added =
      check_new_grant<schema::RoleGrantAddedT>(asked, *tenant, *role->grants, "role", body);
  if (!added) return;
  const RoleReach reach(*tenant->roles);
  const std::vector<const NamedRole*> above = reach.above(role->id);
  asked.looked_at(reach.work() + 16 * above.size());
  for (const NamedRole* outer : above)
    if (reach.size(*outer) >= grants_max)
      return asked.refuse(Code::too_large, "role",
                          quoted(outer->name) +
                              " would hold more with all within: the limit is 10000, found 10001.");
  added->role = std::make_unique<Uuid>(role->id);
  asked.cause(*added, warning_of_new(asked, *tenant, *added));
}

void remove_role_grant(const Case& asked) {
  const auto& body = *asked.command.body_as_RemoveRoleGrant();
  const Tenant* tenant = require_tenant(asked);
  const NamedRole* role = tenant == nullptr ? nullptr : require_role(asked, *tenant, body.role());
  if (role == nullptr) return;
  GrantPointer grant = require_grant(asked, *role->grants, body);
  if (grant == nullptr) return;
  auto removed = removal_of<schema::RoleGrantRemovedT>(*grant);
  removed.role = std::make_unique<Uuid>(role->id);
  asked.cause(removed);
}

}  // namespace postern::domain
