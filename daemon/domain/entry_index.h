// How an entry is found: by a key inside it, whose hash is worked out once for a look-up.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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

}  // namespace postern::domain
