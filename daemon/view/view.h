// What queries are answered from: the entries as of the newest synced record, borrowed from the
// writer.
#pragma once

#include "daemon/domain/state.h"

namespace postern::view {

/// Owned by one thread for life. Entries live until the changes that replaced them have gone back
/// to the writer.
class View {
 public:
  using Tables = domain::Tables<domain::Borrowed>;

  /// Fills an empty view; before any thread runs. The indexes of users are the state's.
  void load(const domain::Tables<domain::Owned>& tables);

  /// Swaps in what changed; frees nothing.
  void take(const domain::Changes& changes);
  /// Swaps what was replaced in again: the newest that were taken go first.
  void take_back(const domain::Changes& changes);

  const Tables& tables() const { return tables_; }

  /// The tenant, if it exists for this operator (O2).
  const domain::Tenant* find_tenant(const domain::Operator& asker, std::string_view alias) const;

 private:
  Tables tables_;
};

}  // namespace postern::view
