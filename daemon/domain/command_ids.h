// The command ids that may still come again (K1): which record each became, so that none acts
// twice. Rebuilt from the journal.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>

#include "daemon/domain/entries.h"
#include "daemon/domain/ids.h"

namespace postern::domain {

/// Milliseconds since 1970 in a UUIDv7's first 48 bits.
inline std::int64_t time_ms_of(const Uuid& id) {
  return static_cast<std::int64_t>(id.high() >> 16);
}

/// Owned by the writer. Every id that became a record is remembered, or its time lies before
/// `since_ms`, which only rises: so no id acts twice, whatever a clock says. What is forgotten is
/// measured from the newest id that became a record, not by the clock alone, so that a clock that
/// jumps forgets nothing. Memory: some 50 bytes for each command of the window; whole hours are
/// dropped at once.
class CommandIds {
 public:
  struct Window {
    std::int64_t behind_ms = 24 * 3'600'000;
    std::int64_t ahead_ms = 300'000;
  };

  explicit CommandIds(Window window) : window_(window) {}

  /// May act, if it is not remembered. `clock_ms`: the clock, whatever time the journal has.
  bool in_window(const Uuid& id, std::int64_t clock_ms) const {
    const std::int64_t time_ms = time_ms_of(id);
    return time_ms >= since_ms_ && time_ms >= clock_ms - window_.behind_ms &&
           time_ms <= clock_ms + window_.ahead_ms;
  }

  /// The record that this operator's command became, if the id is remembered.
  std::optional<Seq> find(const Uuid& operator_id, const Uuid& id) const;

  /// One that is of before `since_ms` need not be.
  void remember(const Uuid& operator_id, const Uuid& id, Seq seq);

  /// Its record was not appended after all: it may act.
  void forget(const Uuid& operator_id, const Uuid& id);

  /// Of before this time some may be forgotten: none of them is remembered or may act.
  void begin_at(std::int64_t time_ms) { since_ms_ = time_ms; }
  std::int64_t since_ms() const { return since_ms_; }

  /// Shows operator, id and record of each.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const auto& [hour, ids] : hours_)
      for (const auto& [key, seq] : ids) visit(key.operator_id, key.id, seq);
  }

  /// Drops the hours that lie before the window of the clock and of the newest id alike.
  /// `since_ms` rises to just above the newest that was dropped: no more is refused than must be.
  void forget_before(std::int64_t clock_ms);

  std::size_t size() const;

 private:
  struct Key {
    Uuid operator_id;
    Uuid id;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return mix(hash_of(key.id) ^ key.operator_id.low());
    }
  };

  Window window_;
  std::int64_t since_ms_ = 0;
  std::int64_t newest_ms_ = 0;
  /// By the hour of the id's own time.
  std::map<std::int64_t, boost::unordered_flat_map<Key, Seq, KeyHash>> hours_;
};

}  // namespace postern::domain
