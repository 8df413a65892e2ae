#include "daemon/service/reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/domain/equal_texts.h"
#include "daemon/service/permissions.h"
#include "daemon/service/status_report.h"
#include "daemon/view/call.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;

/// Places of checks that take more than one slice: 128 MiB of messages.
constexpr std::size_t long_places_max = 8'192;
constexpr std::uint32_t parking_retry_ms = 100;
using platform::millisecond_ns;

using schema::view_of;

bool may_vouch(const domain::Operator& asker) {
  return asker.role != schema::Role::service || asker.vouches;
}

bool is_same(const Peer& left, const Peer& right) {
  return left.socket == right.socket && left.delimiter == right.delimiter &&
         domain::equal_texts(left.routing_id, right.routing_id);
}

}  // namespace

Reader::Reader(Parts parts, Settings settings, Outlets outlets, view::View view, journal::Head head,
               std::int64_t time_ns)
    : clock_(parts.clock),
      parts_(parts),
      settings_(std::move(settings)),
      ranges_age_max_ns_(settings_.ranges_age_max_ns),
      outlets_(std::move(outlets)),
      view_(std::move(view)),
      head_(head),
      head_time_ns_(time_ns),
      answers_(clock_, parts.vitals, std::move(outlets_.send), std::move(outlets_.has_room),
               settings_.refusal_step_ns),
      passwords_({parts.desk, clock_, parts.vitals, parts.mail.writer_attempts, view_, answers_,
                  parts.entropy},
                 {[this](Asking asking, Bearer bearer) { check(asking, std::move(bearer)); },
                  [this](const Asking& asking, const domain::User* user, Code reason) {
                    note_stopped(asking, user, reason);
                  },
                  outlets_.log}),
      parking_(settings_.parked_max),
      long_places_(long_places_max) {
  answers_.show(head_.seq);
  tell_dates();
}

domain::CallFacts Reader::facts_of(const schema::Query& query) const {
  return view::facts_of(query.call(), clock_.now_ns(), view_.tables().providers());
}

// ---- a turn

void Reader::begin_turn() {
  end_turn();
  clock_.begin_turn();
  clock_.pass(head_time_ns_);
}

void Reader::turn() {
  begin_turn();
  work_ = 0;
  take_all_published();
  parts_.mail.reader_checkpoints.drain(
      [&](std::unique_ptr<CheckpointMade> made) { checkpoint_ = std::move(made->note); });
  passwords_.turn();
  if (!long_checks_.empty()) go_on_with_long_checks();
  if (!parking_.empty()) unpark();
  parts_.vitals.questions_parked.store(parking_.size(), std::memory_order_relaxed);
  parts_.vitals.checks_under_way.store(long_checks_.size(), std::memory_order_relaxed);
  answers_.send_due();
}

std::int64_t Reader::idle_ms() const {
  if (!long_checks_.empty()) return 0;
  constexpr std::int64_t longest_ms = 1'000;
  const std::int64_t next_ns = std::min(answers_.next_due_ns(), parking_.next_deadline_ns());
  if (next_ns == std::numeric_limits<std::int64_t>::max()) return longest_ms;
  const std::int64_t left_ns = next_ns - parts_.clock.monotonic_ns();
  return std::clamp<std::int64_t>(left_ns / millisecond_ns + 1, 1, longest_ms);
}

void Reader::take(const Inbound& inbound) {
  count_alone(parts_.vitals.queries);
  // Its sender may have the receipt already.
  if (parts_.mail.told_seq() > head_.seq) take_all_published();
  const domain::Operator* asker = asker_of(inbound.identity);
  if (asker == nullptr) {
    credential::wipe(inbound.payload);
    outlets_.log(
        diagnostic<Line::sender_unknown>(platform::Stranger{std::string(inbound.identity)}));
    return count(parts_.vitals.strangers);
  }
  CheckParts& found = newest_.by_name;
  const bool is_check = read_check(inbound.payload, query_limits, check_lists_, found);
  if (is_check && is_plain(*asker, found, inbound.payload.size()))
    return check_where_it_lies(*asker, inbound.peer, found);
  take_copy(*asker, inbound, is_check);
}

void Reader::take_copy(const domain::Operator& asker, const Inbound& inbound, bool is_check) {
  Asking& asking = newest_;
  auto problem = open_query(asking.query, inbound.payload, is_check ? &asking.by_name : nullptr);
  if (!is_check || asking.by_name.credential_kind != schema::Credential::NamedUser)
    asking.by_name.questions = nullptr;
  // Without a secret the bytes are left alone: writing them costs another core's cache misses.
  const bool is_secret =
      asking.by_name.questions == nullptr && (problem || carries_secret(*asking.query));
  if (is_secret) credential::wipe(inbound.payload);
  if (problem) {
    asking.query.close();
    count(parts_.vitals.malformed);
    return answers_.refuse(inbound.peer, 0, *std::move(problem));
  }
  if (!is_secret) asking.query.holds_no_secret();
  // Mostly it is whoever asked before.
  if (!is_same(asking.peer, inbound.peer)) asking.peer = inbound.peer;
  asking.asker = asker.id;
  asking.came_ns = 0;
  asking.waits_for_grid = false;
  asking.taken_ns = clock_.monotonic_ns();
  if (asking.query->at_least_seq() > head_.seq)
    park(inbound, asking);
  else
    answer(asker, asking);
  asking.query.close();
}

/// As most are: one question by a bare name, with nothing that could be wrong with it.
bool Reader::is_plain(const domain::Operator& asker, const CheckParts& found,
                      std::size_t bytes) const {
  return found.credential_kind == schema::Credential::NamedUser && found.question_count == 1 &&
         found.at_least_seq <= head_.seq && last_asker_may_check_ && may_vouch(asker) &&
         is_surely_right(found, bytes);
}

const domain::Operator* Reader::asker_of(std::string_view identity) {
  if (last_asker_ == nullptr || !domain::equal_texts(identity, last_identity_)) {
    last_asker_ = view_.tables().find_identity(identity);
    last_identity_ = identity;
    last_asker_may_check_ =
        last_asker_ != nullptr && !refusal(*last_asker_, schema::QueryBody::Check);
    // O2: that another asked about a tenant makes nothing quicker.
    last_tenant_ = nullptr;
  }
  return last_asker_;
}

const domain::Tenant* Reader::tenant_of(const domain::Operator& asker, std::string_view alias) {
  if (last_tenant_ == nullptr || !domain::equal_texts(alias, last_tenant_->alias))
    last_tenant_ = view_.tables().find_tenant(alias);
  return last_tenant_ != nullptr && domain::in_scope(asker, last_tenant_->id) ? last_tenant_
                                                                              : nullptr;
}

void Reader::answer(const domain::Operator& asker, Asking& asking) {
  const schema::Query& query = *asking.query;
  const CheckParts& by_name = asking.by_name;
  if (by_name.questions != nullptr && &asker == last_asker_ && last_asker_may_check_ &&
      is_surely_right(by_name, asking.query.bytes().size()))
    return check_named(asker, asking, *static_cast<const schema::NamedUser*>(by_name.credential));
  const auto kind = query.body() == nullptr ? schema::QueryBody::NONE : query.body_type();
  if (auto refused = refusal(asker, kind)) {
    std::vector<schema::ProblemT> problems;
    problems.push_back(std::move(*refused));
    return answers_.refuse(asking, std::move(problems));
  }
  if (kind == schema::QueryBody::GetStatus) return report_status(asker, asking);
  std::vector<schema::ProblemT> problems = query_problems(query, asking.query.bytes().size());
  if (!problems.empty()) return answers_.refuse(asking, std::move(problems));
  if (kind == schema::QueryBody::RenewSession) return renew(asker, asking);
  const CarriedCredential carried = credential_of(query);
  switch (carried.kind) {
    case schema::Credential::NamedUser:
      return answer_named(asker, asking, carried.as<schema::NamedUser>());
    case schema::Credential::PasswordCredential:
      return passwords_.ask(asker, std::move(asking));
    case schema::Credential::KeyCredential: {
      Bearer bearer = bearer_of_key(asker, query, carried.as<schema::KeyCredential>());
      return check(asking, std::move(bearer));
    }
    case schema::Credential::TokenCredential: {
      const auto& token = carried.as<schema::TokenCredential>();
      Bearer bearer =
          bearer_of_token(asker, query, view_of(token.username()), view_of(token.token()));
      return check(asking, std::move(bearer));
    }
    case schema::Credential::NONE:
      return check(asking, Bearer());
  }
}

void Reader::answer_named(const domain::Operator& asker, Asking& asking,
                          const schema::NamedUser& named) {
  const schema::Query& query = *asking.query;
  if (query.body_type() == schema::QueryBody::Authenticate)
    return answers_.refuse(asking, Code::field_malformed, "credential",
                           "A bare name authenticates nobody.");
  check_named(asker, asking, named);
}

void Reader::check_named(const domain::Operator& asker, Asking& asking,
                         const schema::NamedUser& named) {
  const schema::Query& query = *asking.query;
  if (!may_vouch(asker))
    return answers_.refuse(asking, Code::not_permitted, "credential",
                           "A check by bare name needs the operator's flag 'vouches'.");
  check(asking, {view::bearer_in(view_, asker, tenant_of(asker, view_of(query.tenant())),
                                 view_of(named.username()), facts_of(query))});
}

/// Borrows from the bearer.
NotedCall Reader::noted_call(const Asking& asking, const Bearer& bearer) const {
  NotedCall noted;
  noted.user = bearer.user;
  noted.call = asking.query->call();
  noted.service = asking.asker;
  noted.credential = asking.by_name.questions == nullptr ? credential_kind(*asking.query)
                                                         : schema::CredentialKind::named;
  if (bearer.key != nullptr) noted.key = bearer.key->id;
  if (bearer.session) noted.session = &*bearer.session;
  noted.seq = head_.seq;
  return noted;
}

void Reader::note_stopped(const Asking& asking, const domain::User* user, Code reason) {
  NotedCall noted = noted_call(asking, {{nullptr, user}});
  noted.time_ns = clock_.now_ns();
  const auto* check = asking.query->body_as_Check();
  if (check == nullptr) return note_authentication(parts_.calls, noted, reason);
  QuestionNotes notes(parts_.calls, noted, check->questions()->size());
  for (const schema::Question* question : *check->questions())
    notes.add(*question, {reason, nullptr});
}

void Reader::report_status(const domain::Operator& asker, const Asking& asking) {
  const schema::StatusT status = status_for(
      asker, {view_, parts_.vitals, clock_, head_, head_time_ns_, checkpoint_,
              settings_.program_version, settings_.installation, settings_.started_monotonic_ns,
              settings_.next_server_key, ranges_age_max_ns_, outlets_.warnings, outlets_.counters});
  builder_.Clear();
  const auto body = schema::CreateStatus(builder_, &status);
  answers_.send(asking, builder_, schema::AnswerBody::Status, body.Union(), clock_.now_ns(),
                head_.seq);
}

/// Of what is in force: for the page of metrics.
void Reader::tell_dates() {
  for (const auto& ranges : view_.tables().providers())
    if (ranges != nullptr)
      parts_.vitals.ranges_imported_ns[static_cast<std::size_t>(ranges->provider)] =
          ranges->imported_ns;
  if (const auto& copies = view_.tables().copies())
    parts_.vitals.keys_kept_until_ns = copies->keys_kept_until_ns;
}

// ---- freshness

void Reader::take_all_published() {
  parts_.mail.reader_published.drain(
      [&](std::unique_ptr<Published> published) { take_published(std::move(published)); });
}

void Reader::take_published(std::unique_ptr<Published> published) {
  view_.take(published->changes);
  if (!published->changes.operators.empty()) last_asker_ = nullptr;
  if (!published->changes.tenants.empty()) last_tenant_ = nullptr;
  if (!published->changes.ranges.empty() || !published->changes.copies.empty()) tell_dates();
  const bool advances = published->head.seq > head_.seq;
  if (advances) {
    head_ = published->head;
    head_time_ns_ = published->time_ns;
    clock_.pass(head_time_ns_);
    answers_.show(head_.seq);
  }
  const std::vector<AttemptOutcome> outcomes = std::move(published->attempts);
  held_back_.push_back(std::move(published));
  ++published_;
  for (const AttemptOutcome& outcome : outcomes) passwords_.recorded(outcome);
  pass_on();
  drop_long_checks_that_hold_too_much();
  // Last, so that whoever reads history after a receipt seldom comes before the record.
  if (advances) parts_.mail.show(head_.seq);
}

/// What every long check under way has seen from its beginning.
void Reader::pass_on() {
  while (!held_back_.empty()) {
    const std::uint64_t number = published_ - held_back_.size() + 1;
    if (!began_after_.empty() && began_after_.begin()->first < number) return;
    parts_.mail.historian_published.post(std::move(held_back_.front()));
    held_back_.pop_front();
  }
}

void Reader::park(const Inbound& inbound, Asking& asking) {
  const std::int64_t wait_ns =
      std::min(asking.query->wait_ms(), settings_.wait_max_ms) * millisecond_ns;
  if (wait_ns == 0) return refuse_not_yet(asking);
  Parking::Parked parked{std::move(asking), std::string(inbound.identity),
                         clock_.monotonic_ns() + wait_ns};
  if (!parking_.add(std::move(parked))) answers_.refuse_busy(parked.asking, parking_retry_ms);
}

void Reader::unpark() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  const auto is_there = [&](const Parking::Parked& parked) {
    return parked.asking.query->at_least_seq() <= head_.seq;
  };
  std::vector<Parking::Parked> over = parking_.take([&](const Parking::Parked& parked) {
    return is_there(parked) || parked.deadline_ns <= now_ns ||
           view_.tables().find_identity(parked.identity) == nullptr;
  });
  for (Parking::Parked& parked : over) {
    const domain::Operator* asker = view_.tables().find_identity(parked.identity);
    if (asker == nullptr)
      count(parts_.vitals.strangers);
    else if (is_there(parked))
      answer(*asker, parked.asking);
    else
      refuse_not_yet(parked.asking);
  }
}

void Reader::refuse_not_yet(const Asking& asking) {
  answers_.refuse(asking, Code::not_yet, "at_least_seq",
                  "The seq is " + std::to_string(head_.seq) + ".");
}

}  // namespace postern::service
