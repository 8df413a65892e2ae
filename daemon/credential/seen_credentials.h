// Credentials that were looked at before, remembered by a fast hash under a key of this process
// (C11): the right ones need no slow hash again, and the same wrong one counts once (C5).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "common_generated.h"
#include "daemon/platform/entropy.h"

namespace postern::credential {

/// What a credential is remembered by; tells nothing without the process's key.
using SeenHash = std::array<std::uint64_t, 2>;

/// Owned by one thread. In memory alone, bounded: when full, the half not met for longest goes.
class SeenCredentials {
 public:
  /// What was found then. A record with another seq than one of these has changed something since.
  struct Finding {
    /// The newest record about the user.
    std::uint64_t user_seq = 0;
    /// The record that set its password.
    std::uint64_t password_seq = 0;
    /// It was right until then, and no longer; it was wrong: 0.
    std::int64_t right_until_ns = 0;
  };

  /// `count_max` as remembered at most.
  explicit SeenCredentials(platform::Entropy& entropy, std::size_t count_max = 131'072);

  SeenHash hash(const schema::Uuid& user, std::string_view credential) const;
  /// Null: never looked at, or forgotten. Valid until the next call.
  const Finding* find(const SeenHash& hash);
  void remember(const SeenHash& hash, const Finding& finding);
  std::size_t size() const { return newer_.size() + older_.size(); }

 private:
  struct First {
    std::size_t operator()(const SeenHash& hash) const { return hash[0]; }
  };
  using Half = std::unordered_map<SeenHash, Finding, First>;

  std::array<std::byte, 32> key_;
  std::size_t half_max_;
  Half newer_;
  Half older_;
};

}  // namespace postern::credential
