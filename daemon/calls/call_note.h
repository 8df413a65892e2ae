// What the reader notes of one call for the recorder. Behind the head follow its texts (address,
// client, action, resource), then its outcomes, eight bytes each, and its session where it has one.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "daemon/domain/entries.h"
#include "history_generated.h"

namespace postern::calls {

using domain::Uuid;

inline constexpr std::size_t address_bytes_max = 64;
/// 64 characters of UTF-8.
inline constexpr std::size_t label_bytes_max = 256;
inline constexpr std::size_t action_bytes_max = 64;
inline constexpr std::size_t resource_bytes_max = 512;
/// Questions that are noted together.
inline constexpr std::size_t outcomes_max = 256;

/// Which grant decided, and whether it allowed: one word, the grant's place and a bit.
class Outcome {
 public:
  Outcome() = default;
  Outcome(domain::GrantPointer grant, bool allowed) : word_(allowed ? allowed_bit : 0) {
    if (grant == nullptr) return;
    const domain::GrantOrigin origin = grant.origin();
    word_ |= (origin.seq << 10) | origin.index;
  }

  bool allowed() const { return (word_ & allowed_bit) != 0; }
  /// 0: no grant decided.
  std::uint64_t grant() const { return word_ & ~allowed_bit; }
  static domain::Seq seq_of(std::uint64_t grant) { return grant >> 10; }
  static std::uint16_t index_of(std::uint64_t grant) {
    return static_cast<std::uint16_t>(grant & 0x3ffU);
  }

 private:
  static constexpr std::uint64_t allowed_bit = std::uint64_t{1} << 63;

  std::uint64_t word_ = 0;
};

/// S1: what the token of a call says of its session.
struct SessionNote {
  Uuid session;
  std::int64_t opened_ns = 0;
  std::int64_t expires_ns = 0;
  /// S2: as the entries had them.
  domain::Seq user_epoch = 0;
  domain::Seq tenant_epoch = 0;
};

struct CallNote {
  Uuid user;
  Uuid tenant;
  /// C8: zero: none was used.
  Uuid key;
  Uuid service;
  std::int64_t time_ns = 0;
  domain::Seq seq = 0;
  std::uint32_t outcome_count = 0;
  /// Where the user's key lies, for the seal.
  std::uint32_t key_file = 0;
  std::uint16_t key_slot = 0;
  /// Of the only outcome of a logged call.
  schema::Code reason = schema::Code::ok;
  std::uint16_t resource_size = 0;
  std::uint8_t address_size = 0;
  std::uint16_t client_size = 0;
  std::uint8_t action_size = 0;
  schema::CredentialKind credential = schema::CredentialKind::named;
  schema::Channel channel = schema::Channel::program;
  /// The credential was found right.
  bool verified = false;
  /// L1: with its question, if it has one.
  bool logged = false;
  bool has_question = false;
  bool this_level_only = false;
  bool tls = false;
  bool has_session = false;

  std::size_t text_bytes() const {
    return std::size_t{address_size} + client_size + action_size + resource_size;
  }
  std::size_t bytes() const {
    return sizeof(CallNote) + text_bytes() + outcome_count * sizeof(Outcome) +
           (has_session ? sizeof(SessionNote) : 0);
  }

  // ---- what follows; for a note that lies in the line
  std::string_view address() const { return {texts(), address_size}; }
  std::string_view client() const { return {texts() + address_size, client_size}; }
  std::string_view action() const { return {texts() + address_size + client_size, action_size}; }
  std::string_view resource() const {
    return {texts() + address_size + client_size + action_size, resource_size};
  }
  Outcome outcome(std::size_t place) const {
    Outcome copy;
    std::memcpy(&copy, texts() + text_bytes() + place * sizeof(Outcome), sizeof copy);
    return copy;
  }
  /// Where it has one.
  SessionNote session() const {
    SessionNote copy;
    std::memcpy(&copy, texts() + text_bytes() + outcome_count * sizeof(Outcome), sizeof copy);
    return copy;
  }

 private:
  const char* texts() const { return reinterpret_cast<const char*>(this + 1); }
};

static_assert(std::is_trivially_copyable_v<CallNote> && std::is_trivially_copyable_v<Outcome> &&
              std::is_trivially_copyable_v<SessionNote>);

}  // namespace postern::calls
