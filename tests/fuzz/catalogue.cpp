// A tenant's catalogue (A5 to A7): what the rules take of it, and what is known and implied
// then, against a second opinion that looks at everything. The text, a line each:
//
//   kind NAME open|closed     action KIND NAME [IMPLIED…]     resource PATH open|closed|unsaid
//   retire PATH|KIND          stop KIND ACTION                 ask ACTION PATH
//
// What is defined goes out as one command; each `retire` and `stop` as one behind it.
#include "daemon/domain/catalogue.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "daemon/domain/path.h"
#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"
#include "tests/support/messages.h"
#include "tests/support/world.h"

namespace {

using namespace postern;
using domain::Catalogue;
using domain::CatalogueKind;
using Words = std::vector<std::string>;

constexpr std::size_t lines_max = 48;

std::string joined(const Words& words, std::size_t count) {
  std::string text;
  for (std::size_t place = 0; place < count; ++place)
    text += (place == 0 ? "" : "/") + words[place];
  return text;
}

const domain::CatalogueResource* resource_at(const CatalogueKind& kind, const std::string& path) {
  const auto found = std::ranges::find(kind.resources, path, &domain::CatalogueResource::path);
  return found == kind.resources.end() ? nullptr : &*found;
}

/// A path without `*`.
bool naive_knows_path(const CatalogueKind& kind, const Words& path) {
  if (path.size() == 1) return true;
  const std::string text = joined(path, path.size());
  for (const auto& resource : kind.resources)
    if (resource.path == text || resource.path.starts_with(text + "/")) return true;
  for (std::size_t count = path.size() - 1; count > 0; --count)
    if (const auto* above = resource_at(kind, joined(path, count))) return above->open;
  return kind.open;
}

/// Each `*` stands for every name that a resource has, and for one that none has.
bool naive_knows(const CatalogueKind& kind, Words path, const std::set<std::string>& names) {
  const auto star = std::ranges::find(path, "*");
  if (star == path.end()) return naive_knows_path(kind, path);
  return std::ranges::any_of(names, [&](const std::string& name) {
    *star = name;
    return naive_knows(kind, path, names);
  });
}

std::set<std::string> names_in(const CatalogueKind& kind) {
  std::set<std::string> names{"-"};
  for (const auto& resource : kind.resources)
    for (const std::string& name : fuzz::split(resource.path, '/')) names.insert(name);
  return names;
}

/// Whether who may do the one may do the other, by way of at most so many others.
bool implies(const CatalogueKind& kind, const std::string& from, const std::string& to,
             std::size_t ways) {
  const auto* action = domain::find_action(kind, from);
  if (action == nullptr || ways == 0) return false;
  return std::ranges::any_of(action->implies, [&](const std::string& next) {
    return next == to || implies(kind, next, to, ways - 1);
  });
}

void check_kind(const CatalogueKind& kind) {
  require(domain::find_cycle(kind).empty());
  const auto by_path = [](const auto& left, const auto& right) { return left.path < right.path; };
  require(std::ranges::is_sorted(kind.resources, by_path));
  for (const auto& resource : kind.resources)
    require(domain::is_path(resource.path) && resource.path.starts_with(kind.name + "/"));
  // Deep nets of implications would take the naive way too long.
  std::size_t edges = 0;
  for (const auto& action : kind.actions) edges += action.implies.size();
  if (edges > 12) return;
  for (const auto& from : kind.actions)
    for (const auto& to : kind.actions)
      require((std::ranges::find(to.implied_by, from.name) != to.implied_by.end()) ==
              implies(kind, from.name, to.name, kind.actions.size()));
}

void ask(const Catalogue& catalogue, const std::string& action, const std::string& path) {
  const Words words = fuzz::split(path, '/');
  const auto* kind = domain::find_kind(catalogue, words[0]);
  bool known = kind != nullptr && (action == "*" || domain::find_action(*kind, action) != nullptr);
  if (known) {
    const auto names = names_in(*kind);
    if (names.size() > 16 && std::ranges::count(words, "*") > 2) return;
    known = naive_knows(*kind, words, names);
  }
  require(domain::knows(catalogue, path, action) == known);
  if (!known) require(domain::nearest_known(catalogue, path, action).ends_with('.'));
}

schema::CatalogueKindT& kind_named(schema::DefineCatalogueT& body, const std::string& name) {
  for (auto& kind : body.kinds)
    if (kind->name == name) return *kind;
  auto& kind = *body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  kind.name = name;
  return kind;
}

void define(schema::DefineCatalogueT& body, const Words& words) {
  if (words[0] == "kind" && words.size() == 3) kind_named(body, words[1]).open = words[2] == "open";
  if (words[0] == "action" && words.size() >= 3) {
    auto& action = *kind_named(body, words[1])
                        .actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
    action.name = words[2];
    action.implies.assign(words.begin() + 3, words.end());
  }
  if (words[0] == "resource" && words.size() == 3) {
    auto& kind = kind_named(body, words[1].substr(0, words[1].find('/')));
    auto& made = *kind.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    made.path = words[1];
    made.open = words[2] == "open";
    made.closed = words[2] == "closed";
  }
}

class Shop {
 public:
  Shop() {
    schema::CreateTenantT body;
    body.alias = "acme";
    auto& kind = *body.catalogue.emplace_back(std::make_unique<schema::CatalogueKindT>());
    kind.name = "first";
    kind.actions.emplace_back(std::make_unique<schema::CatalogueActionT>())->name = "use";
    require(run(support::command_message("", "", std::move(body))));
  }

  const Catalogue& catalogue() const {
    return *world_.state().tables().find_tenant("acme")->catalogue;
  }

  /// Refused: as it was. Taken: well-formed, and the same taken once more changes nothing.
  template <class Body>
  bool change(const Body& body) {
    const Catalogue before = catalogue();
    if (!run(support::command_message("acme", "", body))) {
      require(catalogue() == before);
      return false;
    }
    require(catalogue() != before);
    for (const CatalogueKind& kind : catalogue()) check_kind(kind);
    const Catalogue after = catalogue();
    require(!run(support::command_message("acme", "", body)) && catalogue() == after);
    return true;
  }

 private:
  bool run(schema::CommandMessageT message) {
    message.id = std::make_unique<schema::Uuid>(support::made_id(++count_));
    const auto outcome = world_.run(message, owner_);
    require(outcome.recorded == outcome.refusals.empty());
    for (const auto& refusal : outcome.refusals) require(!refusal.sentence.empty());
    return outcome.recorded;
  }

  support::World world_;
  domain::Operator owner_ = support::an_operator(schema::Role::owner);
  std::uint64_t count_ = 0;
};

void retire(Shop& shop, const Words& words) {
  schema::RetireCatalogueT body;
  if (words[0] == "stop" && words.size() == 3) {
    auto& action = *body.actions.emplace_back(std::make_unique<schema::ActionNameT>());
    action.kind = words[1];
    action.action = words[2];
    if (!shop.change(body)) return;
    const auto* kind = domain::find_kind(shop.catalogue(), words[1]);
    require(domain::find_action(*kind, words[2]) == nullptr);
  } else if (words[0] == "retire" && words.size() == 2) {
    const bool is_kind = words[1].find('/') == std::string::npos;
    (is_kind ? body.kinds : body.resources).push_back(words[1]);
    if (!shop.change(body)) return;
    for (const CatalogueKind& kind : shop.catalogue()) {
      require(!is_kind || kind.name != words[1]);
      require(is_kind || !domain::lists(kind, words[1]));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto lines = fuzz::split(fuzz::text_of(data, size), '\n');
  lines.resize(std::min(lines.size(), lines_max));
  Shop shop;
  schema::DefineCatalogueT body;
  body.replace = true;
  for (const std::string& line : lines) define(body, fuzz::split(line, ' '));
  shop.change(body);
  for (const std::string& line : lines) {
    const Words words = fuzz::split(line, ' ');
    retire(shop, words);
    if (words[0] == "ask" && words.size() == 3 && domain::is_path_pattern(words[2]))
      ask(shop.catalogue(), words[1], words[2]);
  }
  return 0;
}
