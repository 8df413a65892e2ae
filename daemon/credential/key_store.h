// The key store: one key for each user, made ahead, destroyed by erasure; and the daemon's own
// keys.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/credential/secret.h"
#include "daemon/platform/entropy.h"
#include "daemon/platform/failure.h"

namespace postern::credential {

using Key = std::array<std::byte, 32>;
using Commitment = std::array<std::byte, 32>;

/// BLAKE2b-256 of the key, personalised: shows nothing of it, and no other key has it.
Commitment commitment_to(const Key& key);

/// Where a user's key lies.
struct KeySlot {
  std::uint32_t file = 0;
  std::uint16_t slot = 0;
  friend auto operator<=>(const KeySlot&, const KeySlot&) = default;
};

/// A user's key, read and in ordinary memory: it wipes itself, as does every copy of it.
class UserKey {
 public:
  UserKey() = default;
  UserKey(const Key& key) : key_(key) {}
  UserKey(const UserKey&) = default;
  UserKey& operator=(const UserKey&) = default;
  ~UserKey() { wipe(key_); }

  operator const Key&() const { return key_; }
  /// To be filled.
  Key& bytes() { return key_; }
  const Key& bytes() const { return key_; }

  friend bool operator==(const UserKey&, const UserKey&) = default;

 private:
  Key key_{};
};

/// A key for a new user: already on disk and synced when handed out.
struct NewKey {
  KeySlot slot;
  UserKey key;
  Commitment commitment;
};

/// What each of the daemon's own keys is for.
enum class OwnKey : std::uint8_t {
  contents_hash,
  /// Curve25519.
  server_curve_secret,
  /// An Ed25519 seed.
  checkpoint_signing,
  /// C8.
  api_keys,
  /// S1: the first seals, both open, so that it can be changed without ending sessions.
  session_tokens,
  session_tokens_before,
};
inline constexpr std::array own_keys = {OwnKey::contents_hash,      OwnKey::server_curve_secret,
                                        OwnKey::checkpoint_signing, OwnKey::api_keys,
                                        OwnKey::session_tokens,     OwnKey::session_tokens_before};
/// What it is called in the root file.
std::string_view name_of(OwnKey key);

/// Keys lie in files of 4,096 slots, each file under its own wrapping key, the wrapping keys in the
/// root file with the daemon's own keys. A file is synced, then named in the synced root file,
/// before its first key is used. A store is opening until the first `next`, and writes nothing
/// until that or an `erase`. Threads: `next` by the writer alone, `erase` by one at a time, others
/// by any; files are made ahead by a thread of its own. Wrapping keys and own keys are in locked
/// memory; user keys are read on demand.
class KeyStore {
 public:
  static constexpr std::uint16_t slots_per_file = 4'096;

  /// Makes the folder and its root file; the first key file is made when it is needed.
  /// Fails with kind `cannot_create`, changing nothing, if the folder holds anything already.
  static Expected<> create(const std::filesystem::path& folder, platform::Entropy& entropy);

  /// Reads and checks every byte of every file. Kinds: `missing`, `not_permitted`, `input_output`;
  /// `configuration` for a newer format; `damaged`, naming file and slot. `entropy` outlives it.
  static Expected<std::unique_ptr<KeyStore>> open(const std::filesystem::path& folder,
                                                  platform::Entropy& entropy);

  enum class ServerKeyStep {
    /// Makes the key that the server's will be, unless it is there.
    plan,
    /// From now on it is. Fails with `usage` if none is planned.
    take,
  };
  /// With no store open on the folder: an open one would go on with what it read. On disk when it
  /// returns. Fails like `open`.
  static Expected<> change_server_key(const std::filesystem::path& folder, ServerKeyStep step,
                                      platform::Entropy& entropy);

  virtual ~KeyStore() = default;

  /// While opening, once for each user that is not erased, as the journal is read: the slot holds a
  /// key and it is the one committed to; else a failure of kind `damaged`. Marks the slot and all
  /// before it as used.
  virtual Expected<> confirm_used(const KeySlot& slot, const Commitment& commitment) = 0;

  /// While opening, once for each user that is erased (U11). Whether its key is there all the same,
  /// after a stop in the middle of an erasure or because an old copy of the folder was put back:
  /// then it is to be erased again. Marks as `confirm_used` does, and fails as it does where
  /// another key is there.
  virtual Expected<bool> confirm_erased(const KeySlot& slot, const Commitment& commitment) = 0;

  /// Nobody will be confirmed any more: frees the 32 bytes a key that it took. The first `next`
  /// does so too.
  virtual void end_confirming() = 0;

  /// U11: destroys the keys of these slots, none of which will be handed out again. Their files are
  /// written anew under new wrapping keys, then the root without the old ones; on disk when it
  /// returns. Empty slots are left as they are. After a failure all other keys can be read and
  /// handed out, and every further `erase` fails: the next opening finishes it.
  virtual Expected<> erase(std::span<const KeySlot> slots) = 0;

  /// The next unused key. The first call ends the opening: it removes what an interrupted making
  /// left behind and begins to make files ahead. Waits only if those have run out; fails, until it
  /// heals by itself, if they have run out and making fails.
  virtual Expected<NewKey> next() = 0;

  /// A used user's key; kind `missing` if the slot is empty.
  virtual Expected<UserKey> user_key(const KeySlot& slot) const = 0;

  /// Lives as long as the store.
  virtual const Key& own_key(OwnKey key) const = 0;

  /// What the server's secret will be; null: no change is planned.
  virtual const Key* planned_server_key() const = 0;

  /// How many key files there are now.
  virtual std::uint32_t file_count() const = 0;

  /// A part of a copy of the store (see key_copy.h): 0, the daemon's own keys; n, key file n with
  /// the key that wraps it. Each part stands by itself, whatever changes between two. In the open:
  /// to be wiped.
  virtual Expected<std::vector<std::byte>> copy_part(std::uint32_t part) const = 0;

  /// False: the system did not let memory be locked, so keys may reach swap (a warning, no
  /// failure).
  virtual bool memory_locked() const = 0;
};

}  // namespace postern::credential
