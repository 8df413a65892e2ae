// Command messages that wait for their operator's turn, and what the present slice has come to.
#pragma once

#include <string>
#include <vector>

#include "daemon/service/fair_places.h"
#include "daemon/service/inbound.h"
#include "daemon/service/room.h"
#include "daemon/service/turns.h"

namespace postern::service {

/// A message as it came; wiped when it was opened.
struct WaitingMessage {
  Peer peer;
  std::string identity;
  std::vector<std::byte> bytes;
  /// By the monotonic clock.
  std::int64_t came_ns = 0;
  Uuid asker;
  Owed::Claim owed;
};

/// Owned by the writer. Work is counted in the unit of `Draft::work`.
class CommandTurns {
 public:
  struct Limits {
    /// Places of messages that wait, shared among operators.
    std::size_t places_max;
    /// What is decided before the socket is looked at again.
    std::size_t slice_work;
  };
  explicit CommandTurns(Limits limits) : limits_(limits), places_(limits.places_max) {}

  bool empty() const { return turns_.empty(); }
  std::size_t size() const { return turns_.size(); }

  void begin_slice() { work_ = 0; }
  bool is_slice_over() const { return work_ >= limits_.slice_work; }
  void spend(std::size_t work) { work_ += work; }

  /// Nobody waits, and the slice goes on: whoever comes now is served at once.
  bool are_free() const { return turns_.empty() && !is_slice_over(); }

  /// Behind all of its operator. False: beyond its share.
  [[nodiscard]] bool add(WaitingMessage message) {
    if (!places_.take(message.asker, places_of(message.bytes.size()))) return false;
    const Uuid asker = message.asker;
    turns_.add(asker, std::move(message));
    return true;
  }
  /// Of whoever has used least. Somebody waits.
  WaitingMessage take() {
    WaitingMessage next = turns_.take();
    places_.give_back(next.asker, places_of(next.bytes.size()));
    return next;
  }

  /// Serves the operator, who is charged for what is spent meanwhile.
  template <class Serve>
  void serve(const Uuid& asker, Serve serve) {
    const std::size_t before = work_;
    serve();
    turns_.charge(asker, work_ - before);
  }

 private:
  Limits limits_;
  Turns<WaitingMessage> turns_;
  FairPlaces places_;
  std::size_t work_ = 0;
};

}  // namespace postern::service
