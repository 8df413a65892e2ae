// The daemon's writer and reader over a simulated disk, built and torn down as often as the power
// goes. One thread; every step that threads would take by themselves is a call.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/service/reader.h"
#include "daemon/service/writer.h"
#include "daemon/view/view.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/support/simulated_clock.h"

namespace postern::simulation {

/// Guards that a test of this test switches off.
struct Broken {
  /// The disk says that it has kept what it has not.
  bool disk_forgets = false;
  /// K1: a start does not read which ids were used.
  bool ids_are_forgotten = false;
  /// Receipts leave before questions are answered from what they acknowledge.
  bool receipts_run_ahead = false;
};

class Server {
 public:
  struct Outside {
    SimulatedDisk& disk;
    SimulatedKeys& keys;
    support::SimulatedClock& clock;
    /// As the daemon notes it for the next start.
    std::int64_t& confirmed_until_ns;
    /// An operator says that the clock is right.
    bool confirms_clock;
    platform::Entropy& entropy;
    Broken broken;
    service::Send receipt;
    service::Send answer;
    /// Free bytes.
    std::function<std::uint64_t()> disk_free;
    credential::HashPool::Limits pool;
    service::Reader::Settings reader = {};
  };

  /// Reads the journal and is ready; null, with a finding, if it cannot be read.
  static std::unique_ptr<Server> start(const Outside& outside, std::vector<std::string>& findings);

  void turn_reader();
  bool append_waits() const { return !appends_.empty(); }
  void run_append();
  /// What was published has gone round: shown to `seen`, an onlooker at the end of the line, and
  /// back to the writer. One letter after the other.
  void return_published(const std::function<void(const service::Published&)>& seen);
  bool is_degraded() const { return vitals.degraded; }
  /// True when nothing is under way, anywhere.
  bool is_idle() const;

  std::unique_ptr<journal::Journal> journal;
  service::Present present;
  service::Vitals vitals;
  /// As the last in the line sees it.
  view::View onlooker;

 private:
  Server(const platform::Clock& clock, bool receipts_run_ahead)
      : present(clock), receipts_run_ahead_(receipts_run_ahead) {}

  const bool receipts_run_ahead_;
  platform::Waker waker_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  std::vector<std::move_only_function<void()>> appends_;
  std::unique_ptr<credential::HashPool> pool_;
  std::unique_ptr<service::PasswordDesk> desk_;

 public:
  std::unique_ptr<service::Writer> writer;
  std::unique_ptr<service::Reader> reader;
};

}  // namespace postern::simulation
