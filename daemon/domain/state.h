// What decide reads: the tables, and the places of the journal's links. Owned by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "daemon/domain/tables.h"

namespace postern::domain {

/// One entry replaced: `before` is null for a new one, `after` for a removed one.
template <class Entry>
struct Change {
  Owned<Entry> before;
  Owned<Entry> after;
};
template <>
struct Change<User> {
  Owned<User> before;
  Owned<User> after;
  /// Where it stands in every table.
  EntryNumber number = no_entry;
};

/// What apply did, in order within each kind: enough to bring views up to date, or to take it back.
struct Changes {
  std::vector<Change<Tenant>> tenants = {};
  std::vector<Change<User>> users = {};
  std::vector<Change<Operator>> operators = {};
  std::vector<Change<ProviderRanges>> ranges = {};
  std::vector<Change<Copies>> copies = {};
  /// Of the indexes of users: what those hold that views are to show.
  std::vector<PartChange> index_parts = {};
  /// What was interned on the way: nobody else has it if the changes are taken back.
  std::vector<const std::string*> texts = {};
  /// How many rights there were before the first that is new.
  std::optional<std::size_t> rights_before = {};
  /// False: a user that keeps name and status, and a tenant, are changed in place, and not told
  /// here. For folds whose changes nobody takes back, and whose state nobody shows meanwhile.
  bool tells_all = true;
  /// What was copied on the way that grows with what is there: roles, resources, networks.
  std::size_t work = 0;

  /// As before the first one.
  void clear();
  bool empty() const {
    return tenants.empty() && users.empty() && operators.empty() && ranges.empty() &&
           copies.empty();
  }
  /// Those that came after these.
  void append(Changes after);
};

struct TenantHead {
  Uuid tenant;
  Seq seq = 0;
  /// K2: the newest that changed the tenant itself.
  Seq changed_seq = 0;
};

/// U13: a user that the daemon has recorded something of since an operator changed it.
struct UserChanged {
  Uuid user;
  Seq seq = 0;
};

/// N3: when a provider's ranges came.
struct RangesTime {
  schema::Provider provider = schema::Provider::none;
  std::int64_t imported_ns = 0;
};

/// What of the journal a state knows beside its entries: all that folding on from it needs.
struct JournalPlace {
  Seq seq = 0;
  std::int64_t time_ns = 0;
  /// By tenant.
  std::vector<TenantHead> tenant_heads = {};
  /// By user; of all others the newest event is an operator's.
  std::vector<UserChanged> users_changed = {};
  std::vector<RangesTime> ranges_times = {};
};

/// Users that are new to a state, in the order of their ids.
struct LoadedUsers {
  /// Consecutive ones of one tenant.
  struct OfTenant {
    Uuid tenant;
    std::size_t live = 0;
  };

  void add(Owned<User> user);

  std::vector<LoadedUser> all = {};
  std::vector<OfTenant> tenants = {};
  /// The places of those who hold roles.
  std::vector<std::size_t> with_roles = {};
};

/// Moved, never copied: its grants point into its texts and rights.
class State {
 public:
  State() = default;
  State(State&&) = default;
  State& operator=(State&&) = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Tables<Owned>& tables() const { return tables_; }
  /// As the tables do; whoever decides asks about the same several times.
  const Tenant* find_tenant(std::string_view alias) const {
    if (last_tenant_ == nullptr || last_tenant_->alias != alias)
      last_tenant_ = tables_.find_tenant(alias);
    return last_tenant_;
  }
  /// The newest record.
  Seq seq() const { return seq_; }
  std::int64_t time_ns() const { return time_ns_; }
  /// The newest record of a tenant; 0: none.
  Seq tenant_head(const Uuid& tenant) const;
  JournalPlace place() const;
  /// O1: owners of all tenants.
  std::size_t owner_count() const { return owner_count_; }
  /// A8: users that hold the role themselves, without the deleted ones.
  std::size_t role_holder_count(const Uuid& role) const;
  /// Roles that such users hold.
  std::size_t held_role_count() const { return role_holders_.size(); }
  /// Whether this very text is one that `intern` gave.
  bool has_text(const std::string* text) const;
  const Rights& rights() const { return *rights_; }

  /// While it is empty: see `Tables`. For whose views are asked about one user after the other.
  void give_hints() { tables_.give_hints(); }

  // ---- for apply alone

  void replace(Owned<Tenant> after, Changes& changes);
  void replace(Owned<User> after, Changes& changes);
  void replace(Owned<Operator> after, Changes& changes);
  void replace(Owned<ProviderRanges> after, Changes& changes);
  void replace(Owned<Copies> after, Changes& changes);
  void remove_operator(const Uuid& id, Changes& changes);
  // ---- of a state that is made of entries, not of records: see Tables
  void expect_users(std::size_t count) { tables_.expect_users(count); }
  void load(LoadedUsers users);
  /// The one copy of a text that grants share; lives as long as the state, or until the changes
  /// that brought it are taken back.
  const std::string* intern(std::string_view text);
  const std::string* intern(std::string_view text, Changes& changes);
  /// The same of an action on a resource, for the lists of grants.
  Rights& rights() { return *rights_; }
  void intern_right(const std::string& resource, const std::string& action, Changes& changes);

  // ---- changes an entry where it stands; false: there is none, or somebody else holds it too

  /// Not its alias.
  template <class Edit>
  bool edit_tenant_in_place(const Uuid& id, Edit edit) {
    Tenant* tenant = held_alone(tables_.find_held_tenant(id));
    if (tenant != nullptr) edit(*tenant);
    return tenant != nullptr;
  }
  /// Not its name or status.
  template <class Edit>
  bool edit_user_in_place(const Uuid& id, Edit edit) {
    User* user = held_alone(tables_.find_held_user(id));
    if (user == nullptr) return false;
    const Counted before{user->status, user->extras};
    edit(*user);
    recount(before, *user);
    return true;
  }

  // ---- for whoever closes a record

  /// The record is complete: its place, time and tenant become the newest.
  void close_record(Seq seq, std::int64_t time_ns, const Uuid* tenant);
  /// The newest record will not stand: the tenant's and the time before it are the newest again.
  void reopen_record(const Uuid* tenant, Seq tenant_head_before, std::int64_t time_ns_before);
  /// Takes back changes that no record will hold. They must be the newest ones.
  void revert(const Changes& changes);

 private:
  /// What is counted of a user.
  struct Counted {
    schema::UserStatus status = schema::UserStatus::deleted;
    boost::intrusive_ptr<const UserExtras> extras = {};
  };

  static Counted counted(const User* user);
  void count_roles(const Counted& before, const Counted& after);
  /// Entries are made as what may change and are const from then on; one that nobody else holds is
  /// as if it were being made still.
  template <class Entry>
  static Entry* held_alone(const Owned<Entry>* held) {
    return held == nullptr || !(*held)->is_held_once() ? nullptr : const_cast<Entry*>(held->get());
  }
  void recount(const Counted& before, const User& after);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Tables<Owned> tables_;
  /// The one that was found last; null after any was replaced.
  mutable const Tenant* last_tenant_ = nullptr;
  std::unordered_set<std::string, TextHash, std::equal_to<>> texts_;
  /// Grants of this state point to it.
  std::unique_ptr<Rights> rights_ = std::make_unique<Rights>();
  boost::unordered_flat_map<Uuid, Seq, UuidHash> tenant_heads_;
  boost::unordered_flat_map<Uuid, std::size_t, UuidHash> role_holders_;
  Seq seq_ = 0;
  std::int64_t time_ns_ = 0;
  std::size_t owner_count_ = 0;
};

}  // namespace postern::domain
