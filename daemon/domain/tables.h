// The tables of entries and their indexes, one form for the state (which owns) and the views (which
// borrow).
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

/// A set of pointers to entries, found by a key inside the entry. Split in shards, so that growth
/// moves a small part at a time and the reader's thread never stops for a whole table. A shard is
/// full to two thirds at least, as a user has a place in four of these (README).
template <class Handle, class KeyOf>
class Index {
  struct Shard;

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

  /// A look-up in steps, so that whoever has something else to do need not wait for memory: made,
  /// it begins to fetch a part of the index. The index and what the key points to do not change
  /// meanwhile.
  class Search {
   public:
    Search(const Index& index, const Key& key)
        : key_(key), hash_(KeyHash{}(key)), shard_(&index.shards_[shard_at(hash_)]) {
      if (shard_->capacity == 0) return;
      place_ = shard_->home(hash_);
      fetch_ahead(&shard_->tags[place_], 1);
      fetch_ahead(&shard_->handles[place_], sizeof(Handle));
    }

    /// Begins to fetch the entry that it almost surely is.
    void approach() {
      place_ = shard_->next_tagged(place_, tag_of(hash_));
      if (place_ != none) fetch_ahead(&*shard_->handles[place_], sizeof *shard_->handles[place_]);
    }
    /// Null if there is none.
    const Handle* found() const {
      const std::size_t place = shard_->find_from(place_, hash_, key_);
      return place == none ? nullptr : &shard_->handles[place];
    }

   private:
    Key key_;
    std::size_t hash_;
    const Shard* shard_;
    std::size_t place_ = none;
  };

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
    for (std::size_t shard = 0; shard < shard_count; ++shard) for_each_of_shard(shard, visit);
  }
  template <class Visitor>
  void for_each_of_shard(std::size_t which, Visitor visit) const {
    const Shard& shard = shards_[which];
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
      return find_from(capacity == 0 ? none : home(key.hash), key.hash, key.key);
    }
    std::size_t find_from(std::size_t place, std::size_t hash, const Key& key) const {
      const std::uint8_t tag = tag_of(hash);
      for (place = next_tagged(place, tag); place != none; place = next_tagged(behind(place), tag))
        if (KeyEqual{}(key, Key(KeyOf{}(*handles[place])))) return place;
      return none;
    }
    /// From a place on, up to the first that is free.
    std::size_t next_tagged(std::size_t place, std::uint8_t tag) const {
      if (place == none) return none;
      for (; tags[place] != 0; place = behind(place))
        if (tags[place] == tag) return place;
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

/// One owner thread. Entries are replaced; whoever alone holds one may change it (State). A deleted
/// user keeps its place by id; its name is free.
template <template <class> class Handle>
class Tables {
 public:
  const Tenant* find_tenant(const Uuid& id) const { return raw(tenants_.find(id)); }
  const Tenant* find_tenant(std::string_view alias) const { return raw(aliases_.find(alias)); }
  const User* find_user(const Uuid& id) const { return raw(users_.find(id)); }
  // ---- null if there is none
  const Handle<Tenant>* find_held_tenant(const Uuid& id) const { return tenants_.find(id); }
  const Handle<User>* find_held_user(const Uuid& id) const { return users_.find(id); }
  const User* find_user(const Uuid& tenant, std::string_view username) const {
    return raw(usernames_.find(NameInTenant{tenant, username}));
  }
  using UserSearch = typename Index<Borrowed<User>, ByUsername>::Search;
  /// In steps; `username` is there until it has been found.
  UserSearch search_user(const Uuid& tenant, std::string_view username) const {
    return {usernames_, NameInTenant{tenant, username}};
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
  Handle<User> put(Handle<User> entry) {
    const bool is_named = entry->status != schema::UserStatus::deleted;
    const Handle<User>* old = users_.find(entry->id);
    if (is_named)
      put_name(usernames_, old, *entry);
    else if (old != nullptr)
      release(usernames_, **old);
    return users_.put(std::move(entry));
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
  Handle<User> take_user(const Uuid& id) {
    if (const User* entry = find_user(id)) release(usernames_, *entry);
    return users_.take(id);
  }
  Handle<Operator> take_operator(const Uuid& id) {
    if (const Operator* entry = find_operator(id)) {
      release_identities(*entry);
      release(operator_names_, *entry);
    }
    return operators_.take(id);
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
  std::size_t live_user_count() const { return usernames_.size(); }
  std::size_t operator_count() const { return operators_.size(); }

  /// What the indexes hold, for whoever checks that they hold nothing else.
  struct IndexSizes {
    std::size_t aliases;
    std::size_t usernames;
    std::size_t operator_names;
    std::size_t identities;
  };
  IndexSizes index_sizes() const {
    return {aliases_.size(), usernames_.size(), operator_names_.size(), identities_.size()};
  }

  template <class Visitor>
  void for_each_tenant(Visitor visit) const {
    tenants_.for_each(visit);
  }
  /// Deleted ones too.
  template <class Visitor>
  void for_each_user(Visitor visit) const {
    users_.for_each(visit);
  }
  /// Those of one part, from 0; the parts together are all of them. A user's part stays the same.
  static constexpr std::size_t user_parts = Index<Handle<User>, ById>::shard_count;
  template <class Visitor>
  void for_each_user_in(std::size_t part, Visitor visit) const {
    users_.for_each_of_shard(part, visit);
  }
  template <class Visitor>
  void for_each_operator(Visitor visit) const {
    operators_.for_each(visit);
  }

 private:
  template <class Found>
  static auto raw(const Found* handle) -> decltype(&**handle) {
    return handle == nullptr ? nullptr : &**handle;
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

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Index<Handle<Tenant>, ById> tenants_;
  Index<Borrowed<Tenant>, ByAlias> aliases_;
  Index<Handle<User>, ById> users_;
  Index<Borrowed<User>, ByUsername> usernames_;
  Index<Handle<Operator>, ById> operators_;
  Index<Borrowed<Operator>, ByOperatorName> operator_names_;
  boost::unordered_flat_map<std::string, const Operator*, TextHash, std::equal_to<>> identities_;
  Providers providers_;
  Owned<Copies> copies_;
};

}  // namespace postern::domain
