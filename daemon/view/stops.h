// What stops a call, as it is told with its cause and its remedy.
#pragma once

#include "daemon/domain/authorize.h"
#include "daemon/view/inquiry.h"

namespace postern::view {

/// Whom a call is about; null: nobody has the name.
struct Subject {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
};

std::unique_ptr<schema::StopT> as_schema(const Inquiry& inquiry, const domain::Stop& stop,
                                         const Subject& subject, const domain::CallFacts& call);

}  // namespace postern::view
