// A7: catalogues.
#include <algorithm>
#include <set>

#include "codes.h"
#include "daemon/domain/path.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t text_bytes_max = 256;
/// Of a list of thousands, the first tell what is wrong.
constexpr std::size_t refusals_max = 100;

constexpr std::string_view name_form = "It must be a name of [a-z0-9][a-z0-9._-]{0,63}; found ";

/// The form of what a command defines, whatever is known.
class FormCheck {
 public:
  explicit FormCheck(const Case& asked) : asked_(asked) {}

  void kind(const schema::CatalogueKind& kind) {
    const std::string_view name = view_of(kind.name());
    if (!is_action(name)) refuse("name", std::string(name_form) + quoted(name) + ".");
    if (!kinds_.emplace(name).second) refuse("kinds", quoted(name) + " stands there twice.");
    text(kind.description(), "description", name);
    std::set<std::string_view> seen;
    if (kind.actions() != nullptr)
      for (const schema::CatalogueAction* part : *kind.actions()) action(*part, seen);
    seen.clear();
    if (kind.resources() != nullptr)
      for (const schema::CatalogueResource* part : *kind.resources()) resource(*part, name, seen);
  }

 private:
  void refuse(std::string_view field, const std::string& detail) {
    if (asked_.decision.refusals.size() < refusals_max)
      asked_.refuse(Code::field_malformed, field, detail);
  }

  void text(const flatbuffers::String* value, std::string_view field, std::string_view of) {
    if (view_of(value).size() > text_bytes_max || !is_text(view_of(value)))
      refuse(field, "Of " + quoted(of) +
                        ": it must be at most 256 bytes of UTF-8 without control characters.");
  }

  void action(const schema::CatalogueAction& action, std::set<std::string_view>& seen) {
    const std::string_view name = view_of(action.name());
    if (!is_action(name)) refuse("actions", std::string(name_form) + quoted(name) + ".");
    if (!seen.insert(name).second) refuse("actions", quoted(name) + " stands there twice.");
    text(action.description(), "description", name);
    text(action.warning(), "warning", name);
  }

  void resource(const schema::CatalogueResource& resource, std::string_view kind,
                std::set<std::string_view>& seen) {
    const std::string_view path = view_of(resource.path());
    if (!is_path(path) || kind_of(path) != kind || path == kind)
      refuse("resources", "It must be a path below " + quoted(kind) + ", without '*'; found " +
                              quoted(path) + ".");
    if (!seen.insert(path).second) refuse("resources", quoted(path) + " stands there twice.");
    if (resource.open() && resource.closed())
      refuse("resources", quoted(path) + " is either open or closed.");
    text(resource.description(), "description", path);
    text(resource.warning(), "warning", path);
  }

  const Case& asked_;
  std::set<std::string_view> kinds_;
};

std::string limit(std::size_t most, std::size_t found) {
  return "The limit is " + std::to_string(most) + ", found " + std::to_string(found) + ".";
}

void check_implications(const Case& asked, const CatalogueKind& kind) {
  std::size_t count = 0;
  for (const CatalogueAction& action : kind.actions) {
    count += action.implies.size();
    for (const std::string& name : action.implies)
      if (find_action(kind, name) == nullptr)
        asked.refuse(Code::unknown_resource, "implies",
                     quoted(action.name) + " would imply " + quoted(name) + ", which " +
                         quoted(kind.name) + " does not have.");
  }
  if (count > kind_implications_max)
    asked.refuse(Code::too_large, "implies", limit(kind_implications_max, count));
  const std::vector<std::string> cycle = find_cycle(kind);
  if (cycle.empty()) return;
  std::string ring;
  for (const std::string& name : cycle) ring += (ring.empty() ? "" : ", ") + name;
  asked.refuse(Code::field_malformed, "implies",
               "Each of these would imply the next: " + ring + ".");
}

/// The bounds and links of the catalogue as it would be.
void check_whole(const Case& asked, const Catalogue& known, const Catalogue& made) {
  std::size_t resources = 0;
  for (const CatalogueKind& kind : made) {
    resources += kind.resources.size();
    if (kind.actions.empty() && find_kind(known, kind.name) == nullptr)
      asked.refuse(Code::field_missing, "actions",
                   "A new kind needs an action; " + quoted(kind.name) + " has none.");
    if (kind.actions.size() > kind_actions_max)
      asked.refuse(Code::too_large, "actions", limit(kind_actions_max, kind.actions.size()));
    else
      check_implications(asked, kind);
  }
  if (made.size() > catalogue_kinds_max)
    asked.refuse(Code::too_large, "kinds", limit(catalogue_kinds_max, made.size()));
  if (resources > catalogue_resources_max)
    asked.refuse(Code::too_large, "resources", limit(catalogue_resources_max, resources));
}

/// Events say of each resource what it is.
void say_openness(const CatalogueKind& made, schema::CatalogueKindT& told) {
  for (auto& resource : told.resources) {
    resource->open = is_open_at(made, resource->path);
    resource->closed = !resource->open;
  }
}

}  // namespace

std::shared_ptr<const Catalogue> check_catalogue(const Case& asked, const Catalogue& known,
                                                 const KindList* kinds, bool replace) {
  if (kinds == nullptr || kinds->size() == 0) {
    asked.refuse(Code::field_missing, "kinds", "There is nothing to define.");
    return nullptr;
  }
  // Copied once to be checked, and compared.
  asked.looked_at(8 * size_of(known));
  const std::size_t refused_before = asked.decision.refusals.size();
  FormCheck form(asked);
  for (const schema::CatalogueKind* kind : *kinds) form.kind(*kind);
  if (asked.decision.refusals.size() > refused_before) return nullptr;
  auto made = with_openness(*defined(known, kinds, replace), known, *kinds);
  check_whole(asked, known, *made);
  return asked.decision.refusals.size() > refused_before ? nullptr : made;
}

void define_catalogue(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_DefineCatalogue();
  const auto made = check_catalogue(asked, *tenant->catalogue, body.kinds(), body.replace());
  if (made == nullptr) return;
  if (*made == *tenant->catalogue) return asked.refuse(Code::unchanged, "kinds");
  schema::CatalogueDefinedT event;
  for (const schema::CatalogueKind* kind : *body.kinds()) {
    event.kinds.emplace_back(kind->UnPack());
    say_openness(*find_kind(*made, view_of(kind->name())), *event.kinds.back());
  }
  event.replace = body.replace();
  asked.cause(event);
}

void retire_catalogue(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const Catalogue& known = *tenant->catalogue;
  schema::RetireCatalogueT body;
  asked.command.body_as_RetireCatalogue()->UnPackTo(&body);
  if (body.kinds.empty() && body.actions.empty() && body.resources.empty())
    return asked.refuse(Code::field_missing, "kinds", "There is nothing to retire.");
  const auto refuse = [&](Code code, std::string_view field, const std::string& detail) {
    if (asked.decision.refusals.size() < refusals_max) asked.refuse(code, field, detail);
  };
  for (const std::string& name : body.kinds)
    if (find_kind(known, name) == nullptr)
      refuse(Code::unknown_resource, "kinds",
             quoted(name) + "." + nearest(asked, known, name, "*"));
  for (const auto& name : body.actions) {
    const CatalogueKind* kind = find_kind(known, name->kind);
    if (kind == nullptr || find_action(*kind, name->action) == nullptr)
      refuse(Code::unknown_resource, "actions",
             quoted(name->action) + " of " + quoted(name->kind) + "." +
                 nearest(asked, known, name->kind, name->action));
  }
  for (const std::string& path : body.resources) {
    const CatalogueKind* kind = find_kind(known, kind_of(path));
    if (kind == nullptr || !lists(*kind, path))
      refuse(Code::unknown_resource, "resources",
             quoted(path) + "." + nearest(asked, known, path, "*"));
  }
  if (!asked.decision.refusals.empty()) return;
  schema::CatalogueRetiredT event;
  event.kinds = std::move(body.kinds);
  event.actions = std::move(body.actions);
  event.resources = std::move(body.resources);
  asked.cause(event);
}

}  // namespace postern::domain
