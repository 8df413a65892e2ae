// A Redis ACL file (users.acl, the output of ACL LIST), as of Redis 7. Functions without state.
#pragma once

#include <string>

#include "tools/intake/translation.h"

namespace postern::intake {

/// Never fails: what cannot be read is a note.
Translation read_redis_acl(const std::string& text);

}  // namespace postern::intake
