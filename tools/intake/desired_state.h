// What a tenant is to be, as teams keep it in a file: policies, catalogue, roles, users, grants,
// networks. Read from YAML or JSON, and written.
// Functions without state, for any thread. Failure: every fault, with its line.
#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/intake/account.h"
#include "tools/intake/account_source.h"

namespace postern::intake {

struct DesiredRole {
  std::string description;
  std::vector<Grant> grants;
  /// Roles that it holds.
  std::vector<std::string> roles;
};

/// A section that is absent is not looked after.
struct DesiredState {
  std::string tenant;
  /// T5: what policies and catalogue are built on; empty: none.
  std::string preset;
  std::optional<std::string> display_name;
  /// As in PolicyChanges; networks as a list.
  boost::json::object policies;
  /// As CatalogueKind; null: absent.
  std::optional<boost::json::array> catalogue;
  std::optional<std::map<std::string, DesiredRole>> roles;
  /// With their names.
  std::optional<std::vector<Account>> users;
  /// Of the file's entries, by the way to each; empty: it was read from no file of this form.
  std::map<std::string, std::uint64_t> lines;
};

/// Where in the file an entry stands, or the part of it that a refusal names: "line 4,
/// users/api.bob/email". Of no way it is empty.
std::string place_of(const DesiredState& desired, const std::string& way,
                     const std::string& field = {});

std::expected<DesiredState, std::vector<Fault>> read_desired(const std::string& text);

/// What a message of the schema says that is made of these; else what is wrong.
std::expected<schema::PolicyChangesT, std::string> policies_from(boost::json::object policies);
std::expected<std::vector<std::unique_ptr<schema::CatalogueKindT>>, std::string> kinds_from(
    const boost::json::array& kinds);

}  // namespace postern::intake
