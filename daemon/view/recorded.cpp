#include "daemon/view/recorded.h"

#include <algorithm>
#include <vector>

#include "daemon/domain/day.h"
namespace postern::view {

namespace {

using schema::Code;

std::uint32_t day_of(std::int64_t time_ns) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(time_ns, 0) / domain::day_ns);
}

/// The credential itself was wrong or over, which no state tells again.
bool is_about_credential(Code reason) {
  return reason == Code::invalid_credentials || reason == Code::credential_expired ||
         reason == Code::session_expired;
}

/// A session that was open in one state may be none in the other (S2): nobody can tell.
bool may_be_ended(const schema::CallViewT& call, const Answerer& was, const Answerer& other) {
  return call.credential == schema::CredentialKind::token &&
         (domain::extras_of(*was.user).session_epoch !=
              domain::extras_of(*other.user).session_epoch ||
          was.tenant->session_epoch != other.tenant->session_epoch);
}

/// A password that was right in one state is not in the other.
bool has_another_password(const schema::CallViewT& call, const Answerer& was,
                          const Answerer& other) {
  return call.credential == schema::CredentialKind::password &&
         was.user->password_seq != other.user->password_seq;
}

}  // namespace

bool Flips::add(const schema::CallViewT& call, const Answerer& was, const Answerer& other) {
  if (is_about_credential(call.reason)) {
    ++not_asked_;
    return false;
  }
  const std::int64_t time_ns = asked_ == JudgedAt::then ? call.time_ns : now_ns_;
  const domain::RecordedCall recorded = domain::recorded_call_of(call);
  const Code before = domain::ask_again(was, recorded, time_ns).reason;
  Code after = domain::ask_again(other, recorded, time_ns).reason;
  const bool both_let_in = before == Code::ok && after == Code::ok;
  if (both_let_in && has_another_password(call, was, other)) after = Code::invalid_credentials;
  const bool tells = asked_ == JudgedAt::now || before == call.reason;
  if (!tells || (both_let_in && may_be_ended(call, was, other))) {
    ++not_asked_;
    return false;
  }
  ++asked_count_;
  if ((before == Code::ok) == (after == Code::ok)) return true;
  ++(before == Code::ok ? denied_ : allowed_);
  const bool has_question = call.question != nullptr;
  Sum& sum = found_[{call.user->high(), call.user->low(),
                     has_question ? call.question->action : std::string(),
                     has_question ? call.question->resource : std::string(),
                     has_question && call.question->this_level_only, before, after}];
  if (sum.count++ == 0) {
    sum.first_ns = call.time_ns;
    sum.first_seq = call.seq;
    sum.has_question = has_question;
  }
  sum.last_ns = call.time_ns;
  sum.last_seq = call.seq;
  return true;
}

void Flips::fill(schema::FlipPageT& page, std::size_t count_max) const {
  std::vector<const std::pair<const Key, Sum>*> most;
  for (const auto& entry : found_) most.push_back(&entry);
  std::ranges::stable_sort(most, std::ranges::greater(),
                           [](const auto* entry) { return entry->second.count; });
  page.flips_left_out = most.size() - std::min(most.size(), count_max);
  most.resize(std::min(most.size(), count_max));
  for (const auto* entry : most) {
    const auto& [high, low, action, resource, this_level_only, before, after] = entry->first;
    const Sum& sum = entry->second;
    auto& flip = page.flips.emplace_back(std::make_unique<schema::FlipT>());
    flip->user = std::make_unique<domain::Uuid>(high, low);
    if (sum.has_question) {
      flip->question = std::make_unique<schema::QuestionT>();
      flip->question->action = action;
      flip->question->resource = resource;
      flip->question->this_level_only = this_level_only;
    }
    flip->before = before;
    flip->after = after;
    flip->count = sum.count;
    flip->first_ns = sum.first_ns;
    flip->last_ns = sum.last_ns;
    flip->first_seq = sum.first_seq;
    flip->last_seq = sum.last_seq;
  }
  page.denied = denied_;
  page.allowed = allowed_;
  page.asked = asked_count_;
  page.not_asked = not_asked_;
}

void Coverage::add(const schema::CallViewT& call) { ++recorded_[*call.user][day_of(call.time_ns)]; }

void Coverage::count(const domain::User& user, std::int64_t from_ns,
                     schema::FlipPageT& page) const {
  const auto& use = domain::extras_of(user).use;
  if (use == nullptr) return;
  const auto recorded = recorded_.find(user.id);
  for (const domain::UseOfDay& used : use->days) {
    if (used.day < day_of(from_ns)) continue;
    const std::uint64_t calls = used.allowed + used.denied;
    page.counted += calls;
    if (recorded == recorded_.end()) continue;
    const auto day = recorded->second.find(used.day);
    if (day != recorded->second.end()) page.covered += std::min(calls, day->second);
  }
}

}  // namespace postern::view
