#include "daemon/service/auditor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/credential/api_key.h"
#include "daemon/credential/personal.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/time_text.h"
#include "daemon/journal/sha256.h"
#include "daemon/service/bearer.h"
#include "daemon/service/inbound.h"
#include "daemon/service/permissions.h"
#include "daemon/service/personal.h"
#include "daemon/view/answers.h"

namespace postern::service {

namespace {

using schema::Code;

/// No page is larger than its message may be, whatever is on it.
constexpr std::size_t page_bytes_max = 1 << 20;

/// How long one waits for its answer before it is told how far that is.
constexpr std::int64_t longest_wait_ns = 2'000'000'000;
constexpr std::uint32_t busy_retry_ms = 200;
/// So many records, calls or compared answers are charged like one short answer.
constexpr std::uint64_t work_of_answer = 128;
/// Beyond, what was called while the evidence was read is left to whoever comes after.
constexpr int evidence_rounds_max = 8;

bool goes_on(const schema::HistoryPageBodyUnion& page) {
  const auto has_next = [](const auto* one) { return one != nullptr && !one->next.empty(); };
  return has_next(page.AsUserView()) || has_next(page.AsRoleView()) ||
         has_next(page.AsTenantPage()) || has_next(page.AsUserPage()) ||
         has_next(page.AsCataloguePage()) || has_next(page.AsRolePage()) ||
         has_next(page.AsPermissionPage()) || has_next(page.AsHolderPage());
}

/// Q9: unknown then, though known at another time.
void tell_of_holders(schema::ProblemT& problem, const NameHolders& holders,
                     const view::Moment& moment) {
  if (problem.code != Code::user_unknown || holders.users.empty()) return;
  problem.sentence +=
      " So it was at seq " + std::to_string(moment.seq) + ", " + domain::time_text(moment.time_ns) +
      "; at another time somebody has had the name, " +
      (holders.until_seq == 0 ? std::string("and has it now.")
                              : "last until seq " + std::to_string(holders.until_seq) + ".");
  problem.remedy = "Name a moment when somebody had it; the history of the tenant tells when.";
}

}  // namespace

Auditor::Auditor(Parts parts, view::View view, journal::Head head, domain::PastIndex index,
                 const AuditorLimits& limits)
    : parts_(std::move(parts)),
      view_(std::move(view)),
      started_ns_(parts_.clock.now_ns()),
      head_(head),
      index_(std::move(index)),
      reader_(parts_.journal),
      pasts_(parts_.journal, limits.pasts),
      calls_limits_(limits.recorded) {
  if (parts_.calls != nullptr) recorded_.emplace(*parts_.calls, parts_.keys, calls_limits_);
}

// ---- turns

bool Auditor::turn() {
  take_published();
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  pasts_.release(now_ns);
  long_.release(now_ns);
  if (parts_.snapshots != nullptr)
    parts_.snapshots->turn(view_, head_, index_, [&](std::unique_ptr<Published> taken) {
      parts_.mail.writer_returned.put(std::move(taken));
    });
  take_evidence();
  give_evidence();
  parts_.mail.auditor_tasks.drain([&](Task task) {
    const Uuid asker = task->asker;
    turns_.add(asker, {std::move(task)});
  });
  if (!turns_.empty()) answer_next();
  return !turns_.empty() || (recorded_ && !recorded_->empty());
}

void Auditor::stop() {
  take_published();
  take_evidence();
  // Whoever waits for it has been told.
  if (recorded_) recorded_->give_up();
  const auto tell = [&](Task task) {
    const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task->request.data());
    const PageHead head{request->id(), head_.seq, parts_.clock.now_ns()};
    give(std::move(task), refusal_page(head, make_problem(Code::stopping, ""), 0));
  };
  while (!turns_.empty()) tell(turns_.take().task);
  parts_.mail.auditor_tasks.drain(tell);
}

void Auditor::take_published() {
  parts_.mail.auditor_published.drain([&](std::unique_ptr<Published> published) {
    view_.take(published->changes);
    index_.take(std::move(published->notes));
    if (parts_.snapshots != nullptr) parts_.snapshots->note(*published);
    if (published->head.seq > head_.seq) head_ = published->head;
    if (RecentChanges::erases(*published)) {
      pasts_.clear();
      long_.clear();
      ahead_.clear();
    }
    recent_.take(std::move(published), parts_.clock.monotonic_ns(),
                 [&](std::unique_ptr<Published> taken) { pass_on(std::move(taken)); });
  });
  // What these were made of may be gone.
  long_.drop_if([&](const LongAnswers::Kept& kept) {
    return kept.is_of_present() && kept.moment.seq != head_.seq &&
           !recent_.reaches(kept.moment.seq);
  });
}

/// Home to the writer; what a snapshot is being written of waits for its end.
void Auditor::pass_on(std::unique_ptr<Published> taken) {
  if (parts_.snapshots != nullptr) taken = parts_.snapshots->pass_on(std::move(taken));
  // To be freed when it turns: nothing waits for that.
  if (taken != nullptr) parts_.mail.writer_returned.put(std::move(taken));
}

void Auditor::give(Task task, const Message& page) {
  task->page.assign(page.data(), page.data() + page.size());
  parts_.mail.historian_audited.post(std::move(task));
}

// ---- H11: what commands wait for

void Auditor::take_evidence() {
  parts_.mail.auditor_evidence.drain([&](std::unique_ptr<EvidenceLetter> letter) {
    if (recorded_)
      recorded_->add(std::move(letter));
    else
      parts_.mail.writer_evidence.post(std::move(letter));
  });
}

/// One slice. What took longer goes round once more, so that little is called between the last look
/// and the decision.
void Auditor::give_evidence() {
  if (!recorded_ || recorded_->empty()) return;
  auto letter = recorded_->go_on(view_);
  if (letter == nullptr) return;
  const bool is_over = letter->slices <= 1 || letter->too_many || letter->trouble ||
                       letter->rounds == evidence_rounds_max;
  if (is_over) return parts_.mail.writer_evidence.post(std::move(letter));
  ++letter->rounds;
  letter->slices = 0;
  parts_.mail.recorder_evidence.post(std::move(letter));
}

// ---- questions

void Auditor::answer_next() {
  Question question = turns_.take();
  const Uuid asker = question.task->asker;
  take_published();
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (question.deadline_ns == 0) question.deadline_ns = now_ns + longest_wait_ns;
  work_ = 0;
  const auto page = page_for(question);
  turns_.charge(asker, 1 + work_ / work_of_answer);
  if (page) return give(std::move(question.task), *page);
  if (parts_.clock.monotonic_ns() < question.deadline_ns)
    return turns_.add(asker, std::move(question));
  const Message busy = busy_page(*question.task);
  give(std::move(question.task), busy);
}

Message Auditor::busy_page(const AuditTask& task) {
  const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task.request.data());
  return refusal_page({request->id(), head_.seq, parts_.clock.now_ns()},
                      make_problem(Code::busy, "", "The answer is being made: " + how_far_),
                      busy_retry_ms);
}

// ---- one request

std::optional<Message> Auditor::page_for(Question& question) {
  const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(question.task->request.data());
  PageHead head{request->id(), head_.seq, parts_.clock.now_ns()};
  const domain::Operator* asker = view_.tables().find_operator(question.task->asker);
  // Its role or scope may be another by now than at the historian's gate.
  std::optional<schema::ProblemT> problem = asker == nullptr
                                                ? make_problem(Code::not_permitted, "")
                                                : refusal(*asker, request->body_type());
  if (problem) return refusal_page(head, std::move(*problem), 0);
  if (request->body_type() == schema::HistoryBody::GetDigest) {
    Body body;
    body.Set(digest());
    return page_of(head, std::move(body));
  }
  if (takes_long(request->body_type())) {
    auto answered = answer_long({*request, *asker, {}, question.task->request}, head.moment);
    if (answered && !*answered) return std::nullopt;
    return page_of_answer(head, std::move(answered));
  }
  if (!question.moment) {
    const auto moment = moment_of(*request, head.time_ns);
    if (!moment) return refusal_page(head, moment.error(), 0);
    question.moment = *moment;
  }
  head.moment = *question.moment;
  auto answered = answer({*request, *asker, *question.moment, {}});
  if (answered && !*answered) return std::nullopt;
  return page_of_answer(head, std::move(answered));
}

Message Auditor::page_of_answer(PageHead head, view::Answer<std::optional<Reply>> answered) {
  if (!answered) {
    const Code code = answered.error().code;
    if (code == Code::journal_unavailable)
      parts_.log(diagnostic<Line::past_unreadable>(
          Failure{FailureKind::damaged, answered.error().sentence, ""}));
    return refusal_page(head, std::move(answered.error()), code == Code::busy ? busy_retry_ms : 0);
  }
  Message page = page_of(head, std::move((*answered)->body), std::move((*answered)->name_owners));
  if (page.size() <= page_bytes_max) return page;
  return refusal_page(
      head, make_problem(Code::too_large, "", limit_and_size(page_bytes_max, page.size())), 0);
}

/// A list goes on at the moment that its cursor names, whatever else is said.
view::Answer<view::Moment> Auditor::moment_of(const schema::HistoryRequest& request,
                                              std::int64_t now_ns) {
  // The clock may have gone back since.
  if (const auto named = view::cursor_in(request).moment)
    return checked(*named, std::max(now_ns, named->time_ns));
  const view::Moment wanted{request.at_seq(), request.at_time_ns()};
  return wanted == view::Moment{} ? view::Moment{head_.seq, now_ns} : named_moment(wanted, now_ns);
}

view::Answer<view::Moment> Auditor::named_moment(const view::Moment& wanted, std::int64_t now_ns) {
  if (wanted.seq != 0) return checked(wanted, now_ns);
  if (wanted.time_ns > now_ns)
    return view::refused(Code::moment_unknown, "at_time_ns",
                         "It is " + domain::time_text(now_ns) + " now.");
  const auto seq = reader_.seq_at(index_, wanted.time_ns, head_.seq);
  if (!seq) return std::unexpected(seq.error());
  if (*seq != 0) return view::Moment{*seq, wanted.time_ns};
  const auto first = reader_.time_of(1);
  if (!first) return std::unexpected(first.error());
  return view::refused(Code::moment_unknown, "at_time_ns",
                       "The journal begins at " + domain::time_text(*first) + ".");
}

/// Of a moment that names its record; without a time it is that of the record.
view::Answer<view::Moment> Auditor::checked(view::Moment moment, std::int64_t now_ns) {
  if (moment.seq == 0 || moment.seq > head_.seq)
    return view::refused(Code::moment_unknown, "at_seq",
                         "The head is " + std::to_string(head_.seq) + ".");
  const auto time = reader_.time_of(moment.seq);
  if (!time) return std::unexpected(time.error());
  if (moment.time_ns == 0) moment.time_ns = *time;
  if (moment.time_ns >= *time && moment.time_ns <= std::max(now_ns, *time)) return moment;
  return view::refused(Code::moment_unknown, "at_time_ns",
                       "Record " + std::to_string(moment.seq) + " is of " +
                           domain::time_text(*time) + ", and it is " + domain::time_text(now_ns) +
                           " now.");
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer(const Request& asked) {
  const domain::Seq seq = asked.moment.seq;
  const Named named = named_in(asked.request);
  if (seq == head_.seq) return with_owners(answer_from(view_, asked), asked, named);
  // S2: what a token may ask about the past, it may now.
  if (!named.token.empty()) {
    const view::Sources beside = sources();
    auto now = view::answer({view_, asked.asker, parts_.clock.now_ns(), beside}, asked.request);
    if (!now) return std::unexpected(std::move(now.error()));
  }
  if (recent_.reaches(seq)) {
    recent_.go_back(view_, seq);
    auto answered = answer_from(view_, asked);
    recent_.come_again(view_, seq);
    return answered;
  }
  // O1: a list that was begun a moment ago ends there; the past is not a service's.
  if (asked.asker.role == schema::Role::service)
    return view::refused(Code::field_malformed, "after",
                         "Too much was recorded since: begin anew.");
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, named.tenant);
  const bool is_whole = extent_of(asked.request.body_type()) == PastExtent::whole;
  const bool needs_tenant = is_whole && asked.request.body_as_ListTenants() == nullptr;
  // O2: what is not there for the asker was not there either.
  if (tenant == nullptr && (needs_tenant || !named.tenant.empty()))
    return answer_from(view_, asked);
  if (is_whole) return answer_of_whole(asked, tenant);
  return answer_of_part(asked, named, tenant);
}

std::vector<Uuid> Auditor::tenants_of(const domain::Operator& asker) const {
  std::vector<Uuid> tenants;
  view_.tables().for_each_tenant([&](const domain::Tenant& tenant) {
    if (domain::in_scope(asker, tenant.id)) tenants.push_back(tenant.id);
  });
  std::ranges::sort(tenants, domain::less);
  return tenants;
}

view::Answer<std::vector<WholePasts::Shared>> Auditor::pasts_at(
    const std::vector<WholeMoment>& moments) {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  auto found = pasts_.find(moments, now_ns);
  if (!found) return std::unexpected(std::move(found.error()));
  for (const WholePasts::Shared& past : *found) {
    if (past->is_made()) continue;
    work_ += RecordWalk::slice_records;
    if (auto step = pasts_.go_on(*past, view_, now_ns); !step)
      return std::unexpected(std::move(step.error()));
    how_far_ = past->how_far() + " of the past are read.";
    if (!past->is_made()) return std::vector<WholePasts::Shared>();
  }
  return found;
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_of_whole(const Request& asked,
                                                                     const domain::Tenant* tenant) {
  const auto pasts = pasts_at(
      {{tenant == nullptr ? tenants_of(asked.asker) : std::vector{tenant->id}, asked.moment.seq}});
  if (!pasts) return std::unexpected(pasts.error());
  if (pasts->empty()) return std::nullopt;
  pasts_.rest(*pasts->front());
  return answer_from(pasts->front()->view(), asked);
}

/// U1: to an auditor a name is whose it is now, and whose it was before; a service asks for itself.
view::Answer<std::optional<Auditor::Reply>> Auditor::with_owners(
    view::Answer<std::optional<Reply>> answered, const Request& asked, const Named& named) {
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, named.tenant);
  if (tenant == nullptr || named.username.empty() || asked.asker.role == schema::Role::service)
    return answered;
  NameHolders holders = holders_of(view_, index_, *tenant, named);
  if (!answered)
    tell_of_holders(answered.error(), holders, asked.moment);
  else if (*answered)
    (**answered).name_owners = std::move(holders.owners);
  return answered;
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_of_part(const Request& asked,
                                                                    Named named,
                                                                    const domain::Tenant* tenant) {
  const auto session = named.token.empty() ? std::nullopt : sources().session(named.token);
  if (session) named.user = &session->user;
  const domain::User* user =
      named.user == nullptr ? nullptr : view_.tables().find_user(*named.user);
  if (tenant == nullptr && user != nullptr && domain::in_scope(asked.asker, user->tenant))
    tenant = view_.tables().find_tenant(user->tenant);
  NameHolders holders;
  if (tenant != nullptr) holders = holders_of(view_, index_, *tenant, named);
  const auto past = reader_.part(index_, tenant == nullptr ? Uuid() : tenant->id, holders.users,
                                 asked.moment.seq);
  if (!past) return std::unexpected(past.error());
  show_erased_as_now((*past)->state, view_);
  (*past)->show();
  auto answered = answer_from((*past)->view, asked);
  if (!answered)
    tell_of_holders(answered.error(), holders, asked.moment);
  else
    (*answered)->name_owners = std::move(holders.owners);
  return answered;
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_from(const view::View& view,
                                                                 const Request& asked) {
  view::Sources beside = sources();
  if (asked.moment.seq == head_.seq) add_seen(beside);
  beside.command_refusal = [&](schema::CommandBody kind) { return refusal(asked.asker, kind); };
  beside.ahead = &ahead_;
  beside.view_seq = asked.moment.seq;
  const view::Inquiry inquiry{view, asked.asker, asked.moment.time_ns, beside};
  auto body = view::answer(inquiry, asked.request);
  if (!body) return std::unexpected(std::move(body.error()));
  if (goes_on(*body)) {
    if (&view == &view_) recent_.needs(asked.moment.seq, parts_.clock.monotonic_ns());
    view::name_moment(*body, asked.moment);
  }
  return Reply{std::move(*body), {}};
}

view::Sources Auditor::sources() {
  view::Sources made;
  made.cause = [this](domain::Seq seq) { return cause_of(seq); };
  made.personal = [this](const domain::User& user) { return personal_of(user); };
  made.imported_ns = [this](const domain::User& user) { return imported_ns_of(user); };
  made.session = [this](std::string_view text) -> std::optional<view::Session> {
    const auto token = open_token(parts_.keys, text);
    if (!token) return std::nullopt;
    return as_view(*token);
  };
  made.key_beginning = credential::api_key_beginning;
  made.record = [this](domain::Seq seq) { return record_of(seq); };
  made.newest = head_.seq;
  return made;
}

void Auditor::add_seen(view::Sources& sources) const {
  if (parts_.seen == nullptr) return;
  sources.key_used_ns = [this](const Uuid& key) { return parts_.seen->key_used_ns(key); };
  sources.sessions = [this](const Uuid& tenant, const Uuid* user) {
    view::SeenSessions made{{}, started_ns_, parts_.seen->left_out()};
    for (const calls::SeenSession& seen : parts_.seen->sessions_of(tenant, user)) {
      const calls::SessionNote& token = seen.token;
      made.sessions.push_back({{seen.tenant, seen.user, token.session, seen.key, token.expires_ns,
                                token.user_epoch, token.tenant_epoch},
                               token.opened_ns,
                               seen.last_used_ns,
                               seen.call_count,
                               seen.service});
    }
    return made;
  };
}

schema::DigestT Auditor::digest() const {
  journal::Sha256 sha256;
  domain::write_canonical(view_.tables(), [&](std::span<const std::uint8_t> bytes) {
    sha256.add(std::as_bytes(bytes));
  });
  const journal::Hash hash = sha256.finish();
  schema::DigestT made;
  const auto* data = reinterpret_cast<const std::uint8_t*>(hash.data());
  made.sha256.assign(data, data + hash.size());
  return made;
}

schema::PersonalT Auditor::personal_of(const domain::User& user) const {
  auto personal = open_profile(parts_.keys, user);
  if (personal) return std::move(*personal);
  // Of a user that is being erased the key may go before the record is heard of.
  if (personal.error().kind != FailureKind::missing || user.status < schema::UserStatus::trashed)
    parts_.log(diagnostic<Line::profile_unreadable>(user, personal.error()));
  return {};
}

std::int64_t Auditor::imported_ns_of(const domain::User& user) const {
  const auto key = parts_.keys.user_key(slot_of(user.key));
  if (!key) return 0;
  return credential::imported_ns_of(*key, user.id, *user.sealed_password).value_or(0);
}

schema::CauseT Auditor::cause_of(domain::Seq seq) {
  if (const schema::Record* record = read(seq, gate_)) return view::cause_of(*record);
  schema::CauseT unread;
  unread.seq = seq;
  return unread;
}

std::shared_ptr<const schema::Record> Auditor::record_of(domain::Seq seq) {
  if (seq == 0 || seq > head_.seq) return nullptr;
  auto gate = std::make_shared<domain::RecordGate>();
  const schema::Record* record = read(seq, *gate);
  if (record == nullptr) return nullptr;
  return {std::move(gate), record};
}

const schema::Record* Auditor::read(domain::Seq seq, domain::RecordGate& gate) {
  const auto stored = journal::read_one(parts_.journal, seq);
  const auto record =
      stored ? gate.open(*stored) : std::unexpected(domain::Unfit{false, stored.error().sentence});
  if (record) return *record;
  parts_.log(diagnostic<Line::record_unreadable>(
      seq, Failure{FailureKind::damaged, record.error().sentence, ""}));
  return nullptr;
}

}  // namespace postern::service
