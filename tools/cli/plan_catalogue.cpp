#include "tools/cli/plan_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tools/text/words.h"

namespace postern::cli {
namespace {

constexpr std::size_t resources_at_once = 200;

const schema::CatalogueKindT* find_kind(const Kinds& kinds, const std::string& name) {
  const auto found = std::ranges::find(kinds, name, [](const auto& kind) { return kind->name; });
  return found == kinds.end() ? nullptr : found->get();
}

bool same(const schema::CatalogueActionT& wanted, const schema::CatalogueActionT& now) {
  return wanted.description == now.description && wanted.warning == now.warning &&
         wanted.implies == now.implies;
}
/// One that says nothing of openness is as it is.
bool same(const schema::CatalogueResourceT& wanted, const schema::CatalogueResourceT& now) {
  const bool says = wanted.open || wanted.closed;
  return wanted.description == now.description && wanted.warning == now.warning &&
         (!says || (wanted.open == now.open && wanted.closed == now.closed));
}

template <class Part, class Key>
std::vector<std::unique_ptr<Part>> differing(const std::vector<std::unique_ptr<Part>>& wanted,
                                             const std::vector<std::unique_ptr<Part>>& now,
                                             Key key) {
  std::map<std::string, const Part*> standing;
  for (const auto& part : now) standing.emplace((*part).*key, part.get());
  std::vector<std::unique_ptr<Part>> made;
  for (const auto& part : wanted) {
    const auto found = standing.find((*part).*key);
    if (found == standing.end() || !same(*part, *found->second))
      made.push_back(std::make_unique<Part>(*part));
  }
  return made;
}

void define(std::unique_ptr<schema::CatalogueKindT> kind, bool replace, Doing doing,
            std::vector<Step>& steps) {
  const std::string what = "kind " + kind->name;
  auto resources = std::move(kind->resources);
  kind->resources.clear();
  const std::string name = kind->name;
  std::size_t place = 0;
  for (bool first = true; first || place < resources.size(); first = false) {
    auto part = first ? std::move(kind) : std::make_unique<schema::CatalogueKindT>();
    part->name = name;
    const auto end = std::min(resources.size(), place + resources_at_once);
    auto detail = fmt::format("{} actions, {} resources", part->actions.size(), end - place);
    for (; place < end; ++place) part->resources.push_back(std::move(resources[place]));
    schema::DefineCatalogueT body;
    body.replace = first && replace;
    body.kinds.push_back(std::move(part));
    steps.push_back(make_step(doing, what, std::move(detail), "", std::move(body)));
  }
}

/// What lies below one that goes, goes with it.
void retire_resources(const schema::CatalogueKindT& kind, const schema::CatalogueKindT& kept,
                      schema::RetireCatalogueT& body, std::vector<std::string>& names) {
  std::set<std::string> paths;
  for (const auto& resource : kept.resources) paths.insert(resource->path);
  std::string gone;
  for (const auto& resource : kind.resources) {
    if (paths.contains(resource->path)) continue;
    if (!gone.empty() && resource->path.starts_with(gone + "/")) continue;
    gone = resource->path;
    const auto below = paths.lower_bound(gone + "/");
    // It stays as long as something below it does.
    if (below != paths.end() && below->starts_with(gone + "/")) continue;
    body.resources.push_back(gone);
    names.push_back(gone);
  }
}

}  // namespace

std::vector<Step> define_catalogue(const Kinds& wanted, const Kinds& standing) {
  std::vector<Step> steps;
  for (const auto& kind : wanted) {
    const auto* now = find_kind(standing, kind->name);
    if (now == nullptr) {
      define(std::make_unique<schema::CatalogueKindT>(*kind), false, Doing::create, steps);
      continue;
    }
    auto part = std::make_unique<schema::CatalogueKindT>();
    part->name = kind->name;
    part->open = kind->open;
    part->description = kind->description;
    part->actions = differing(kind->actions, now->actions, &schema::CatalogueActionT::name);
    part->resources = differing(kind->resources, now->resources, &schema::CatalogueResourceT::path);
    const bool replace = kind->open != now->open || kind->description != now->description;
    if (replace || !part->actions.empty() || !part->resources.empty())
      define(std::move(part), replace, Doing::change, steps);
  }
  return steps;
}

std::vector<Step> retire_catalogue(const Kinds& wanted, const Kinds& standing) {
  schema::RetireCatalogueT body;
  std::vector<std::string> names;
  for (const auto& kind : standing) {
    const auto* kept = find_kind(wanted, kind->name);
    if (kept == nullptr) {
      body.kinds.push_back(kind->name);
      names.push_back(kind->name);
      continue;
    }
    for (const auto& action : kind->actions)
      if (std::ranges::none_of(kept->actions,
                               [&](const auto& one) { return one->name == action->name; })) {
        auto& gone = body.actions.emplace_back(std::make_unique<schema::ActionNameT>());
        gone->kind = kind->name;
        gone->action = action->name;
        names.push_back(kind->name + " " + action->name);
      }
    retire_resources(*kind, *kept, body, names);
  }
  std::vector<Step> steps;
  if (!names.empty())
    steps.push_back(
        make_step(Doing::remove, "catalogue", text::joined(names), "", std::move(body)));
  return steps;
}

}  // namespace postern::cli
