// The command ids of the last window (K1): which record each became, so that none acts twice.
// Rebuilt from the journal.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>

#include "daemon/domain/entries.h"
#include "daemon/domain/ids.h"

namespace postern::service {

using domain::Uuid;

/// Milliseconds since 1970 in a UUIDv7's first 48 bits.
inline std::int64_t time_ms_of(const Uuid& id) {
  return static_cast<std::int64_t>(id.high() >> 16);
}

/// Owned by the writer. Memory: some 50 bytes for each command of the window; whole hours are
/// dropped at once.
class CommandIds {
 public:
  struct Window {
    std::int64_t behind_ms = 24 * 3'600'000;
    std::int64_t ahead_ms = 300'000;
  };

  explicit CommandIds(Window window) : window_(window) {}

  bool in_window(const Uuid& id, std::int64_t now_ms) const {
    const std::int64_t time_ms = time_ms_of(id);
    return time_ms >= now_ms - window_.behind_ms && time_ms <= now_ms + window_.ahead_ms;
  }

  /// The record that this operator's command became, if the id is remembered.
  std::optional<domain::Seq> find(const Uuid& operator_id, const Uuid& id) const;

  void remember(const Uuid& operator_id, const Uuid& id, domain::Seq seq);

  /// From now on every id from this time on is remembered.
  void begin_at(std::int64_t time_ms) { since_ms_ = time_ms; }
  /// Of those with an earlier time none need be remembered.
  std::int64_t since_ms() const { return since_ms_; }

  /// Shows operator, id and record of each.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const auto& [hour, ids] : hours_)
      for (const auto& [key, seq] : ids) visit(key.operator_id, key.id, seq);
  }

  /// Drops what no id in the window can match any more.
  void forget_before(std::int64_t now_ms);

  std::size_t size() const;

 private:
  struct Key {
    Uuid operator_id;
    Uuid id;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return domain::mix(domain::hash_of(key.id) ^ key.operator_id.low());
    }
  };

  Window window_;
  std::int64_t since_ms_ = 0;
  /// By the hour of the id's own time.
  std::map<std::int64_t, boost::unordered_flat_map<Key, domain::Seq, KeyHash>> hours_;
};

}  // namespace postern::service
