#include "tools/client/gathering.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace postern::client {
namespace {

constexpr std::size_t questions_max = 256;
constexpr std::size_t bytes_max = 256 * 1'024;
/// The daemon refuses a single question that is much larger: it must see that it is one.
constexpr std::size_t call_bytes_max = 16 * 1'024;
/// Of a question, beside its texts.
constexpr std::size_t question_bytes = 48;

/// What the calls of one bearer have in common.
class Parts {
 public:
  void add(std::string_view part) { all_[count_++] = part; }
  bool empty() const { return count_ == 0; }

  /// Each with its length before it, so that no two lists of parts are the same text.
  std::string text() const {
    const auto parts = std::span(all_).first(count_);
    std::string text;
    std::size_t bytes = 0;
    for (const std::string_view part : parts) bytes += sizeof bytes + part.size();
    // At once: what it outgrows would lie about unwiped.
    text.reserve(bytes);
    for (const std::string_view part : parts) {
      const std::size_t size = part.size();
      text.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
    }
    return text;
  }

 private:
  /// Credential, its kind, tenant, and the call.
  std::array<std::string_view, 2 + 2 + 4> all_;
  std::size_t count_ = 0;
};

/// Nothing: every such call is one of its own. A password is an attempt (C5).
void add_credential(Parts& parts, const schema::CredentialUnion& credential) {
  if (const auto* named = credential.AsNamedUser()) {
    parts.add(named->username);
  } else if (const auto* token = credential.AsTokenCredential()) {
    parts.add(token->token);
    parts.add(token->username);
  } else if (const auto* key = credential.AsKeyCredential()) {
    parts.add(key->key);
    parts.add(key->username);
  }
}

std::string bearer_of(const schema::QueryT& query) {
  const auto* check = query.body.AsCheck();
  if (check == nullptr || check->questions.empty() || query.receipt || query.wait_ms != 0 ||
      query.at_least_seq != 0)
    return {};
  Parts parts;
  add_credential(parts, check->credential);
  if (parts.empty()) return {};
  parts.add(schema::EnumNameCredential(check->credential.type));
  parts.add(query.tenant);
  if (const schema::CallT* call = query.call.get()) {
    parts.add(call->address);
    parts.add(call->client);
    parts.add(call->tls ? "tls" : "");
    parts.add(schema::EnumNameChannel(call->channel));
  }
  return parts.text();
}

std::size_t bytes_of(const schema::CheckT& check) {
  std::size_t bytes = 0;
  for (const auto& question : check.questions)
    bytes += question_bytes + question->action.size() + question->resource.size();
  return bytes;
}

std::size_t questions_of(const QuestionCall& call) {
  const auto* check = call.message.body.AsCheck();
  return check == nullptr ? 0 : check->questions.size();
}

Error unshared() {
  return {ErrorKind::protocol, "The answer does not have a decision for each question.",
          "Check that the address is this daemon's, and the versions."};
}

}  // namespace

QuestionCall::QuestionCall(schema::QueryT query, SteadyClock::time_point end)
    : CallFor(std::move(query), end), bearer(bearer_of(message)) {
  if (bearer.empty()) return;
  bytes = bytes_of(*message.body.AsCheck());
  if (bytes > call_bytes_max || questions_of(*this) > questions_max / 2) wipe(bearer);
}

void Gathering::add(QuestionCall& call) {
  if (call.bearer.empty()) return send_alone(call);
  auto& group = *groups_.try_emplace(call.bearer).first;
  group.second.waiting.push_back(&call);
  if (group.second.is_under_way || std::exchange(group.second.is_touched, true)) return;
  touched_.push_back(&group);
}

void Gathering::flush() {
  // What it sends touches none.
  for (const auto group : touched_) {
    group->second.is_touched = false;
    send_next(*group);
  }
  touched_.clear();
}

void Gathering::end(QuestionCall& call, Result<schema::AnswerT> answer) {
  call.answer = std::move(answer);
  ended_.push_back(&call);
}

void Gathering::post(schema::QueryT& query, Posted posted) {
  // As long as the youngest has time; the others have theirs.
  const auto extra = std::chrono::milliseconds(query.wait_ms);
  auto spent = std::chrono::milliseconds::max();
  for (const Member& member : posted.members)
    spent = std::min(spent, member.call->spent(lanes_.options, extra));
  const auto id = lanes_.queries.send(query, spent);
  if (!id) {
    for (const Member& member : posted.members) end(*member.call, std::unexpected(id.error()));
    if (posted.group != nullptr) send_next(*posted.group);
    return;
  }
  for (const Member& member : posted.members) member.call->id = *id;
  if (posted.group != nullptr) posted.group->second.is_under_way = true;
  posted_.emplace(*id, std::move(posted));
}

void Gathering::send_alone(QuestionCall& call) {
  post(call.message, {.members = {{&call, questions_of(call)}}});
}

void Gathering::send_next(Groups::value_type& group) {
  auto& waiting = group.second.waiting;
  if (waiting.empty()) return drop(group);
  Posted posted;
  posted.group = &group;
  std::size_t questions = 0;
  std::size_t bytes = 0;
  std::size_t taken = 0;
  for (; taken < waiting.size(); ++taken) {
    QuestionCall& call = *waiting[taken];
    const std::size_t count = questions_of(call);
    if (taken > 0 && (questions + count > questions_max || bytes + call.bytes > bytes_max)) break;
    questions += count;
    bytes += call.bytes;
    posted.members.push_back({&call, count});
  }
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(taken));
  schema::QueryT& first = posted.members.front().call->message;
  if (taken == 1) return post(first, std::move(posted));
  // A copy: should they have to go alone, they are still there.
  schema::QueryT joined = first;
  auto& all = joined.body.AsCheck()->questions;
  for (const Member& member : std::span(posted.members).subspan(1))
    for (const auto& question : member.call->message.body.AsCheck()->questions)
      all.push_back(std::make_unique<schema::QuestionT>(*question));
  post(joined, std::move(posted));
  wipe_secrets(joined);
}

void Gathering::drop(Groups::value_type& group) {
  auto node = groups_.extract(group.first);
  wipe(node.key());
}

void Gathering::settle(std::uint64_t id, Result<schema::AnswerT> answer) {
  auto node = posted_.extract(id);
  if (node.empty()) return;
  Posted posted = std::move(node.mapped());
  if (posted.group != nullptr) {
    posted.group->second.is_under_way = false;
    send_next(*posted.group);
  }
  if (posted.members.size() > 1) return share(posted.members, answer);
  if (QuestionCall* call = posted.members.front().call) end(*call, std::move(answer));
}

/// To each its own decisions; whatever else it is, all get it.
void Gathering::share(std::span<const Member> members, Result<schema::AnswerT>& answer) {
  auto* checked = answer ? answer->body.AsChecked() : nullptr;
  std::size_t questions = 0;
  for (const Member& member : members) questions += member.questions;
  const bool fits = checked != nullptr && checked->decisions.size() == questions;
  const bool is_cut = checked != nullptr && checked->grants_left_out != 0;
  std::vector<std::unique_ptr<schema::DecisionT>> decisions;
  if (checked != nullptr) decisions = std::exchange(checked->decisions, {});
  std::size_t first = 0;
  for (const Member& member : members) {
    const std::size_t begin = std::exchange(first, first + member.questions);
    QuestionCall* call = member.call;
    if (call == nullptr) continue;
    // What was left out of the joined answer may have room in its own.
    if (fits && is_cut) {
      send_alone(*call);
    } else if (checked != nullptr && !fits) {
      end(*call, std::unexpected(unshared()));
    } else if (checked == nullptr) {
      end(*call, answer);
    } else {
      schema::AnswerT own = *answer;
      const auto from = decisions.begin() + static_cast<std::ptrdiff_t>(begin);
      own.body.AsChecked()->decisions.assign(
          std::make_move_iterator(from),
          std::make_move_iterator(from + static_cast<std::ptrdiff_t>(member.questions)));
      end(*call, std::move(own));
    }
  }
}

void Gathering::withdraw(QuestionCall& call) {
  const auto place = posted_.find(call.id);
  if (place == posted_.end()) {
    const auto group = groups_.find(call.bearer);
    if (group != groups_.end()) std::erase(group->second.waiting, &call);
    return;
  }
  const auto is_gone = [](const Member& member) { return member.call == nullptr; };
  for (Member& member : place->second.members)
    if (member.call == &call) member.call = nullptr;
  if (!std::ranges::all_of(place->second.members, is_gone)) return;
  lanes_.queries.cancel(call.id);
  const Groups::pointer group = place->second.group;
  posted_.erase(place);
  if (group == nullptr) return;
  group->second.is_under_way = false;
  send_next(*group);
}

}  // namespace postern::client
