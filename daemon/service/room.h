// Whether answers find room on the way to a peer: what was taken is answered, or told `busy`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "daemon/platform/peer.h"

namespace postern::service {

using platform::Peer;

/// Whether an answer of so many bytes leaves to the peer, or would be dropped because too much
/// waits there unread; `owed`: what it has coming beside. Small answers always find room.
using HasRoom = std::function<bool(const Peer&, std::size_t bytes, std::size_t owed)>;

inline bool always_has_room(const Peer&, std::size_t, std::size_t) { return true; }

/// Bytes of answers that are owed to peers and cannot be told `busy` any more. Owned by one thread;
/// what was claimed may outlive it.
class Owed {
 public:
  /// Owed until the last copy of this is gone.
  using Claim = std::shared_ptr<void>;

  Claim claim(const Peer& peer, std::size_t bytes) {
    std::string name = name_of(peer);
    (*bytes_)[name] += bytes;
    return {nullptr, [all = bytes_, name = std::move(name), bytes](void*) {
              const auto place = all->find(name);
              place->second -= bytes;
              if (place->second == 0) all->erase(place);
            }};
  }
  std::size_t to(const Peer& peer) const {
    const auto place = bytes_->find(name_of(peer));
    return place == bytes_->end() ? 0 : place->second;
  }

 private:
  static std::string name_of(const Peer& peer) {
    return static_cast<char>(peer.socket) + peer.routing_id;
  }

  using Bytes = std::unordered_map<std::string, std::size_t>;
  /// By socket and routing id.
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
};

}  // namespace postern::service
