// Passwords that are made, not chosen. Failure: `Stop` with 64 where the tenant's policies leave
// too few characters.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common_generated.h"

namespace postern::cli {

class Session;

struct TenantNow {
  schema::PoliciesT policies;
  /// The newest record.
  std::uint64_t seq = 0;
};
/// Of the tenant that --tenant names.
TenantNow tenant_of(Session& session);
schema::PoliciesT policies_of(Session& session);

/// One byte after the other, each value as likely as another.
using NextByte = std::function<std::uint8_t()>;
std::uint8_t random_byte();

/// By the tenant's policies; without vowels, so that no word is in it.
std::string generated_password(const schema::PoliciesT& policies, const NextByte& next);

}  // namespace postern::cli
