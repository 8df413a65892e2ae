// C1: what a new password must be.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/domain/entries.h"

namespace postern::domain {

/// The words a user's password must not contain: as they stand, and of e-mail and tenant's name
/// each word by itself.
struct ForbiddenWords {
  std::string_view username;
  std::string_view email;
  std::string_view tenant_alias;
  std::string_view tenant_name;
};

/// Line ends, tabs and the like, which one caller sends and the next cannot; in UTF-8.
bool contains_control_character(std::string_view password);

/// Every rule the password breaks, not only the first; none: it is good.
std::vector<schema::Code> broken_rules(std::string_view password, const schema::PoliciesT& policies,
                                       const ForbiddenWords& words);

}  // namespace postern::domain
