#include "tools/bench/peer/measure.h"

#include <algorithm>
#include <chrono>

#include "tools/bench/statistics.h"
#include "tools/bench/trouble.h"

namespace postern::bench::peer {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

/// Messages of the work that can be sent over and over.
std::size_t messages_of(const World& world, Work work) {
  switch (work) {
    case Work::checks:
      return world.checks.usernames.size();
    case Work::batches:
      return world.batches.usernames.size();
    case Work::writes:
      break;
  }
  // Off and on again, of each.
  return 2 * world.written_users;
}

struct Measured {
  std::size_t messages = 0;
  double seconds = 0;
  /// Of each message, where one is under way at a time.
  std::vector<double> microseconds;
};

Measured converse(Conversation& conversation, std::size_t messages, std::size_t window,
                  double seconds) {
  Measured measured;
  std::size_t sent = 0;
  const std::size_t limit = conversation.limit();
  // What cannot be sent over and over has its own number.
  const std::size_t round = limit == std::numeric_limits<std::size_t>::max() ? messages : limit;
  const auto begun = Clock::now();
  while (true) {
    const auto now = Clock::now();
    const bool over = sent >= limit || seconds_since(begun) >= seconds;
    for (; !over && sent < measured.messages + window && sent < limit; ++sent)
      conversation.send(sent % round);
    if (sent == measured.messages) break;
    conversation.flush();
    measured.messages += conversation.receive();
    if (window == 1) measured.microseconds.push_back(seconds_since(now) * 1e6);
  }
  measured.seconds = seconds_since(begun);
  conversation.verify();
  return measured;
}

}  // namespace

void Verdicts::verify(const std::string& peer) const {
  for (const Told& told : told_)
    if (told.allowed != (questions_.asked[told.question].verdict == Verdict::allowed))
      wrong_answer(peer + " about " + questions_.usernames[told.question / questions_.per_message]);
}

double measure(Peer& peer, const World& world, const Column& column, double seconds) {
  const std::size_t questions = column.work == Work::batches ? world.batches.per_message : 1;
  double best = 0;
  for (const std::size_t window : column.windows) {
    const auto conversation = peer.open(column.work, column.connections);
    const Measured measured =
        converse(*conversation, messages_of(world, column.work), window, seconds);
    const double value =
        column.value == Column::Value::p50_us ? percentile(measured.microseconds, 0.5)
        : column.value == Column::Value::p99_us
            ? percentile(measured.microseconds, 0.99)
            : static_cast<double>(measured.messages * questions) / measured.seconds;
    if (best == 0 || (column.is_better_if_less() ? value < best : value > best)) best = value;
  }
  return best;
}

}  // namespace postern::bench::peer
