// Session tokens (S1): what a session is, sealed so that nobody else can make or read one. Any
// thread; opening one takes microseconds and touches no memory but its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common_generated.h"
#include "daemon/credential/key_store.h"

namespace postern::credential {

/// How every token begins.
inline constexpr std::string_view token_prefix = "psts_";

/// What a token says of its session. A token is valid while all of it still fits the entries.
struct SessionToken {
  schema::Uuid user;
  schema::Uuid tenant;
  /// UUIDv7; the same after a renewal.
  schema::Uuid session;
  /// The API key it was made with, which narrows it too; zero: none.
  schema::Uuid key;
  /// When the session began; no renewal goes beyond its most after this.
  std::int64_t first_ns = 0;
  std::int64_t expires_ns = 0;
  /// S2: as the entries had them.
  std::uint64_t user_epoch = 0;
  std::uint64_t tenant_epoch = 0;
};

/// The prefix and URL-safe base64, 188 characters in all.
std::string seal_token(const Key& key, const SessionToken& token, platform::Entropy& entropy);

/// Nothing if none of the keys sealed it.
std::optional<SessionToken> open_token(std::span<const Key* const> keys, std::string_view text);

}  // namespace postern::credential
