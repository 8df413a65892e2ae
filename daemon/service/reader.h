// The reader: auth queries in, decisions out. Its thread never waits (law 6): passwords go to the
// pool, their attempts to the writer, and a question of 10,000 parts is answered in slices.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "daemon/domain/authorize.h"
#include "daemon/platform/clock.h"
#include "daemon/service/answers.h"
#include "daemon/service/asking.h"
#include "daemon/service/bearer.h"
#include "daemon/service/call_notes.h"
#include "daemon/service/checked_answer.h"
#include "daemon/service/decision_receipt.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/letters.h"
#include "daemon/service/parking.h"
#include "daemon/service/password_desk.h"
#include "daemon/service/password_flow.h"
#include "daemon/service/room.h"
#include "daemon/service/turn_clock.h"
#include "daemon/service/turns.h"
#include "daemon/service/vitals.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by one thread for life. A turn: `turn`, then `take` for each message that is there, then
/// `end_turn`. All of one turn is judged by the time at which it began.
class Reader {
 public:
  /// All outlive the reader.
  struct Parts {
    PasswordDesk& desk;
    const platform::Clock& clock;
    Vitals& vitals;
    Mailboxes& mail;
    const credential::KeyStore& keys;
    platform::Entropy& entropy;
    /// Where calls are noted for the recorder (L1, D1); null: nowhere.
    calls::CallLine* calls = nullptr;
  };

  struct Settings {
    std::size_t parked_max = 1'000;
    std::uint32_t wait_max_ms = 10'000;
    std::string program_version;
    Uuid installation;
    std::int64_t started_monotonic_ns = 0;
    /// In Z85; empty: no other is planned.
    std::string next_server_key = {};
    /// C9: a refused password is answered at a multiple of this after it came; 0: at once.
    std::int64_t refusal_step_ns = 0;
    /// N3: a provider's ranges imported longer ago are warned of.
    std::int64_t ranges_age_max_ns = 30 * std::int64_t{86'400'000'000'000};
  };

  struct Outlets {
    Send send;
    /// Sentences for the status.
    std::function<std::vector<std::string>()> warnings;
    /// Figures for the status that others keep.
    std::function<std::vector<std::pair<std::string, std::uint64_t>>()> counters;
    Log log;
    HasRoom has_room = always_has_room;
  };

  Reader(Parts parts, Settings settings, Outlets outlets, view::View view, journal::Head head,
         std::int64_t time_ns);

  /// Reads the clock, takes what other threads have sent, goes on with long answers, lets waits
  /// end.
  void turn();
  /// Reads the clock alone.
  void begin_turn();
  void take(const Inbound& inbound);
  void end_turn() { answers_.end_turn(); }
  /// N3: a setting that may change while it runs; any thread.
  void set_ranges_age_max(std::int64_t age_ns) { ranges_age_max_ns_ = age_ns; }
  /// Milliseconds until a turn is due without anything arriving; 0: at once.
  std::int64_t idle_ms() const;

 private:
  /// How far the answer to several questions is, and as of when it is made.
  struct Progress {
    std::int64_t time_ns;
    domain::Seq seq;
    journal::Hash root;
    /// H5: empty where no receipt is asked for.
    std::string journal;
    std::unique_ptr<CheckedAnswer> answer;
    flatbuffers::uoffset_t next = 0;
  };
  /// An answer that takes more than one slice: user and tenant are held by holding back what is
  /// published meanwhile.
  struct LongCheck {
    std::size_t places() { return places_of(asking.query.bytes().size()); }

    Asking asking;
    Bearer bearer;
    Progress progress;
    /// What is published after so many are held back for it.
    std::uint64_t began_after;
  };
  /// Of a long check that was answered, for the next.
  struct Spare {
    std::vector<std::byte> message;
    std::unique_ptr<CheckedAnswer> answer;
  };

  domain::CallFacts facts_of(const schema::Query& query) const;
  bool is_plain(const domain::Operator& asker, const CheckParts& found, std::size_t bytes) const;
  void take_copy(const domain::Operator& asker, const Inbound& inbound, bool is_check);
  // Where a question is kept beyond the call, it is moved from.
  void answer(const domain::Operator& asker, Asking& asking);
  void answer_named(const domain::Operator& asker, Asking& asking, const schema::NamedUser& named);
  void check_named(const domain::Operator& asker, Asking& asking, const schema::NamedUser& named);
  /// Null: there is none for this operator.
  const domain::Tenant* tenant_of(const domain::Operator& asker, std::string_view alias);
  /// Null: it is nobody's.
  const domain::Operator* asker_of(std::string_view identity);
  void take_all_published();
  void tell_dates();
  void report_status(const domain::Operator& asker, const Asking& asking);

  // ---- checks
  void check_where_it_lies(const domain::Operator& asker, const Peer& peer,
                           const CheckParts& found);
  void check(Asking& asking, Bearer&& bearer);
  NotedCall noted_call(const Asking& asking, const Bearer& bearer) const;
  /// A call that was stopped before its questions, with the true reason.
  void note_stopped(const Asking& asking, const domain::User* user, schema::Code reason);
  void check_one(const Asking& asking, const Bearer& bearer);
  void check_many(Asking& asking, Bearer& bearer);
  void go_on_later(Asking& asking, Bearer& bearer, Progress& progress);
  void go_on_with_long_checks();
  void drop_long_checks_that_hold_too_much();
  std::size_t check_slice(const Asking& asking, const Bearer& bearer, Progress& progress,
                          std::size_t work_max);
  void finish(const Asking& asking, const Bearer& bearer, Progress& progress);
  void end(LongCheck& job);
  void finish(CheckedAnswer& answer, const ReceiptFacts& facts);
  std::string journal_name() const;

  // ---- keys and tokens
  Bearer bearer_of_key(const domain::Operator& asker, const schema::Query& query,
                       const schema::KeyCredential& carried) const;
  /// `username`: whose it must be; empty: anybody's.
  Bearer bearer_of_token(const domain::Operator& asker, const schema::Query& query,
                         std::string_view username, std::string_view text) const;
  void renew(const domain::Operator& asker, const Asking& asking);
  void answer_authenticated(const Asking& asking, Bearer bearer, bool gives_token);
  credential::SessionToken open_session(const Bearer& bearer, std::int64_t now_ns) const;
  void prolong(const Bearer& bearer, credential::SessionToken& session, std::int64_t now_ns) const;

  // ---- freshness
  void take_published(std::unique_ptr<Published> published);
  void pass_on();
  void park(const Inbound& inbound, Asking& asking);
  void unpark();
  void refuse_not_yet(const Asking& asking);

  TurnClock clock_;
  Parts parts_;
  Settings settings_;
  std::atomic<std::int64_t> ranges_age_max_ns_;
  Outlets outlets_;
  view::View view_;
  journal::Head head_;
  std::int64_t head_time_ns_;
  /// The newest; empty: none yet.
  std::string checkpoint_;
  Answers answers_;
  PasswordFlow passwords_;
  Parking parking_;
  Turns<LongCheck> long_checks_;
  FairPlaces long_places_;
  /// How many long checks began after so many publications.
  std::map<std::uint64_t, std::size_t> began_after_;
  /// What questions looked at in this turn.
  std::size_t work_ = 0;
  /// Published while long answers were under way: not passed on before those are done that began
  /// before.
  std::deque<std::unique_ptr<Published>> held_back_;
  /// Publications taken.
  std::uint64_t published_ = 0;
  flatbuffers::FlatBufferBuilder builder_{1'024};
  /// Of the newest check; its memory is that of the next. Never null between calls.
  std::unique_ptr<CheckedAnswer> checked_ = std::make_unique<CheckedAnswer>();
  std::vector<Spare> spares_;
  /// Who asked last, as long as operators are as they were, and whether they may check.
  std::string last_identity_;
  const domain::Operator* last_asker_ = nullptr;
  bool last_asker_may_check_ = false;
  /// What they asked about last, as long as tenants are as they were.
  const domain::Tenant* last_tenant_ = nullptr;
  /// Those of the newest check.
  CheckLists check_lists_;
  /// Taken last; its memory is that of the next.
  Asking newest_;
};

}  // namespace postern::service
