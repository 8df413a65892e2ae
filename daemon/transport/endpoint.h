// One ZeroMQ conversation with the outside: a ROUTER over tcp with CURVE and one over ipc, as one.
// It moves bytes and knows who sent them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/platform/failure.h"
#include "daemon/platform/peer.h"

namespace postern::transport {

using platform::Peer;

/// A received message. The payload lies in the endpoint's own memory, of any alignment, valid and
/// writable (secrets are wiped in place) until the next `receive`.
struct Inbound {
  Peer peer;
  /// Who sent it, as the authenticator found: "curve:" and 64 hexadecimal digits, or "uid:" and a
  /// number.
  std::string_view identity;
  std::span<std::byte> payload;
};

struct EndpointOptions {
  /// For diagnostics: "commands", "queries", "history".
  std::string name = {};
  /// tcp addresses; always CURVE.
  std::vector<std::string> tcp = {};
  /// Path of the ipc socket; absent: none.
  std::optional<std::filesystem::path> ipc = {};
  /// Who may connect to it: a group (empty: the process's own) and a mode of 0600, 0660 or 0666.
  std::string ipc_group = {};
  unsigned ipc_mode = 0600;
  /// The server's CURVE secret key, 32 bytes.
  std::span<const std::byte> curve_secret = {};
  /// Whoever sends a longer payload is disconnected without a word; set it above what is to be
  /// answered with `too_large`.
  std::int64_t message_bytes_max = 1'048'576;
  /// Messages of one peer that wait here; the peer is held back beyond.
  int high_water_mark = 256;
  /// Answers that wait for one peer; dropped beyond. A group commit answers all that one peer has
  /// in flight at once, and libzmq tells only at every half of this how many the peer has read: so
  /// twice the 1,000 that a client has in flight.
  int answers_max = 2048;
  /// Bytes of answers that wait, shared by all peers, half of it for one alone. Dropped beyond, but
  /// whoever has none waiting gets one, and answers up to 1 KiB are bounded by their number alone.
  std::size_t answer_bytes_max = 128 * 1'048'576;
  /// Which I/O thread: bit mask.
  std::uint64_t affinity = 0;
  /// How long a connection may take to say who it is.
  int handshake_ms = 5000;
  /// For the last answers when the endpoint ends.
  int linger_ms = 500;
  /// What is sent is wiped once libzmq is done with it.
  bool wipes_sent = false;
};

/// Counters, readable from any thread.
struct EndpointCounters {
  std::uint64_t received = 0;
  /// No identity, or not exactly one payload frame.
  std::uint64_t dropped_in = 0;
  /// The peer is gone or does not read.
  std::uint64_t dropped_out = 0;
};

class Context;

/// Owned by one thread from `bind` to destruction. `bind` fails if the address is in use (`in_use`)
/// or not allowed.
class Endpoint {
 public:
  static Expected<std::unique_ptr<Endpoint>> bind(Context& context, const EndpointOptions& options);
  virtual ~Endpoint() = default;

  /// The next message that is there, without waiting. Drops and counts what has no identity or
  /// wrong frames. After false, `wait`: only that looks at the sockets again at once.
  virtual bool receive(Inbound& inbound) = 0;

  /// Whether an answer of so many bytes would be sent, if the peer has `owed` bytes coming beside
  /// what waits for it; up to 1 KiB always. Whoever takes a message asks before it makes a large
  /// answer.
  virtual bool has_room(const Peer& peer, std::size_t bytes, std::size_t owed) = 0;

  /// Without waiting; drops and counts if the peer is gone or does not read.
  virtual void send(const Peer& peer, std::span<const std::uint8_t> payload) = 0;

  /// Until a message is there, `descriptor` is readable (-1: none), or the time is over (negative:
  /// for ever); true if `descriptor` is readable. May return early; at once if the last `receive`
  /// did not say that nothing is there.
  virtual bool wait(int descriptor, std::int64_t timeout_ms) = 0;

  virtual EndpointCounters counters() const = 0;
  /// Addresses as bound, tcp then ipc ("tcp://127.0.0.1:7601", "ipc:///…").
  virtual std::vector<std::string> addresses() const = 0;
};

}  // namespace postern::transport
