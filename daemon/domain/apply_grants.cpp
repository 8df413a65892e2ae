// Grants.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

void grant_added(const Scene& scene, const schema::GrantAdded& body) {
  if (body.resource() == nullptr || body.action() == nullptr) return;
  Grant grant;
  grant.resource = scene.state.intern(body.resource()->string_view());
  grant.action = scene.state.intern(body.action()->string_view());
  grant.seq = scene.record.seq & ((std::uint64_t{1} << 51) - 1);
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

}  // namespace postern::domain
