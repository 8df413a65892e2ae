// A bounded number of waiting places that operators share. Owned by one thread.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "daemon/domain/ids.h"
#include "daemon/platform/require.h"

namespace postern::service {

/// A message of so many bytes takes one place more, so that places bound memory too.
inline constexpr std::size_t place_bytes = 16'384;

constexpr std::size_t places_of(std::size_t message_bytes) {
  return 1 + message_bytes / place_bytes;
}

/// Who holds no more after taking than is free before may take. So one alone gets half, n greedy
/// ones get an equal share each and leave as much, and whoever has none finds one.
class FairPlaces {
 public:
  explicit FairPlaces(std::size_t most) : most_(most), free_(most) {}

  /// False: the caller is told `busy`.
  [[nodiscard]] bool take(const domain::Uuid& holder, std::size_t places = 1) {
    if (places == 0) return true;
    const auto place = held_.find(holder);
    const std::size_t held = place == held_.end() ? 0 : place->second;
    if (held + places > free_) return false;
    free_ -= places;
    held_[holder] += places;
    return true;
  }

  void give_back(const domain::Uuid& holder, std::size_t places = 1) {
    if (places == 0) return;
    const auto place = held_.find(holder);
    require(place != held_.end() && place->second >= places);
    free_ += places;
    place->second -= places;
    if (place->second == 0) held_.erase(place);
  }

  std::size_t taken() const { return most_ - free_; }

 private:
  std::size_t most_;
  std::size_t free_;
  std::unordered_map<domain::Uuid, std::size_t, domain::UuidHash> held_;
};

}  // namespace postern::service
