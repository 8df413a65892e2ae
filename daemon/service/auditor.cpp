#include "daemon/service/auditor.h"

#include <optional>

#include "daemon/credential/api_key.h"
#include "daemon/domain/digest.h"
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

}  // namespace

Auditor::Auditor(Parts parts, view::View view, journal::Head head)
    : parts_(std::move(parts)), view_(std::move(view)), head_(head) {}

void Auditor::turn() {
  const auto gather = [&] {
    parts_.mail.auditor_tasks.drain([&](std::unique_ptr<AuditTask> task) {
      const Uuid asker = task->asker;
      turns_.add(asker, std::move(task));
    });
  };
  // What was published before a question was handed over has been taken before it.
  take_published();
  for (gather(); !turns_.empty(); gather()) {
    std::unique_ptr<AuditTask> task = turns_.take();
    turns_.charge(task->asker, 1);
    take_published();
    const Message page = page_for(*task);
    task->page.assign(page.data(), page.data() + page.size());
    parts_.mail.historian_audited.post(std::move(task));
  }
}

void Auditor::take_published() {
  parts_.mail.auditor_published.drain([&](std::unique_ptr<Published> published) {
    view_.take(published->changes);
    if (published->head.seq > head_.seq) head_ = published->head;
    parts_.mail.writer_returned.post(std::move(published));
  });
}

Message Auditor::page_for(const AuditTask& task) {
  const auto* request = flatbuffers::GetRoot<schema::HistoryRequest>(task.request.data());
  const PageHead head{request->id(), head_.seq, parts_.clock.now_ns()};
  const domain::Operator* asker = view_.tables().find_operator(task.asker);
  // Its role or scope may be another by now than at the historian's gate.
  std::optional<schema::ProblemT> problem = asker == nullptr
                                                ? make_problem(Code::not_permitted, "")
                                                : refusal(*asker, request->body_type());
  if (problem) return refusal_page(head, std::move(*problem), 0);
  auto body = answer(*request, *asker, head.time_ns);
  if (!body) return refusal_page(head, std::move(body.error()), 0);
  Message page = page_of(head, std::move(*body));
  if (page.size() <= page_bytes_max) return page;
  return refusal_page(
      head, make_problem(Code::too_large, "", limit_and_size(page_bytes_max, page.size())), 0);
}

view::Answer<schema::HistoryPageBodyUnion> Auditor::answer(const schema::HistoryRequest& request,
                                                           const domain::Operator& asker,
                                                           std::int64_t now_ns) {
  if (request.body_type() == schema::HistoryBody::GetDigest) {
    schema::HistoryPageBodyUnion body;
    body.Set(digest());
    return body;
  }
  const view::Sources beside = sources();
  return view::answer({view_, asker, now_ns, beside}, request);
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
    parts_.alarm("the profile of user " + printable(user.username) +
                 " cannot be opened: " + personal.error().sentence);
  return {};
}

schema::CauseT Auditor::cause_of(domain::Seq seq) {
  const auto stored = journal::read_one(parts_.journal, seq);
  const auto record =
      stored ? gate_.open(*stored) : std::unexpected(domain::Unfit{false, stored.error().sentence});
  if (record) return view::cause_of(**record);
  parts_.alarm("record " + std::to_string(seq) + " cannot be read: " + record.error().sentence);
  schema::CauseT unread;
  unread.seq = seq;
  return unread;
}

}  // namespace postern::service
