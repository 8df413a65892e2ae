// Who a peer is, in the one spelling that the authenticator, the journal and the operators share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::transport {

/// "curve:" and 64 lowercase hexadecimal digits.
std::string curve_identity(std::span<const std::byte, 32> public_key);

/// "uid:" and the number.
std::string uid_identity(std::uint32_t uid);

/// What libzmq knows about a peer when it asks who it is (ZeroMQ RFC 27).
struct Handshake {
  /// "127.0.0.1", "::1"; for ipc "localhost:<uid>:<gid>:<pid>", as the kernel knows the peer.
  std::string_view address = {};
  /// "CURVE", "NULL", …
  std::string_view mechanism = {};
  /// The peer's public key, for CURVE.
  std::string_view key = {};
};

/// The peer's identity if it proved one: a CURVE key, or the uid of an ipc peer. NULL over tcp
/// proves none, and neither does uid 65534, which stands for all whom the kernel cannot name in our
/// user namespace.
std::optional<std::string> identity_of(const Handshake& handshake);

}  // namespace postern::transport
