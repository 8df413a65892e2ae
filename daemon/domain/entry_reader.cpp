#include "daemon/domain/entry_reader.h"

#include <algorithm>
#include <functional>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/roles.h"

namespace postern::domain {

namespace {

/// Each before the next; what is looked up by binary search must be.
template <class Entries, class Key, class Before>
bool is_ascending(const Entries& entries, Key key_of, Before before) {
  return std::ranges::adjacent_find(entries, [&](const auto& left, const auto& right) {
           return !before(std::invoke(key_of, left), std::invoke(key_of, right));
         }) == entries.end();
}

}  // namespace

Networks EntryReader::compiled(const std::vector<std::string>& entries) {
  // One that holds no address.
  if (entries.empty()) return std::make_shared<const NetworkList>();
  auto made = compile(entries);
  if (!made) {
    fail("a list of networks cannot be compiled");
    return nullptr;
  }
  if ((*made)->entries != entries) fail("a network is written in another form");
  return *made;
}

SharedGrants EntryReader::compiled(LooseGrants grants) {
  if (!good() || grants.sorted.empty()) return no_grants();
  for (Grant& grant : grants.sorted)
    grant.wildcard = grant.resource->find('*') != std::string::npos;
  if (!is_ascending(grants.sorted, std::identity(), precedes)) fail("grants are out of order");
  auto conditions = in_order(std::move(grants.conditions));
  return Grants::of(grants.sorted, rights_, std::move(conditions));
}

Chunked<ConditionsOfGrant> EntryReader::in_order(std::vector<ConditionsOfGrant> conditions) {
  const auto name_of = [](const ConditionsOfGrant& entry) {
    return std::pair(entry.seq, entry.index);
  };
  std::ranges::sort(conditions, {}, name_of);
  if (!is_ascending(conditions, name_of, std::less())) fail("two grants have one name");
  return Chunked(std::move(conditions));
}

std::shared_ptr<const NamedRoles> EntryReader::compiled(std::vector<NamedRole> roles) {
  if (!good()) return nullptr;
  if (roles.empty() || !is_ascending(roles, &NamedRole::id, less)) fail("roles are out of order");
  if (!good()) return nullptr;
  auto made = with_roles(std::move(roles));
  if (!is_ascending(
          made->by_name, [](const auto& role) -> const std::string& { return role->name; },
          std::less()))
    fail("two roles have one name");
  if (!good()) return nullptr;
  if (has_ring(*made)) fail("roles hold each other");
  return made;
}

std::shared_ptr<const Catalogue> EntryReader::compiled(Catalogue catalogue) {
  for (const CatalogueKind& kind : catalogue)
    if (!is_ascending(kind.resources, &CatalogueResource::path, std::less()))
      fail("resources are out of order");
  return domain::compiled(std::move(catalogue));
}

}  // namespace postern::domain
