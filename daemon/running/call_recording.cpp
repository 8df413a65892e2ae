#include "daemon/running/call_recording.h"

#include <poll.h>

#include <chrono>

#include "daemon/platform/scheduling.h"

namespace postern::running {

namespace {

constexpr std::chrono::seconds longest_hand_over{10};

void post(service::Mailbox<service::UseLetter>& mailbox, calls::UseSummaries summaries) {
  auto letter = std::make_unique<service::UseLetter>();
  letter->summaries = std::move(summaries);
  mailbox.post(std::move(letter));
}

}  // namespace

CallRecording::CallRecording(std::unique_ptr<calls::CallRing> ring, Parts parts)
    : parts_(std::move(parts)),
      ring_(std::move(ring)),
      line_(parts_.waker),
      recorder_(
          {line_, *ring_, parts_.keys, parts_.clock, parts_.entropy},
          {[this](calls::UseSummaries summaries) {
             post(parts_.mail.writer_uses, std::move(summaries));
           },
           [this] { return !parts_.vitals.disk_low; }, [this] { parts_.historian_waker.wake(); },
           [this](const Failure& why) {
             using service::Line;
             parts_.log(service::diagnostic<Line::calls_not_recorded>(why));
           }}),
      pages_({*ring_, parts_.keys, [this] { return recorder_.dropped(); }}) {}

void CallRecording::start() {
  thread_ = std::thread([this] {
    platform::begin_thread("recorder", platform::Urgency::patient);
    run();
  });
}

void CallRecording::turn() {
  parts_.mail.recorder_returned.drain([&](std::unique_ptr<service::UseLetter> letter) {
    recorder_.take_back(std::move(letter->summaries));
  });
  recorder_.turn();
  give_evidence();
}

/// H11: in the order they were asked for.
void CallRecording::give_evidence() {
  parts_.mail.recorder_evidence.drain([&](std::unique_ptr<service::EvidenceLetter> letter) {
    waiting_evidence_.push_back(std::move(letter));
  });
  while (!waiting_evidence_.empty()) {
    auto unrecorded = recorder_.unrecorded(waiting_evidence_.front()->tenant);
    if (!unrecorded) return;
    std::unique_ptr<service::EvidenceLetter> letter = std::move(waiting_evidence_.front());
    waiting_evidence_.pop_front();
    letter->evidence.unrecorded = std::move(*unrecorded);
    parts_.mail.auditor_evidence.post(std::move(letter));
  }
}

void CallRecording::run() {
  bool handed_over = false;
  while (!ending_) {
    parts_.waker.clear();
    turn();
    if (is_last_ && !std::exchange(handed_over, true)) {
      recorder_.hand_over_all();
      handed_over_.set_value();
    }
    pollfd wait{parts_.waker.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(recorder_.idle_ms()));
  }
  recorder_.close();
}

void CallRecording::hand_over_all() {
  if (!thread_.joinable()) return;
  is_last_ = true;
  parts_.waker.wake();
  // A disk that hangs must not keep the daemon from stopping.
  handed_over_.get_future().wait_for(longest_hand_over);
}

void CallRecording::stop() {
  if (!thread_.joinable()) return;
  ending_ = true;
  parts_.waker.wake();
  thread_.join();
}

}  // namespace postern::running
