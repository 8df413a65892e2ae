// What has ended and was not collected yet, in the order it ended.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "tools/client/client.h"

namespace postern::client {

template <class Id, class Answer>
class Outcomes {
 public:
  using One = Outcome<Id, Answer>;

  void add(Id id, Result<Answer> answer) { all_.push_back({id, std::move(answer)}); }

  std::optional<One> first() {
    if (all_.empty()) return std::nullopt;
    return take(all_.begin());
  }

  std::optional<One> of(const Id& id) {
    const auto place = std::ranges::find(all_, id, &One::id);
    if (place == all_.end()) return std::nullopt;
    return take(place);
  }

  std::size_t size() const { return all_.size(); }

 private:
  std::optional<One> take(typename std::deque<One>::iterator place) {
    std::optional<One> one(std::move(*place));
    all_.erase(place);
    return one;
  }

  std::deque<One> all_;
};

}  // namespace postern::client
