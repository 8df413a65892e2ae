// One conversation with one socket of the daemon: what was sent, what is unanswered, when to send
// it again. Thread: the client's. Nothing here waits: `turn` does what can be done now.
// Failure: each message that is not cancelled ends exactly once, with its answer or an Error.
// Limits: `in_flight_max` unanswered or uncollected messages.
#pragma once

#include <unordered_map>

#include "schema/resending.h"
#include "tools/client/connection.h"
#include "tools/client/outcomes.h"

namespace postern::client {

struct TicketHash {
  std::size_t operator()(const Ticket& ticket) const {
    return static_cast<std::size_t>((ticket.high * 0x9e3779b97f4a7c15u) ^
                                    (ticket.low * 0xff51afd7ed558ccdu));
  }
};

/// What all lanes of a client share; all of it outlives them.
struct Surroundings {
  void* context;
  const Options& options;
  Watch& watch;
};

/// A message to send.
struct Posting {
  Ticket ticket;
  Bytes bytes;
  /// It may be sent again though nobody knows whether it arrived.
  bool repeatable = true;
  /// Beside the timeout.
  std::chrono::milliseconds extra_time{};
  /// What the call has taken of its time already.
  std::chrono::milliseconds spent{};
  /// Ended messages that the caller has not collected and the lane does not hold any more.
  std::size_t uncollected = 0;
};

/// The sentence for a message that stays unanswered.
Error unanswered(Trouble trouble, const std::string& address);
/// The sentence for a command of which one sending was answered so, and another not at all.
Error not_known(schema::Code code, const std::string& address);

template <class Conversation>
class Lane {
 public:
  using Answer = typename Conversation::Answer;
  using Ended = Outcomes<Ticket, Answer>;

  Lane(const Surroundings& surroundings, std::string address)
      : surroundings_(surroundings), address_(std::move(address)) {}

  std::size_t in_flight() const { return pending_.size() + ended_.size(); }

  Result<> send(Posting posting) {
    if (auto may = may_send(posting); !may) return may;
    if (!connection_)
      connect();
    else if (pending_.empty())
      made_for_pending_ = false;
    const auto now = SteadyClock::now();
    const auto attempt_time =
        options().timeout / (std::max(options().retries, 0) + 1) + posting.extra_time;
    Pending pending{.bytes = std::move(posting.bytes),
                    .order = ++last_order_,
                    .repeatable = posting.repeatable,
                    .attempt_time = attempt_time,
                    .deadline = now + options().timeout + posting.extra_time - posting.spent};
    send_now(pending, now);
    check_at_ = std::min(check_at_, pending.attempt_ends);
    pending_.emplace(posting.ticket, std::move(pending));
    return {};
  }

  /// Takes what is there, ends what is out of time, sends again what has waited long enough.
  void turn() {
    while (connection_) {
      take_arrivals();
      judge();
      if (!connection_ || !connection_->unread()) return;
    }
  }

  /// When `turn` has something to do at the latest, though nothing arrives.
  SteadyClock::time_point due() const {
    if (connection_ && connection_->unread()) return SteadyClock::time_point::min();
    return pending_.empty() ? SteadyClock::time_point::max() : check_at_;
  }

  /// What has ended since, for the caller to take.
  Ended& ended() { return ended_; }

  /// Forgets a message; its answer, if it comes, is dropped. false: it is not under way.
  bool cancel(Ticket ticket) { return pending_.erase(ticket) != 0; }

 private:
  struct Pending {
    Bytes bytes;
    std::uint64_t order = 0;
    bool repeatable = false;
    /// Something that is not final was answered: at `attempt_ends` it is sent again, whatever it
    /// is.
    bool put_off = false;
    std::uint64_t sendings = 0;
    std::uint64_t answers = 0;
    /// The newest that was not final.
    schema::Code newest_code = schema::Code::ok;
    std::chrono::milliseconds pause = pause_min;
    std::chrono::milliseconds attempt_time{};
    SteadyClock::time_point sent{};
    SteadyClock::time_point attempt_ends{};
    SteadyClock::time_point deadline{};
  };

  const Options& options() const { return surroundings_.options; }

  Result<> may_send(const Posting& posting) const {
    if (address_.empty())
      return std::unexpected(Error{ErrorKind::usage, "No address is given for this.",
                                   "Set it in the client's options."});
    const std::size_t count = in_flight() + posting.uncollected;
    if (count >= options().in_flight_max)
      return std::unexpected(Error{
          ErrorKind::busy, std::to_string(count) + " messages are unanswered, as many as may be.",
          "Collect answers before sending more."});
    if (pending_.contains(posting.ticket))
      return std::unexpected(Error{ErrorKind::usage, "A message with this id is unanswered.",
                                   "Use a fresh id for each message."});
    return {};
  }

  void connect() {
    connection_.reset();
    connection_.emplace(surroundings_.context, options(), address_, surroundings_.watch);
    made_for_pending_ = true;
  }

  /// What is known of the connection first: an answer that came before its end counts.
  void take_arrivals() {
    connection_->look();
    while (const auto bytes = connection_->receive()) {
      last_arrival_ = SteadyClock::now();
      auto answer = unpack<Conversation>(*bytes);
      if (!answer) return end_all(answer.error());
      take(std::move(*answer));
    }
  }

  /// Looks at the connection and at the times.
  void judge() {
    // What was no answer has ended everything.
    if (!connection_) return;
    const bool renewed = connection_->renewed();
    if (pending_.empty()) return;
    if (connection_->trouble() == Trouble::denied && !made_for_pending_)
      return ask_again_to_get_in();
    if (const auto error = hopeless()) return end_all(*error);
    if (renewed) send_all_again();
    if (SteadyClock::now() >= check_at_) check_times();
  }

  static constexpr std::chrono::milliseconds pause_min{10};
  static constexpr std::chrono::milliseconds pause_max{1'000};

  /// K5: whatever is answered to one sending, another may have been done.
  static bool in_doubt(const Pending& pending) {
    return Conversation::acts && pending.answers < pending.sendings;
  }

  /// The end of one that gets no final answer.
  Error why(const Pending& pending, const Error& error) const {
    const bool refused_once = pending.newest_code != schema::Code::ok && in_doubt(pending);
    return refused_once ? not_known(pending.newest_code, address_) : error;
  }

  void take(Answer answer) {
    auto found = pending_.find(ticket_of(answer));
    // A message the daemon could not read is answered with id zero.
    if (found == pending_.end() && ticket_of(answer) == Ticket{} && pending_.size() == 1)
      found = pending_.begin();
    // An answer nobody waits for: the second one to a message that was sent twice.
    if (found == pending_.end()) return;
    Pending& pending = found->second;
    ++pending.answers;
    const schema::Resending says = schema::resending_of(answer.code);
    const bool doubtful = says != schema::Resending::final && in_doubt(pending);
    if (doubtful || Conversation::is_sent_again(answer.code)) {
      pending.newest_code = answer.code;
      const auto again =
          last_arrival_ + std::max(pending.pause, std::chrono::milliseconds(answer.retry_after_ms));
      pending.pause = std::min(2 * pending.pause, pause_max);
      if (again < pending.deadline) {
        pending.put_off = true;
        pending.attempt_ends = again;
        check_at_ = std::min(check_at_, again);
        return;
      }
    }
    if (doubtful)
      ended_.add(found->first, std::unexpected(not_known(answer.code, address_)));
    else
      ended_.add(found->first, std::move(answer));
    pending_.erase(found);
  }

  /// Trouble that no waiting mends.
  std::optional<Error> hopeless() const {
    const Trouble trouble = connection_->trouble();
    const bool now = trouble == Trouble::denied ||
                     (!options().wait_for_daemon &&
                      (trouble == Trouble::refused || trouble == Trouble::handshake));
    if (!now) return std::nullopt;
    return unanswered(trouble, address_);
  }

  void end_all(const Error& error) {
    for (auto at : in_order()) ended_.add(at->first, std::unexpected(why(at->second, error)));
    pending_.clear();
    connection_.reset();
  }

  /// The no may be old, and whom it was said to an operator since. A socket that was refused stays
  /// so; a new one asks anew.
  void ask_again_to_get_in() {
    for (auto at : in_order()) {
      if (at->second.repeatable) continue;
      ended_.add(at->first, std::unexpected(unanswered(Trouble::lost, address_)));
      pending_.erase(at);
    }
    connect();
    send_all_again();
  }

  /// Ends what is out of time; sends again what has waited long enough.
  void check_times() {
    const auto now = SteadyClock::now();
    const auto ordered = in_order();
    const bool may_reconnect =
        std::ranges::all_of(ordered, [](auto at) { return at->second.repeatable; });
    std::vector<Pending*> again;
    bool silent = false;
    bool unheard = false;
    for (auto at : ordered) {
      Pending& pending = at->second;
      if (now >= pending.deadline) {
        const Error error = unanswered(connection_->trouble(), address_);
        ended_.add(at->first, std::unexpected(why(pending, error)));
        unheard = unheard || last_arrival_ < pending.sent;
        pending_.erase(at);
      } else if (now >= pending.attempt_ends) {
        if (!pending.repeatable && !pending.put_off) {
          pending.attempt_ends = pending.deadline;
          continue;
        }
        silent = silent || (!pending.put_off && last_arrival_ < pending.sent);
        again.push_back(&pending);
      }
    }
    if (silent && may_reconnect) {
      // Nothing came back since: a fresh socket, and everything that was lost with the old one.
      connect();
      return send_all_again();
    }
    for (Pending* pending : again) send_now(*pending, now);
    find_next_check();
    // Whatever is wrong with it, the next message gets a fresh one.
    if (unheard && pending_.empty()) connection_.reset();
  }

  /// What was under way when the connection ended is lost. What is put off keeps its time.
  void send_all_again() {
    const auto now = SteadyClock::now();
    for (auto at : in_order())
      if (at->second.repeatable && !at->second.put_off) send_now(at->second, now);
    find_next_check();
  }

  void find_next_check() {
    check_at_ = SteadyClock::time_point::max();
    for (const auto& [ticket, pending] : pending_)
      check_at_ = std::min(check_at_, pending.attempt_ends);
  }

  void send_now(Pending& pending, SteadyClock::time_point now) {
    pending.sent = now;
    // A full queue: cancelled messages wait in it too. This one was not sent, whatever it is.
    pending.put_off = !connection_->send(pending.bytes);
    if (!pending.put_off) ++pending.sendings;
    const auto time = pending.put_off ? pause_max : pending.attempt_time;
    pending.attempt_ends = std::min(now + time, pending.deadline);
  }

  auto in_order() {
    std::vector<typename std::unordered_map<Ticket, Pending, TicketHash>::iterator> all;
    for (auto at = pending_.begin(); at != pending_.end(); ++at) all.push_back(at);
    std::ranges::sort(all, {}, [](auto at) { return at->second.order; });
    return all;
  }

  Surroundings surroundings_;
  std::string address_;
  std::optional<Connection> connection_;
  /// What it says now it says of what is unanswered now.
  bool made_for_pending_ = false;
  std::unordered_map<Ticket, Pending, TicketHash> pending_;
  Ended ended_;
  std::uint64_t last_order_ = 0;
  SteadyClock::time_point last_arrival_{};
  SteadyClock::time_point check_at_ = SteadyClock::time_point::max();
};

}  // namespace postern::client
