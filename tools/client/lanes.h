// The three conversations of a client, and the waiting for any of them.
// Thread: one at a time; another may wait on `watch`'s descriptor meanwhile.
// Failure: as the lanes'.
#pragma once

#include <algorithm>

#include "tools/client/asking.h"

namespace postern::client {

inline Ticket ticket_of_id(const schema::Uuid& id) { return {id.high(), id.low()}; }

/// What becomes of a command that is cancelled: it may have left, or wait where it cannot be taken
/// back.
Error cancelled(const schema::Uuid& command);

struct Lanes {
  /// `usage` if keys are missing for a tcp address.
  static Result<std::unique_ptr<Lanes>> make(Options options);
  explicit Lanes(Options given);

  /// Wipes the message's secrets. `spent`: what the call has taken of its time already.
  Result<schema::Uuid> send(schema::CommandMessageT& message, std::chrono::milliseconds spent = {});
  /// The questions before the history, which they ask too.
  void turn();
  SteadyClock::time_point due() const {
    return std::min({commands.due(), queries.due(), history.due()});
  }
  /// Whatever else it was done for: who waits on the descriptor is to call `turn` or to collect.
  void show();

  template <class Done>
  void run_until(const Done& done, SteadyClock::time_point until = SteadyClock::time_point::max()) {
    for (turn(); !done() && SteadyClock::now() < until; turn()) {
      watch.set_raised(false);
      watch.wait_until(std::min(until, due()));
    }
    show();
  }

  /// The end of that message.
  template <class Part, class Id>
  auto await(Part& part, const Id& id) {
    auto one = part.ended().of(id);
    run_until([&] { return one || (one = part.ended().of(id)); });
    return std::move(one->answer);
  }

  /// The next end of any message.
  template <class Part>
  auto collect(Part& part, std::chrono::milliseconds wait) {
    if (part.ended().size() == 0)
      run_until([&] { return part.ended().size() > 0 || part.in_flight() == 0; },
                SteadyClock::now() + bounded(wait));
    auto one = part.ended().first();
    show();
    return one;
  }

  Options options;
  std::shared_ptr<void> own_context;
  Watch watch;
  Surroundings surroundings;
  /// Of questions and of requests, so that an id names one or the other.
  std::uint64_t last_id = 0;
  Lane<CommandConversation> commands;
  GuardedHistory history;
  Asking queries;
};

}  // namespace postern::client
