// Where questions wait until the reader has a seq (Q8).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/service/asking.h"
#include "daemon/service/fair_places.h"

namespace postern::service {

/// Owned by one thread. Its places are shared by those who ask.
class Parking {
 public:
  struct Parked {
    Asking asking;
    /// Whoever has it by then is who asks.
    std::string identity;
    /// By the monotonic clock.
    std::int64_t deadline_ns;
  };

  explicit Parking(std::size_t places_max) : places_(places_max) {}

  bool empty() const { return parked_.empty(); }
  std::size_t size() const { return parked_.size(); }

  /// False: there is no place, and `parked` is as it was.
  [[nodiscard]] bool add(Parked&& parked) {
    if (!places_.take(parked.asking.asker, places_for(parked))) return false;
    parked_.push_back(std::move(parked));
    return true;
  }

  /// Those whose wait is over, in the order they came.
  template <class IsOver>
  std::vector<Parked> take(IsOver is_over) {
    std::vector<Parked> taken;
    std::vector<Parked> left;
    for (Parked& parked : parked_) (is_over(parked) ? taken : left).push_back(std::move(parked));
    parked_ = std::move(left);
    for (Parked& parked : taken) places_.give_back(parked.asking.asker, places_for(parked));
    return taken;
  }

  /// The greatest number: none waits.
  std::int64_t next_deadline_ns() const {
    std::int64_t next_ns = std::numeric_limits<std::int64_t>::max();
    for (const Parked& parked : parked_) next_ns = std::min(next_ns, parked.deadline_ns);
    return next_ns;
  }

 private:
  static std::size_t places_for(Parked& parked) {
    return places_of(parked.asking.query.bytes().size());
  }

  std::vector<Parked> parked_;
  FairPlaces places_;
};

}  // namespace postern::service
