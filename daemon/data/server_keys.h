// The public halves of the server's CURVE keys: the present one and the next.
#pragma once

#include <string>

#include "daemon/data/data_folder.h"

namespace postern::data {

/// Public keys in Z85.
struct ServerKeys {
  std::string present;
  /// Empty: no change is planned.
  std::string next;
};

ServerKeys server_keys(const credential::KeyStore& keys);

/// Makes the file for clients say what the key is, wherever a stop may have left it behind.
Expected<> write_server_key(const DataPaths& paths, const credential::KeyStore& keys);

}  // namespace postern::data
