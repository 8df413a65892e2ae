#include "daemon/transport/output_asks.h"

#include <algorithm>
#include <utility>

namespace postern::transport {

namespace {

constexpr std::uint32_t input = EPOLLIN;
constexpr std::uint32_t input_and_output = EPOLLIN | EPOLLOUT;

}  // namespace

bool OutputAsks::put_off(int epoll, int operation, int descriptor, const epoll_event& event) {
  const auto number = static_cast<std::size_t>(descriptor);
  if (operation != EPOLL_CTL_MOD || descriptor < 0 || number >= known_.size()) return false;
  Known& known = known_[number];
  if (known.epoll != epoll || known.events != input) return false;
  if (event.events == input && known.place >= 0) {
    forget(known);
    return true;
  }
  if (event.events != input_and_output) return false;
  forget(known);
  known.place = static_cast<int>(asks_.size());
  asks_.push_back({epoll, descriptor, event});
  return true;
}

void OutputAsks::told(int epoll, int operation, int descriptor, std::uint32_t events) {
  if (descriptor < 0) return;
  const auto number = static_cast<std::size_t>(descriptor);
  if (number >= known_.size()) known_.resize(std::max(number + 1, 2 * known_.size()));
  Known& known = known_[number];
  forget(known);
  known = operation == EPOLL_CTL_DEL ? Known{} : Known{epoll, events};
}

int OutputAsks::tell(int epoll, epoll_event* events, int count_max) {
  int count = 0;
  for (Ask& ask : asks_) {
    if (ask.is_told || ask.epoll != epoll || count == count_max) continue;
    ask.is_told = true;
    events[count] = ask.event;
    events[count++].events = EPOLLOUT;
  }
  return count;
}

std::optional<OutputAsks::Left> OutputAsks::take_left(int epoll) {
  const auto place = std::ranges::find(asks_, epoll, &Ask::epoll);
  if (place == asks_.end()) return std::nullopt;
  const Left left{place->descriptor, place->event};
  told(epoll, EPOLL_CTL_MOD, left.descriptor, left.event.events);
  return left;
}

void OutputAsks::forget(Known& known) {
  if (known.place < 0) return;
  const auto place = static_cast<std::size_t>(std::exchange(known.place, -1));
  if (place + 1 != asks_.size()) {
    asks_[place] = asks_.back();
    known_[static_cast<std::size_t>(asks_[place].descriptor)].place = static_cast<int>(place);
  }
  asks_.pop_back();
}

}  // namespace postern::transport
