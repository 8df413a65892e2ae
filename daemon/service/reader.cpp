#include "daemon/service/reader.h"

#include <algorithm>
#include <utility>

#include "daemon/service/call.h"
#include "daemon/service/permissions.h"
#include "daemon/service/receipts.h"
#include "daemon/service/status_report.h"
#include "schema/text_view.h"
#include "secrets.h"

namespace postern::service {

namespace {

using schema::Code;

constexpr std::size_t questions_max = 10'000;
/// Places of checks that take more than one slice: 128 MiB of messages.
constexpr std::size_t long_places_max = 8'192;
constexpr std::uint32_t busy_retry_ms = 100;
using platform::millisecond_ns;
constexpr std::size_t password_bytes_max = 1'024;

using schema::view_of;

/// The credential of a question, whichever kind of question it is.
struct Carried {
  schema::Credential kind = schema::Credential::NONE;
  const void* credential = nullptr;
};

Carried carried_by(const schema::Query& query) {
  if (const auto* authenticate = query.body_as_Authenticate())
    return {authenticate->credential_type(), authenticate->credential()};
  if (const auto* check = query.body_as_Check())
    return {check->credential_type(), check->credential()};
  return {};
}

schema::CredentialKind kind_of(schema::Credential carried) {
  switch (carried) {
    case schema::Credential::PasswordCredential:
      return schema::CredentialKind::password;
    case schema::Credential::KeyCredential:
      return schema::CredentialKind::key;
    case schema::Credential::TokenCredential:
      return schema::CredentialKind::token;
    case schema::Credential::NamedUser:
    case schema::Credential::NONE:
      break;
  }
  return schema::CredentialKind::named;
}

bool carries_secret(const schema::Query& query) {
  bool found = false;
  schema::visit_secrets(query, [&](auto, const auto* text) { found |= text != nullptr; });
  return found;
}

/// What is wrong with a question whatever the state (K6).
std::vector<schema::ProblemT> query_problems(const schema::Query& query, std::size_t bytes) {
  std::vector<schema::ProblemT> problems;
  const auto* check = query.body_as_Check();
  const std::size_t questions =
      check == nullptr || check->questions() == nullptr ? 0 : check->questions()->size();
  if (questions <= 1 && bytes > single_bytes_max)
    problems.push_back(make_problem(Code::too_large, "", limit_and_size(single_bytes_max, bytes)));
  if (check != nullptr && questions == 0)
    problems.push_back(make_problem(Code::field_missing, "questions"));
  if (questions > questions_max)
    problems.push_back(
        make_problem(Code::too_large, "questions",
                     "The limit is 10000 questions, found " + std::to_string(questions) + "."));
  check_call(query.call(), problems);
  const Carried carried = carried_by(query);
  const auto* renewal = query.body_as_RenewSession();
  if (renewal != nullptr && view_of(renewal->token()).empty())
    problems.push_back(make_problem(Code::field_missing, "token"));
  const bool needs_credential =
      query.body_type() != schema::QueryBody::GetStatus && renewal == nullptr;
  // A key and a token say themselves whose they are.
  const bool names_user = carried.kind == schema::Credential::KeyCredential ||
                          carried.kind == schema::Credential::TokenCredential;
  if (needs_credential &&
      (carried.kind == schema::Credential::NONE || carried.credential == nullptr))
    problems.push_back(make_problem(Code::field_missing, "credential"));
  else if (carried.kind > schema::Credential::MAX)
    problems.push_back(make_problem(Code::unknown_kind, "credential"));
  if (needs_credential && !names_user && view_of(query.tenant()).empty())
    problems.push_back(make_problem(Code::field_missing, "tenant"));
  return problems;
}

}  // namespace

Reader::Reader(Parts parts, Settings settings, Outlets outlets, view::View view, journal::Head head,
               std::int64_t time_ns)
    : parts_(parts),
      settings_(std::move(settings)),
      outlets_(std::move(outlets)),
      view_(std::move(view)),
      head_(head),
      head_time_ns_(time_ns),
      parking_(settings_.parked_max),
      refusals_(settings_.refusal_step_ns),
      long_places_(long_places_max),
      seen_(parts.entropy) {}

domain::CallFacts Reader::facts_of(const schema::Query& query) const {
  return service::facts_of(query.call(), parts_.clock.now_ns(), view_.tables().providers());
}

// ---- a turn

void Reader::turn() {
  work_ = 0;
  parts_.mail.reader_published.drain(
      [&](std::unique_ptr<Published> published) { take_published(std::move(published)); });
  parts_.mail.reader_checkpoints.drain(
      [&](std::unique_ptr<CheckpointMade> made) { checkpoint_ = std::move(made->note); });
  parts_.desk.done().drain([&](Ask ask) {
    if (judge(ask)) settle(std::move(ask));
  });
  if (!long_checks_.empty()) go_on_with_long_checks();
  if (!parked_.empty()) unpark();
  if (!refusals_.empty())
    refusals_.send_due(parts_.clock.monotonic_ns(),
                       [&](const Peer& peer, auto answer) { deliver(peer, answer); });
}

std::int64_t Reader::idle_ms() const {
  if (!long_checks_.empty()) return 0;
  constexpr std::int64_t longest_ms = 1'000;
  if (parked_.empty() && refusals_.empty()) return longest_ms;
  std::int64_t soonest_ns = refusals_.next_ns();
  for (const Parked& parked : parked_) soonest_ns = std::min(soonest_ns, parked.deadline_ns);
  const std::int64_t left_ns = soonest_ns - parts_.clock.monotonic_ns();
  return std::clamp<std::int64_t>(left_ns / millisecond_ns + 1, 1, longest_ms);
}

void Reader::take(const Inbound& inbound) {
  count(parts_.vitals.queries);
  const domain::Operator* asker = view_.tables().find_identity(inbound.identity);
  if (asker == nullptr) {
    credential::wipe(inbound.payload);
    return count(parts_.vitals.strangers);
  }
  auto opened =
      open_message<schema::Query>(inbound.payload, schema::query_identifier, query_limits);
  // Without a secret the bytes are left alone: writing them costs another core's cache misses.
  if (!opened || carries_secret(**opened)) credential::wipe(inbound.payload);
  if (!opened) {
    count(parts_.vitals.malformed);
    std::vector<schema::ProblemT> problems;
    problems.push_back(std::move(opened.error()));
    return refuse(inbound.peer, 0, std::move(problems));
  }
  const schema::Query& query = **opened;
  if (query.at_least_seq() > head_.seq)
    return park(inbound.peer, inbound.identity, *asker, std::move(*opened));
  answer(inbound.peer, *asker, std::move(*opened));
}

void Reader::answer(const Peer& peer, const domain::Operator& asker, Opened<schema::Query> opened) {
  const schema::Query& query = *opened;
  const auto kind = query.body() == nullptr ? schema::QueryBody::NONE : query.body_type();
  if (auto refused = refusal(asker, kind)) return refuse(peer, query.id(), std::move(*refused));
  if (query.body_type() == schema::QueryBody::GetStatus) return report_status(peer, query, asker);
  std::vector<schema::ProblemT> problems = query_problems(query, opened.bytes().size());
  if (!problems.empty()) return refuse(peer, query.id(), std::move(problems));
  asker_ = asker.id;
  if (const auto* renewal = query.body_as_RenewSession())
    return renew(peer, asker, query, view_of(renewal->token()));
  const Carried carried = carried_by(query);
  switch (carried.kind) {
    case schema::Credential::NamedUser:
      return answer_named(peer, asker, std::move(opened),
                          *static_cast<const schema::NamedUser*>(carried.credential));
    case schema::Credential::PasswordCredential: {
      const auto& password = *static_cast<const schema::PasswordCredential*>(carried.credential);
      return ask_password(peer, asker, std::move(opened), password.username(), password.password());
    }
    case schema::Credential::KeyCredential: {
      const auto& key = *static_cast<const schema::KeyCredential*>(carried.credential);
      Bearer bearer = bearer_of_key(asker, query, key);
      return check(peer, std::move(opened), std::move(bearer));
    }
    case schema::Credential::TokenCredential: {
      const auto& token = *static_cast<const schema::TokenCredential*>(carried.credential);
      Bearer bearer =
          bearer_of_token(asker, query, view_of(token.username()), view_of(token.token()));
      return check(peer, std::move(opened), std::move(bearer));
    }
    case schema::Credential::NONE:
      return check(peer, std::move(opened), Bearer());
  }
}

void Reader::answer_named(const Peer& peer, const domain::Operator& asker,
                          Opened<schema::Query> opened, const schema::NamedUser& named) {
  const schema::Query& query = *opened;
  if (query.body_type() == schema::QueryBody::Authenticate)
    return refuse(peer, query.id(), Code::field_malformed, "credential",
                  "A bare name authenticates nobody.");
  if (asker.role == schema::Role::service && !asker.vouches)
    return refuse(peer, query.id(), Code::not_permitted, "credential",
                  "A check by bare name needs the operator's flag 'vouches'.");
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(query.tenant()));
  const domain::User* user =
      tenant == nullptr ? nullptr : view_.tables().find_user(tenant->id, view_of(named.username()));
  Code stop = domain::first_stop_before_credential(tenant, user, facts_of(query)).code;
  // Who reads lists may be told that a name is mistyped.
  if (tenant != nullptr && user == nullptr && asker.role != schema::Role::service)
    stop = Code::user_unknown;
  check(peer, std::move(opened), {tenant, user, stop});
}

NotedCall Reader::noted_call(const schema::Query& query, const Bearer& bearer) const {
  NotedCall noted;
  noted.user = bearer.user;
  noted.call = query.call();
  noted.service = asker_;
  noted.credential = query.body_type() == schema::QueryBody::RenewSession
                         ? schema::CredentialKind::token
                         : kind_of(carried_by(query).kind);
  if (bearer.key != nullptr) noted.key = bearer.key->id;
  noted.seq = head_.seq;
  return noted;
}

void Reader::note_stopped(const Ask& ask) {
  asker_ = ask->asker;
  NotedCall noted = noted_call(*ask->query, {nullptr, view_.tables().find_user(ask->stopped_user)});
  noted.time_ns = parts_.clock.now_ns();
  const auto* check = ask->query->body_as_Check();
  if (check == nullptr) return note_authentication(parts_.calls, noted, ask->stopped_by);
  QuestionNotes notes(parts_.calls, noted, check->questions()->size());
  for (const schema::Question* question : *check->questions())
    notes.add(*question, {ask->stopped_by, nullptr});
}

void Reader::report_status(const Peer& peer, const schema::Query& query,
                           const domain::Operator& asker) {
  const schema::StatusT status =
      status_for(asker, {view_, parts_.vitals, parts_.clock, head_, head_time_ns_, checkpoint_,
                         settings_.program_version, settings_.installation,
                         settings_.started_monotonic_ns, settings_.next_server_key,
                         settings_.ranges_age_max_ns, outlets_.warnings, outlets_.counters});
  builder_.Clear();
  const auto body = schema::CreateStatus(builder_, &status);
  send(peer, builder_, query, schema::AnswerBody::Status, body.Union(), parts_.clock.now_ns(),
       head_.seq);
}

// ---- passwords

void Reader::ask_password(const Peer& peer, const domain::Operator& asker,
                          Opened<schema::Query> opened, const flatbuffers::String* username,
                          const flatbuffers::String* secret) {
  // Before anything that looks for the user (C9).
  const std::int64_t came_ns = parts_.clock.monotonic_ns();
  const schema::Query& query = *opened;
  if (secret != nullptr && secret->size() > password_bytes_max)
    return refuse(peer, query.id(), Code::too_large, "password",
                  limit_and_size(password_bytes_max, secret->size()));
  if (refusal(asker, schema::QueryBody::Authenticate))
    return refuse(peer, query.id(), Code::not_permitted, "credential");
  count(parts_.vitals.password_checks);
  std::string line =
      std::string(view_of(query.tenant())) + '/' + domain::fold_name(view_of(username));
  std::optional<credential::Secret> password = copy_secret(secret);
  if (password) {
    const std::uint64_t id = query.id();
    credential::wipe(place_of_secret(*secret));
    if (!is_well_formed<schema::Query>(opened.bytes(), schema::query_identifier, query_limits))
      return refuse(peer, id, Code::malformed_message);
  }
  auto ask = std::make_unique<PasswordAsk>(std::move(opened));
  ask->peer = peer;
  ask->asker = asker.id;
  ask->came_ns = came_ns;
  if (password) ask->password = std::move(*password);
  ask->line = std::move(line);
  bool full = false;
  ask = parts_.desk.join(std::move(ask), full);
  if (full) {
    return refuse_busy(ask->peer, ask->query->id(), parts_.desk.retry_after_ms());
  }
  if (ask != nullptr && consider(ask)) settle(std::move(ask));
}

/// The ask was answered: lets those behind it have their turn, as long as they are answered at
/// once.
void Reader::settle(Ask ask) {
  do {
    ask = parts_.desk.leave(std::move(ask));
  } while (ask != nullptr && consider(ask));
}

bool Reader::consider(Ask& ask) {
  const schema::Query& query = *ask->query;
  const domain::Operator* asker = view_.tables().find_operator(ask->asker);
  if (asker == nullptr) {
    count(parts_.vitals.strangers);
    return true;
  }
  const domain::Tenant* tenant = view_.find_tenant(*asker, view_of(query.tenant()));
  const auto* credential =
      static_cast<const schema::PasswordCredential*>(carried_by(query).credential);
  const domain::User* user =
      tenant == nullptr ? nullptr
                        : view_.tables().find_user(tenant->id, view_of(credential->username()));
  const domain::CallFacts call = password_facts_of(query);
  Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  if (stop == Code::ok && user->password_seq == 0) stop = Code::invalid_credentials;
  // C9: what was verified before is asked for where a hash would be taken, and nowhere before.
  const auto is_seen = [&] { return stop == Code::ok && seen_right(*ask, *user, call.now_ns); };
  // A wrong password could not be counted, so none is hashed (law 3), whoever the user is.
  if (const Code now = cannot_record(parts_.vitals); now != Code::ok) {
    if (is_seen())
      answer_ask(ask, Code::ok, tenant, user);
    else
      refuse(ask->peer, query.id(), now);
    return true;
  }
  // What does not depend on the user is told whoever the user is.
  const Code told_to_all = tenant == nullptr  ? Code::tenant_unknown
                           : !tenant->enabled ? Code::tenant_disabled
                           : call.interactive ? Code::interactive_not_allowed
                                              : Code::ok;
  if (told_to_all != Code::ok) {
    answer_ask(ask, told_to_all, tenant, user);
    return true;
  }
  const bool hidden = asker->role == schema::Role::service && !tenant->policies.tell_reasons;
  ask->tenant = tenant->id;
  ask->stopped_user = stop == Code::ok || user == nullptr ? Uuid() : user->id;
  ask->stopped_by = stop;
  ask->told = stop == Code::ok ? Code::ok : hidden ? Code::invalid_credentials : stop;
  if (stop == Code::ok) {
    ask->user = user->id;
    ask->password_seq = user->password_seq;
  }
  if (parts_.desk.has_room(*ask)) {
    if (is_seen()) {
      answer_ask(ask, Code::ok, tenant, user);
      return true;
    }
    if (parts_.desk.check(ask, stop == Code::ok ? user : nullptr, call.now_ns)) {
      count(parts_.vitals.password_hashes);
      return false;
    }
  }
  refuse_busy(ask->peer, query.id(), parts_.desk.retry_after_ms());
  return true;
}

/// Whether the verdict was made for the credential and the stops of now.
bool Reader::still_stands(const PasswordAsk& ask, const domain::Tenant* tenant,
                          const domain::User* user) const {
  const domain::CallFacts call = password_facts_of(*ask.query);
  return domain::first_stop_before_credential(tenant, user, call).code == Code::ok &&
         user->password_seq == ask.password_seq;
}

/// A verdict came from the pool. It counts only if it still stands.
bool Reader::judge(Ask& ask) {
  if (cannot_record(parts_.vitals) != Code::ok) return consider(ask);
  if (ask->told != Code::ok) {
    note_stopped(ask);
    answer_ask(ask, ask->told, nullptr, nullptr);
    return true;
  }
  const domain::User* user = view_.tables().find_user(ask->user);
  const domain::Tenant* tenant = view_.tables().find_tenant(ask->tenant);
  if (!still_stands(*ask, tenant, user)) return consider(ask);
  if (ask->trouble) {
    outlets_.alarm("the sealed password of user " + printable(user->username) +
                   " cannot be opened");
    refuse(ask->peer, ask->query->id(), Code::journal_unavailable);
    return true;
  }
  if (ask->right && user->failures == 0 && ask->rehashed.empty()) return conclude(ask);
  if (!ask->right && seen_wrong(*ask, *tenant, *user)) return conclude(ask);
  auto attempt = std::make_unique<Attempt>();
  attempt->ticket = next_ticket_++;
  attempt->tenant = ask->tenant;
  attempt->user = ask->user;
  attempt->password_seq = ask->password_seq;
  attempt->service = ask->asker;
  attempt->succeeded = ask->right;
  attempt->rehashed = std::move(ask->rehashed);
  attempts_.emplace(attempt->ticket, std::move(ask));
  parts_.mail.writer_attempts.post(std::move(attempt));
  return false;
}

/// The writer has recorded the attempt, or said why not; what it changed is in the view.
void Reader::attempted(const AttemptOutcome& outcome) {
  const auto place = attempts_.find(outcome.ticket);
  if (place == attempts_.end()) return;
  Ask ask = std::move(place->second);
  attempts_.erase(place);
  const bool answered = outcome.code != Code::ok ? consider(ask) : conclude(ask);
  if (answered) settle(std::move(ask));
}

bool Reader::conclude(Ask& ask) {
  const domain::Tenant* tenant = view_.tables().find_tenant(ask->tenant);
  const domain::User* user = view_.tables().find_user(ask->user);
  // What followed the attempt in its group is in the view already: a session made now would outlive
  // it (S2).
  if (ask->right && !still_stands(*ask, tenant, user)) return consider(ask);
  remember(*ask, tenant, user);
  answer_ask(ask, ask->right ? Code::ok : Code::invalid_credentials, tenant, user);
  return true;
}

void Reader::answer_ask(Ask& ask, Code reason, const domain::Tenant* tenant,
                        const domain::User* user) {
  asker_ = ask->asker;
  // C9: a wrong password is counted on disk before its answer leaves, a name that nobody has is
  // not; on a grid of times both leave alike.
  if (reason == Code::invalid_credentials && refusals_.is_used())
    on_the_grid_since_ns_ = ask->came_ns;
  check(ask->peer, std::move(ask->query), {tenant, user, reason});
  on_the_grid_since_ns_.reset();
}

// ---- freshness

void Reader::take_published(std::unique_ptr<Published> published) {
  view_.take(published->changes);
  if (published->head.seq > head_.seq) {
    head_ = published->head;
    head_time_ns_ = published->time_ns;
    parts_.mail.show(head_.seq);
  }
  const std::vector<AttemptOutcome> outcomes = std::move(published->attempts);
  held_back_.push_back(std::move(published));
  ++published_;
  for (const AttemptOutcome& outcome : outcomes) attempted(outcome);
  pass_on();
  drop_long_checks_that_hold_too_much();
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

void Reader::park(const Peer& peer, std::string_view identity, const domain::Operator& asker,
                  Opened<schema::Query> query) {
  const std::int64_t wait_ns = std::min(query->wait_ms(), settings_.wait_max_ms) * millisecond_ns;
  if (wait_ns == 0)
    return refuse(peer, query->id(), Code::not_yet, "at_least_seq",
                  "The seq is " + std::to_string(head_.seq) + ".");
  if (!parking_.take(asker.id, places_of(query.bytes().size())))
    return refuse_busy(peer, query->id(), busy_retry_ms);
  parked_.push_back({peer, std::string(identity), std::move(query),
                     parts_.clock.monotonic_ns() + wait_ns, asker.id});
}

void Reader::unpark() {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  std::vector<Parked> still;
  for (Parked& parked : std::exchange(parked_, {})) {
    const domain::Operator* asker = view_.tables().find_identity(parked.identity);
    const bool is_there = parked.query->at_least_seq() <= head_.seq;
    if (asker != nullptr && !is_there && parked.deadline_ns > now_ns) {
      still.push_back(std::move(parked));
      continue;
    }
    parking_.give_back(parked.asker, places_of(parked.query.bytes().size()));
    if (asker == nullptr)
      count(parts_.vitals.strangers);
    else if (is_there)
      answer(parked.peer, *asker, std::move(parked.query));
    else
      refuse(parked.peer, parked.query->id(), Code::not_yet, "at_least_seq",
             "The seq is " + std::to_string(head_.seq) + ".");
  }
  parked_ = std::move(still);
}

// ---- answers

void Reader::refuse(const Peer& peer, std::uint64_t id, std::vector<schema::ProblemT> problems,
                    std::uint32_t retry_after_ms) {
  builder_.Clear();
  const Code code = problems.front().code;
  const auto packed = builder_.CreateVector(pack_problems(builder_, std::move(problems)));
  builder_.Finish(schema::CreateAnswer(builder_, schema::protocol_version, id, code, packed,
                                       retry_after_ms, head_.seq, parts_.clock.now_ns()),
                  schema::answer_identifier);
  outlets_.send(peer, {builder_.GetBufferPointer(), builder_.GetSize()});
}

void Reader::refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem) {
  std::vector<schema::ProblemT> problems;
  problems.push_back(std::move(problem));
  refuse(peer, id, std::move(problems));
}

void Reader::refuse(const Peer& peer, std::uint64_t id, Code code, std::string_view field,
                    std::string_view detail) {
  refuse(peer, id, make_problem(code, field, detail));
}

void Reader::refuse_busy(const Peer& peer, std::uint64_t id, std::uint32_t retry_after_ms) {
  count(parts_.vitals.busy);
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(Code::busy, ""));
  refuse(peer, id, std::move(problems), retry_after_ms);
}

void Reader::send(const Peer& peer, flatbuffers::FlatBufferBuilder& builder,
                  const schema::Query& query, schema::AnswerBody kind,
                  flatbuffers::Offset<void> body, std::int64_t time_ns, domain::Seq seq) {
  builder.Finish(schema::CreateAnswer(builder, schema::protocol_version, query.id(), Code::ok, 0, 0,
                                      seq, time_ns, kind, body),
                 schema::answer_identifier);
  const std::span<const std::uint8_t> bytes(builder.GetBufferPointer(), builder.GetSize());
  if (on_the_grid_since_ns_)
    return refusals_.keep(*on_the_grid_since_ns_, parts_.clock.monotonic_ns(), peer, bytes);
  deliver(peer, bytes);
}

/// What was taken is answered; where a large answer finds no room, because the peer does not read
/// what it has, with `busy`.
void Reader::deliver(const Peer& peer, std::span<const std::uint8_t> answer) {
  if (outlets_.has_room(peer, answer.size(), 0)) return outlets_.send(peer, answer);
  const std::uint64_t id = flatbuffers::GetRoot<schema::Answer>(answer.data())->id();
  refuse_busy(peer, id, busy_retry_ms);
}

}  // namespace postern::service
