#include "daemon/service/historian.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/service/filter_names.h"
#include "daemon/service/past_subject.h"
#include "daemon/service/permissions.h"
#include "history_marks.h"

namespace postern::service {

namespace {

using schema::Code;

/// Publications reach this thread in less, unless a long check holds them back.
constexpr std::uint32_t told_wait_ms = 1'000;
constexpr std::uint32_t page_retry_ms = 200;
using platform::millisecond_ns;

/// What a record must be to be given; absent: anything.
struct RecordFilter {
  const domain::Operator* asker = nullptr;
  std::optional<Uuid> tenant;
  std::optional<Uuid> user;
  std::optional<Uuid> operator_id;
  /// O2: by nobody that the asker may know of.
  bool by_nobody = false;
  schema::EventBody kind = schema::EventBody::NONE;

  bool matches(const schema::Record& record) const {
    if (by_nobody) return false;
    if (!asker->all_tenants &&
        (record.tenant() == nullptr || !domain::in_scope(*asker, *record.tenant())))
      return false;
    if (tenant && (record.tenant() == nullptr || *record.tenant() != *tenant)) return false;
    if (operator_id && *record.operator_id() != *operator_id) return false;
    if (!user && kind == schema::EventBody::NONE) return true;
    return std::ranges::any_of(*record.events(), [&](const schema::Event* event) {
      return (!user || (event->user() != nullptr && *event->user() == *user)) &&
             (kind == schema::EventBody::NONE || event->body_type() == kind);
    });
  }
};

bool carries_secret(const schema::HistoryRequest& request) {
  bool found = false;
  schema::visit_secrets(request, [&](auto, const auto* text) { found |= text != nullptr; });
  return found;
}

schema::EventBody kind_named(std::string_view name) {
  for (const schema::EventBody kind : schema::EnumValuesEventBody())
    if (name == schema::EnumNameEventBody(kind)) return kind;
  return schema::EventBody::NONE;
}

/// Names into ids; every name that means nothing is a problem, the first is told.
std::expected<RecordFilter, schema::ProblemT> filter_of(const view::View& view,
                                                        const domain::Operator& asker,
                                                        const schema::GetRecords& wanted) {
  RecordFilter filter;
  filter.asker = &asker;
  const auto names = filter_names(view, asker, wanted.tenant(), wanted.user(), "user");
  if (!names) return std::unexpected(names.error());
  if (names->tenant != nullptr) filter.tenant = names->tenant->id;
  if (wanted.user_id() != nullptr) filter.user = *wanted.user_id();
  if (names->user != nullptr) {
    if (filter.user && *filter.user != names->user->id)
      return std::unexpected(make_problem(Code::user_unknown, "user"));
    filter.user = names->user->id;
  }
  if (wanted.operator_name() != nullptr) {
    const std::string_view name = wanted.operator_name()->string_view();
    const domain::Operator* entry = view.tables().find_operator(name);
    const bool is_known = entry != nullptr || name == "daemon";
    // O2: else it would tell which operators there are outside the asker's tenants.
    filter.by_nobody = !is_known && !asker.all_tenants;
    if (!is_known && asker.all_tenants)
      return std::unexpected(make_problem(Code::operator_unknown, "operator_name"));
    filter.operator_id = entry == nullptr ? domain::daemon_operator : entry->id;
  }
  if (wanted.kind() != nullptr) {
    filter.kind = kind_named(wanted.kind()->string_view());
    if (filter.kind == schema::EventBody::NONE)
      return std::unexpected(
          make_problem(Code::unknown_kind, "kind", "It must be the name of an event kind."));
  }
  return filter;
}

struct FoundRecords {
  schema::RecordPageT page;
  /// Everything up to the head has been looked at.
  bool at_head = false;
};

Expected<FoundRecords> search(const journal::Journal& journal, domain::RecordGate& gate,
                              const RecordFilter& filter, domain::Seq from_seq, domain::Seq to_seq,
                              std::uint32_t count_max) {
  FoundRecords found;
  found.page.next_seq = from_seq;
  std::size_t bytes = 0;
  const auto cursor = journal.read_from(from_seq);
  for (std::size_t scanned = 0;
       scanned < read_on_scan_max && found.page.records.size() < count_max &&
       found.page.next_seq <= to_seq;
       ++scanned) {
    const auto stored = cursor->next();
    if (!stored) return std::unexpected(stored.error());
    found.at_head = stored->empty();
    if (found.at_head) break;
    const auto record = gate.open(*stored);
    if (!record) return std::unexpected(Failure{FailureKind::damaged, record.error().sentence, ""});
    if (filter.matches(**record)) {
      // One record is given however large it is, so that a page always gets on.
      if (bytes > 0 && bytes + stored->size() > read_on_bytes_max) break;
      bytes += stored->size();
      auto& given = found.page.records.emplace_back(std::make_unique<schema::StoredRecordT>());
      const auto* data = reinterpret_cast<const std::uint8_t*>(stored->data());
      given->bytes.assign(data, data + stored->size());
    }
    ++found.page.next_seq;
  }
  return found;
}

}  // namespace

Historian::Historian(Parts parts, Settings settings, Send send, view::View view, journal::Head head,
                     std::int64_t time_ns)
    : parts_(std::move(parts)),
      settings_(settings),
      send_(std::move(send)),
      view_(std::move(view)),
      head_(head),
      head_time_ns_(time_ns),
      parking_(settings_.parked_max),
      audits_(settings_.audits_max),
      access_(parts_.journal),
      scrubber_({parts_.journal, parts_.clock, parts_.vitals, parts_.log}) {
  // The one that was kept from before.
  if (!parts_.checkpoints.newest().empty()) tell(true);
}

void Historian::turn() {
  tell(parts_.checkpoints.turn());
  bool moved = false;
  parts_.mail.historian_published.drain([&](std::unique_ptr<Published> published) {
    view_.take(published->changes);
    if (published->head.seq > head_.seq) {
      head_ = published->head;
      head_time_ns_ = published->time_ns;
      moved = true;
    }
    parts_.mail.auditor_published.post(std::move(published));
  });
  parts_.mail.historian_audited.drain([&](std::unique_ptr<AuditTask> task) {
    audits_.give_back(task->asker);
    const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task->request.data());
    begin(request->body_type(), task->came_ns);
    leave(task->peer, request->id(), task->page);
  });
  if (moved || !parked_.empty()) unpark();
  parts_.vitals.requests_parked.store(parked_.size(), std::memory_order_relaxed);
  parts_.vitals.audits_waiting.store(audits_.taken(), std::memory_order_relaxed);
  scrubber_.turn();
}

void Historian::begin(schema::HistoryBody kind, std::int64_t since_ns) {
  under_way_ = {kind, since_ns};
}

void Historian::measure(schema::Code code) {
  const std::int64_t took_ns =
      under_way_.since_ns ? parts_.clock.monotonic_ns() - *under_way_.since_ns : -1;
  parts_.vitals.measures.history.add(under_way_.kind, code, took_ns);
}

std::int64_t Historian::idle_ms() const {
  const std::int64_t longest_ms = std::min<std::int64_t>(parts_.checkpoints.due_in_ms(), 1'000);
  if (parked_.empty()) return longest_ms;
  const auto soonest = std::ranges::min_element(parked_, {}, &Parked::deadline_ns);
  const std::int64_t left_ns = soonest->deadline_ns - parts_.clock.monotonic_ns();
  return std::min(std::max<std::int64_t>(left_ns / millisecond_ns + 1, 1), longest_ms);
}

void Historian::take(const Inbound& inbound) {
  count(parts_.vitals.history_requests);
  const domain::Operator* asker = view_.tables().find_identity(inbound.identity);
  auto opened = open_message<schema::HistoryRequest>(
      inbound.payload, schema::history_request_identifier, history_limits);
  if (asker == nullptr || !opened || carries_secret(**opened)) credential::wipe(inbound.payload);
  if (asker == nullptr) {
    parts_.log(diagnostic<Line::sender_unknown>(platform::Stranger{std::string(inbound.identity)}));
    if (opened) return turn_away(inbound.peer, **opened);
    return count(parts_.vitals.strangers);
  }
  if (!opened) {
    count(parts_.vitals.malformed);
    under_way_ = {};
    if (opened.error().code == Code::too_large)
      opened.error().remedy = "Ask in parts: of a batch, preview some commands at a time.";
    return refuse(inbound.peer, 0, std::move(opened.error()));
  }
  Parked waiting{inbound.peer, std::string(inbound.identity), std::move(*opened)};
  waiting.told = parts_.mail.receipted_seq();
  answer(std::move(waiting), *asker);
}

void Historian::answer(Parked waiting, const domain::Operator& asker) {
  const schema::HistoryRequest& request = *waiting.request;
  const auto kind = request.body() == nullptr ? schema::HistoryBody::NONE : request.body_type();
  begin(kind, parts_.clock.monotonic_ns());
  // Whoever has a receipt finds its record here, unless a long check holds it back.
  if (waiting.told > head_.seq) {
    if (park(waiting, asker, told_wait_ms) == Wait::parked) return;
    // A replica would take for the newest what is older than a receipt.
    if (kind == schema::HistoryBody::GetAccess) return refuse_busy(waiting.peer, request.id());
  }
  if (std::exchange(waiting.told, 0) > 0) waiting.deadline_ns = 0;
  if (auto refused = refusal(asker, kind))
    return refuse(waiting.peer, request.id(), std::move(*refused));
  const bool names_moment = request.at_seq() != 0 || request.at_time_ns() != 0;
  if (names_moment && !takes_moment(kind))
    return refuse(waiting.peer, request.id(),
                  make_problem(Code::field_malformed, "at_seq",
                               "This request is not answered as of a moment; leave it out."));
  // O1: a service is told of the present alone.
  if (names_moment && asker.role == schema::Role::service)
    return refuse(waiting.peer, request.id(), make_problem(Code::not_permitted, "at_seq"));
  if (request.at_least_seq() > head_.seq) {
    switch (park(waiting, asker, request.wait_ms())) {
      case Wait::parked:
        return;
      case Wait::busy:
        return refuse_busy(waiting.peer, request.id());
      case Wait::over:
        return refuse(waiting.peer, request.id(),
                      make_problem(Code::not_yet, "at_least_seq",
                                   "The seq is " + std::to_string(head_.seq) + "."));
    }
  }
  // Beyond its share a page would be made to be dropped.
  if (!parts_.has_room(waiting.peer, read_on_bytes_max, 0))
    return refuse_busy(waiting.peer, request.id());
  if (const auto* wanted = request.body_as_GetRecords())
    return give_records(std::move(waiting), asker, *wanted);
  if (const auto* wanted = request.body_as_ListCalls())
    return give_calls(std::move(waiting), asker, *wanted);
  if (const auto* wanted = request.body_as_GetAccess())
    return give_access(std::move(waiting), asker, *wanted);
  if (request.body_type() == schema::HistoryBody::GetCheckpoint)
    return give_checkpoint(waiting.peer, request.id());
  if (const auto* wanted = request.body_as_GetConsistency())
    return give_consistency(waiting.peer, request.id(), *wanted);
  if (const auto* wanted = request.body_as_GetInclusion())
    return give_inclusion(waiting.peer, request.id(), *wanted);
  if (const auto* wanted = request.body_as_GetKeys())
    return give_keys(waiting.peer, request.id(), *wanted);
  hand_to_auditor(waiting.peer, asker, std::move(waiting.request));
}

void Historian::give_records(Parked waiting, const domain::Operator& asker,
                             const schema::GetRecords& wanted) {
  const std::uint64_t id = waiting.request->id();
  const auto filter = filter_of(view_, asker, wanted);
  if (!filter) return refuse(waiting.peer, id, filter.error());
  domain::Seq from_seq = std::max<domain::Seq>({wanted.from_seq(), waiting.from, 1});
  // The writer may be ahead of what was published here: what is durable may be given.
  const domain::Seq head_seq = parts_.journal.head().seq;
  if (from_seq > head_seq + 1)
    return refuse(waiting.peer, id,
                  make_problem(Code::seq_beyond_journal, "from_seq",
                               "The head is " + std::to_string(head_seq) + "."));
  const auto tell_unread = [&](const Failure& why) {
    refuse(waiting.peer, id, make_problem(Code::journal_unavailable, "", printable(why.sentence)));
  };
  if (wanted.from_time_ns() != 0 && waiting.from == 0) {
    const auto first = seq_from(wanted.from_time_ns(), head_seq);
    if (!first) return tell_unread(first.error());
    from_seq = std::max(from_seq, *first);
  }
  const domain::Seq to_seq = wanted.to_seq() == 0 ? ~domain::Seq{0} : wanted.to_seq();
  auto found =
      search(parts_.journal, gate_, *filter, from_seq, to_seq, read_on_count(wanted.count_max()));
  if (!found) return tell_unread(found.error());
  waiting.from = found->page.next_seq;
  if (found->page.records.empty() && found->at_head) {
    const Wait wait = park(waiting, asker, wanted.wait_ms());
    if (wait == Wait::parked) return;
    if (wait == Wait::busy) return refuse_busy(waiting.peer, id);
  }
  found->page.head_seq = head_seq;
  found->page.head_time_ns = head_time_ns_;
  found->page.checkpoint = parts_.checkpoints.newest();
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(found->page));
  give(waiting.peer, id, std::move(body));
}

Expected<domain::Seq> Historian::seq_from(std::int64_t time_ns, domain::Seq head_seq) {
  domain::Seq low = 1;
  domain::Seq high = head_seq + 1;
  while (low < high) {
    const domain::Seq middle = low + (high - low) / 2;
    const auto cursor = parts_.journal.read_from(middle);
    const auto stored = cursor->next();
    if (!stored) return std::unexpected(stored.error());
    const auto record = gate_.open(*stored);
    if (!record) return std::unexpected(Failure{FailureKind::damaged, record.error().sentence, ""});
    if ((*record)->time_ns() < time_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void Historian::give(const Peer& peer, std::uint64_t id, schema::HistoryPageBodyUnion body) {
  const Message page = page_of({id, head_.seq, parts_.clock.now_ns()}, std::move(body));
  leave(peer, id, {page.data(), page.size()});
}

void Historian::leave(const Peer& peer, std::uint64_t id, std::span<const std::uint8_t> page) {
  if (!parts_.has_room(peer, page.size(), 0)) return refuse_busy(peer, id);
  measure(flatbuffers::GetRoot<schema::HistoryPage>(page.data())->code());
  send_(peer, page);
}

void Historian::give_calls(Parked waiting, const domain::Operator& asker,
                           const schema::ListCalls& wanted) {
  const std::uint64_t id = waiting.request->id();
  if (parts_.calls == nullptr)
    return refuse(waiting.peer, id, make_problem(Code::unknown_kind, "body"));
  auto found =
      parts_.calls->find(view_, asker, wanted, waiting.from == 0 ? wanted.from() : waiting.from);
  if (!found) return refuse(waiting.peer, id, std::move(found.error()));
  waiting.from = found->page.next;
  if (found->page.calls.empty() && found->at_head) {
    const Wait wait = park(waiting, asker, wanted.wait_ms());
    if (wait == Wait::parked) return;
    if (wait == Wait::busy) return refuse_busy(waiting.peer, id);
  }
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(found->page));
  give(waiting.peer, id, std::move(body));
}

void Historian::give_access(Parked waiting, const domain::Operator& asker,
                            const schema::GetAccess& wanted) {
  const std::uint64_t id = waiting.request->id();
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (waiting.came_ns == 0) waiting.came_ns = now_ns;
  // O1: whoever has the entries may answer a check by bare name.
  if (asker.role == schema::Role::service && !asker.vouches)
    return refuse(waiting.peer, id,
                  make_problem(Code::not_permitted, "body",
                               "A replica needs the operator's flag 'vouches'."));
  auto found = access_.find(view_, asker, wanted, head_.seq, waiting.from);
  if (!found) return refuse(waiting.peer, id, std::move(found.error()));
  if (found->nothing) {
    waiting.from = found->page.to_seq;
    const Wait wait = park(waiting, asker, wanted.wait_ms());
    if (wait == Wait::parked) return;
    if (wait == Wait::busy) return refuse_busy(waiting.peer, id);
  }
  // It was the newest when the request came, and is still, unless receipts left meanwhile.
  if (parts_.mail.receipted_seq() <= head_.seq)
    found->page.waited_ms = static_cast<std::uint32_t>((now_ns - waiting.came_ns) / millisecond_ns);
  found->page.journal = parts_.checkpoints.signer().name;
  found->page.checkpoint = parts_.checkpoints.newest();
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(found->page));
  give(waiting.peer, id, std::move(body));
}

void Historian::hand_to_auditor(const Peer& peer, const domain::Operator& asker,
                                OpenedMessage<schema::HistoryRequest> request) {
  // The auditor may have ended.
  if (parts_.vitals.stopping) return refuse(peer, request->id(), make_problem(Code::stopping, ""));
  if (!audits_.take(asker.id)) return refuse_busy(peer, request->id());
  auto task = std::make_unique<AuditTask>();
  task->peer = peer;
  task->asker = asker.id;
  task->came_ns = *under_way_.since_ns;
  task->request.assign(request.bytes().begin(), request.bytes().end());
  parts_.mail.auditor_tasks.post(std::move(task));
}

Historian::Wait Historian::park(Parked& waiting, const domain::Operator& asker,
                                std::uint32_t wait_ms) {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (waiting.deadline_ns == 0)
    waiting.deadline_ns = now_ns + std::min(wait_ms, settings_.wait_max_ms) * millisecond_ns;
  if (waiting.deadline_ns <= now_ns) return Wait::over;
  if (!parking_.take(asker.id, places_of(waiting.request.bytes().size()))) return Wait::busy;
  waiting.asker = asker.id;
  parked_.push_back(std::move(waiting));
  return Wait::parked;
}

void Historian::unpark() {
  // Each gives back its place and takes one again in its turn: none of them is turned away then,
  // because no more are before it than were when it came.
  for (Parked& waiting : parked_)
    parking_.give_back(waiting.asker, places_of(waiting.request.bytes().size()));
  for (Parked& waiting : std::exchange(parked_, {})) {
    const domain::Operator* asker = view_.tables().find_identity(waiting.identity);
    if (asker != nullptr) {
      answer(std::move(waiting), *asker);
      continue;
    }
    turn_away(waiting.peer, *waiting.request);
  }
}

void Historian::turn_away(const Peer& peer, const schema::HistoryRequest& request) {
  count(parts_.vitals.strangers);
  begin(request.body_type(), parts_.clock.monotonic_ns());
  // Its connection is from when it was an operator's; a replica has answers to take back.
  if (request.body_type() == schema::HistoryBody::GetAccess)
    refuse(peer, request.id(), make_problem(Code::not_permitted, ""));
}

void Historian::refuse_busy(const Peer& peer, std::uint64_t id) {
  count(parts_.vitals.busy);
  refuse(peer, id, make_problem(Code::busy, ""), page_retry_ms);
}

void Historian::refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem,
                       std::uint32_t retry_after_ms) {
  measure(problem.code);
  const Message page =
      refusal_page({id, head_.seq, parts_.clock.now_ns()}, std::move(problem), retry_after_ms);
  send_(peer, {page.data(), page.size()});
}

}  // namespace postern::service
