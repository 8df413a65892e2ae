#include "daemon/service/command_ids.h"

#include <algorithm>

namespace postern::service {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

std::optional<domain::Seq> CommandIds::find(const Uuid& operator_id, const Uuid& id) const {
  const auto hour = hours_.find(time_ms_of(id) / hour_ms);
  if (hour == hours_.end()) return std::nullopt;
  const auto place = hour->second.find(Key{operator_id, id});
  if (place == hour->second.end()) return std::nullopt;
  return place->second;
}

void CommandIds::remember(const Uuid& operator_id, const Uuid& id, domain::Seq seq) {
  hours_[time_ms_of(id) / hour_ms].emplace(Key{operator_id, id}, seq);
}

void CommandIds::forget_before(std::int64_t now_ms) {
  const std::int64_t oldest_hour = (now_ms - window_.behind_ms) / hour_ms;
  hours_.erase(hours_.begin(), hours_.lower_bound(oldest_hour));
  since_ms_ = std::max(since_ms_, oldest_hour * hour_ms);
}

std::size_t CommandIds::size() const {
  std::size_t count = 0;
  for (const auto& [hour, ids] : hours_) count += ids.size();
  return count;
}

}  // namespace postern::service
