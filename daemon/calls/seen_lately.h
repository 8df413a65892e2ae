// Which sessions and API keys were seen in use since the start (S1, C8): neither is a record, so
// nothing else knows. No state (law 4): a restart begins anew.
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <vector>

#include "daemon/calls/call_note.h"

namespace postern::calls {

/// A session as its newest token says, and how it was used.
struct SeenSession {
  SessionNote token;
  Uuid user;
  Uuid tenant;
  /// C8: the one it was opened with; zero: none.
  Uuid key;
  /// The operator that called last.
  Uuid service;
  std::int64_t last_used_ns = 0;
  std::uint64_t call_count = 0;
};

/// Noted by one thread, read by any. Memory: at most so many of each, some 150 bytes a session and
/// 50 a key; of more keys those used last.
class SeenLately {
 public:
  explicit SeenLately(std::size_t sessions_max = 100'000, std::size_t keys_max = 200'000)
      : sessions_max_(sessions_max), keys_max_(keys_max) {}

  /// Of what was verified alone.
  void add(const CallNote& note);
  /// Sessions that no token of lives any more.
  void forget_expired(std::int64_t now_ns);

  /// `user`: null: of all of the tenant.
  std::vector<SeenSession> sessions_of(const Uuid& tenant, const Uuid* user) const;
  /// 0: not since the start.
  std::int64_t key_used_ns(const Uuid& key) const;
  /// Calls in sessions that found no room.
  std::uint64_t left_out() const { return left_out_.load(std::memory_order_relaxed); }

 private:
  void add_session(const CallNote& note);
  void add_key(const Uuid& key, std::int64_t time_ns);

  const std::size_t sessions_max_;
  const std::size_t keys_max_;
  std::atomic<std::uint64_t> left_out_{0};
  mutable std::mutex mutex_;
  boost::unordered_flat_map<Uuid, SeenSession, domain::UuidHash> sessions_;
  using Keys = boost::unordered_flat_map<Uuid, std::int64_t, domain::UuidHash>;
  /// Those used last; and those before, which make room once these are half of all.
  Keys keys_;
  Keys older_keys_;
};

}  // namespace postern::calls
