// Single grants with all that holds them, for tests that speak of grants without a state.
#pragma once

#include <vector>

#include "daemon/domain/access.h"

namespace postern::support {

class HeldGrants {
 public:
  /// Valid as long as this and the grant's texts.
  domain::GrantPointer add(const domain::Grant& grant) {
    lists_.push_back(domain::with_grant(*domain::no_grants(), grant, rights_));
    return {*lists_.back(), 0};
  }

 private:
  domain::Rights rights_;
  std::vector<domain::SharedGrants> lists_;
};

}  // namespace postern::support
