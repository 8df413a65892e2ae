// The tables of entries and their indexes, one form for the state (which owns) and the views (which
// borrow, and share the indexes of users).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/domain/entry_index.h"
#include "daemon/domain/numbers.h"
#include "daemon/domain/prefetch.h"

namespace postern::domain {

template <class Entry>
using Owned = boost::intrusive_ptr<const Entry>;
template <class Entry>
using Borrowed = const Entry*;

/// A deleted user keeps its place by id; its name is free.
inline bool has_name(const User& user) { return user.status != schema::UserStatus::deleted; }

/// A user that comes as it is, with what indexes and counts need of it: worked out where it was
/// made, as another thread's memory is slow to read.
struct LoadedUser {
  explicit LoadedUser(Owned<User> loaded)
      : user(std::move(loaded)),
        id_hash(KeyHash{}(user->id)),
        lives(has_name(*user)),
        name_hash(lives ? KeyHash{}(ByUsername{}(*user)) : 0) {}

  Owned<User> user;
  std::size_t id_hash;
  bool lives;
  /// Of one who lives.
  std::size_t name_hash;
};

/// One owner thread. Entries are replaced; whoever alone holds one may change it (State).
template <template <class> class Handle>
class Tables {
 public:
  const Tenant* find_tenant(const Uuid& id) const { return raw(tenants_.find(id)); }
  const Tenant* find_tenant(std::string_view alias) const { return raw(aliases_.find(alias)); }
  const User* find_user(const Uuid& id) const { return raw(users_.find(number_of(id))); }
  // ---- null if there is none
  const Handle<Tenant>* find_held_tenant(const Uuid& id) const { return tenants_.find(id); }
  const Handle<User>* find_held_user(const Uuid& id) const { return users_.find(number_of(id)); }
  const User* find_user(const Uuid& tenant, std::string_view username) const {
    const NameInTenant name{tenant, username};
    return find_user(name, KeyHash{}(name));
  }
  /// The same in steps, between which whoever has other things to do lets memory be fetched. Tables
  /// and name stay as they are meanwhile. A step may be left out.
  class UserSearch {
   public:
    UserSearch(const Tables& tables, const NameInTenant& name)
        : tables_(tables), name_(name), hash_(KeyHash{}(name)) {
      tables_.names_.fetch(hash_);
    }
    /// Begins to fetch where the tables hold the user that it almost surely is; where the index has
    /// hints, that user and its grants too.
    void locate() {
      number_ = tables_.names_.guess(hash_, [](const void* user, const void* grants) {
        fetch_ahead(user, sizeof(User));
        fetch_ahead(grants, Grants::bytes_of_most);
      });
      tables_.users_.fetch(number_);
    }
    /// Begins to fetch that user, as the tables hold it.
    void approach() {
      if (number_ == no_entry) locate();
      const User* user = tables_.user_at(number_);
      if (user != nullptr) fetch_ahead(user, sizeof *user);
    }
    /// Null if there is none.
    const User* found() const {
      const User* user = tables_.user_at(number_);
      if (user != nullptr && is_named(*user, name_)) return user;
      return tables_.find_user(name_, hash_);
    }

   private:
    const Tables& tables_;
    NameInTenant name_;
    std::size_t hash_;
    /// Of the first that the index has under the hash, if it was looked at.
    EntryNumber number_ = no_entry;
  };
  UserSearch search_user(const Uuid& tenant, std::string_view username) const {
    return {*this, NameInTenant{tenant, username}};
  }
  const Operator* find_operator(const Uuid& id) const { return raw(operators_.find(id)); }
  const Operator* find_operator(std::string_view name) const {
    return raw(operator_names_.find(name));
  }
  /// By what transport says of a message's sender.
  const Operator* find_identity(std::string_view identity) const {
    const auto place = identities_.find(identity);
    return place == identities_.end() ? nullptr : place->second;
  }

  /// Inserts or replaces; gives back what was there. Nothing goes on pointing to it, whatever it
  /// was called: records of a stranger's bundle come here too.
  Handle<Tenant> put(Handle<Tenant> entry) {
    put_name(aliases_, tenants_.find(entry->id), *entry);
    return tenants_.put(std::move(entry));
  }
  Handle<Operator> put(Handle<Operator> entry) {
    const Handle<Operator>* old = operators_.find(entry->id);
    if (old != nullptr) release_identities(**old);
    for (std::string& identity : identities_of(*entry)) identities_[std::move(identity)] = &*entry;
    put_name(operator_names_, old, *entry);
    return operators_.put(std::move(entry));
  }

  Handle<Tenant> take_tenant(const Uuid& id) {
    if (const Tenant* entry = find_tenant(id)) release(aliases_, *entry);
    return tenants_.take(id);
  }
  Handle<Operator> take_operator(const Uuid& id) {
    if (const Operator* entry = find_operator(id)) {
      release_identities(*entry);
      release(operator_names_, *entry);
    }
    return operators_.take(id);
  }

  // ---- users, of a state

  struct ReplacedUser {
    Handle<User> before;
    EntryNumber number;
  };
  /// Inserts or replaces. Of two who live with one name, the newer has it. Adds what views are to
  /// be told of the indexes.
  ReplacedUser put(Handle<User> entry, std::vector<PartChange>& told) {
    const std::size_t hash = KeyHash{}(entry->id);
    EntryNumber number = number_of(entry->id, hash);
    const bool is_new = number == no_entry;
    if (is_new) number = users_.end();
    Handle<User> before = users_.put(number, std::move(entry));
    const User& user = *user_at(number);
    count(raw(&before), &user);
    if (is_new) add(Of::ids, hash, number, told);
    if (has_name(user) && (is_new || !is_named(*before, ByUsername{}(user))))
      give_name(number, KeyHash{}(ByUsername{}(user)), told);
    if (gives_hints_) give_hint(number);
    return {std::move(before), number};
  }
  /// What `put` replaced is there again, and nobody has heard of the other. The newest goes first,
  /// and the parts that were told before the users.
  void put_back(Handle<User> before, const User& after, EntryNumber number) {
    count(&after, raw(&before));
    const bool was_new = before == nullptr;
    users_.put(number, std::move(before));
    if (!was_new) return;
    const std::size_t hash = KeyHash{}(after.id);
    const auto& part = ids_.part(NumberIndex::part_of(hash));
    if (part != nullptr) part->forget(hash, number);
    users_.drop_empty_end();
  }
  /// Room for about so many more, so that the indexes do not grow meanwhile. Before the first.
  void expect_users(std::size_t count) {
    const std::uint32_t capacity = NumberPart::capacity_expecting(count / NumberIndex::part_count);
    for (const Of of : {Of::ids, Of::names})
      for (std::size_t which = 0; which < NumberIndex::part_count; ++which)
        index(of).put(which, NumberPart::of(capacity, has_hints(of)));
  }
  /// Of whom none is there yet. Nobody shows the indexes meanwhile, and `count_live` counts them.
  void load(std::span<LoadedUser> users) {
    // Far enough ahead that a place has come when it is taken.
    constexpr std::size_t ahead = 8;
    std::vector<PartChange> untold;
    for (std::size_t place = 0; place < users.size(); ++place) {
      if (place + ahead < users.size()) {
        ids_.fetch(users[place + ahead].id_hash);
        names_.fetch(users[place + ahead].name_hash);
      }
      LoadedUser& loaded = users[place];
      const EntryNumber number = users_.end();
      users_.put(number, std::move(loaded.user));
      add(Of::ids, loaded.id_hash, number, untold);
      if (loaded.lives) give_name(number, loaded.name_hash, untold);
      untold.clear();
    }
  }
  void count_live(const Uuid& tenant, std::size_t count) {
    if (count == 0) return;
    live_users_[tenant] += count;
    live_user_count_ += count;
  }
  /// While there is no user: the index of names knows where each user and its grants lie, so that
  /// whoever looks one up has both fetched at once. Some 13 bytes a user.
  void give_hints() { gives_hints_ = true; }
  /// How often a name went from one who lives to another: no records of a daemon do that.
  std::size_t names_taken_over() const { return names_taken_over_; }

  // ---- users, of a view

  void load_users(const Tables<Owned>& state) {
    users_.load(state.users_);
    ids_ = state.ids_;
    names_ = state.names_;
    live_users_ = state.live_users_;
    live_user_count_ = state.live_user_count_;
  }
  /// `before` lives still; null: new.
  void show(const User* before, Handle<User> after, EntryNumber number) {
    count(before, raw(&after));
    users_.put(number, std::move(after));
  }

  // ---- users, of both

  void put_part(bool is_of_names, std::size_t which, boost::intrusive_ptr<NumberPart> part) {
    (is_of_names ? names_ : ids_).put(which, std::move(part));
  }

  /// N3. Shared in both forms: one is replaced once a week, and asked without counting.
  const Providers& providers() const { return providers_; }
  /// Gives back what was there; null: none.
  Owned<ProviderRanges> put_ranges(schema::Provider provider, Owned<ProviderRanges> ranges) {
    return std::exchange(providers_[static_cast<std::size_t>(provider)], std::move(ranges));
  }

  /// Shared for the same reason. Null: none yet.
  const Owned<Copies>& copies() const { return copies_; }
  Owned<Copies> put_copies(Owned<Copies> copies) {
    return std::exchange(copies_, std::move(copies));
  }

  std::size_t tenant_count() const { return tenants_.size(); }
  /// Without the deleted ones.
  std::size_t live_user_count() const { return live_user_count_; }
  /// Those of one tenant.
  std::uint64_t live_user_count(const Uuid& tenant) const {
    const auto place = live_users_.find(tenant);
    return place == live_users_.end() ? 0 : place->second;
  }
  std::size_t operator_count() const { return operators_.size(); }

  /// What the indexes hold, for whoever checks that they hold nothing else. That of usernames may.
  struct IndexSizes {
    std::size_t aliases;
    std::size_t operator_names;
    std::size_t identities;
  };
  IndexSizes index_sizes() const {
    return {aliases_.size(), operator_names_.size(), identities_.size()};
  }

  template <class Visitor>
  void for_each_tenant(Visitor visit) const {
    tenants_.for_each(visit);
  }
  /// Deleted ones too.
  template <class Visitor>
  void for_each_user(Visitor visit) const {
    for (EntryNumber number = 0; number < users_.end(); ++number)
      if (const User* user = user_at(number)) visit(*user);
  }
  /// Those of one part, from 0; the parts together are all of them. A user's part stays the same.
  static constexpr std::size_t user_parts = NumberIndex::part_count;
  template <class Visitor>
  void for_each_user_in(std::size_t part, Visitor visit) const {
    if (ids_.part(part) == nullptr) return;
    ids_.part(part)->for_each([&](EntryNumber number) {
      if (const User* user = user_at(number)) visit(*user);
    });
  }
  template <class Visitor>
  void for_each_operator(Visitor visit) const {
    operators_.for_each(visit);
  }

 private:
  template <template <class> class>
  friend class Tables;

  template <class Found>
  static auto raw(const Found* handle) -> decltype(&**handle) {
    return handle == nullptr || *handle == nullptr ? nullptr : &**handle;
  }

  template <class Entry, class KeyOf>
  static void put_name(Index<Borrowed<Entry>, KeyOf>& names, const Handle<Entry>* old,
                       const Entry& entry) {
    if (old != nullptr && !KeyEqual{}(KeyOf{}(**old), KeyOf{}(entry))) release(names, **old);
    names.put(&entry);
  }
  /// Another entry may have the name by now.
  template <class Entry, class KeyOf>
  static void release(Index<Borrowed<Entry>, KeyOf>& names, const Entry& entry) {
    const auto name = KeyOf{}(entry);
    const Borrowed<Entry>* holder = names.find(name);
    if (holder != nullptr && (*holder)->id == entry.id) names.take(name);
  }
  void release_identities(const Operator& entry) {
    for (const std::string& identity : identities_of(entry)) identities_.erase(identity);
  }

  // ---- users

  enum class Of { ids, names };

  /// Of a name that was given again and again those who had it before are passed over; with more of
  /// them the part is made anew, without them.
  static constexpr std::size_t passed_max = 64;

  /// Null: none has the number.
  const User* user_at(EntryNumber number) const { return raw(users_.find(number)); }
  EntryNumber number_of(const Uuid& id) const { return number_of(id, KeyHash{}(id)); }
  EntryNumber number_of(const Uuid& id, std::size_t hash) const {
    return ids_.find(hash, [&](EntryNumber number) {
      const User* user = user_at(number);
      return user != nullptr && user->id == id;
    });
  }
  const User* find_user(const NameInTenant& name, std::size_t hash) const {
    return user_at(names_.find(hash, [&](EntryNumber number) {
      const User* user = user_at(number);
      return user != nullptr && is_named(*user, name);
    }));
  }
  static bool is_named(const User& user, const NameInTenant& name) {
    return has_name(user) && KeyEqual{}(ByUsername{}(user), name);
  }

  /// What the name was before stays in the index, for views that are behind.
  void give_name(EntryNumber number, std::size_t hash, std::vector<PartChange>& told) {
    std::size_t passed = 0;
    const EntryNumber holder = names_.find(hash, [&](EntryNumber other) {
      ++passed;
      const User* user = other == number ? nullptr : user_at(other);
      return user != nullptr && is_named(*user, ByUsername{}(*user_at(number)));
    });
    if (holder == no_entry) return add(Of::names, hash, number, told, passed >= passed_max);
    ++names_taken_over_;
    const std::size_t which = NumberIndex::part_of(hash);
    replace(Of::names, which, names_.part(which)->with(hash, holder, number), told);
  }
  void give_hint(EntryNumber number) {
    const User& user = *user_at(number);
    const std::size_t hash = KeyHash{}(ByUsername{}(user));
    const auto& part = names_.part(NumberIndex::part_of(hash));
    if (part != nullptr) part->hint(hash, number, &user, user.grants.get());
  }
  void add(Of of, std::size_t hash, EntryNumber number, std::vector<PartChange>& told,
           bool is_crowded = false) {
    const std::size_t which = NumberIndex::part_of(hash);
    const auto& part = index(of).part(which);
    if (part == nullptr || part->is_full() || is_crowded)
      replace(of, which, made_anew(of, which), told);
    part->add(hash, number);
  }
  void replace(Of of, std::size_t which, boost::intrusive_ptr<NumberPart> after,
               std::vector<PartChange>& told) {
    told.push_back(
        {of == Of::names, static_cast<std::uint8_t>(which), index(of).part(which), after});
    index(of).put(which, std::move(after));
  }
  bool has_hints(Of of) const { return gives_hints_ && of == Of::names; }
  NumberIndex& index(Of of) { return of == Of::names ? names_ : ids_; }

  /// The same part with room for more, without what is of no user any more.
  boost::intrusive_ptr<NumberPart> made_anew(Of of, std::size_t which) {
    std::vector<EntryNumber> numbers;
    if (const auto& old = index(of).part(which))
      old->for_each([&](EntryNumber number) { numbers.push_back(number); });
    std::vector<std::pair<std::size_t, EntryNumber>> found;
    found.reserve(numbers.size());
    // Far enough ahead that what is read has come.
    constexpr std::size_t ahead = 12;
    for (std::size_t place = 0; place < numbers.size(); ++place) {
      if (place + 2 * ahead < numbers.size())
        __builtin_prefetch(users_.find(numbers[place + 2 * ahead]));
      if (place + ahead < numbers.size()) __builtin_prefetch(user_at(numbers[place + ahead]));
      const User* user = user_at(numbers[place]);
      if (user == nullptr || (of == Of::names && !has_name(*user))) continue;
      const std::size_t hash =
          of == Of::names ? KeyHash{}(ByUsername{}(*user)) : KeyHash{}(user->id);
      if (NumberIndex::part_of(hash) == which) found.emplace_back(hash, numbers[place]);
    }
    auto made = NumberPart::of(NumberPart::capacity_for(found.size()), has_hints(of));
    for (const auto& [hash, number] : found) {
      made->add(hash, number);
      if (has_hints(of)) made->hint(hash, number, user_at(number), user_at(number)->grants.get());
    }
    return made;
  }

  /// Adds and takes away who lives.
  void count(const User* before, const User* after) {
    const bool lived = before != nullptr && has_name(*before);
    const bool lives = after != nullptr && has_name(*after);
    if (lived == lives && (!lives || before->tenant == after->tenant)) return;
    if (lives) ++live_users_[after->tenant];
    if (lived) --live_users_[before->tenant];
    live_user_count_ += lives;
    live_user_count_ -= lived;
  }

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Index<Handle<Tenant>, ById> tenants_;
  Index<Borrowed<Tenant>, ByAlias> aliases_;
  Numbered<Handle<User>> users_;
  /// Of a view: its state's.
  NumberIndex ids_;
  NumberIndex names_;
  /// By tenant.
  boost::unordered_flat_map<Uuid, std::uint64_t, KeyHash> live_users_;
  std::size_t live_user_count_ = 0;
  std::size_t names_taken_over_ = 0;
  bool gives_hints_ = false;
  Index<Handle<Operator>, ById> operators_;
  Index<Borrowed<Operator>, ByOperatorName> operator_names_;
  boost::unordered_flat_map<std::string, const Operator*, TextHash, std::equal_to<>> identities_;
  Providers providers_;
  Owned<Copies> copies_;
};

}  // namespace postern::domain
