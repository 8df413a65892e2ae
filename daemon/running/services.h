// Every service of the daemon, wired in one place: what each is given, and whose mail goes where.
// The daemon runs each on a thread of its own, the tests all on one.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/calls/call_ring.h"
#include "daemon/credential/hash_pool.h"
#include "daemon/running/call_recording.h"
#include "daemon/service/auditor.h"
#include "daemon/service/historian.h"
#include "daemon/service/reader.h"
#include "daemon/service/writer.h"

namespace postern::running {

/// Made before the threads that turn its services, and gone after them.
class Services {
 public:
  /// All outlive the services.
  struct Parts {
    journal::Journal& journal;
    journal::CheckpointKeeper& checkpoints;
    credential::KeyStore& keys;
    service::Present& clock;
    platform::Entropy& entropy;
    service::Vitals& vitals;
    /// Each wakes the thread that turns the service.
    service::Mailboxes::Wakers wakers;
  };

  struct Settings {
    credential::HashPool::Limits hashing = {};
    service::PasswordDesk::Limits passwords = {};
    service::Reader::Settings reader = {};
    service::Historian::Settings historian = {};
    service::AuditorLimits auditor = {};
    /// The newest snapshot's record, and after how many the next is written.
    std::uint64_t snapshot_seq = 0;
    std::uint64_t snapshot_step = 0;
    /// What passwords cost is here, for checks too.
    service::Writer::Settings writer = {};
  };

  /// The way to the peers of one socket.
  struct Outlet {
    service::Send send;
    service::HasRoom has_room = service::always_has_room;
  };

  struct Outlets {
    Outlet commands;
    Outlet queries;
    Outlet history;
    /// The identities that may connect from now on.
    std::function<void(std::set<std::string>)> allow;
    /// Free bytes where the data lies.
    std::function<std::uint64_t()> disk_free;
    std::function<void(bool)> hold_reserve;
    /// Appends for the writer; see `service::Writer::Parts`.
    std::function<void(std::move_only_function<void()>)> run_beside;
    /// For the status; on the reader's thread.
    std::function<std::vector<std::string>()> warnings;
    std::function<std::vector<std::pair<std::string, std::uint64_t>>()> counters;
    service::Log log;
    /// Nothing: no snapshots are written while the services run.
    service::SnapshotKeeper::Write write_snapshot = {};
  };

  /// What the journal holds: the state, the command ids that may come again, where its past lies.
  struct JournalContents {
    domain::State state;
    domain::CommandIds ids;
    domain::PastIndex past;
  };

  Services(const Parts& parts, const Settings& settings, const Outlets& outlets,
           std::unique_ptr<calls::CallRing> ring, JournalContents held);
  ~Services() { end_hashing(); }

  service::Writer& writer() { return *writer_; }
  service::Reader& reader() { return *reader_; }
  service::Historian& historian() { return *historian_; }
  service::Auditor& auditor() { return *auditor_; }
  /// Null: none are written.
  service::SnapshotKeeper* snapshots() { return snapshots_.get(); }
  CallRecording& calls() { return calls_; }
  const CallRecording& calls() const { return calls_; }

  /// Password questions that wait for a thread. Any thread, until hashing has ended.
  std::uint64_t passwords_waiting() const { return pool_->waiting(); }
  /// The newest record that queries are answered from. Any thread.
  std::uint64_t shown_seq() const { return std::max(mail_.shown_seq(), first_seq_); }

  /// See `HashPool::set_threads`.
  Expected<> set_hash_threads(std::size_t threads) { return pool_->set_threads(threads); }

  /// The pool's threads post to the services, so they go first. May be repeated.
  void end_hashing() { pool_.reset(); }

  /// Once the threads have ended: what was published and is still on its way between them arrives.
  /// Nothing is answered any more.
  void pass_on_the_rest();

 private:
  void make_reader(const Parts& parts, const Settings& settings, const Outlets& outlets,
                   view::View view, std::int64_t time_ns);
  void make_historian(const Parts& parts, const Settings& settings, const Outlets& outlets,
                      JournalContents& held, view::View view, view::View audited);

  std::uint64_t first_seq_;
  service::Mailboxes mail_;
  CallRecording calls_;
  std::unique_ptr<credential::HashPool> pool_;
  service::PasswordDesk desk_;
  std::unique_ptr<service::Writer> writer_;
  std::unique_ptr<service::Reader> reader_;
  std::unique_ptr<service::Historian> historian_;
  std::unique_ptr<service::SnapshotKeeper> snapshots_;
  std::unique_ptr<service::Auditor> auditor_;
};

}  // namespace postern::running
