// The values that the services' threads hand each other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/calls/use_counters.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/guard.h"
#include "daemon/domain/past_index.h"
#include "daemon/journal/journal.h"
#include "daemon/platform/failure.h"
#include "daemon/platform/peer.h"
#include "daemon/service/mailbox.h"

namespace postern::service {

using domain::Uuid;

/// What a recorded attempt came to: the reader's ticket, and `ok` or why it was not recorded.
struct AttemptOutcome {
  std::uint64_t ticket = 0;
  schema::Code code = schema::Code::ok;
};

/// A synced group on its way writer → reader → historian → auditor → writer: each swaps in what
/// changed and passes it on; back home the replaced entries are freed.
struct Published : Letter {
  domain::Changes changes;
  /// What its records add to the index of the past.
  domain::PastNotes notes;
  /// Whose its records are, in their order; of several in a row of one tenant the newest.
  std::vector<domain::TenantHead> tenant_heads;
  journal::Head head;
  std::int64_t time_ns = 0;
  std::vector<AttemptOutcome> attempts;
};

/// From the reader to the writer: what a password check found (C5).
struct Attempt : Letter {
  std::uint64_t ticket = 0;
  Uuid tenant;
  Uuid user;
  domain::Seq password_seq = 0;
  /// Who asked.
  Uuid service;
  bool succeeded = false;
  /// The same password, hashed again and sealed (C4); empty: no need.
  domain::Bytes rehashed;
};

/// From the historian to the auditor and back: one question that may take long.
struct AuditTask : Letter {
  ~AuditTask() { credential::wipe(request); }

  platform::Peer peer;
  Uuid asker;
  /// By the monotonic clock.
  std::int64_t came_ns = 0;
  /// May hold a token.
  std::vector<std::byte> request;
  std::vector<std::uint8_t> page;
};

/// From the recorder to the writer and back: how users of one tenant were used (D1).
struct UseLetter : Letter {
  calls::UseSummaries summaries;
};

/// H11: what a guarded command is held against, on its way writer → recorder → auditor → writer.
struct EvidenceLetter : Letter {
  /// Which command waits for it.
  std::uint64_t ticket = 0;
  Uuid tenant;
  /// Recorded calls from this time on; absent: none are asked for.
  std::optional<std::int64_t> calls_since_ns;
  domain::Evidence evidence;
  /// By their likeness, the places of the calls in the evidence.
  std::unordered_map<std::string, std::size_t> places = {};
  /// The first recorded call that was not looked at; 0: none was.
  std::uint64_t next_call = 0;
  /// How long it was read since the recorder told what no record holds, and how often that has.
  std::size_t slices = 0;
  int rounds = 0;
  /// There are more different calls than a guard may look at, or older ones than can be read.
  bool too_many = false;
  /// The recorded calls could not be read.
  std::optional<Failure> trouble;
};

/// From the historian to the reader: the newest checkpoint (H6), in text form.
struct CheckpointMade : Letter {
  std::string note;
};

/// Every line between the services; each is emptied by the one it is named for.
struct Mailboxes {
  struct Wakers {
    platform::Waker& writer;
    platform::Waker& reader;
    platform::Waker& historian;
    platform::Waker& auditor;
    platform::Waker& recorder;
  };

  explicit Mailboxes(const Wakers& wakers)
      : writer_attempts(wakers.writer),
        writer_returned(wakers.writer),
        writer_uses(wakers.writer),
        writer_evidence(wakers.writer),
        reader_published(wakers.reader),
        reader_checkpoints(wakers.reader),
        historian_published(wakers.historian),
        historian_audited(wakers.historian),
        auditor_published(wakers.auditor),
        auditor_tasks(wakers.auditor),
        auditor_evidence(wakers.auditor),
        recorder_returned(wakers.recorder),
        recorder_evidence(wakers.recorder),
        writer_waker_(wakers.writer) {}

  /// By the reader: queries are answered from a state that holds this record.
  void show(std::uint64_t seq) {
    shown_seq_.store(seq);
    const std::uint64_t awaited = awaited_seq_.load();
    if (awaited != 0 && awaited <= seq) writer_waker_.wake();
  }
  std::uint64_t shown_seq() const { return shown_seq_.load(); }
  /// By the writer: it is woken when this one is shown, if it is not by now; 0: for none.
  void await(std::uint64_t seq) { awaited_seq_.store(seq); }

  /// By the writer, once it is published: its receipts leave now, so whoever is asked from now on
  /// takes what was published first.
  void tell(std::uint64_t seq) { told_seq_.store(seq, std::memory_order_release); }
  std::uint64_t told_seq() const { return told_seq_.load(std::memory_order_acquire); }
  /// Receipts up to this one may have left: it is shown, or told.
  std::uint64_t receipted_seq() const { return std::max(shown_seq(), told_seq()); }

  Mailbox<Attempt> writer_attempts;
  Mailbox<Published> writer_returned;
  Mailbox<UseLetter> writer_uses;
  Mailbox<EvidenceLetter> writer_evidence;
  Mailbox<Published> reader_published;
  Mailbox<CheckpointMade> reader_checkpoints;
  Mailbox<Published> historian_published;
  Mailbox<AuditTask> historian_audited;
  Mailbox<Published> auditor_published;
  Mailbox<AuditTask> auditor_tasks;
  Mailbox<EvidenceLetter> auditor_evidence;
  Mailbox<UseLetter> recorder_returned;
  Mailbox<EvidenceLetter> recorder_evidence;

 private:
  platform::Waker& writer_waker_;
  std::atomic<std::uint64_t> shown_seq_{0};
  std::atomic<std::uint64_t> awaited_seq_{0};
  std::atomic<std::uint64_t> told_seq_{0};
};

}  // namespace postern::service
