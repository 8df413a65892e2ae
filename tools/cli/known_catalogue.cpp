#include "tools/cli/known_catalogue.h"

#include <vector>

#include "tools/intake/nearest.h"

namespace postern::cli {

void KnownCatalogue::add(const Kinds& kinds) {
  for (const auto& one : kinds) {
    Kind& kind = kinds_[one->name];
    kind.open = kind.open || one->open;
    for (const auto& action : one->actions) kind.actions.insert(action->name);
    for (const auto& resource : one->resources) {
      auto& says = kind.resources[resource->path];
      if (resource->open || resource->closed) says = resource->open;
    }
  }
}

/// The nearest resource on or above it that says, else the kind; and what lies above a known one.
bool KnownCatalogue::Kind::knows(const std::string& path) const {
  if (resources.contains(path)) return true;
  const auto below = resources.lower_bound(path + '/');
  if (below != resources.end() && below->first.starts_with(path + '/')) return true;
  for (auto slash = path.rfind('/'); slash != path.npos; slash = path.rfind('/', slash - 1)) {
    const auto found = resources.find(path.substr(0, slash));
    if (found != resources.end() && found->second) return *found->second;
    if (slash == 0) break;
  }
  return open || path.find('/') == path.npos;
}

std::string KnownCatalogue::fault_of(const intake::Grant& grant) const {
  const auto names = [](const auto& known) {
    std::vector<std::string> made;
    for (const auto& entry : known)
      if constexpr (requires { entry.first; })
        made.push_back(entry.first);
      else
        made.push_back(entry);
    return made;
  };
  const std::string kind_name = grant.resource.substr(0, grant.resource.find('/'));
  const auto kind = kinds_.find(kind_name);
  if (kind == kinds_.end()) return intake::no_such("kind of resource", kind_name, names(kinds_));
  if (grant.action != "*" && !kind->second.actions.contains(grant.action))
    return intake::no_such("action of " + kind_name, grant.action, names(kind->second.actions));
  if (grant.resource.find('*') != std::string::npos || kind->second.knows(grant.resource))
    return {};
  return intake::no_such("resource", grant.resource, names(kind->second.resources));
}

}  // namespace postern::cli
