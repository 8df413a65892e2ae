#include "daemon/service/whole_past.h"

#include <algorithm>
#include <string>

#include "schema/problem.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::make_problem;

}  // namespace

void WholePast::go_on_to(domain::Seq seq) {
  moment_.seq = seq;
  past_.view = {};
}

std::expected<void, schema::ProblemT> WholePast::read_on(std::size_t records) {
  const domain::TenantScope scope{moment_.tenants};
  const auto cursor = journal_.read_from(read_ + 1);
  for (std::size_t count = 0; count < records && !is_done(); ++count) {
    const auto bytes = cursor->next();
    if (!bytes)
      return std::unexpected(make_problem(Code::journal_unavailable, "", bytes.error().sentence));
    domain::Changes changes;
    const auto record = domain::fold_part(past_.state, gate_, scope, *bytes, changes);
    if (!record)
      return std::unexpected(make_problem(Code::journal_unavailable, "", record.error().sentence));
    ++read_;
  }
  if (past_.state.tables().live_user_count() <= users_max) return {};
  return std::unexpected(
      make_problem(Code::too_large, "at_seq",
                   "The limit is " + std::to_string(users_max) +
                       " users. Ask postern-replay, which reads a copy of the data folder."));
}

void WholePast::show(const view::View& present) {
  show_erased_as_now(past_.state, present);
  past_.view.load(past_.state.tables());
}

WholePast* WholePasts::find(const WholeMoment& moment) {
  const auto place =
      std::ranges::find(made_, moment, [](const auto& one) { return one->moment(); });
  if (place == made_.end()) return nullptr;
  std::rotate(made_.begin(), place, std::next(place));
  return made_.front().get();
}

/// From the one made before of the same tenants, where that stands at an earlier moment.
std::unique_ptr<WholePast> WholePasts::begin(const WholeMoment& moment) {
  const auto goes_on = [&](const auto& one) {
    return one->moment().tenants == moment.tenants && one->moment().seq < moment.seq;
  };
  const auto place = std::ranges::find_if(made_, goes_on);
  if (place == made_.end()) return std::make_unique<WholePast>(journal_, moment);
  std::unique_ptr<WholePast> taken = std::move(*place);
  made_.erase(place);
  taken->go_on_to(moment.seq);
  return taken;
}

void WholePasts::clear() {
  making_ = nullptr;
  made_.clear();
}

std::expected<bool, schema::ProblemT> WholePasts::make(const WholeMoment& moment,
                                                       const view::View& present) {
  if (making_ == nullptr || making_->moment() != moment) making_ = begin(moment);
  if (auto read = making_->read_on(slice_records); !read) {
    making_ = nullptr;
    return std::unexpected(std::move(read.error()));
  }
  if (!making_->is_done()) return false;
  making_->show(present);
  made_.push_front(std::move(making_));
  if (made_.size() > made_max) made_.pop_back();
  return true;
}

}  // namespace postern::service
