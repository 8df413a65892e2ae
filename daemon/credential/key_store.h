// The key store: one key for each user, made ahead, destroyed by erasure; and the daemon's own keys.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "daemon/platform/entropy.h"
#include "daemon/platform/failure.h"

namespace postern::credential {

using Key = std::array<std::byte, 32>;
using Commitment = std::array<std::byte, 32>;

/// Where a user's key lies.
struct KeySlot {
  std::uint32_t file = 0;
  std::uint16_t slot = 0;
  friend auto operator<=>(const KeySlot&, const KeySlot&) = default;
};

/// A key for a new user: already on disk and synced when handed out.
struct NewKey {
  KeySlot slot;
  Key key;
  Commitment commitment;
};

/// Keys lie in files of 4,096 slots, each file under its own wrapping key, the wrapping keys in the root file,
/// which also holds the daemon's own keys by purpose. A file is synced, then named in the synced root file,
/// before its first key is used. Wrapping keys are held in locked memory, user keys are read from disk on demand.
/// Threads: `next` by the writer alone; `user_key` and `own_key` by any; files are made ahead by a thread of its own.
class KeyStore {
 public:
  static constexpr std::uint16_t slots_per_file = 4'096;

  /// Makes the folder's first files.
  static Expected<> create(const std::filesystem::path& folder, platform::Entropy& entropy);

  /// Reads and checks every byte of every file. Damage fails with kind `damaged`, naming file and slot.
  /// Left-overs of an interrupted making (a temporary file, a key file that the root does not name) are removed.
  static Expected<std::unique_ptr<KeyStore>> open(const std::filesystem::path& folder, platform::Entropy& entropy);

  virtual ~KeyStore() = default;

  /// The check at open, once for each user that is not erased, as the journal is read: the slot holds a key and
  /// it is the one committed to; else a failure of kind `damaged`. Marks the slot and all before it as used.
  virtual Expected<> confirm_used(const KeySlot& slot, const Commitment& commitment) = 0;

  /// The next unused key. Call after every `confirm_used`. Waits only if the files made ahead have run out.
  virtual Expected<NewKey> next() = 0;

  /// A used user's key; kind `missing` if the slot is empty.
  virtual Expected<Key> user_key(const KeySlot& slot) const = 0;

  /// The daemon's own key for a purpose: "contents-hash", "server-curve-secret", "checkpoint-signing".
  virtual const Key& own_key(std::string_view purpose) const = 0;
};

}  // namespace postern::credential
