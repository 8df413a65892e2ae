// The tables of entries and their indexes, one form for the state (which owns) and the views (which
// borrow).
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/domain/entries.h"

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
/// moves a small part at a time and the reader's thread never stops for a whole table.
template <class Handle, class KeyOf>
class Index {
 public:
  static constexpr std::size_t shard_count = 64;
  using Key = std::decay_t<decltype(KeyOf{}(*std::declval<const Handle&>()))>;

  /// Null if there is none.
  const Handle* find(const Key& key) const {
    const Hashed hashed(key);
    const Shard& shard = shard_of(hashed);
    const auto place = shard.find(hashed);
    return place == shard.end() ? nullptr : &*place;
  }

  /// Inserts, or replaces the one with the same key; gives back the replaced one.
  Handle put(Handle entry) {
    const Key key = KeyOf{}(*entry);
    const Hashed hashed(key);
    Shard& shard = shard_of(hashed);
    const auto place = shard.find(hashed);
    if (place == shard.end()) {
      shard.insert(std::move(entry));
      return Handle{};
    }
    // The key is the same, so the element stays where it is; sets are const only for its sake.
    return std::exchange(const_cast<Handle&>(*place), std::move(entry));
  }

  Handle take(const Key& key) {
    const Hashed hashed(key);
    Shard& shard = shard_of(hashed);
    const auto place = shard.find(hashed);
    if (place == shard.end()) return Handle{};
    Handle old = *place;
    shard.erase(place);
    return old;
  }

  std::size_t size() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) count += shard.size();
    return count;
  }

  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const Shard& shard : shards_)
      for (const Handle& entry : shard) visit(*entry);
  }
  template <class Visitor>
  void for_each_of_shard(std::size_t shard, Visitor visit) const {
    for (const Handle& entry : shards_[shard]) visit(*entry);
  }

 private:
  /// A key whose hash is worked out once, for its shard and its place there.
  struct Hashed {
    explicit Hashed(const Key& key) : key(key), hash(KeyHash{}(key)) {}
    const Key& key;
    std::size_t hash;
  };
  struct Hash {
    using is_transparent = void;
    /// What KeyHash gives is mixed.
    using is_avalanching = void;
    std::size_t operator()(const Handle& entry) const { return KeyHash{}(Key(KeyOf{}(*entry))); }
    std::size_t operator()(const Hashed& key) const { return key.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Handle& left, const Handle& right) const {
      return KeyEqual{}(Key(KeyOf{}(*left)), Key(KeyOf{}(*right)));
    }
    bool operator()(const Hashed& key, const Handle& entry) const {
      return KeyEqual{}(key.key, Key(KeyOf{}(*entry)));
    }
    bool operator()(const Handle& entry, const Hashed& key) const {
      return KeyEqual{}(key.key, Key(KeyOf{}(*entry)));
    }
  };
  using Shard = boost::unordered_flat_set<Handle, Hash, Equal>;

  /// Bits that a shard does not choose a place by: it takes the lowest and the highest.
  static std::size_t shard_at(const Hashed& key) { return key.hash >> 24 & (shard_count - 1); }
  const Shard& shard_of(const Hashed& key) const { return shards_[shard_at(key)]; }
  Shard& shard_of(const Hashed& key) { return shards_[shard_at(key)]; }

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
