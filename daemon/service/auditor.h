// The auditor: lists, portal views, explain, digest: what may take long; of now and of any moment
// of the past (Q9).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/calls/call_ring.h"
#include "daemon/calls/seen_lately.h"
#include "daemon/credential/key_store.h"
#include "daemon/domain/fold.h"
#include "daemon/platform/clock.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/letters.h"
#include "daemon/service/long_answer.h"
#include "daemon/service/pages.h"
#include "daemon/service/past_subject.h"
#include "daemon/service/recent_changes.h"
#include "daemon/service/recorded_calls.h"
#include "daemon/service/snapshot_keeper.h"
#include "daemon/service/turns.h"
#include "daemon/service/whole_past.h"
#include "daemon/view/inquiry.h"
#include "daemon/view/lists_ahead.h"

namespace postern::service {

/// What one answer may come to.
struct AuditorLimits {
  WholePasts::Limits pasts = {};
  /// Of guards, and of previews.
  RecordedCalls::Limits recorded = {};
};

/// Owned by one thread for life: `turn` whenever the waker wakes. What it answers is made in view/;
/// from here come the journal, the keys, the time, and the view of the moment. What takes long is
/// made in slices between other answers, operators taking turns by what theirs came to; who waits
/// is told `busy` after two seconds, with how far it is, and only while somebody asks again is it
/// made on.
class Auditor {
 public:
  /// All outlive the auditor.
  struct Parts {
    const journal::Journal& journal;
    const credential::KeyStore& keys;
    const platform::Clock& clock;
    Mailboxes& mail;
    Log log;
    /// L1; null: calls are not recorded here.
    const calls::CallRing* calls = nullptr;
    /// S1, C8; null: calls are not noted here.
    const calls::SeenLately* seen = nullptr;
    /// Null: no snapshots are written beside it.
    SnapshotKeeper* snapshots = nullptr;
  };

  /// View and index stand at the head.
  Auditor(Parts parts, view::View view, journal::Head head, domain::PastIndex index,
          const AuditorLimits& limits = {});

  /// Takes what has come, and makes one piece of what waits. True: there is more to do at once.
  bool turn();
  /// Takes what was published; whatever waits is told `stopping`. May be repeated.
  void stop();

  /// Once the threads have ended.
  const domain::PastIndex& past_index() const { return index_; }

 private:
  using Task = std::unique_ptr<AuditTask>;
  using Body = schema::HistoryPageBodyUnion;

  /// One request as it is answered.
  struct Request {
    const schema::HistoryRequest& request;
    const domain::Operator& asker;
    view::Moment moment;
    std::span<const std::byte> bytes;
  };
  struct Reply {
    Body body;
    NameOwners name_owners;
  };
  /// One on its way.
  struct Question {
    Task task;
    /// By the monotonic clock; 0: nothing was done for it yet.
    std::int64_t deadline_ns = 0;
    /// Fixed when it was looked at first; absent: not yet, or it is that of a long answer.
    std::optional<view::Moment> moment = {};
  };

  void take_published();
  void pass_on(std::unique_ptr<Published> taken);
  void give(Task task, const Message& page);
  void take_evidence();
  void give_evidence();
  void answer_next();
  Message busy_page(const AuditTask& task);

  /// Nothing: there is more to do.
  std::optional<Message> page_for(Question& question);
  Message page_of_answer(PageHead head, view::Answer<std::optional<Reply>> answered);
  view::Answer<view::Moment> moment_of(const schema::HistoryRequest& request, std::int64_t now_ns);
  view::Answer<view::Moment> checked(view::Moment moment, std::int64_t now_ns);
  /// Where a request names one: 0 and 0 is none.
  view::Answer<view::Moment> named_moment(const view::Moment& wanted, std::int64_t now_ns);
  // ---- nothing: there is more to do
  view::Answer<std::optional<Reply>> answer(const Request& asked);
  view::Answer<std::optional<Reply>> answer_of_whole(const Request& asked,
                                                     const domain::Tenant* tenant);
  view::Answer<std::optional<Reply>> with_owners(view::Answer<std::optional<Reply>> answered,
                                                 const Request& asked, const Named& named);
  view::Answer<std::optional<Reply>> answer_of_part(const Request& asked, Named named,
                                                    const domain::Tenant* tenant);
  view::Answer<std::optional<Reply>> answer_from(const view::View& view, const Request& asked);
  /// All of them made; empty: one slice of one was made now, and there is more to do.
  view::Answer<std::vector<WholePasts::Shared>> pasts_at(const std::vector<WholeMoment>& moments);
  std::vector<Uuid> tenants_of(const domain::Operator& asker) const;

  // ---- what takes long (H2, H3, H4, H8, H10), in auditor_long.cpp
  /// `moment`: the one it came to stand at.
  view::Answer<std::optional<Reply>> answer_long(const Request& asked, view::Moment& moment);
  std::string name_of(const Request& asked) const;
  using Begun = view::Answer<std::optional<LongAnswers::Kept>>;
  Begun begin_long(const Request& asked);
  Begun begin_difference(const Request& asked);
  Begun begin_report(const Request& asked);
  Begun begin_preview(const Request& asked);
  Begun begin_undo(const Request& asked);
  Begun begin_what_if(const Request& asked);
  /// Null: the moment is the present. Absent: there is more to do.
  view::Answer<std::optional<WholePasts::Shared>> past_of(const domain::Tenant& tenant,
                                                          const view::Moment& moment);
  LongAnswer::Step make_on(LongAnswers::Kept& kept, const Request& asked);

  view::Sources sources();
  /// What was seen since the start, for answers about the present.
  void add_seen(view::Sources& sources) const;
  schema::DigestT digest() const;
  /// All empty where it cannot be opened, with a diagnostic where it should.
  schema::PersonalT personal_of(const domain::User& user) const;
  /// C12; 0 where it cannot be opened, which whoever verifies it tells of.
  std::int64_t imported_ns_of(const domain::User& user) const;
  /// Its seq alone where the record cannot be read, with a diagnostic.
  schema::CauseT cause_of(domain::Seq seq);
  /// With its bytes; null where there is none, or with a diagnostic where it cannot be read.
  std::shared_ptr<const schema::Record> record_of(domain::Seq seq);
  /// In the gate's bytes.
  const schema::Record* read(domain::Seq seq, domain::RecordGate& gate);

  Parts parts_;
  view::View view_;
  const std::int64_t started_ns_;
  journal::Head head_;
  domain::PastIndex index_;
  domain::RecordGate gate_;
  PastReader reader_;
  RecentChanges recent_;
  view::ListsAhead ahead_;
  WholePasts pasts_;
  LongAnswers long_;
  /// Of the question that is being answered: what was done for it now, and how far its answer is.
  std::uint64_t work_ = 0;
  std::string how_far_;
  const RecordedCalls::Limits calls_limits_;
  std::optional<RecordedCalls> recorded_;
  /// Whose question is next.
  Turns<Question> turns_;
};

}  // namespace postern::service
