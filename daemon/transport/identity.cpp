#include "daemon/transport/identity.h"

#include <charconv>
#include <vector>

namespace postern::transport {

namespace {

constexpr std::uint32_t overflow_uid = 65534;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

/// An IPv6 address can end like "…:1000:1000:42" too, so the part before the numbers must be what
/// getnameinfo says of a unix socket, which no numeric address is.
std::optional<std::uint32_t> uid_of_ipc(std::string_view address) {
  constexpr std::string_view prefix = "localhost:";
  if (!address.starts_with(prefix)) return std::nullopt;
  std::vector<std::uint32_t> numbers;
  for (address.remove_prefix(prefix.size());;) {
    const auto colon = address.find(':');
    const auto part = number(address.substr(0, colon));
    if (!part) return std::nullopt;
    numbers.push_back(*part);
    if (colon == address.npos) break;
    address.remove_prefix(colon + 1);
  }
  if (numbers.size() != 3) return std::nullopt;
  return numbers.front();
}

}  // namespace

std::string curve_identity(std::span<const std::byte, 32> public_key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string identity = "curve:";
  for (const std::byte byte : public_key) {
    identity += digits[std::to_integer<unsigned>(byte) >> 4];
    identity += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return identity;
}

std::string uid_identity(std::uint32_t uid) { return "uid:" + std::to_string(uid); }

std::optional<std::string> identity_of(const Handshake& handshake) {
  if (handshake.mechanism == "CURVE") {
    if (handshake.key.size() != 32) return std::nullopt;
    return curve_identity(std::as_bytes(std::span<const char, 32>(handshake.key.data(), 32)));
  }
  if (handshake.mechanism != "NULL" || !handshake.key.empty()) return std::nullopt;
  const auto uid = uid_of_ipc(handshake.address);
  if (!uid || *uid == overflow_uid) return std::nullopt;
  return uid_identity(*uid);
}

}  // namespace postern::transport
