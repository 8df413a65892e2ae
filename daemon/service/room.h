// Whether answers find room on the way to a peer: what was taken is answered, or told `busy`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// Up to here nobody need be asked.
inline constexpr std::size_t small_answer_bytes = 1'024;

inline bool always_has_room(const Peer&, std::size_t, std::size_t) { return true; }

/// Bytes of answers that are owed to peers and cannot be told `busy` any more. Owned by one thread;
/// what was claimed may outlive it.
class Owed {
  struct Account {
    std::size_t bytes = 0;
  };

 public:
  /// Owed until this is gone.
  class Claim {
   public:
    Claim() = default;
    Claim(std::shared_ptr<Account> account, std::size_t bytes)
        : account_(std::move(account)), bytes_(bytes) {
      account_->bytes += bytes_;
    }
    Claim(Claim&& other) noexcept
        : account_(std::move(other.account_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Claim& operator=(Claim&& other) noexcept {
      std::swap(account_, other.account_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Claim() {
      if (account_ != nullptr) account_->bytes -= bytes_;
    }

   private:
    std::shared_ptr<Account> account_;
    std::size_t bytes_ = 0;
  };

  Claim claim(const Peer& peer, std::size_t bytes) { return {account_of(peer), bytes}; }
  std::size_t to(const Peer& peer) { return account_of(peer)->bytes; }

 private:
  /// Mostly it is that of whoever came before.
  const std::shared_ptr<Account>& account_of(const Peer& peer) {
    if (last_ == nullptr || peer.socket != last_socket_ || peer.routing_id != last_routing_id_) {
      if (accounts_.size() >= accounts_before_forgetting_) forget_the_even();
      std::shared_ptr<Account>& found = accounts_[static_cast<char>(peer.socket) + peer.routing_id];
      if (found == nullptr) found = std::make_shared<Account>();
      last_ = found;
      last_socket_ = peer.socket;
      last_routing_id_ = peer.routing_id;
    }
    return last_;
  }
  void forget_the_even() {
    std::erase_if(accounts_, [](const auto& entry) { return entry.second->bytes == 0; });
    accounts_before_forgetting_ = std::max<std::size_t>(64, 2 * accounts_.size());
  }

  /// By socket and routing id.
  std::unordered_map<std::string, std::shared_ptr<Account>> accounts_;
  std::size_t accounts_before_forgetting_ = 64;
  std::shared_ptr<Account> last_;
  std::uint8_t last_socket_ = 0;
  std::string last_routing_id_;
};

}  // namespace postern::service
