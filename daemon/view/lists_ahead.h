// Whom lists of users show next. A page costs a pass over all users, whoever is on it; so a pass
// finds many pages' users, and those of the next are looked up.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "daemon/view/directory.h"

namespace postern::view {

/// Owned by the thread that answers. Ids alone, a MiB of each list, of those asked for last; what
/// they have stands in the view. A list is of one moment, so what is kept of it stays true; but for
/// an erasure, of which `clear` is to be told.
class ListsAhead {
 public:
  /// As many of a list as one pass finds.
  static constexpr std::size_t users_max = 65'536;
  static constexpr std::size_t lists_max = 32;

  /// All that decides who is on a list, and in what order.
  struct List {
    domain::Seq seq = 0;
    domain::Uuid tenant;
    UserFilter filter;
    UserOrder order;

    bool operator==(const List&) const = default;
  };
  struct Next {
    std::vector<domain::Uuid> users;
    bool more = false;
  };

  /// `count_max` users behind that one, or all there are; nothing: look for them.
  std::optional<Next> behind(const List& list, const domain::Uuid& user,
                             std::size_t count_max);
  /// In order; `more`: others follow.
  void keep(const List& list, Next next);
  void clear() { kept_.clear(); }
  bool is_empty() const { return kept_.empty(); }

 private:
  struct Kept {
    List list;
    Next next;
  };
  /// The one that was asked for last is the last.
  std::deque<Kept> kept_;
};

}  // namespace postern::view
