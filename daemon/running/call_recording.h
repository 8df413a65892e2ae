// The decision log in the running daemon: ring, line, recorder and its thread (L1, D1).
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "daemon/calls/recorder.h"
#include "daemon/service/call_pages.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/letters.h"
#include "daemon/service/vitals.h"

namespace postern::running {

/// Made and ended by main; `line` is the reader's, `pages` the historian's.
class CallRecording {
 public:
  /// All outlive it.
  struct Parts {
    /// The recorder's own, and whom it wakes when there are new calls.
    platform::Waker& waker;
    platform::Waker& historian_waker;
    const credential::KeyStore& keys;
    const platform::Clock& clock;
    platform::Entropy& entropy;
    const service::Vitals& vitals;
    service::Mailboxes& mail;
    service::Log log;
  };

  CallRecording(std::unique_ptr<calls::CallRing> ring, Parts parts);
  ~CallRecording() { stop(); }

  calls::CallLine& line() { return line_; }
  const calls::CallRing& ring() const { return *ring_; }
  service::CallPages& pages() { return pages_; }
  const calls::SeenLately& seen() const { return recorder_.seen(); }

  /// Writes what is noted and hands over what is due; the recorder's thread does it, once started.
  void turn();
  void start();
  /// While the writer still takes letters: every summary that is due is on its way when this
  /// returns.
  void hand_over_all();
  /// After the reader has ended: writes and syncs what there is.
  void stop();

  // Since the start; any thread.
  std::uint64_t recorded() const { return recorder_.recorded(); }
  std::uint64_t dropped() const { return recorder_.dropped(); }
  std::uint64_t overwritten() const { return ring_->overwritten(); }

 private:
  void run();
  void give_evidence();

  Parts parts_;
  std::unique_ptr<calls::CallRing> ring_;
  calls::CallLine line_;
  calls::Recorder recorder_;
  service::CallPages pages_;
  std::deque<std::unique_ptr<service::EvidenceLetter>> waiting_evidence_;
  std::atomic<bool> is_last_{false};
  std::atomic<bool> ending_{false};
  std::promise<void> handed_over_;
  std::thread thread_;
};

}  // namespace postern::running
