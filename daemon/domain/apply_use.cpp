// D1.
#include "daemon/domain/handlers.h"

namespace postern::domain {

void user_used(const Scene& scene, const schema::UserUsed& body) {
  if (body.use() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      UseSum sum = extras.use == nullptr ? UseSum() : *extras.use;
      add(sum, *body.use());
      sum.recorded_ns = scene.record.time_ns;
      extras.use = std::make_shared<const UseSum>(std::move(sum));
    });
  });
}

}  // namespace postern::domain
