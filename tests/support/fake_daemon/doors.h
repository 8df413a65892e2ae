// The three sockets of a daemon that is none: ROUTERs which hand over every message and send back
// what they are told to. Thread: one at a time. Lifetime: bound between `open` and `close`, as
// often as wanted, at the same addresses.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"

namespace postern::support {

enum class Door : std::size_t { commands, queries, history };
inline constexpr std::array door_names{"commands", "queries", "history"};
inline constexpr std::size_t door_count = door_names.size();

struct Arrival {
  Door door;
  /// The frames before the message: who is to be answered, and a REQ's empty one.
  std::vector<std::string> envelope;
  std::string bytes;
};

class Doors {
 public:
  Doors() = default;
  ~Doors() { close(); }
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  /// Where to listen; of "tcp://127.0.0.1:*" the port that was found is kept.
  std::array<std::string, door_count> addresses;
  /// With CURVE, and then an authenticator that lets in everybody or nobody.
  bool curve = false;
  bool admits = true;
  client::KeyPair keys = client::make_key_pair();

  /// Throws if an address cannot be had.
  void open();
  /// `linger`: how long what was answered may take to leave.
  void close(std::chrono::milliseconds linger = {});
  /// The next message that comes, within a time, and before `descriptor` (-1: none) is readable.
  std::optional<Arrival> receive(std::chrono::milliseconds wait, int descriptor = -1);
  void answer(const Arrival& arrival, const std::string& bytes);
  /// How often the authenticator has turned somebody away.
  int denials() const { return denials_; }

 private:
  void* context_ = nullptr;
  std::vector<void*> sockets_;
  void* authenticator_ = nullptr;
  int denials_ = 0;
};

}  // namespace postern::support
