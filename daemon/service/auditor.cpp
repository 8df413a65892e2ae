#include "daemon/service/auditor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/credential/api_key.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/time_text.h"
#include "daemon/journal/sha256.h"
#include "daemon/service/bearer.h"
#include "daemon/service/inbound.h"
#include "daemon/service/permissions.h"
#include "daemon/service/personal.h"
#include "daemon/service/tenant_activity.h"
#include "daemon/view/answers.h"
#include "daemon/view/report.h"

namespace postern::service {

namespace {

using schema::Code;

/// No page is larger than its message may be, whatever is on it.
constexpr std::size_t page_bytes_max = 1 << 20;

/// How long one waits for a past before it is told how far that is.
constexpr std::int64_t past_wait_ns = 2'000'000'000;
constexpr std::uint32_t past_retry_ms = 200;
/// So long after it was last asked for a past is made on, and what was made is kept.
constexpr std::int64_t past_asked_ns = 10'000'000'000;
constexpr std::int64_t past_kept_ns = 600'000'000'000;

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

Auditor::Auditor(Parts parts, view::View view, journal::Head head, domain::PastIndex index)
    : parts_(std::move(parts)),
      view_(std::move(view)),
      head_(head),
      index_(std::move(index)),
      reader_(parts_.journal),
      pasts_(parts_.journal) {
  if (parts_.calls != nullptr) recorded_.emplace(*parts_.calls, parts_.keys);
}

// ---- turns

void Auditor::turn() {
  const auto gather = [&] {
    parts_.mail.auditor_tasks.drain([&](Task task) {
      const Uuid asker = task->asker;
      turns_.add(asker, std::move(task));
    });
  };
  // What was published before a question was handed over has been taken before it.
  take_published();
  if (parts_.clock.monotonic_ns() - past_used_ns_ > past_kept_ns) pasts_.clear();
  release_what_ifs();
  give_evidence();
  do {
    for (gather(); !turns_.empty(); gather()) answer_next();
  } while (make_past());
}

void Auditor::take_published() {
  parts_.mail.auditor_published.drain([&](std::unique_ptr<Published> published) {
    view_.take(published->changes);
    index_.take(std::move(published->notes));
    if (published->head.seq > head_.seq) head_ = published->head;
    if (RecentChanges::erases(*published)) pasts_.clear();
    recent_.take(std::move(published), parts_.clock.monotonic_ns(),
                 [&](std::unique_ptr<Published> taken) {
                   parts_.mail.writer_returned.post(std::move(taken));
                 });
  });
}

void Auditor::give(Task task, const Message& page) {
  task->page.assign(page.data(), page.data() + page.size());
  parts_.mail.historian_audited.post(std::move(task));
}

/// H11: commands wait for it, so it goes before questions.
void Auditor::give_evidence() {
  parts_.mail.auditor_evidence.drain([&](std::unique_ptr<EvidenceLetter> letter) {
    if (recorded_) recorded_->fill(view_, *letter);
    parts_.mail.writer_evidence.post(std::move(letter));
  });
}

void Auditor::answer_next() {
  Task task = turns_.take();
  turns_.charge(task->asker, 1);
  take_published();
  give_evidence();
  if (const auto page = page_for(*task)) return give(std::move(task), *page);
  waiting_.push_back({std::move(task), wanted_, parts_.clock.monotonic_ns() + past_wait_ns});
}

/// First come, first made, as long as it is asked for.
WholeMoment Auditor::next_to_make() const {
  const WholePast* making = pasts_.making();
  const bool is_asked_for =
      making != nullptr && parts_.clock.monotonic_ns() - making_asked_ns_ < past_asked_ns;
  return is_asked_for ? making->moment() : waiting_.front().moment;
}

/// One slice; gives whether there is more to do.
bool Auditor::make_past() {
  if (waiting_.empty()) return false;
  take_published();
  give_evidence();
  const WholeMoment moment = next_to_make();
  if (std::ranges::find(waiting_, moment, &Waiting::moment) != waiting_.end())
    making_asked_ns_ = parts_.clock.monotonic_ns();
  const auto made = pasts_.make(moment, view_);
  if (!made)
    answer_waiting(moment, made.error());
  else if (*made)
    answer_waiting(moment, std::nullopt);
  refuse_overdue();
  return !waiting_.empty();
}

void Auditor::answer_waiting(const WholeMoment& moment,
                             const std::optional<schema::ProblemT>& refused) {
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (one.moment != moment) {
      waiting_.push_back(std::move(one));
      continue;
    }
    const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(one.task->request.data());
    auto page = refused ? std::optional(refusal_page(
                              {request->id(), head_.seq, parts_.clock.now_ns()}, *refused, 0))
                        : page_for(*one.task);
    if (page)
      give(std::move(one.task), *page);
    else
      waiting_.push_back({std::move(one.task), wanted_, one.deadline_ns});
  }
}

void Auditor::refuse_overdue() {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (one.deadline_ns > now_ns) {
      waiting_.push_back(std::move(one));
      continue;
    }
    const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(one.task->request.data());
    const WholePast* making = pasts_.making();
    const domain::Seq read =
        making == nullptr || making->moment() != one.moment ? 0 : making->read();
    give(std::move(one.task),
         refusal_page({request->id(), head_.seq, parts_.clock.now_ns()},
                      make_problem(Code::busy, "",
                                   "The past is being read: " + std::to_string(read) + " of " +
                                       std::to_string(one.moment.seq) + " records."),
                      past_retry_ms));
  }
}

// ---- one request

/// Nothing: it waits for `wanted_`.
std::optional<Message> Auditor::page_for(const AuditTask& task) {
  const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task.request.data());
  PageHead head{request->id(), head_.seq, parts_.clock.now_ns()};
  const domain::Operator* asker = view_.tables().find_operator(task.asker);
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
  const auto moment = moment_of(*request, head.time_ns);
  if (!moment) return refusal_page(head, moment.error(), 0);
  head.moment = *moment;
  auto answered = answer({*request, *asker, *moment, task.request});
  if (!answered) {
    const bool goes_on = answered.error().code == Code::busy;
    return refusal_page(head, std::move(answered.error()), goes_on ? past_retry_ms : 0);
  }
  if (!*answered) return std::nullopt;
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
  if (asked.request.body_type() == schema::HistoryBody::GetDifference)
    return answer_difference(asked);
  if (asked.request.body_type() == schema::HistoryBody::PreviewCommands)
    return answer_preview(asked);
  if (asked.request.body_type() == schema::HistoryBody::GetWhatIf) return answer_what_if(asked);
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

/// Null: it has to be made, and whoever asks waits for it.
const WholePast* Auditor::find_past(WholeMoment moment) {
  past_used_ns_ = parts_.clock.monotonic_ns();
  wanted_ = std::move(moment);
  return pasts_.find(wanted_);
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_of_whole(const Request& asked,
                                                                     const domain::Tenant* tenant) {
  const WholePast* past = find_past(
      {tenant == nullptr ? tenants_of(asked.asker) : std::vector{tenant->id}, asked.moment.seq});
  if (past == nullptr) return std::nullopt;
  return answer_from(past->view(), asked);
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
  beside.command_refusal = [&](schema::CommandBody kind) { return refusal(asked.asker, kind); };
  const view::Inquiry inquiry{view, asked.asker, asked.moment.time_ns, beside};
  if (const auto* wanted = asked.request.body_as_GetReport())
    return report(*wanted, inquiry, asked.moment.seq);
  auto body = view::answer(inquiry, asked.request);
  if (!body) return std::unexpected(std::move(body.error()));
  if (goes_on(*body)) {
    if (&view == &view_) recent_.needs(asked.moment.seq, parts_.clock.monotonic_ns());
    view::name_moment(*body, asked.moment);
  }
  return Reply{std::move(*body), {}};
}

view::Answer<std::optional<Auditor::Reply>> Auditor::report(const schema::GetReport& wanted,
                                                            const view::Inquiry& inquiry,
                                                            domain::Seq last) {
  const auto tenant = view::tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const auto activity = activity_of(parts_.journal, gate_, **tenant, wanted.from_seq(), last);
  if (!activity) {
    parts_.log(diagnostic<Line::report_failed>(activity.error()));
    return view::refused(Code::journal_unavailable, "");
  }
  if (!*activity) return std::unexpected(activity->error());
  auto made = view::report(inquiry, wanted, **activity);
  if (!made) return std::unexpected(std::move(made.error()));
  Reply answered;
  answered.body.Set(std::move(*made));
  return answered;
}

view::Sources Auditor::sources() {
  view::Sources made;
  made.cause = [this](domain::Seq seq) { return cause_of(seq); };
  made.personal = [this](const domain::User& user) { return personal_of(user); };
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
