// Grants.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

void grant_added(const Scene& scene, const schema::GrantAdded& body) {
  if (body.resource() == nullptr || body.action() == nullptr) return;
  const std::optional<Conditions> conditions = conditions_of(body.conditions());
  const Grant grant = grant_of(scene, body, conditions.has_value());
  edit_user(scene, [&](User& user) {
    user.grants =
        with_grant(*user.grants, grant, scene.state.rights(), conditions ? &*conditions : nullptr);
  });
}

void grant_removed(const Scene& scene, const schema::GrantRemoved& body) {
  if (body.grant() == nullptr) return;
  edit_user(scene,
            [&](User& user) { user.grants = without_grant(*user.grants, name_of_grant(body)); });
}

}  // namespace postern::domain
