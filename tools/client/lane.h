// One conversation with one socket of the daemon: what was sent, what is unanswered, when to send
// it again. Thread: the client's. Failure: each message ends exactly once, with its answer or an
// Error. Limits: `in_flight_max` unanswered messages.
#pragma once

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "schema/resending.h"
#include "tools/client/connection.h"

namespace postern::client {

using SteadyClock = std::chrono::steady_clock;

struct TicketHash {
  std::size_t operator()(const Ticket& ticket) const {
    return static_cast<std::size_t>((ticket.high * 0x9e3779b97f4a7c15u) ^
                                    (ticket.low * 0xff51afd7ed558ccdu));
  }
};

/// The sentence for a message that stays unanswered.
Error unanswered(Trouble trouble, const std::string& address);
/// The sentence for a command of which one sending was answered so, and another not at all.
Error not_known(schema::Code said, const std::string& address);

template <class Conversation>
class Lane {
 public:
  using Answer = typename Conversation::Answer;
  struct Ended {
    Ticket ticket;
    Result<Answer> answer;
  };

  Lane(void* context, const Options& options, std::string address)
      : context_(context), options_(options), address_(std::move(address)) {}

  std::size_t in_flight() const { return pending_.size() + ended_.size(); }

  /// `repeatable`: it may be sent again though nobody knows whether it arrived. `spent`: what the
  /// call has taken of its time already.
  Result<> send(Ticket ticket, Bytes bytes, bool repeatable,
                std::chrono::milliseconds extra_time = {}, std::chrono::milliseconds spent = {}) {
    if (address_.empty())
      return std::unexpected(Error{ErrorKind::usage, "No address is given for this.",
                                   "Set it in the client's options."});
    if (in_flight() >= options_.in_flight_max)
      return std::unexpected(
          Error{ErrorKind::busy,
                std::to_string(in_flight()) + " messages are unanswered, as many as may be.",
                "Collect answers before sending more."});
    if (pending_.contains(ticket))
      return std::unexpected(Error{ErrorKind::usage, "A message with this id is unanswered.",
                                   "Use a fresh id for each message."});
    if (!connection_)
      connect();
    else if (pending_.empty())
      made_for_pending_ = false;
    const auto now = SteadyClock::now();
    const auto attempt_time = options_.timeout / (std::max(options_.retries, 0) + 1) + extra_time;
    connection_->send(bytes);
    check_at_ = std::min(check_at_, now + attempt_time);
    pending_.emplace(ticket, Pending{.bytes = std::move(bytes),
                                     .order = ++last_order_,
                                     .repeatable = repeatable,
                                     .attempt_time = attempt_time,
                                     .sent = now,
                                     .attempt_ends = now + attempt_time,
                                     .deadline = now + options_.timeout + extra_time - spent});
    return {};
  }

  /// The end of that message.
  Result<Answer> await(Ticket ticket) {
    for (;;) {
      if (auto answer = take(ticket)) return std::move(*answer);
      turn(SteadyClock::time_point::max());
    }
  }

  /// The end of that message, if it is there.
  std::optional<Result<Answer>> take(Ticket ticket) {
    if (connection_) take_arrivals();
    const auto found = std::ranges::find(ended_, ticket, &Ended::ticket);
    if (found == ended_.end()) return std::nullopt;
    Result<Answer> answer = std::move(found->answer);
    ended_.erase(found);
    return answer;
  }

  /// The next end of any message.
  std::optional<Ended> next(std::chrono::milliseconds wait) {
    const auto until = SteadyClock::now() + wait;
    while (ended_.empty()) {
      if (pending_.empty()) return std::nullopt;
      turn(until);
      if (ended_.empty() && SteadyClock::now() >= until) return std::nullopt;
    }
    Ended ended = std::move(ended_.front());
    ended_.pop_front();
    return ended;
  }

 private:
  struct Pending {
    Bytes bytes;
    std::uint64_t order = 0;
    bool repeatable = false;
    /// Something that is not final was answered: at `attempt_ends` it is sent again, whatever it
    /// is.
    bool put_off = false;
    std::uint64_t sendings = 1;
    std::uint64_t answers = 0;
    /// The newest that was not final.
    schema::Code said = schema::Code::ok;
    std::chrono::milliseconds pause = pause_min;
    std::chrono::milliseconds attempt_time{};
    SteadyClock::time_point sent;
    SteadyClock::time_point attempt_ends;
    SteadyClock::time_point deadline;
  };

  void connect() {
    connection_.reset();
    connection_.emplace(context_, options_, address_);
    made_for_pending_ = true;
  }

  /// Takes what is there; if there is nothing, waits for it once. Then looks at the times.
  void turn(SteadyClock::time_point until) {
    if (!take_arrivals()) {
      const auto now = SteadyClock::now();
      const auto wake = std::min(until, check_at_);
      // Rounded up, so that the time is over afterwards.
      if (wake > now) connection_->wait(std::chrono::ceil<std::chrono::milliseconds>(wake - now));
      take_arrivals();
    }
    // What was no answer has ended everything.
    if (!connection_) return;
    if (connection_->trouble() == Trouble::denied && !made_for_pending_)
      return ask_again_to_get_in();
    if (const auto error = hopeless()) return end_all(*error);
    if (connection_->renewed()) send_all_again();
    if (SteadyClock::now() >= check_at_) check_times();
  }

  bool take_arrivals() {
    bool any = false;
    while (const auto bytes = connection_->receive()) {
      any = true;
      last_arrival_ = SteadyClock::now();
      auto answer = unpack<Conversation>(*bytes);
      if (!answer) {
        end_all(answer.error());
        return true;
      }
      take(std::move(*answer));
    }
    return any;
  }

  static constexpr std::chrono::milliseconds pause_min{10};
  static constexpr std::chrono::milliseconds pause_max{1'000};

  /// K5: whatever is answered to one sending, another may have been done.
  static bool in_doubt(const Pending& pending) {
    return Conversation::acts && pending.answers < pending.sendings;
  }

  /// The end of one that gets no final answer.
  Error why(const Pending& pending, const Error& error) const {
    const bool refused_once = pending.said != schema::Code::ok && in_doubt(pending);
    return refused_once ? not_known(pending.said, address_) : error;
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
      pending.said = answer.code;
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
      ended_.push_back({found->first, std::unexpected(not_known(answer.code, address_))});
    else
      ended_.push_back({found->first, std::move(answer)});
    pending_.erase(found);
  }

  /// Trouble that no waiting mends.
  std::optional<Error> hopeless() const {
    const Trouble trouble = connection_->trouble();
    const bool now = trouble == Trouble::denied ||
                     (!options_.wait_for_daemon &&
                      (trouble == Trouble::refused || trouble == Trouble::handshake));
    if (!now) return std::nullopt;
    return unanswered(trouble, address_);
  }

  void end_all(const Error& error) {
    for (auto at : in_order())
      ended_.push_back({at->first, std::unexpected(why(at->second, error))});
    pending_.clear();
    connection_.reset();
  }

  /// The no may be old, and whom it was said to an operator since. A socket that was refused stays
  /// so; a new one asks anew.
  void ask_again_to_get_in() {
    for (auto at : in_order()) {
      if (at->second.repeatable) continue;
      ended_.push_back({at->first, std::unexpected(unanswered(Trouble::lost, address_))});
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
        ended_.push_back({at->first, std::unexpected(why(
                                         pending, unanswered(connection_->trouble(), address_)))});
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
    for (Pending* pending : again) send_again(*pending, now);
    find_next_check();
    // Whatever is wrong with it, the next message gets a fresh one.
    if (unheard && pending_.empty()) connection_.reset();
  }

  /// What was under way when the connection ended is lost. What is put off keeps its time.
  void send_all_again() {
    const auto now = SteadyClock::now();
    for (auto at : in_order())
      if (at->second.repeatable && !at->second.put_off) send_again(at->second, now);
    find_next_check();
  }

  void find_next_check() {
    check_at_ = SteadyClock::time_point::max();
    for (const auto& [ticket, pending] : pending_)
      check_at_ = std::min(check_at_, pending.attempt_ends);
  }

  void send_again(Pending& pending, SteadyClock::time_point now) {
    pending.put_off = false;
    ++pending.sendings;
    pending.sent = now;
    pending.attempt_ends = std::min(now + pending.attempt_time, pending.deadline);
    connection_->send(pending.bytes);
  }

  auto in_order() {
    std::vector<typename std::unordered_map<Ticket, Pending, TicketHash>::iterator> all;
    for (auto at = pending_.begin(); at != pending_.end(); ++at) all.push_back(at);
    std::ranges::sort(all, {}, [](auto at) { return at->second.order; });
    return all;
  }

  void* context_;
  const Options& options_;
  std::string address_;
  std::optional<Connection> connection_;
  /// What it says now it says of what is unanswered now.
  bool made_for_pending_ = false;
  std::unordered_map<Ticket, Pending, TicketHash> pending_;
  std::deque<Ended> ended_;
  std::uint64_t last_order_ = 0;
  SteadyClock::time_point last_arrival_{};
  SteadyClock::time_point check_at_ = SteadyClock::time_point::max();
};

}  // namespace postern::client
