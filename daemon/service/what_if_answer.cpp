#include "daemon/service/what_if_answer.h"

#include <algorithm>
#include <utility>

#include "daemon/credential/secret.h"
#include "daemon/service/past_reader.h"
#include "daemon/service/permissions.h"
#include "daemon/view/page.h"
#include "schema/problem.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::make_problem;
using schema::view_of;

/// Records folded and calls asked in one slice.
constexpr std::size_t slice_parts = 4'096;

/// O1, O2: what concerns the installation is nobody's to suppose who asks of one tenant.
std::optional<schema::ProblemT> gate(const domain::Tenant& tenant,
                                     const schema::CommandMessage& message) {
  if (message.commands() == nullptr) return std::nullopt;
  const domain::Operator supposer = view::supposer(&tenant.id);
  for (flatbuffers::uoffset_t index = 0; index < message.commands()->size(); ++index)
    if (auto refused = refusal(supposer, message.commands()->Get(index)->body_type())) {
      refused->index = index;
      return refused;
    }
  return std::nullopt;
}

std::optional<schema::ProblemT> fault_of_message(const schema::CommandMessage& message,
                                                 const domain::Tenant& tenant) {
  if (view_of(message.tenant()) != tenant.alias)
    return make_problem(Code::field_malformed, "message",
                        "Its tenant must be the one that is asked about.");
  return gate(tenant, message);
}

}  // namespace

std::optional<schema::ProblemT> WhatIfAnswer::fault_of(const schema::HistoryRequest& request,
                                                       const domain::Tenant& tenant,
                                                       domain::Seq head) {
  const auto& wanted = *request.body_as_GetWhatIf();
  const auto* without = wanted.without();
  const std::size_t count = without == nullptr ? 0 : without->size();
  if (wanted.message() == nullptr && count == 0)
    return make_problem(Code::field_missing, "message", "Nothing is supposed.");
  if (count > without_max)
    return make_problem(Code::too_large, "without",
                        "The limit is 1000 records, found " + std::to_string(count) + ".");
  for (std::size_t place = 0; place < count; ++place) {
    const domain::Seq seq = without->Get(static_cast<flatbuffers::uoffset_t>(place));
    if (seq < 2 || seq > head)
      return make_problem(Code::record_unknown, "without",
                          std::to_string(seq) + " is no record that can be left out.");
  }
  if (wanted.message() == nullptr) return std::nullopt;
  if (request.at_seq() == 0 && request.at_time_ns() == 0)
    return make_problem(Code::field_missing, "at_seq",
                        "Name the moment; from now on, a preview tells.");
  return fault_of_message(*wanted.message(), tenant);
}

WhatIfAnswer::WhatIfAnswer(const journal::Journal& journal, calls::CallStream calls, Wanted wanted,
                           std::span<const std::byte> request)
    : journal_(journal),
      calls_(std::move(calls)),
      wanted_(std::move(wanted)),
      request_(request.begin(), request.end()),
      asked_(flatbuffers::GetRoot<schema::HistoryRequest>(request_.data())->body_as_GetWhatIf()),
      scope_{{wanted_.tenant}},
      other_(state_, supposed()) {}

WhatIfAnswer::~WhatIfAnswer() { credential::wipe(request_); }

view::OtherHistory::Wanted WhatIfAnswer::supposed() const {
  view::OtherHistory::Wanted made{.message = asked_->message(),
                                  .supposer = view::supposer(&wanted_.tenant)};
  if (asked_->without() != nullptr)
    made.without.insert(asked_->without()->begin(), asked_->without()->end());
  made.tenant = wanted_.alias;
  made.scope = scope_;
  return made;
}

/// False: the next call, if there is one, was answered by a later state.
bool WhatIfAnswer::ask_one() {
  const calls::Entry* entry = calls_.front();
  if (entry == nullptr || entry->call.seq > read_) return false;
  other_.ask(entry->tenant, calls_.opened_front().call);
  calls_.pop();
  ++asked_calls_;
  return true;
}

LongAnswer::Step WhatIfAnswer::suppose_if_due() {
  if (!other_.is_due() || read_ < wanted_.moment.seq) return {};
  return other_.suppose(wanted_.moment.time_ns);
}

/// O2: a record that is not the tenant's is passed over, so leaving it out changes nothing; it is
/// not told apart from one that is none.
LongAnswer::Step WhatIfAnswer::fold(journal::View stored) {
  domain::Changes changes{.tells_all = false};
  const auto record = domain::fold_part(state_, gate_, scope_, stored, changes);
  if (!record) return unread(record.error().sentence);
  ++read_;
  const bool is_own = (*record)->tenant() != nullptr && *(*record)->tenant() == wanted_.tenant;
  if (!is_own && other_.missing().contains(read_))
    return std::unexpected(
        make_problem(Code::record_unknown, "without",
                     std::to_string(read_) + " is no record that can be left out."));
  other_.add(**record);
  if (state_.tables().live_user_count() <= users_max && other_.flip_count() <= flips_max) return {};
  return std::unexpected(
      make_problem(Code::too_large, "tenant",
                   "The limit is 200000 users, and as many kinds of calls that would be answered "
                   "otherwise. Ask postern-replay, which reads a copy of the data folder."));
}

LongAnswer::Step WhatIfAnswer::go_on(const At&) {
  if (calls_.has_to_read()) {
    const auto read = calls_.read_on();
    return read ? Step() : unread(read.error().sentence);
  }
  const auto cursor = journal_.read_from(read_ + 1);
  for (std::size_t part = 0; part < slice_parts && !calls_.has_to_read(); ++part) {
    // Commands stand before the calls that the moment's own state answered.
    if (read_ > 0)
      if (auto step = suppose_if_due(); !step) return step;
    if (ask_one()) continue;
    if (read_ == wanted_.last) {
      is_made_ = true;
      return {};
    }
    const auto stored = cursor->next();
    if (!stored) return unread(stored.error().sentence);
    if (stored->empty()) return unread("There is no record " + std::to_string(read_ + 1) + ".");
    if (auto step = fold(*stored); !step) return step;
  }
  return {};
}

LongAnswer::Body WhatIfAnswer::page(const schema::HistoryRequest& request) {
  Body body;
  body.Set(other_.page(view::page_size(request.body_as_GetWhatIf()->count_max())));
  return body;
}

std::string WhatIfAnswer::how_far() const {
  return std::to_string(read_) + " of " + std::to_string(wanted_.last) + " records are read.";
}

}  // namespace postern::service
