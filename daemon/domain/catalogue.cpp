#include "daemon/domain/catalogue.h"

#include <algorithm>
#include <functional>
#include <set>
#include <span>

#include "daemon/domain/equal_texts.h"
#include "daemon/domain/path.h"
#include "schema/nearest_name.h"
#include "schema/text_view.h"

namespace postern::domain {

namespace {

using schema::view_of;

template <class List, class Name, class Key>
auto find_by(List& list, const Name& name, Key key) -> decltype(list.data()) {
  const auto place = std::ranges::find_if(list, EqualTo{name}, key);
  return place == list.end() ? nullptr : list.data() + (place - list.begin());
}

// ---- implications

/// Visits all that an action implies, by way of others too; each once.
void walk_implied(const CatalogueKind& kind, const CatalogueAction& from,
                  std::set<const CatalogueAction*>& seen) {
  for (const std::string& name : from.implies) {
    const CatalogueAction* implied = find_action(kind, name);
    if (implied != nullptr && seen.insert(implied).second) walk_implied(kind, *implied, seen);
  }
}

void compile_implied(CatalogueKind& kind) {
  for (CatalogueAction& action : kind.actions) action.implied_by.clear();
  for (const CatalogueAction& action : kind.actions) {
    std::set<const CatalogueAction*> seen;
    walk_implied(kind, action, seen);
    for (CatalogueAction& implied : kind.actions)
      if (&implied != &action && seen.contains(&implied)) implied.implied_by.push_back(action.name);
  }
}

void compile_resources(CatalogueKind& kind) {
  kind.warned.clear();
  kind.closes_some = false;
  for (std::uint32_t place = 0; place < kind.resources.size(); ++place) {
    if (!kind.resources[place].warning.empty()) kind.warned.push_back(place);
    kind.closes_some = kind.closes_some || kind.resources[place].closed;
  }
}

// ---- resources

bool before_path(const CatalogueResource& resource, std::string_view path) {
  return resource.path < path;
}

const CatalogueResource* find_resource(const CatalogueKind& kind, std::string_view path) {
  const auto place =
      std::lower_bound(kind.resources.begin(), kind.resources.end(), path, before_path);
  return place == kind.resources.end() || place->path != path ? nullptr : &*place;
}

bool lies_below(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path[above.size()] == '/' && path.starts_with(above);
}

/// The first resource below a path; all below it lie together, behind what only begins alike.
auto first_below(const std::vector<CatalogueResource>& resources, std::string_view path) {
  return std::lower_bound(
      resources.begin(), resources.end(), path,
      [](const CatalogueResource& resource, std::string_view above) {
        const std::string_view start = std::string_view(resource.path).substr(0, above.size());
        if (start != above) return start < above;
        return resource.path.size() == above.size() || resource.path[above.size()] < '/';
      });
}

bool is_open(const CatalogueKind& kind, const CatalogueResource& resource) {
  return resource.open || (!resource.closed && kind.open);
}

bool knows_place(const CatalogueKind& kind, std::string_view path) {
  return path == kind.name || lists(kind, path) || is_open_at(kind, parent_of(path));
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t slash = 0; slash != std::string_view::npos;) {
    slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  return segments;
}

bool begins_as(const std::vector<std::string_view>& path,
               const std::vector<std::string_view>& pattern) {
  const std::size_t count = std::min(path.size(), pattern.size());
  for (std::size_t place = 0; place < count; ++place)
    if (pattern[place] != "*" && pattern[place] != path[place]) return false;
  return true;
}

/// Whether a pattern stands for something below an open place that its first segments match: from
/// its next `*` on, any name that no resource has will do.
bool reaches_below(const CatalogueKind& kind, std::string path,
                   const std::vector<std::string_view>& pattern, std::size_t from) {
  for (std::size_t place = from; place < pattern.size(); ++place) {
    if (pattern[place] == "*") return is_open_at(kind, path);
    path.append("/").append(pattern[place]);
  }
  return knows_place(kind, path);
}

bool knows_pattern(const CatalogueKind& kind, std::string_view path) {
  const std::vector<std::string_view> pattern = split(path);
  if (kind.open && reaches_below(kind, kind.name, pattern, 1)) return true;
  return std::ranges::any_of(kind.resources, [&](const CatalogueResource& resource) {
    const Lie lie = lie_of(resource.path, path);
    if (lie != Lie::above) return lie == Lie::covered;
    const auto segments = static_cast<std::size_t>(1 + std::ranges::count(resource.path, '/'));
    return is_open(kind, resource) && reaches_below(kind, resource.path, pattern, segments);
  });
}

// ---- names that are near

/// So many names are compared letter by letter.
constexpr std::size_t compared_max = 1'000;

std::string nearest_of(std::vector<std::string_view> names, std::string_view wanted) {
  constexpr std::size_t told_max = 3;
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const std::string_view name : names)
    ranked.emplace_back(schema::name_distance(name.substr(0, 64), wanted.substr(0, 64)), name);
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(ranked.size(), told_max));
  std::ranges::partial_sort(ranked, end);
  std::string text;
  for (auto place = ranked.begin(); place != end; ++place)
    text.append(text.empty() ? "" : ", ").append(place->second);
  return text;
}

/// Of very many those that stand next to where it would stand.
std::span<const std::string_view> around(const std::vector<std::string_view>& sorted,
                                         std::string_view wanted) {
  const auto place =
      static_cast<std::size_t>(std::ranges::lower_bound(sorted, wanted) - sorted.begin());
  const std::size_t first = std::min(place - std::min(place, compared_max / 2),
                                     sorted.size() - std::min(sorted.size(), compared_max));
  return std::span(sorted).subspan(first, std::min(sorted.size(), compared_max));
}

/// Whether the path, or one with `*`, stands for a resource or for what is above one.
bool is_listed(const CatalogueKind& kind, std::string_view path) {
  if (path == kind.name || lists(kind, path)) return true;
  if (path.find('*') == std::string_view::npos) return false;
  return std::ranges::any_of(kind.resources, [&](const CatalogueResource& resource) {
    return lie_of(resource.path, path) == Lie::covered;
  });
}

/// The first segment that leads to nothing known, and what could stand in its place. What is known
/// says `is_known` of a path.
template <class IsKnown>
std::string nearest_paths(const CatalogueKind& kind, std::string_view path, IsKnown is_known) {
  std::string_view unknown = path;
  while (!parent_of(unknown).empty() && !is_known(parent_of(unknown))) unknown = parent_of(unknown);
  const std::vector<std::string_view> above = split(parent_of(unknown));
  std::vector<std::string_view> places;
  for (const CatalogueResource& resource : kind.resources) {
    const std::vector<std::string_view> segments = split(resource.path);
    if (segments.size() <= above.size() || !begins_as(segments, above)) continue;
    const auto& last = segments[above.size()];
    const char* const end = last.data() + last.size();
    places.emplace_back(resource.path.data(), end);
  }
  std::ranges::sort(places);
  const auto doubled = std::ranges::unique(places);
  places.erase(doubled.begin(), doubled.end());
  // Among neighbours the last segment alone tells them apart.
  const std::string_view wanted = unknown.substr(unknown.rfind('/') + 1);
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const std::string_view place : around(places, unknown))
    ranked.emplace_back(schema::name_distance(place.substr(place.rfind('/') + 1), wanted), place);
  const auto end =
      ranked.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(ranked.size(), 3));
  std::ranges::partial_sort(ranked, end);
  std::string text;
  for (auto place = ranked.begin(); place != end; ++place) {
    const std::string whole = std::string(place->second) + std::string(path.substr(unknown.size()));
    text.append(text.empty() ? "" : ", ")
        .append(is_known(whole) ? std::string_view(whole) : place->second);
  }
  return text;
}

}  // namespace

const Catalogue& default_catalogue() {
  static const Catalogue catalogue = *compiled({
      {"table", {{"read"}, {"write"}}},
      {"script", {{"run"}}},
      {"endpoint",
       {{"call"}},
       true,
       {},
       {{"endpoint/query", {}, true, "What it answers leaves the system."}}},
      {"project",
       {{"access-producer"},
        {"add-records"},
        {"edit-records"},
        {"deactivate-records"},
        {"trash-delete-records"},
        {"erase-records"},
        {"capture-photo-id"},
        {"capture-signature"},
        {.name = "print-card", .implies = {"preview-card"}},
        {"preview-card"}}},
  });
  return catalogue;
}

std::vector<std::unique_ptr<schema::CatalogueKindT>> as_schema(const Catalogue& catalogue,
                                                               WithResources with) {
  std::vector<std::unique_ptr<schema::CatalogueKindT>> kinds;
  for (const CatalogueKind& kind : catalogue) {
    auto& made = kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
    made->name = kind.name;
    made->open = kind.open;
    made->description = kind.description;
    for (const CatalogueAction& action : kind.actions) {
      auto& part = made->actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
      part->name = action.name;
      part->description = action.description;
      part->implies = action.implies;
      part->warning = action.warning;
    }
    if (with == WithResources::no) continue;
    for (const CatalogueResource& resource : kind.resources) {
      auto& part = made->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
      part->path = resource.path;
      part->description = resource.description;
      part->open = resource.open;
      part->warning = resource.warning;
      part->closed = resource.closed;
    }
  }
  return kinds;
}

std::shared_ptr<const Catalogue> compiled(Catalogue catalogue) {
  for (CatalogueKind& kind : catalogue) {
    compile_implied(kind);
    compile_resources(kind);
  }
  return std::make_shared<const Catalogue>(std::move(catalogue));
}

static CatalogueAction action_of(const schema::CatalogueAction& stored) {
  CatalogueAction action{flatbuffers::GetString(stored.name()),
                         flatbuffers::GetString(stored.description())};
  action.warning = view_of(stored.warning());
  if (stored.implies() != nullptr)
    for (const flatbuffers::String* implied : *stored.implies())
      action.implies.push_back(implied->str());
  return action;
}

static void define_kind(CatalogueKind& kind, const schema::CatalogueKind& stored) {
  if (stored.actions() != nullptr)
    for (const schema::CatalogueAction* action : *stored.actions()) {
      CatalogueAction made = action_of(*action);
      if (auto* known = find_by(kind.actions, made.name, &CatalogueAction::name))
        *known = std::move(made);
      else
        kind.actions.push_back(std::move(made));
    }
  if (stored.resources() == nullptr) return;
  // Of several with one path the last counts: those in order, then the known ones that none
  // replaces.
  std::vector<CatalogueResource> made;
  made.reserve(stored.resources()->size() + kind.resources.size());
  for (const schema::CatalogueResource* resource : *stored.resources())
    made.push_back({flatbuffers::GetString(resource->path()),
                    flatbuffers::GetString(resource->description()), resource->open(),
                    flatbuffers::GetString(resource->warning()), resource->closed()});
  std::ranges::reverse(made);
  std::ranges::move(kind.resources, std::back_inserter(made));
  std::ranges::stable_sort(made, {}, &CatalogueResource::path);
  const auto doubled = std::ranges::unique(made, {}, &CatalogueResource::path);
  made.erase(doubled.begin(), doubled.end());
  kind.resources = std::move(made);
}

std::shared_ptr<const Catalogue> defined(Catalogue known, const KindList* kinds, bool replace) {
  if (kinds == nullptr) return compiled(std::move(known));
  for (const schema::CatalogueKind* stored : *kinds) {
    CatalogueKind* kind = find_by(known, view_of(stored->name()), &CatalogueKind::name);
    const bool is_new = kind == nullptr;
    if (is_new) kind = &known.emplace_back(flatbuffers::GetString(stored->name()));
    if (is_new || replace) {
      kind->open = stored->open();
      kind->description = view_of(stored->description());
    }
    define_kind(*kind, *stored);
  }
  return compiled(std::move(known));
}

std::shared_ptr<const Catalogue> with_openness(Catalogue made, const Catalogue& known,
                                               const KindList& kinds) {
  std::set<std::string_view> unsaid;
  for (const schema::CatalogueKind* stored : kinds)
    if (stored->resources() != nullptr)
      for (const schema::CatalogueResource* resource : *stored->resources())
        if (!resource->open() && !resource->closed()) unsaid.insert(view_of(resource->path()));
  for (CatalogueKind& kind : made) {
    const CatalogueKind* before = find_kind(known, kind.name);
    // By path, so that what lies above is settled before what lies below.
    for (CatalogueResource& resource : kind.resources) {
      if (!unsaid.contains(resource.path)) continue;
      const bool is_new = before == nullptr || find_resource(*before, resource.path) == nullptr;
      resource.open =
          is_new ? is_open_at(kind, parent_of(resource.path)) : is_open_at(*before, resource.path);
      resource.closed = !resource.open;
    }
  }
  return compiled(std::move(made));
}

std::shared_ptr<const Catalogue> retired(Catalogue known, const schema::CatalogueRetired& body) {
  const auto each = [](const auto* list, auto visit) {
    if (list != nullptr)
      for (const auto* entry : *list) visit(entry);
  };
  each(body.kinds(), [&](const flatbuffers::String* name) {
    std::erase_if(known,
                  [&](const CatalogueKind& kind) { return kind.name == name->string_view(); });
  });
  each(body.actions(), [&](const schema::ActionName* name) {
    CatalogueKind* kind = find_by(known, view_of(name->kind()), &CatalogueKind::name);
    if (kind == nullptr) return;
    const std::string_view gone = view_of(name->action());
    std::erase_if(kind->actions,
                  [&](const CatalogueAction& action) { return action.name == gone; });
    for (CatalogueAction& action : kind->actions) std::erase(action.implies, gone);
  });
  std::set<std::string_view> gone;
  each(body.resources(),
       [&](const flatbuffers::String* text) { gone.insert(text->string_view()); });
  const auto is_gone = [&](const CatalogueResource& resource) {
    for (std::string_view path = resource.path; !path.empty(); path = parent_of(path))
      if (gone.contains(path)) return true;
    return false;
  };
  if (!gone.empty())
    for (CatalogueKind& kind : known) std::erase_if(kind.resources, is_gone);
  return compiled(std::move(known));
}

const CatalogueKind* find_kind(const Catalogue& catalogue, std::string_view name) {
  return find_by(catalogue, name, &CatalogueKind::name);
}

const CatalogueAction* find_action(const CatalogueKind& kind, std::string_view name) {
  return find_by(kind.actions, name, &CatalogueAction::name);
}

bool lists(const CatalogueKind& kind, std::string_view path) {
  if (find_resource(kind, path) != nullptr) return true;
  const auto below = first_below(kind.resources, path);
  return below != kind.resources.end() && lies_below(below->path, path);
}

bool is_open_at(const CatalogueKind& kind, std::string_view path) {
  for (std::string_view place = path; !place.empty(); place = parent_of(place))
    if (const CatalogueResource* resource = find_resource(kind, place))
      return is_open(kind, *resource);
  return kind.open;
}

bool knows(const CatalogueKind& kind, std::string_view path) {
  if (kind.open && !kind.closes_some) return true;
  return path.find('*') == std::string_view::npos ? knows_place(kind, path)
                                                  : knows_pattern(kind, path);
}

bool knows(const Catalogue& catalogue, std::string_view resource, std::string_view action) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  if (kind == nullptr) return false;
  return (action == "*" || find_action(*kind, action) != nullptr) && knows(*kind, resource);
}

std::size_t work_of_knowing(const Catalogue& catalogue, std::string_view resource) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  const bool tries_all = kind != nullptr && (!kind->open || kind->closes_some) &&
                         resource.find('*') != std::string_view::npos;
  return tries_all ? kind->resources.size() : 0;
}

std::size_t work_of_warning(const Catalogue& catalogue, std::string_view resource) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  return kind == nullptr ? 0 : kind->actions.size() + kind->warned.size();
}

std::size_t work_of_nearest(const Catalogue& catalogue, std::string_view resource) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  const std::size_t names =
      kind == nullptr ? catalogue.size() : kind->actions.size() + kind->resources.size();
  return 4 * names + 64 * std::min(names, compared_max);
}

std::size_t size_of(const Catalogue& catalogue) {
  std::size_t size = catalogue.size();
  for (const CatalogueKind& kind : catalogue) size += kind.actions.size() + kind.resources.size();
  return size;
}

std::string nearest_known(const Catalogue& catalogue, std::string_view resource,
                          std::string_view action) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  std::string names;
  std::vector<std::string_view> candidates;
  if (kind == nullptr) {
    for (const CatalogueKind& known : catalogue) candidates.push_back(known.name);
    names = nearest_of(std::move(candidates), kind_of(resource));
  } else if (action != "*" && find_action(*kind, action) == nullptr) {
    for (const CatalogueAction& known : kind->actions) candidates.push_back(known.name);
    names = nearest_of(std::move(candidates), action);
  } else {
    names =
        nearest_paths(*kind, resource, [&](std::string_view path) { return knows(*kind, path); });
  }
  return names.empty() ? "It knows none." : "Nearest it knows: " + names + ".";
}

std::string unlisted_warning(const Catalogue& catalogue, std::string_view resource) {
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  if (kind == nullptr || kind->resources.empty() || is_listed(*kind, resource)) return {};
  std::string names =
      nearest_paths(*kind, resource, [&](std::string_view path) { return is_listed(*kind, path); });
  // Nothing lies below the last that is there.
  for (std::string_view above = parent_of(resource); names.empty(); above = parent_of(above))
    if (is_listed(*kind, above)) names = above;
  return "The catalogue does not list '" + std::string(resource) +
         "', so a mistyped name would deny nothing. Nearest it lists: " + names + ".";
}

std::string warning_of(const Catalogue& catalogue, std::string_view resource,
                       std::string_view action) {
  constexpr std::size_t told_max = 4;
  const CatalogueKind* kind = find_kind(catalogue, kind_of(resource));
  if (kind == nullptr) return {};
  std::string text;
  std::size_t count = 0;
  const auto tell = [&](std::string_view name, std::string_view warning) {
    if (warning.empty() || ++count > told_max) return;
    text.append(text.empty() ? "" : " ").append(name).append(": ").append(warning);
  };
  for (const CatalogueAction& known : kind->actions)
    if (action == "*" || known.name == action ||
        std::ranges::find(known.implied_by, action) != known.implied_by.end())
      tell(known.name, known.warning);
  for (const std::uint32_t place : kind->warned) {
    const CatalogueResource& known = kind->resources[place];
    if (lie_of(known.path, resource) != Lie::apart) tell(known.path, known.warning);
  }
  if (count > told_max) text += " And " + std::to_string(count - told_max) + " more.";
  return text;
}

std::vector<std::string> find_cycle(const CatalogueKind& kind) {
  std::vector<const CatalogueAction*> way;
  std::set<const CatalogueAction*> done;
  std::vector<std::string> cycle;
  const std::function<bool(const CatalogueAction&)> walk = [&](const CatalogueAction& action) {
    const auto met = std::ranges::find(way, &action);
    if (met != way.end()) {
      for (auto place = met; place != way.end(); ++place) cycle.push_back((*place)->name);
      cycle.push_back(action.name);
      return true;
    }
    if (done.contains(&action)) return false;
    way.push_back(&action);
    for (const std::string& name : action.implies)
      if (const CatalogueAction* implied = find_action(kind, name))
        if (walk(*implied)) return true;
    way.pop_back();
    done.insert(&action);
    return false;
  };
  for (const CatalogueAction& action : kind.actions)
    if (walk(action)) break;
  return cycle;
}

}  // namespace postern::domain
