// What a tenant knows (A5 to A7): kinds, their actions with what these imply, their resources.
// Pure values; compiled once when they change, asked by binary search.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/domain/equal_texts.h"

namespace postern::domain {

inline constexpr std::size_t catalogue_kinds_max = 64;
inline constexpr std::size_t kind_actions_max = 64;
inline constexpr std::size_t kind_implications_max = 256;
/// In a tenant.
inline constexpr std::size_t catalogue_resources_max = 10'000;

using KindList = flatbuffers::Vector<flatbuffers::Offset<schema::CatalogueKind>>;

/// What a new tenant knows: the four kinds of A3 to A6, open.
const Catalogue& default_catalogue();

enum class WithResources { no, yes };
std::vector<std::unique_ptr<schema::CatalogueKindT>> as_schema(
    const Catalogue& catalogue, WithResources with = WithResources::yes);

/// With what it implies worked out.
std::shared_ptr<const Catalogue> compiled(Catalogue catalogue);

/// With these kinds added or, where names or paths are the same, replaced; a kind that was known
/// keeps `open` and `description` unless `replace`. Null: no kinds.
std::shared_ptr<const Catalogue> defined(Catalogue known, const KindList* kinds, bool replace);

/// A7: where resources of these kinds say neither open nor closed, `made` says it of them: as they
/// were in `known`, new ones as open as what they lie under.
std::shared_ptr<const Catalogue> with_openness(Catalogue made, const Catalogue& known,
                                               const KindList& kinds);

/// Without these. What lies below a retired resource goes with it; other actions no longer imply a
/// retired one.
std::shared_ptr<const Catalogue> retired(Catalogue known, const schema::CatalogueRetired& body);

/// Null if there is none.
const CatalogueKind* find_kind(const Catalogue& catalogue, std::string_view name);
const CatalogueAction* find_action(const CatalogueKind& kind, std::string_view name);

/// Finds the same for one question after the other, mostly where it found it lately. The catalogue
/// outlives it.
class CatalogueFinder {
 public:
  explicit CatalogueFinder(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // ---- null if there is none
  [[gnu::always_inline]] const CatalogueKind* kind(std::string_view name) {
    if (kind_ == nullptr || !equal_texts(name, kind_->name)) {
      kind_ = find_kind(catalogue_, name);
      actions_ = {};
    }
    return kind_;
  }
  /// Of the kind that was found last, and is there.
  [[gnu::always_inline]] const CatalogueAction* action(std::string_view name) {
    if (name.empty()) return find_action(*kind_, name);
    const CatalogueAction*& lately = actions_[place_of(name)];
    if (lately == nullptr || !equal_texts(name, lately->name)) lately = find_action(*kind_, name);
    return lately;
  }

 private:
  static constexpr std::size_t places = 16;

  static std::size_t place_of(std::string_view name) {
    return (static_cast<unsigned char>(name.front()) + static_cast<unsigned char>(name.back()) +
            name.size()) %
           places;
  }

  const Catalogue& catalogue_;
  const CatalogueKind* kind_ = nullptr;
  /// Of the kind, those looked for last; null: none.
  std::array<const CatalogueAction*, places> actions_{};
};

/// Whether there is a resource at the path or below it.
bool lists(const CatalogueKind& kind, std::string_view path);

/// A7: whether anything below a path is known: the nearest resource on or above it says so, or
/// without one the kind.
bool is_open_at(const CatalogueKind& kind, std::string_view path);

/// Whether a path of the kind is known: it is a resource or above one, or lies below what is open.
/// One with `*`: whether it can stand for something known.
bool knows(const CatalogueKind& kind, std::string_view path);

/// The same with the kind looked up, and the action (`*`: every one).
bool knows(const Catalogue& catalogue, std::string_view resource, std::string_view action);

/// How many resources are looked at for `knows`, `warning_of` and `nearest_known`.
std::size_t work_of_knowing(const Catalogue& catalogue, std::string_view resource);
std::size_t work_of_warning(const Catalogue& catalogue, std::string_view resource);
std::size_t work_of_nearest(const Catalogue& catalogue, std::string_view resource);
/// Of a copy: resources, actions.
std::size_t size_of(const Catalogue& catalogue);

/// For what is not known: "Nearest it knows: a, b, c.", at most three.
std::string nearest_known(const Catalogue& catalogue, std::string_view resource,
                          std::string_view action);

/// For a deny on what only the openness of its kind lets through: "…Nearest it lists: a, b."; empty
/// where it is listed, or the kind lists nothing at all.
std::string unlisted_warning(const Catalogue& catalogue, std::string_view resource);

/// A5: what must be told when this is granted; empty: nothing. At most four are told, and how many
/// more there are.
std::string warning_of(const Catalogue& catalogue, std::string_view resource,
                       std::string_view action);

/// The names of actions that imply each other in a ring, the first again at the end; empty: none.
std::vector<std::string> find_cycle(const CatalogueKind& kind);

}  // namespace postern::domain
