#include <fmt/format.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "daemon/view/difference.h"
#include "replay/list.h"
#include "replay/past.h"
#include "tools/text/differences.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

Failure failure_of(const schema::ProblemT& problem) {
  return {FailureKind::missing, problem.sentence,
          problem.remedy.empty() ? "Names are those of the later moment." : problem.remedy};
}

Failure turned_round() {
  return {FailureKind::usage, "--from is later than --to", "Give the earlier moment with --from."};
}

/// What the earlier view borrows of a state that goes on: of each entry the first that was
/// replaced.
class Replaced {
 public:
  void keep(const domain::Changes& changes) {
    keep(changes.tenants, tenants_);
    keep(changes.users, users_);
    keep(changes.operators, operators_);
    for (const auto& change : changes.ranges) ranges_.push_back(change.before);
  }

 private:
  template <class Entry>
  using ById = boost::unordered_flat_map<domain::Uuid, domain::Owned<Entry>, domain::UuidHash>;

  template <class Entry>
  static void keep(const std::vector<domain::Change<Entry>>& changes, ById<Entry>& kept) {
    for (const auto& change : changes)
      if (change.before != nullptr) kept.try_emplace(change.before->id, change.before);
  }

  ById<domain::Tenant> tenants_;
  ById<domain::User> users_;
  ById<domain::Operator> operators_;
  std::vector<domain::Owned<domain::ProviderRanges>> ranges_;
};

}  // namespace

Expected<int> diff(const Audit& audit, const DiffOptions& options) {
  const auto from = parse_moment(options.from);
  if (!from) return std::unexpected(from.error());
  const auto to = parse_moment(options.to);
  if (!to) return std::unexpected(to.error());
  const auto past = Past::read_from_snapshot(audit, *from);
  if (!past) return std::unexpected(past.error());
  const domain::Seq from_seq = (*past)->seq();
  const std::int64_t from_ns = (*past)->time_ns();
  if (!to->holds(from_seq, (*past)->state().time_ns())) return std::unexpected(turned_round());
  Replaced replaced;
  view::View before;
  before.load((*past)->state().tables());
  view::Trail trail;
  const auto gone_on = (*past)->go_on(*to, [&](const Step& step) {
    trail.add(step.record);
    replaced.keep(step.changes);
  });
  if (!gone_on) return std::unexpected(gone_on.error());
  if (to->time_ns.value_or((*past)->state().time_ns()) < from_ns)
    return std::unexpected(turned_round());
  const view::Inquiry inquiry = (*past)->inquiry();
  view::DifferenceScope scope{options.tenant, options.user};
  scope.unfold = options.unfold;
  auto lines = view::differences({before, from_seq, from_ns, trail}, inquiry, scope);
  if (!lines) return std::unexpected(failure_of(lines.error()));
  ShownList listing(audit, text::difference_columns());
  for (const schema::DifferenceLineT& line : *lines)
    listing.add(line, text::difference_row(line, text::time_text_short));
  listing.finish();
  text::write_sentence(audit.streams.talk,
                       fmt::format("Record {} at {} against record {} at {}: {} line{}.", from_seq,
                                   text::time_text_short(from_ns), (*past)->seq(),
                                   text::time_text_short(inquiry.now_ns), lines->size(),
                                   lines->size() == 1 ? "" : "s"));
  return lines->empty() ? 0 : 1;
}

}  // namespace postern::replay
