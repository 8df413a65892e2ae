// D1: what the daemon itself saw of a user's use.
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

void record_use(const Case& asked) {
  const User* user = require_known_user(asked);
  if (user == nullptr) return;
  const schema::Use* use = asked.command.body_as_RecordUse()->use();
  if (use == nullptr) return asked.refuse(Code::field_missing, "use");
  if (const char* field = beyond_bounds(*use)) return asked.refuse(Code::too_large, field);
  schema::UserUsedT used;
  used.use = std::unique_ptr<schema::UseT>(use->UnPack());
  asked.cause(*user, used);
}

}  // namespace postern::domain
