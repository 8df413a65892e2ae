#include "daemon/service/preview_answer.h"

#include <algorithm>
#include <utility>

#include "daemon/domain/day.h"
#include "daemon/service/permissions.h"
#include "daemon/view/page.h"
#include "daemon/view/supposition.h"

namespace postern::service {

PreviewAnswer::PreviewAnswer(const calls::CallRing& ring, const credential::KeyStore& keys,
                             const RecordedCalls::Limits& limits, const domain::Tenant& tenant,
                             const view::Moment& now, std::uint32_t days)
    : keys_(keys),
      limits_(limits),
      tenant_(tenant),
      now_(now),
      from_ns_(now.time_ns - days * domain::day_ns),
      reader_(ring),
      next_(std::max(ring.oldest(), ring.next() - std::min(ring.next(), limits.calls_max))),
      end_(ring.next()),
      first_(next_),
      flips_(view::JudgedAt::now, now.time_ns) {}

std::optional<schema::ProblemT> PreviewAnswer::gate(const domain::Operator& asker,
                                                    const schema::CommandMessage& message) {
  if (message.commands() == nullptr) return std::nullopt;
  for (flatbuffers::uoffset_t index = 0; index < message.commands()->size(); ++index)
    if (auto refused = refusal(asker, message.commands()->Get(index)->body_type())) {
      refused->index = index;
      return refused;
    }
  return std::nullopt;
}

LongAnswer::Step PreviewAnswer::go_on(const At& at) {
  if (other_ == nullptr) return decide(at);
  if (next_ < end_) return read_calls(at);
  count(at);
  return {};
}

/// The state borrows the entries of the moment, which live as long as this.
LongAnswer::Step PreviewAnswer::decide(const At& at) {
  const auto& message = *at.request.body_as_PreviewCommands()->message();
  domain::State state = view::state_of(at.inquiry.view, tenant_, now_.seq, now_.time_ns);
  const auto supposed =
      view::suppose(state, {message, at.inquiry.asker, now_.time_ns, {now_.seq + 1}});
  if (!supposed) return std::unexpected(supposed.error().front());
  other_ = std::make_unique<domain::State>(std::move(state));
  return {};
}

LongAnswer::Step PreviewAnswer::read_calls(const At& at) {
  const view::View& present = at.inquiry.view;
  calls::CallSeals seals(keys_, [&](const Uuid& user) { return present.tables().find_user(user); });
  const std::uint64_t stop = std::min(end_, next_ + limits_.slice_calls);
  const auto read = reader_.read(next_, [&](std::uint64_t position, auto stored) {
    if (position >= stop) return false;
    if (auto entry = calls::open_entry(stored);
        entry && entry->tenant == tenant_.id && entry->call.user != nullptr)
      add(*entry, seals, present);
    return true;
  });
  if (!read)
    return std::unexpected(schema::make_problem(schema::Code::journal_unavailable, "",
                                                printable(read.error().sentence)));
  looked_at_ += stop - next_;
  next_ = stop;
  if (flips_.size() <= flips_max) return {};
  return std::unexpected(schema::make_problem(
      schema::Code::too_large, "message",
      "The limit is " + std::to_string(flips_max) +
          " kinds of calls that would be answered otherwise, by user and question. Look back fewer "
          "days, or preview fewer commands at once."));
}

void PreviewAnswer::add(calls::Entry& entry, calls::CallSeals& seals, const view::View& present) {
  // Of the first day the journal counts the whole: so what of it lies before counts for coverage.
  if (entry.call.time_ns < from_ns_) return coverage_.add(entry.call);
  seals.open(entry);
  const Uuid& user = *entry.call.user;
  const auto& now = present.tables();
  const auto& others = other_->tables();
  const bool was_asked =
      flips_.add(entry.call, {&tenant_, now.find_user(user), &now.providers()},
                 {others.find_tenant(tenant_.id), others.find_user(user), &others.providers()});
  if (was_asked) coverage_.add(entry.call);
}

void PreviewAnswer::count(const At& at) {
  const auto& present = at.inquiry.view.tables();
  page_.from_ns = from_ns_;
  flips_.fill(page_, view::page_size(at.request.body_as_PreviewCommands()->count_max()));
  for (auto& flip : page_.flips)
    if (const domain::User* user = present.find_user(*flip->user)) flip->username = user->username;
  present.for_each_user([&](const domain::User& user) {
    if (user.tenant == tenant_.id) coverage_.count(user, from_ns_, page_);
  });
  is_counted_ = true;
}

LongAnswer::Body PreviewAnswer::page(const schema::HistoryRequest&) {
  Body body;
  body.Set(std::move(page_));
  return body;
}

std::string PreviewAnswer::how_far() const {
  return std::to_string(next_ - first_) + " of " + std::to_string(end_ - first_) +
         " recorded calls are looked at.";
}

}  // namespace postern::service
