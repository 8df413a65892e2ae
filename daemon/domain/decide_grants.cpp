// A: grants.
#include "codes.h"
#include "daemon/domain/authorize.h"
#include "daemon/domain/path.h"
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
  const GrantParts parts{body.effect(), view(body.action()), view(body.resource())};
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

}  // namespace

void add_grant(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const GrantParts parts = check_form(asked, *asked.command.body_as_AddGrant());
  if (!asked.decision.refusals.empty()) return;
  const Catalogue& catalogue = *asked.state.tables().find_tenant(user->tenant)->catalogue;
  if (!knows(catalogue, parts.resource, parts.action))
    return asked.refuse(Code::unknown_resource, unknown_part(catalogue, parts),
                        quoted(parts.action) + " on " + quoted(parts.resource) + ". " +
                            nearest_known(catalogue, parts.resource, parts.action));
  if (user->grants->size() >= grants_max)
    return asked.refuse(Code::too_large, "user", "The limit is 10000, found 10001.");
  if (find_grant(*user->grants, parts.effect, parts.action, parts.resource) != nullptr)
    return asked.refuse(Code::grant_exists, "resource");
  schema::GrantAddedT added;
  added.effect = parts.effect;
  added.action = parts.action;
  added.resource = parts.resource;
  asked.cause(*user, std::move(added));
}

void remove_grant(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const GrantParts parts = check_form(asked, *asked.command.body_as_RemoveGrant());
  if (!asked.decision.refusals.empty()) return;
  const Grant* grant = find_grant(*user->grants, parts.effect, parts.action, parts.resource);
  if (grant == nullptr)
    return asked.refuse(Code::grant_unknown, "resource",
                        schema::EnumNameEffect(parts.effect) + (" " + std::string(parts.action)) +
                            " on " + quoted(parts.resource) + ".");
  schema::GrantRemovedT removed;
  removed.grant = std::make_unique<schema::GrantReferenceT>();
  removed.grant->seq = grant->seq;
  removed.grant->index = grant->index;
  removed.effect = parts.effect;
  removed.action = parts.action;
  removed.resource = parts.resource;
  asked.cause(*user, std::move(removed));
}

}  // namespace postern::domain
