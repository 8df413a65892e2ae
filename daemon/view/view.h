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

  /// Fills an empty view; before any thread runs.
  void load(const domain::Tables<domain::Owned>& tables);

  /// Swaps in what changed; frees nothing.
  void take(const domain::Changes& changes);
  /// Swaps what was replaced in again: the newest that were taken go first.
  void take_back(const domain::Changes& changes);

  const Tables& tables() const { return tables_; }

  /// The tenant, if it exists for this operator (O2).
  const domain::Tenant* find_tenant(const domain::Operator& asker, std::string_view alias) const;

  /// Of one tenant, without the deleted ones.
  std::uint64_t live_user_count(const domain::Uuid& tenant) const;

 private:
  void count(const domain::User& user, std::uint64_t change);

  Tables tables_;
  boost::unordered_flat_map<domain::Uuid, std::uint64_t, domain::KeyHash> live_users_;
};

}  // namespace postern::view
