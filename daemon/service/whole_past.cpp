#include "daemon/service/whole_past.h"

#include <algorithm>
#include <numeric>

#include "schema/problem.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::make_problem;

constexpr std::size_t grants_of_weight = 64;

std::size_t weight_of(const domain::Owned<domain::User>& user) {
  return user == nullptr ? 0 : 1 + user->grants->size() / grants_of_weight;
}

bool is_before(const WholePast& past, const WholeMoment& moment) {
  return past.is_made() && past.moment().tenants == moment.tenants &&
         past.moment().seq < moment.seq;
}

std::unexpected<schema::ProblemT> no_place() {
  return std::unexpected(make_problem(
      Code::busy, "", "As many moments of the past as are kept at once are being asked about."));
}

}  // namespace

void WholePast::go_on_to(domain::Seq seq) {
  moment_.seq = seq;
  walk_.go_on_to(seq);
  past_.view = {};
  is_shown_ = false;
}

RecordWalk::Step WholePast::go_on(const view::View& present) {
  const domain::TenantScope scope{moment_.tenants};
  const auto folded = [&](journal::View stored) -> std::expected<void, domain::Unfit> {
    domain::Changes changes;
    if (const auto record = domain::fold_part(past_.state, gate_, scope, stored, changes); !record)
      return std::unexpected(record.error());
    for (const auto& change : changes.users)
      weight_ += weight_of(change.after) - weight_of(change.before);
    return {};
  };
  if (auto read = walk_.read_stored(RecordWalk::slice_records, folded); !read) return read;
  if (!walk_.is_done()) return {};
  show_erased_as_now(past_.state, present);
  past_.view.load(past_.state.tables());
  is_shown_ = true;
  return {};
}

// ---- those that are kept

WholePasts::Kept* WholePasts::look_for(const WholeMoment& moment) {
  const auto place =
      std::ranges::find_if(kept_, [&](const Kept& kept) { return kept.past->moment() == moment; });
  return place == kept_.end() ? nullptr : &*place;
}

std::list<WholePasts::Kept>::iterator WholePasts::dispensable(std::int64_t now_ns) {
  auto found = kept_.end();
  for (auto place = kept_.begin(); place != kept_.end(); ++place)
    if (!is_asked_for(*place, now_ns) && (found == kept_.end() || place->used_ns < found->used_ns))
      found = place;
  return found;
}

/// From one of the same tenants that stands at an earlier moment, if that has to go, or nobody has
/// asked for it lately.
WholePasts::Kept& WholePasts::begin(const WholeMoment& moment, std::int64_t now_ns) {
  auto place = kept_.size() < limits_.places_max
                   ? std::ranges::find_if(kept_,
                                          [&](const Kept& kept) {
                                            return now_ns - kept.used_ns >= asked_ns &&
                                                   is_before(*kept.past, moment);
                                          })
                   : dispensable(now_ns);
  std::shared_ptr<WholePast> begun;
  if (place != kept_.end()) {
    // Whoever holds it goes on with it as it is.
    if (is_before(*place->past, moment) && place->past.use_count() == 1) {
      begun = std::move(place->past);
      begun->go_on_to(moment.seq);
    }
    if (begun != nullptr || kept_.size() == limits_.places_max) kept_.erase(place);
  }
  if (begun == nullptr) begun = std::make_shared<WholePast>(journal_, moment);
  return kept_.emplace_back(std::move(begun), now_ns);
}

WholePasts::Answer<std::vector<WholePasts::Shared>> WholePasts::find(
    const std::vector<WholeMoment>& moments, std::int64_t now_ns) {
  std::size_t missing = 0;
  for (const WholeMoment& moment : moments) {
    Kept* kept = look_for(moment);
    if (kept == nullptr) {
      ++missing;
      continue;
    }
    kept->used_ns = now_ns;
    kept->is_awaited = true;
  }
  const auto asked_for = static_cast<std::size_t>(
      std::ranges::count_if(kept_, [&](const Kept& kept) { return is_asked_for(kept, now_ns); }));
  if (asked_for + missing > limits_.places_max) return no_place();
  std::vector<Shared> found;
  for (const WholeMoment& moment : moments) {
    const Kept* kept = look_for(moment);
    found.push_back(kept == nullptr ? begin(moment, now_ns).past : kept->past);
  }
  return found;
}

std::size_t WholePasts::weight() const {
  return std::accumulate(
      kept_.begin(), kept_.end(), std::size_t{0},
      [](std::size_t sum, const Kept& kept) { return sum + kept.past->weight(); });
}

WholePasts::Answer<void> WholePasts::go_on(const WholePast& past, const view::View& present,
                                           std::int64_t now_ns) {
  const auto place =
      std::ranges::find_if(kept_, [&](const Kept& kept) { return kept.past.get() == &past; });
  auto read = place->past->go_on(present);
  if (read && place->past->weight() > limits_.weight_max)
    read = std::unexpected(
        make_problem(Code::too_large, "at_seq",
                     "The limit is " + std::to_string(limits_.weight_max) +
                         " users, the deleted ones counted, and one more for each 64 grants. Ask "
                         "postern-replay, which reads a copy of the data folder."));
  place->used_ns = now_ns;
  while (read && weight() > limits_.weight_of_all_max) {
    const auto other = dispensable(now_ns);
    if (other == kept_.end())
      read = no_place();
    else
      kept_.erase(other);
  }
  if (!read) kept_.erase(place);
  return read;
}

void WholePasts::touch(const WholePast& past, std::int64_t now_ns) {
  for (Kept& kept : kept_)
    if (kept.past.get() == &past) {
      kept.used_ns = now_ns;
      kept.is_awaited = true;
    }
}

void WholePasts::rest(const WholePast& past) {
  for (Kept& kept : kept_)
    if (kept.past.get() == &past) kept.is_awaited = false;
}

void WholePasts::release(std::int64_t now_ns) {
  kept_.remove_if([&](const Kept& kept) { return now_ns - kept.used_ns > kept_ns; });
}

}  // namespace postern::service
