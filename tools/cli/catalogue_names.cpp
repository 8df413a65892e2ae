#include "tools/cli/catalogue_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/session.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

/// What a path or an action's name may be made of, rightly put together or not: then it is the
/// daemon that says what is wrong with it.
bool is_a_name(const std::string& typed) {
  return typed.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/*") == typed.npos;
}

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool same(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

std::string CatalogueNames::only(const std::string& typed, const std::vector<Named>& all) {
  std::vector<std::string> found;
  for (const Named& named : all)
    if (same(named.description, typed)) found.push_back(named.name);
  if (found.empty()) return typed;
  if (found.size() > 1)
    stop_usage(
        fmt::format("'{}' names several things: {}.", text::printable(typed), text::joined(found)),
        "Name one of them.");
  session_.talk() << fmt::format("'{}' is {}.\n", text::printable(typed),
                                 text::printable(found[0]));
  return found[0];
}

std::string CatalogueNames::path(const std::string& typed) {
  return is_a_name(typed) ? typed : only(typed, paths());
}

std::string CatalogueNames::action(const std::string& typed, const std::string& path) {
  if (is_a_name(typed)) return typed;
  std::vector<Named> actions;
  for (const auto& kind : kinds().catalogue)
    if (kind->name == path.substr(0, path.find('/')))
      for (const auto& action : kind->actions)
        actions.push_back({action->description, action->name});
  return only(typed, actions);
}

template <class Body>
std::optional<schema::HistoryPageT> CatalogueNames::read(Body body) {
  auto page = session_.client().history(request(std::move(body)));
  if (!page || page->code != schema::Code::ok) return std::nullopt;
  return std::move(*page);
}

const schema::TenantViewT& CatalogueNames::kinds() {
  if (kinds_) return *kinds_;
  kinds_.emplace();
  schema::GetTenantT get;
  get.alias = session_.tenant();
  const auto page = read(std::move(get));
  const auto* found = page ? page->body.AsTenantPage() : nullptr;
  if (found != nullptr && found->tenants.size() == 1) *kinds_ = *found->tenants[0];
  return *kinds_;
}

const std::vector<CatalogueNames::Named>& CatalogueNames::paths() {
  if (paths_) return *paths_;
  paths_.emplace();
  for (const auto& kind : kinds().catalogue) paths_->push_back({kind->description, kind->name});
  schema::ListCatalogueT list;
  list.tenant = session_.tenant();
  list.count_max = page_count;
  // Where the kinds may not be read, neither may the rest.
  for (bool more = !paths_->empty(); more;) {
    const auto page = read(schema::ListCatalogueT(list));
    const auto* part = page ? page->body.AsCataloguePage() : nullptr;
    if (part == nullptr) break;
    for (const auto& resource : part->resources) {
      paths_->push_back({resource->description, resource->path});
      list.after = resource->path;
    }
    more = part->more && !part->resources.empty();
    if (!part->next.empty()) list.after = part->next;
  }
  return *paths_;
}

std::vector<GrantArguments> grants_asked(Session& session, const std::string& actions,
                                         const std::vector<std::string>& resources) {
  CatalogueNames names(session);
  std::vector<GrantArguments> asked;
  for (const auto& resource : resources) {
    const auto path = names.path(resource);
    for (const auto& action : text::split_list(actions)) {
      if (action.empty()) stop_usage("The list of actions has an empty entry.");
      asked.push_back({names.action(action, path), path});
    }
  }
  return asked;
}

}  // namespace postern::cli
