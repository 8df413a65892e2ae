// One user as a portal shows it (Q6), for itself or in a list.
#pragma once

#include "daemon/view/inquiry.h"

namespace postern::view {

struct UserOfTenant {
  const domain::Tenant& tenant;
  const domain::User& user;
};

/// From the grant behind `after` on; empty: all of it. Refused where `after` is no `next`.
Answer<schema::UserViewT> portal_of(const Inquiry& inquiry, const UserOfTenant& found,
                                    std::string_view after, std::uint32_t count_max);

}  // namespace postern::view
