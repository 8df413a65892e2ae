// The tables of entries and their indexes, one form for the state (which owns) and the views (which
// borrow, and share the indexes of users).
#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/domain/entries.h"
#include "daemon/domain/numbers.h"
#include "daemon/domain/prefetch.h"

namespace postern::domain {

struct ById {
  template <class Entry>
  const Uuid& operator()(const Entry& entry) const {
    return entry.id;
  }
};

struct NameInTenant {
  Uuid tenant;
  std::string_view name;
};

struct ByUsername {
  NameInTenant operator()(const User& user) const { return {user.tenant, user.username}; }
};

struct ByAlias {
  std::string_view operator()(const Tenant& tenant) const { return tenant.alias; }
};

struct ByOperatorName {
  std::string_view operator()(const Operator& entry) const { return entry.name; }
};

struct KeyHash {
  std::size_t operator()(const Uuid& id) const { return hash_of(id); }
  std::size_t operator()(std::string_view name) const { return hash_of_name(name); }
  std::size_t operator()(const NameInTenant& key) const {
    return mix(hash_of(key.tenant) ^ hash_of_name(key.name));
  }
};

struct KeyEqual {
  bool operator()(const Uuid& left, const Uuid& right) const { return left == right; }
  bool operator()(std::string_view left, std::string_view right) const { return left == right; }
  bool operator()(const NameInTenant& left, const NameInTenant& right) const {
    return left.tenant == right.tenant && equal_names(left.name, right.name);
  }
};

/// A set of pointers to entries, found by a key inside the entry: of tenants and operators. Split
/// in shards, so that growth moves a small part at a time.
template <class Handle, class KeyOf>
class Index {
 public:
  static constexpr std::size_t shard_count = 64;
  using Key = std::decay_t<decltype(KeyOf{}(*std::declval<const Handle&>()))>;

  /// Null if there is none.
  const Handle* find(const Key& key) const {
    const Hashed hashed(key);
    const Shard& shard = shard_of(hashed);
    const std::size_t place = shard.find(hashed);
    return place == none ? nullptr : &shard.handles[place];
  }

  /// Inserts, or replaces the one with the same key; gives back the replaced one.
  Handle put(Handle entry) {
    const Key key = KeyOf{}(*entry);
    const Hashed hashed(key);
    Shard& shard = shard_of(hashed);
    const std::size_t place = shard.find(hashed);
    if (place != none) return std::exchange(shard.handles[place], std::move(entry));
    if ((shard.size + 1) * full_parts > shard.capacity * full_of) shard.grow();
    shard.insert(hashed.hash, std::move(entry));
    return Handle{};
  }

  Handle take(const Key& key) {
    const Hashed hashed(key);
    Shard& shard = shard_of(hashed);
    const std::size_t place = shard.find(hashed);
    return place == none ? Handle{} : shard.take(place);
  }

  std::size_t size() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) count += shard.size;
    return count;
  }

  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const Shard& shard : shards_)
      for (std::size_t place = 0; place < shard.capacity; ++place)
        if (shard.tags[place] != 0) visit(*shard.handles[place]);
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};
  /// Grown when more than five sixths would be full.
  static constexpr std::size_t full_of = 5;
  static constexpr std::size_t full_parts = 6;

  /// A key whose hash is worked out once, for its shard and its place there.
  struct Hashed {
    explicit Hashed(const Key& key) : key(key), hash(KeyHash{}(key)) {}
    const Key& key;
    std::size_t hash;
  };
  static std::size_t hash_of_entry(const Handle& entry) { return KeyHash{}(Key(KeyOf{}(*entry))); }
  /// Of bits that choose neither shard nor place; 0 is nobody's.
  static std::uint8_t tag_of(std::size_t hash) { return static_cast<std::uint8_t>(hash | 1U); }

  /// Each as near behind the place that its hash says as there was one free.
  struct Shard {
    std::unique_ptr<Handle[]> handles;
    /// 0: the place is free.
    std::unique_ptr<std::uint8_t[]> tags;
    std::uint32_t capacity = 0;
    std::uint32_t size = 0;

    /// A number below the capacity, in proportion to the hash's upper half.
    std::size_t home(std::size_t hash) const {
      return static_cast<std::size_t>((hash >> 32) * capacity >> 32);
    }
    std::size_t behind(std::size_t place) const { return place + 1 == capacity ? 0 : place + 1; }

    std::size_t find(const Hashed& key) const {
      if (capacity == 0) return none;
      const std::uint8_t tag = tag_of(key.hash);
      for (std::size_t place = home(key.hash); tags[place] != 0; place = behind(place))
        if (tags[place] == tag && KeyEqual{}(key.key, Key(KeyOf{}(*handles[place])))) return place;
      return none;
    }
    /// One that is not there; there is room.
    void insert(std::size_t hash, Handle entry) {
      std::size_t place = home(hash);
      while (tags[place] != 0) place = behind(place);
      tags[place] = tag_of(hash);
      handles[place] = std::move(entry);
      ++size;
    }
    /// Those behind it that would no longer be found move up.
    Handle take(std::size_t place) {
      Handle taken = std::move(handles[place]);
      --size;
      for (std::size_t next = behind(place); tags[next] != 0; next = behind(next)) {
        const std::size_t wanted = home(hash_of_entry(handles[next]));
        const bool stays =
            place < next ? place < wanted && wanted <= next : place < wanted || wanted <= next;
        if (stays) continue;
        tags[place] = tags[next];
        handles[place] = std::move(handles[next]);
        place = next;
      }
      tags[place] = 0;
      handles[place] = Handle{};
      return taken;
    }
    void grow() {
      Shard larger;
      larger.capacity = std::max(std::uint32_t{4}, capacity + capacity / 4 + 1);
      larger.handles = std::make_unique<Handle[]>(larger.capacity);
      larger.tags = std::make_unique<std::uint8_t[]>(larger.capacity);
      // Far enough ahead that an entry has come when its key is read.
      constexpr std::size_t ahead = 12;
      for (std::size_t place = 0; place < capacity; ++place) {
        if (place + ahead < capacity && tags[place + ahead] != 0)
          __builtin_prefetch(&*handles[place + ahead]);
        if (tags[place] == 0) continue;
        const std::size_t hash = hash_of_entry(handles[place]);
        larger.insert(hash, std::move(handles[place]));
      }
      *this = std::move(larger);
    }
  };

  static std::size_t shard_at(std::size_t hash) { return hash >> 24 & (shard_count - 1); }
  const Shard& shard_of(const Hashed& key) const { return shards_[shard_at(key.hash)]; }
  Shard& shard_of(const Hashed& key) { return shards_[shard_at(key.hash)]; }

  std::array<Shard, shard_count> shards_;
};

template <class Entry>
using Owned = boost::intrusive_ptr<const Entry>;
template <class Entry>
using Borrowed = const Entry*;

/// A deleted user keeps its place by id; its name is free.
inline bool has_name(const User& user) { return user.status != schema::UserStatus::deleted; }

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
  /// and name stay as they are meanwhile.
  class UserSearch {
   public:
    UserSearch(const Tables& tables, const NameInTenant& name)
        : tables_(tables), name_(name), hash_(KeyHash{}(name)) {
      tables_.names_.fetch(hash_);
    }
    /// Begins to fetch the user that it almost surely is.
    void approach() const {
      const User* user =
          tables_.user_at(tables_.names_.find(hash_, [](EntryNumber) { return true; }));
      if (user != nullptr) fetch_ahead(user, sizeof *user);
    }
    /// Null if there is none.
    const User* found() const { return tables_.find_user(name_, hash_); }

   private:
    const Tables& tables_;
    NameInTenant name_;
    std::size_t hash_;
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
      give_name(number, told);
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
  void give_name(EntryNumber number, std::vector<PartChange>& told) {
    const NameInTenant name = ByUsername{}(*user_at(number));
    const std::size_t hash = KeyHash{}(name);
    std::size_t passed = 0;
    const EntryNumber holder = names_.find(hash, [&](EntryNumber other) {
      ++passed;
      const User* user = other == number ? nullptr : user_at(other);
      return user != nullptr && is_named(*user, name);
    });
    if (holder == no_entry) return add(Of::names, hash, number, told, passed >= passed_max);
    ++names_taken_over_;
    const std::size_t which = NumberIndex::part_of(hash);
    replace(Of::names, which, names_.part(which)->with(hash, holder, number), told);
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
    auto made = NumberPart::of(NumberPart::capacity_for(found.size()));
    for (const auto& [hash, number] : found) made->add(hash, number);
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
  Index<Handle<Operator>, ById> operators_;
  Index<Borrowed<Operator>, ByOperatorName> operator_names_;
  boost::unordered_flat_map<std::string, const Operator*, TextHash, std::equal_to<>> identities_;
  Providers providers_;
  Owned<Copies> copies_;
};

}  // namespace postern::domain
