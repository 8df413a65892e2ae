// How the command line reaches a daemon: addresses and keys, from options and from a local data
// folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"

namespace postern::cli {

struct Access {
  /// The daemon's data folder.
  std::optional<std::filesystem::path> data;
  std::optional<int> port_base;
  /// Host of the daemon.
  std::optional<std::string> endpoint;
  /// File with the operator's key pair.
  std::optional<std::filesystem::path> key;
  /// O4: file with the key pair that commands are signed with.
  std::optional<std::filesystem::path> signing_key;
  /// The server's public key in Z85, or a file that holds it.
  std::optional<std::string> server_key;
  /// H6: where the newest checkpoint is remembered, if not in the usual place.
  std::optional<std::filesystem::path> checkpoint;
  /// H6: remember none, check none.
  bool without_checkpoint = false;
  /// Of one answer.
  std::chrono::milliseconds timeout{10'000};
};

/// tcp with CURVE if there is a key file (`key`, or `owner.key` in the data folder), else the ipc
/// door. The newest checkpoint is remembered beside the key file that was named, else in the data
/// folder. Throws Stop: 64 if the options do not say enough, 66 for missing files, 77 for a key
/// others can read.
client::Options reach(const Access& access);

/// A small TOML file of a local data folder, as the daemon wrote it. Where the file or a name is
/// not there, it says 0, nothing or an empty list. Throws Stop: 65 if it is damaged, 77 if it may
/// not be read.
class LocalFile {
 public:
  std::uint64_t number(const std::string& name) const;
  std::string text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;

 private:
  friend LocalFile read_local_file(const std::filesystem::path& path);

  std::map<std::string, std::uint64_t> numbers_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::vector<std::string>> lists_;
};
LocalFile read_local_file(const std::filesystem::path& path);

/// 77 unless the file is its owner's alone.
client::KeyPair read_key_file(const std::filesystem::path& path);
/// The same for an Ed25519 pair, under names of its own, so that neither is taken for the other.
client::KeyPair read_signing_key_file(const std::filesystem::path& path);

}  // namespace postern::cli
