// History requests on their way. A checkpoint that an answer brings is held against what is
// remembered (H6) before the caller is told of the answer; what that takes is asked here too.
// Thread: the client's. Failure: each request that is not cancelled ends exactly once.
#pragma once

#include <functional>
#include <unordered_map>

#include "tools/client/history_guard.h"
#include "tools/client/lane.h"

namespace postern::client {

/// What a request grants the daemon beside the timeout.
std::chrono::milliseconds time_to_wait(const schema::HistoryRequestT& request);

class GuardedHistory {
 public:
  /// `last_id` counts the ids of questions and requests of one client.
  GuardedHistory(const Surroundings& surroundings, std::uint64_t& last_id);

  /// Wipes the request's secrets. Gives the id that its end is found by. `spent`: what the call has
  /// taken of its time already.
  Result<std::uint64_t> send(schema::HistoryRequestT& request,
                             std::chrono::milliseconds spent = {});
  bool cancel(std::uint64_t id);

  using Then = std::function<void(Result<Checkpoint>)>;
  /// `then` hears the verdict, now or in a later turn.
  void examine(const std::string& note, const Then& then) { go_on(guard_.observe(note), then); }
  void check(const Then& then) { go_on(guard_.check(), then); }

  void turn();
  SteadyClock::time_point due() const { return lane_.due(); }
  Outcomes<std::uint64_t, schema::HistoryPageT>& ended() { return ended_; }
  std::size_t in_flight() const {
    return lane_.in_flight() - examinations_.size() + unexamined_.size() + ended_.size();
  }

 private:
  struct Examination {
    HistoryGuard::Step::Continue go_on;
    Then then;
  };

  void go_on(HistoryGuard::Step step, const Then& then);
  void settle(std::uint64_t id, Result<schema::HistoryPageT> page);

  Lane<HistoryConversation> lane_;
  HistoryGuard guard_;
  std::uint64_t& last_id_;
  /// By the id of the request that each waits for.
  std::unordered_map<std::uint64_t, Examination> examinations_;
  /// Pages whose checkpoint is being examined.
  std::unordered_map<std::uint64_t, schema::HistoryPageT> unexamined_;
  Outcomes<std::uint64_t, schema::HistoryPageT> ended_;
};

}  // namespace postern::client
