// The auditor: lists, portal views, explain, digest: what may take long, one at a time; of now and
// of any moment of the past (Q9).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/calls/call_ring.h"
#include "daemon/credential/key_store.h"
#include "daemon/domain/fold.h"
#include "daemon/platform/clock.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/letters.h"
#include "daemon/service/pages.h"
#include "daemon/service/past_subject.h"
#include "daemon/service/recent_changes.h"
#include "daemon/service/recorded_calls.h"
#include "daemon/service/turns.h"
#include "daemon/service/what_if_answer.h"
#include "daemon/service/whole_past.h"
#include "daemon/view/inquiry.h"
#include "daemon/view/trail.h"

namespace postern::service {

/// Owned by one thread for life: `turn` whenever the waker wakes. What it answers is made in view/;
/// from here come the journal, the keys, the time, and the view of the moment. A past that takes
/// long is made in slices between other answers; who waits for it is told `busy` after two seconds,
/// with how far it is, and only while somebody asks again is it made on.
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
  };

  /// View and index stand at the head.
  Auditor(Parts parts, view::View view, journal::Head head, domain::PastIndex index);

  void turn();

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
  /// One that waits for a past of whole tenants.
  struct Waiting {
    Task task;
    WholeMoment moment;
    std::int64_t deadline_ns = 0;
  };

  void take_published();
  void give(Task task, const Message& page);
  void give_evidence();
  void answer_next();
  bool make_past();
  void refuse_overdue();
  WholeMoment next_to_make() const;
  void answer_waiting(const WholeMoment& moment, const std::optional<schema::ProblemT>& refused);

  std::optional<Message> page_for(const AuditTask& task);
  view::Answer<view::Moment> moment_of(const schema::HistoryRequest& request, std::int64_t now_ns);
  view::Answer<view::Moment> checked(view::Moment moment, std::int64_t now_ns);
  /// Where a request names one: 0 and 0 is none.
  view::Answer<view::Moment> named_moment(const view::Moment& wanted, std::int64_t now_ns);
  /// Nothing: it waits for `wanted_`.
  view::Answer<std::optional<Reply>> answer(const Request& asked);
  view::Answer<std::optional<Reply>> answer_of_whole(const Request& asked,
                                                     const domain::Tenant* tenant);
  view::Answer<std::optional<Reply>> with_owners(view::Answer<std::optional<Reply>> answered,
                                                 const Request& asked, const Named& named);
  view::Answer<std::optional<Reply>> answer_of_part(const Request& asked, Named named,
                                                    const domain::Tenant* tenant);
  view::Answer<std::optional<Reply>> answer_from(const view::View& view, const Request& asked);
  const WholePast* find_past(WholeMoment moment);
  std::vector<Uuid> tenants_of(const domain::Operator& asker) const;

  // ---- H2 and H4, in auditor_differences.cpp
  view::Answer<std::optional<Reply>> answer_difference(const Request& asked);
  view::Answer<view::Trail> trail_between(domain::Seq from_seq, domain::Seq to_seq);
  view::Answer<std::optional<Reply>> answer_preview(const Request& asked);
  /// H3. Made on each time it is asked for; `busy` until it is made.
  view::Answer<std::optional<Reply>> answer_what_if(const Request& asked);
  view::Answer<void> begin_what_if(const Request& asked);
  void release_what_ifs();
  /// What became of the tenant's calls from then on, asked again.
  view::Answer<schema::FlipPageT> ask_calls_again(const domain::Tenant& tenant,
                                                  const domain::State& other, std::int64_t from_ns,
                                                  std::int64_t now_ns, std::size_t count_max);

  /// H8.
  view::Answer<std::optional<Reply>> report(const schema::GetReport& wanted,
                                            const view::Inquiry& inquiry, domain::Seq last);

  view::Sources sources();
  schema::DigestT digest() const;
  /// All empty where it cannot be opened, with a diagnostic where it should.
  schema::PersonalT personal_of(const domain::User& user) const;
  /// Its seq alone where the record cannot be read, with a diagnostic.
  schema::CauseT cause_of(domain::Seq seq);
  /// With its bytes; null where there is none, or with a diagnostic where it cannot be read.
  std::shared_ptr<const schema::Record> record_of(domain::Seq seq);
  /// In the gate's bytes.
  const schema::Record* read(domain::Seq seq, domain::RecordGate& gate);

  Parts parts_;
  view::View view_;
  journal::Head head_;
  domain::PastIndex index_;
  domain::RecordGate gate_;
  PastReader reader_;
  RecentChanges recent_;
  WholePasts pasts_;
  /// What the request that is being answered waits for.
  WholeMoment wanted_;
  std::deque<Waiting> waiting_;
  /// When the past that is being made was last asked for; by the monotonic clock.
  std::int64_t making_asked_ns_ = 0;
  std::int64_t past_used_ns_ = 0;
  std::optional<RecordedCalls> recorded_;
  /// One for each operator is made at a time, and of all a few.
  struct WhatIf {
    Uuid asker;
    std::unique_ptr<WhatIfAnswer> answer;
    std::int64_t asked_ns = 0;
  };
  std::vector<WhatIf> what_ifs_;
  /// Whose question is next.
  Turns<Task> turns_;
};

}  // namespace postern::service
