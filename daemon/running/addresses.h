// Where the running daemon is reached, and by which keys it is known: told on standard output to
// whoever started it, and in the data folder's `addresses`, TOML, to the command line.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/data/data_folder.h"
#include "daemon/data/server_keys.h"

namespace postern::running {

/// What the sockets of commands, queries and history are bound to.
using Addresses = std::array<std::vector<std::string>, 3>;

struct Whereabouts {
  Addresses sockets;
  /// Empty: there is no metrics page.
  std::string metrics;
  data::ServerKeys server;
  /// Name, hash and key by which checkpoints are verified.
  std::string verifier;
};

Expected<> tell_whereabouts(const data::DataPaths& paths, const Whereabouts& whereabouts);

}  // namespace postern::running
