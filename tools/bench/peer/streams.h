// A peer's connections as bytes, and which message each one's answers belong to.
// Thread: main's. Failure: Trouble.
#pragma once

#include <poll.h>

#include <cstddef>
#include <deque>
#include <vector>

#include "tools/bench/trouble.h"

namespace postern::bench::peer {

/// For peers that answer each connection in the order asked. `Link` has `descriptor()`,
/// `write(index)`, `flush()`, which does not wait, and `read(take)`, which calls `take` for each
/// answer that is there.
template <class Link>
class Links {
 public:
  /// `answers`: how many belong to one message.
  Links(std::vector<Link> links, std::size_t answers)
      : links_(std::move(links)), answers_(answers), asked_(links_.size()) {
    for (Link& link : links_) items_.push_back({link.descriptor(), POLLIN, 0});
    for (std::size_t i = links_.size(); i > 0; --i) free_.push_back(i - 1);
  }

  void send(std::size_t index) {
    std::size_t which = 0;
    if (links_.size() > 1) {
      which = free_.back();
      free_.pop_back();
    }
    links_[which].write(index);
    asked_[which].push_back({index, 0});
  }

  void flush() {
    for (std::size_t i = 0; i < links_.size(); ++i) links_[i].flush();
  }

  /// Waits until a message is answered whole. `take(index, place, answer)`: of that message, the
  /// answer at that place.
  template <class Take>
  std::size_t receive(Take take) {
    std::size_t count = 0;
    while (count == 0) {
      for (std::size_t i = 0; i < links_.size(); ++i)
        items_[i].events = static_cast<short>(POLLIN | (links_[i].has_more() ? POLLOUT : 0));
      if (::poll(items_.data(), items_.size(), 30'000) == 0)
        fail(exit_codes::unreachable, "no answer within 30 s");
      for (std::size_t i = 0; i < links_.size(); ++i) {
        if ((items_[i].revents & POLLOUT) != 0) links_[i].flush();
        if ((items_[i].revents & ~POLLOUT) == 0) continue;
        links_[i].read([&](const auto& answer) {
          if (asked_[i].empty()) fail(exit_codes::wrong_answer, "an answer that nobody asked for");
          Asked& first = asked_[i].front();
          take(first.index, first.answered++, answer);
          if (first.answered < answers_) return;
          asked_[i].pop_front();
          ++count;
          if (links_.size() > 1) free_.push_back(i);
        });
      }
    }
    return count;
  }

 private:
  struct Asked {
    std::size_t index;
    std::size_t answered;
  };

  std::vector<Link> links_;
  std::size_t answers_;
  std::vector<std::deque<Asked>> asked_;
  std::vector<std::size_t> free_;
  std::vector<pollfd> items_;
};

}  // namespace postern::bench::peer
