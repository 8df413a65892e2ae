#include "daemon/domain/command_ids.h"

#include <algorithm>

namespace postern::domain {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

std::optional<Seq> CommandIds::find(const Uuid& operator_id, const Uuid& id) const {
  const auto hour = hours_.find(time_ms_of(id) / hour_ms);
  if (hour == hours_.end()) return std::nullopt;
  const auto place = hour->second.find(Key{operator_id, id});
  if (place == hour->second.end()) return std::nullopt;
  return place->second;
}

void CommandIds::remember(const Uuid& operator_id, const Uuid& id, Seq seq) {
  const std::int64_t time_ms = time_ms_of(id);
  if (time_ms < since_ms_) return;
  newest_ms_ = std::max(newest_ms_, time_ms);
  hours_[time_ms / hour_ms].emplace(Key{operator_id, id}, seq);
}

void CommandIds::forget(const Uuid& operator_id, const Uuid& id) {
  const auto hour = hours_.find(time_ms_of(id) / hour_ms);
  if (hour != hours_.end()) hour->second.erase(Key{operator_id, id});
}

void CommandIds::forget_before(std::int64_t clock_ms) {
  // An id is at most so far ahead of the clock that took it: beside a clock that is right the
  // newest id alone decides, and every start forgets the same.
  const std::int64_t present_ms = std::min(clock_ms + window_.ahead_ms, newest_ms_);
  const auto kept = hours_.lower_bound((present_ms - window_.behind_ms) / hour_ms);
  for (auto hour = hours_.begin(); hour != kept; hour = hours_.erase(hour))
    for (const auto& [key, seq] : hour->second)
      since_ms_ = std::max(since_ms_, time_ms_of(key.id) + 1);
}

std::size_t CommandIds::size() const {
  std::size_t count = 0;
  for (const auto& [hour, ids] : hours_) count += ids.size();
  return count;
}

}  // namespace postern::domain
