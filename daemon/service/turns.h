// Whoever waits for a turn of one thread: each operator in a line of its own, and next is the line
// that has used least. So one that floods waits behind itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "daemon/domain/ids.h"
#include "daemon/platform/require.h"

namespace postern::service {

/// Owned by one thread. How many may wait is bounded by whoever adds.
template <class Waiting>
class Turns {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  /// Behind all of its operator. Who comes anew begins where the line served last is, so that
  /// nobody saves up for later.
  void add(const domain::Uuid& holder, Waiting waiting) {
    Line& line = line_of(holder);
    line.waiting.push_back(std::move(waiting));
    ++size_;
  }
  /// Before all of its operator: it is not finished.
  void add_first(const domain::Uuid& holder, Waiting waiting) {
    Line& line = line_of(holder);
    line.waiting.push_front(std::move(waiting));
    ++size_;
  }

  /// The first of the line that has used least. Something waits.
  Waiting take() {
    return take_least([](const Line& line) { return line.used; });
  }
  /// Of those that are first in their lines the one with the least of this.
  template <class Measure>
  Waiting take_first_by(Measure measure) {
    return take_least([&](const Line& line) { return measure(line.waiting.front()); });
  }

  /// What the turn of one of these came to.
  void charge(const domain::Uuid& holder, std::uint64_t work) { line_of(holder).used += work; }

 private:
  struct Line {
    std::deque<Waiting> waiting;
    std::uint64_t used = 0;
  };

  Line& line_of(const domain::Uuid& holder) {
    Line& line = lines_[holder];
    if (line.waiting.empty()) line.used = std::max(line.used, served_);
    return line;
  }

  template <class Measure>
  Waiting take_least(Measure measure) {
    require(size_ > 0);
    auto best = lines_.end();
    for (auto place = lines_.begin(); place != lines_.end();) {
      if (place->second.waiting.empty()) {
        // Nobody has used less than it: to come anew is the same.
        place = place->second.used <= served_ ? lines_.erase(place) : std::next(place);
        continue;
      }
      if (best == lines_.end() || measure(place->second) < measure(best->second)) best = place;
      ++place;
    }
    Line& line = best->second;
    served_ = std::max(served_, line.used);
    Waiting waiting = std::move(line.waiting.front());
    line.waiting.pop_front();
    --size_;
    return waiting;
  }

  std::unordered_map<domain::Uuid, Line, domain::UuidHash> lines_;
  /// What the line served last had used.
  std::uint64_t served_ = 0;
  std::size_t size_ = 0;
};

}  // namespace postern::service
