#include "daemon/transport/outgoing.h"

#include <string.h>

#include <algorithm>
#include <vector>

#include "daemon/platform/require.h"

namespace postern::transport {

struct Outgoing::Copy {
  std::shared_ptr<Waiting> peer;
  std::shared_ptr<Waiting> all;
  bool wipes = false;
  std::vector<std::uint8_t> bytes;

  ~Copy() {
    if (wipes) explicit_bzero(bytes.data(), bytes.size());
    peer->bytes.fetch_sub(bytes.size(), std::memory_order_relaxed);
    all->bytes.fetch_sub(bytes.size(), std::memory_order_relaxed);
  }
};

bool Outgoing::has_room(const platform::Peer& peer, std::size_t bytes, std::size_t owed) {
  const std::size_t held = of(peer)->bytes.load(std::memory_order_relaxed) + owed;
  const std::size_t all = all_->bytes.load(std::memory_order_relaxed) + owed;
  return held == 0 || held + bytes + all <= bytes_max_;
}

void Outgoing::make(zmq_msg_t& message, const platform::Peer& peer,
                    std::span<const std::uint8_t> payload, bool wipes) {
  const std::shared_ptr<Waiting>& waiting = of(peer);
  auto copy = std::make_unique<Copy>(waiting, all_, wipes,
                                     std::vector<std::uint8_t>(payload.begin(), payload.end()));
  waiting->bytes.fetch_add(payload.size(), std::memory_order_relaxed);
  all_->bytes.fetch_add(payload.size(), std::memory_order_relaxed);
  const auto done = [](void*, void* kept) { delete static_cast<Copy*>(kept); };
  std::vector<std::uint8_t>& bytes = copy->bytes;
  require(zmq_msg_init_data(&message, bytes.data(), bytes.size(), done, copy.get()) == 0);
  copy.release();
}

const std::shared_ptr<Outgoing::Waiting>& Outgoing::of(const platform::Peer& peer) {
  if (last_ != nullptr && peer.socket == last_socket_ && peer.routing_id == last_routing_id_)
    return last_;
  std::string name(1, static_cast<char>(peer.socket));
  name += peer.routing_id;
  auto place = peers_.find(name);
  if (place == peers_.end()) {
    if (peers_.size() >= peers_before_forgetting_) forget_those_with_none();
    place = peers_.emplace(std::move(name), std::make_shared<Waiting>()).first;
  }
  last_ = place->second;
  last_socket_ = peer.socket;
  last_routing_id_ = peer.routing_id;
  return last_;
}

void Outgoing::forget_those_with_none() {
  last_ = nullptr;
  std::erase_if(peers_, [](const auto& entry) {
    return entry.second->bytes.load(std::memory_order_relaxed) == 0;
  });
  peers_before_forgetting_ = std::max<std::size_t>(64, 2 * peers_.size());
}

}  // namespace postern::transport
