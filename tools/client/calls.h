// One call of a thread that shares a client with others, from its start to its end.
// Thread: made by the caller, on its stack; all but the bell is looked at only by whoever holds the
// client's lock, until it has ended.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>

#include "tools/client/lanes.h"

namespace postern::client {

/// Wakes one thread and says why. Thread: rung by any, waited for by one.
class Bell {
 public:
  struct Said {
    bool ended = false;
    bool leads = false;
    bool stopped = false;
    bool anything() const { return ended || leads || stopped; }
  };

  /// Whoever waits may be gone as soon as this returns, not before.
  void ring(bool Said::*what) {
    const std::lock_guard lock(mutex_);
    said_.*what = true;
    rings_.notify_one();
  }

  /// Nothing said: the time is over.
  Said wait_until(SteadyClock::time_point then) {
    std::unique_lock lock(mutex_);
    rings_.wait_until(lock, then, [this] { return said_.anything(); });
    return said_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rings_;
  Said said_;
};

struct Call {
  explicit Call(SteadyClock::time_point end) : deadline(end) {}
  virtual ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// What of the client's timeout is gone or not wanted.
  std::chrono::milliseconds spent(const Options& options, std::chrono::milliseconds extra) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    return options.timeout + extra - std::max(left, std::chrono::milliseconds(0));
  }

  Bell bell;
  SteadyClock::time_point deadline;
  bool ended = false;
  bool stopped = false;
  /// Its place among those that have not ended.
  std::size_t place = 0;
};

template <class Message, class Answer>
struct CallFor : Call {
  CallFor(Message sent, SteadyClock::time_point end) : Call(end), message(std::move(sent)) {}
  ~CallFor() override { wipe_secrets(message); }

  Message message;
  std::optional<Result<Answer>> answer;
};

using CommandCall = CallFor<schema::CommandMessageT, schema::ReceiptT>;
using RequestCall = CallFor<schema::HistoryRequestT, schema::HistoryPageT>;

struct QuestionCall : CallFor<schema::QueryT, schema::AnswerT> {
  QuestionCall(schema::QueryT query, SteadyClock::time_point end);
  ~QuestionCall() override { wipe(bearer); }

  /// What the questions of one message share, secrets too; empty: it goes alone.
  std::string bearer;
  /// Bytes of its questions, roughly.
  std::size_t bytes = 0;
  /// The message that carries it; 0: none yet.
  std::uint64_t id = 0;
};

}  // namespace postern::client
