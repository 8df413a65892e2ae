// Names in a filter into whom they are of. What lies outside the asker's tenants is unknown (O2).
#pragma once

#include <expected>
#include <string_view>

#include "daemon/view/view.h"
#include "schema/problem.h"

namespace postern::service {

/// Null: not filtered by.
struct FilterNames {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
};

/// `field`: where the username stands.
inline std::expected<FilterNames, schema::ProblemT> filter_names(
    const view::View& view, const domain::Operator& asker, const flatbuffers::String* alias,
    const flatbuffers::String* username, std::string_view field) {
  using schema::Code;
  using schema::make_problem;
  FilterNames names;
  if (alias != nullptr) {
    names.tenant = view.find_tenant(asker, alias->string_view());
    if (names.tenant == nullptr)
      return std::unexpected(make_problem(Code::tenant_unknown, "tenant"));
  }
  if (username == nullptr) return names;
  if (names.tenant == nullptr)
    return std::unexpected(
        make_problem(Code::field_missing, "tenant", "A username needs its tenant."));
  names.user = view.tables().find_user(names.tenant->id, username->string_view());
  if (names.user == nullptr) return std::unexpected(make_problem(Code::user_unknown, field));
  return names;
}

}  // namespace postern::service
