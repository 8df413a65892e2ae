// Many threads at one client: whoever finds the client free does what all of them have come for,
// and one of those who wait, the leader, waits for the daemon in the place of all.
#include <mutex>
#include <unordered_map>
#include <utility>

#include "tools/client/gathering.h"

namespace postern::client {
namespace {

/// The lane ends a call at its deadline, and knows why; what no lane has yet ends a little later.
constexpr std::chrono::milliseconds grace{2};

Error stopped_before_it_was_sent() {
  return {ErrorKind::busy, "The call was stopped before it was sent.", "Call again."};
}

Error stopped_before_an_answer() {
  return {ErrorKind::busy, "The call was stopped before an answer came.", "Ask again."};
}

}  // namespace

class SharedClient::Turns {
 public:
  explicit Turns(std::unique_ptr<Lanes> lanes) : lanes_(std::move(lanes)) {}

  SteadyClock::time_point deadline_of(const CallLimits& limits, std::chrono::milliseconds extra) {
    const auto timeout = limits.timeout.value_or(lanes_->options.timeout);
    return SteadyClock::now() + std::min(timeout, lanes_->options.timeout) + extra;
  }

  /// From the call's start to its end.
  template <class SomeCall>
  auto run(SomeCall& call, const std::stop_token& stop) -> decltype(std::move(*call.answer)) {
    if (stop.stop_requested()) {
      call.answer.emplace(std::unexpected(stopped_before_it_was_sent()));
      return std::move(*call.answer);
    }
    leave_in(inbox_for(call), call);
    const std::stop_callback on_stop(stop, [this, &call] { end_early(call); });
    serve();
    const Bell::Said said = call.bell.wait_until(call.deadline + grace);
    if (!said.ended) {
      std::unique_lock lock(mutex_);
      if (leader_ == &call)
        lead(call, lock);
      else
        work();
      if (!call.ended) {
        withdraw(call);
        work();
      }
      give_up_lead(call);
      let_go(lock);
    }
    return std::move(*call.answer);
  }

 private:
  struct Inbox {
    std::vector<CommandCall*> commands;
    std::vector<QuestionCall*> questions;
    std::vector<RequestCall*> requests;
    bool empty() const { return commands.empty() && questions.empty() && requests.empty(); }
    void clear() {
      commands.clear();
      questions.clear();
      requests.clear();
    }
  };

  static auto inbox_for(const CommandCall&) { return &Inbox::commands; }
  static auto inbox_for(const QuestionCall&) { return &Inbox::questions; }
  static auto inbox_for(const RequestCall&) { return &Inbox::requests; }

  template <class Place, class SomeCall>
  void leave_in(Place place, SomeCall& call) {
    const std::lock_guard lock(inbox_mutex_);
    (inbox_.*place).push_back(&call);
  }

  // ---- with the lock, or on the way to it

  /// Does what there is to do, unless somebody does already: who does looks into the inbox again.
  void serve() {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    work();
    let_go(lock);
  }

  /// Whoever found the lock taken has left its call in the inbox.
  void let_go(std::unique_lock<std::mutex>& lock) {
    for (;;) {
      lock.unlock();
      {
        const std::lock_guard inbox_lock(inbox_mutex_);
        if (inbox_.empty()) return;
      }
      if (!lock.try_lock()) return;
      work();
    }
  }

  /// Sends what was left, takes what has come, tells whom it ends, and sees that one waits.
  void work() {
    {
      const std::lock_guard lock(inbox_mutex_);
      std::swap(inbox_, taken_);
    }
    for (CommandCall* call : taken_.commands) send(*call);
    for (RequestCall* call : taken_.requests) send(*call);
    for (QuestionCall* call : taken_.questions) {
      enter(*call);
      gathering_.add(*call);
    }
    taken_.clear();
    gathering_.flush();
    do {
      lanes_->turn();
      settle();
      // An end may send what waited behind it, and that may hide that something is there.
    } while (lanes_->due() == SteadyClock::time_point::min());
    if (leader_ == nullptr && !calls_.empty()) {
      leader_ = calls_.back();
      leader_->bell.ring(&Bell::Said::leads);
    }
    if (leader_sleeps_ && (leader_->ended || lanes_->due() < leader_wakes_))
      lanes_->watch.set_raised(true);
  }

  void send(CommandCall& call) {
    enter(call);
    const auto extra = time_to_hash(call.message);
    const auto id = lanes_->send(call.message, call.spent(lanes_->options, extra));
    if (!id) return end(call, std::unexpected(id.error()));
    commands_.emplace(ticket_of_id(*id), &call);
  }

  void send(RequestCall& call) {
    enter(call);
    const auto extra = time_to_wait(call.message);
    const auto id = lanes_->history.send(call.message, call.spent(lanes_->options, extra));
    if (!id) return end(call, std::unexpected(id.error()));
    requests_.emplace(*id, &call);
  }

  void settle() {
    while (auto one = lanes_->commands.ended().first())
      if (const auto node = commands_.extract(one->id)) end(*node.mapped(), std::move(one->answer));
    while (auto one = lanes_->history.ended().first())
      if (const auto node = requests_.extract(one->id)) end(*node.mapped(), std::move(one->answer));
    while (auto one = lanes_->queries.ended().first())
      gathering_.settle(one->id, std::move(one->answer));
    for (QuestionCall* call : gathering_.ended()) leave(*call);
    gathering_.ended().clear();
  }

  template <class SomeCall, class Answer>
  void end(SomeCall& call, Answer answer) {
    call.answer.emplace(std::move(answer));
    leave(call);
  }

  void enter(Call& call) {
    call.place = calls_.size();
    calls_.push_back(&call);
  }

  /// Its caller may be gone afterwards.
  void leave(Call& call) {
    calls_.back()->place = call.place;
    std::swap(calls_[call.place], calls_.back());
    calls_.pop_back();
    call.ended = true;
    // The leader sees it when it has the lock again.
    if (&call != leader_) call.bell.ring(&Bell::Said::ended);
  }

  // ---- the leader

  /// Waits for the daemon, in the place of all, until its own call has ended or has to.
  void lead(Call& call, std::unique_lock<std::mutex>& lock) {
    while (!call.ended && !call.stopped && SteadyClock::now() < call.deadline + grace) {
      leader_wakes_ = std::min(call.deadline + grace, lanes_->due());
      leader_sleeps_ = true;
      lanes_->watch.set_raised(false);
      let_go(lock);
      lanes_->watch.wait_until(leader_wakes_);
      lock.lock();
      leader_sleeps_ = false;
      work();
    }
  }

  void give_up_lead(const Call& call) {
    if (leader_ != &call) return;
    leader_ = nullptr;
    if (calls_.empty()) return;
    leader_ = calls_.back();
    leader_->bell.ring(&Bell::Said::leads);
  }

  // ---- calls that end before they are answered

  /// On the thread that stops it.
  void end_early(Call& call) {
    std::unique_lock lock(mutex_);
    call.stopped = true;
    call.bell.ring(&Bell::Said::stopped);
    if (leader_ == &call && leader_sleeps_) lanes_->watch.set_raised(true);
    let_go(lock);
  }

  void withdraw(CommandCall& call) {
    const schema::Uuid id = *call.message.id;
    lanes_->commands.cancel(ticket_of_id(id));
    commands_.erase(ticket_of_id(id));
    end(call, Result<schema::ReceiptT>(std::unexpected(cancelled(id))));
  }

  void withdraw(RequestCall& call) {
    const auto place =
        std::ranges::find(requests_, &call, [](auto& entry) { return entry.second; });
    lanes_->history.cancel(place->first);
    requests_.erase(place);
    end(call, Result<schema::HistoryPageT>(std::unexpected(why(call, lanes_->options.history))));
  }

  void withdraw(QuestionCall& call) {
    gathering_.withdraw(call);
    end(call, Result<schema::AnswerT>(std::unexpected(why(call, lanes_->options.queries))));
  }

  static Error why(const Call& call, const std::string& address) {
    return call.stopped ? stopped_before_an_answer() : unanswered(Trouble::none, address);
  }

  std::mutex inbox_mutex_;
  /// Calls that nobody has looked at.
  Inbox inbox_;

  /// Of all that follows.
  std::mutex mutex_;
  std::unique_ptr<Lanes> lanes_;
  Gathering gathering_{*lanes_};
  Inbox taken_;
  std::unordered_map<Ticket, CommandCall*, TicketHash> commands_;
  std::unordered_map<std::uint64_t, RequestCall*> requests_;
  /// Those that have not ended.
  std::vector<Call*> calls_;
  Call* leader_ = nullptr;
  bool leader_sleeps_ = false;
  SteadyClock::time_point leader_wakes_;
};

SharedClient::SharedClient(std::unique_ptr<Turns> turns) : turns_(std::move(turns)) {}
SharedClient::SharedClient(SharedClient&&) noexcept = default;
SharedClient& SharedClient::operator=(SharedClient&&) noexcept = default;
SharedClient::~SharedClient() = default;

Result<SharedClient> SharedClient::make(Options options) {
  auto lanes = Lanes::make(std::move(options));
  if (!lanes) return std::unexpected(std::move(lanes).error());
  return SharedClient(std::make_unique<Turns>(std::move(*lanes)));
}

Result<schema::ReceiptT> SharedClient::execute(schema::CommandMessageT message,
                                               const CallLimits& limits) {
  const auto deadline = turns_->deadline_of(limits, time_to_hash(message));
  CommandCall call(std::move(message), deadline);
  return turns_->run(call, limits.stop);
}

Result<schema::AnswerT> SharedClient::ask(schema::QueryT query, const CallLimits& limits) {
  const auto deadline = turns_->deadline_of(limits, std::chrono::milliseconds(query.wait_ms));
  QuestionCall call(std::move(query), deadline);
  return turns_->run(call, limits.stop);
}

Result<schema::HistoryPageT> SharedClient::history(schema::HistoryRequestT request,
                                                   const CallLimits& limits) {
  const auto deadline = turns_->deadline_of(limits, time_to_wait(request));
  RequestCall call(std::move(request), deadline);
  return turns_->run(call, limits.stop);
}

}  // namespace postern::client
