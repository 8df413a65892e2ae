// Notes as the reader would write them.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/calls/call_line.h"
#include "tests/support/held_grants.h"

namespace postern::support {

/// What differs from one call to the next.
struct Noted {
  std::uint64_t user = 1;
  std::uint64_t tenant = 9;
  std::int64_t time_ns = 1'800'000'000'000'000'000;
  std::string_view address = "10.1.2.3";
  std::string_view client = "shop";
  std::string_view resource = "table/customer";
  std::vector<calls::Outcome> outcomes = {allowed_by(4)};
  bool logged = false;
  schema::CredentialKind credential = schema::CredentialKind::named;
  std::uint64_t key = 0;
  std::uint16_t key_slot = 0;

  static calls::Outcome allowed_by(std::uint64_t seq) {
    static const std::string action = "read";
    static const std::string resource = "table/customer";
    domain::Grant grant;
    grant.action = &action;
    grant.resource = &resource;
    grant.seq = seq & ((std::uint64_t{1} << 51U) - 1);
    return {HeldGrants().add(grant), true};
  }
  static calls::Outcome denied() { return {nullptr, false}; }
};

inline std::vector<std::byte> bytes_of(const Noted& noted) {
  calls::CallNote note;
  note.user = domain::Uuid(0, noted.user);
  note.tenant = domain::Uuid(0, noted.tenant);
  note.service = domain::Uuid(0, 77);
  note.key = domain::Uuid(0, noted.key);
  note.key_slot = noted.key_slot;
  note.time_ns = noted.time_ns;
  note.seq = 5;
  note.logged = noted.logged;
  note.verified = true;
  note.credential = noted.credential;
  note.tls = true;
  note.has_question = noted.logged;
  note.outcome_count = static_cast<std::uint32_t>(noted.outcomes.size());
  note.address_size = static_cast<std::uint8_t>(noted.address.size());
  note.client_size = static_cast<std::uint16_t>(noted.client.size());
  const std::string_view action = noted.logged ? "read" : "";
  const std::string_view resource = noted.logged ? noted.resource : "";
  note.action_size = static_cast<std::uint8_t>(action.size());
  note.resource_size = static_cast<std::uint16_t>(resource.size());
  if (!noted.outcomes.empty() && !noted.outcomes[0].allowed())
    note.reason = schema::Code::no_matching_grant;
  std::vector<std::byte> bytes(note.bytes());
  std::byte* place = bytes.data();
  const auto put = [&](const void* data, std::size_t size) {
    std::memcpy(place, data, size);
    place += size;
  };
  put(&note, sizeof note);
  for (const std::string_view text : {noted.address, noted.client, action, resource})
    put(text.data(), text.size());
  put(noted.outcomes.data(), noted.outcomes.size() * sizeof(calls::Outcome));
  return bytes;
}

/// False: there was no room.
inline bool note(calls::CallLine& line, const Noted& noted) {
  const std::vector<std::byte> bytes = bytes_of(noted);
  std::byte* place = line.reserve(bytes.size());
  if (place == nullptr) {
    line.drop(1);
    return false;
  }
  std::memcpy(place, bytes.data(), bytes.size());
  line.hand_over(bytes.size());
  return true;
}

}  // namespace postern::support
