// part 0 := root (key_format.cpp) without files
// part n := wrapping_key[32] key_file (key_format.cpp)    of file n
#include "daemon/credential/key_copy.h"

#include <sodium.h>

#include <algorithm>
#include <set>

#include "daemon/credential/file_key_store.h"
#include "daemon/credential/sealed_key_folder.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

bool is_of_sessions(std::string_view purpose) {
  return purpose == name_of(OwnKey::session_tokens) ||
         purpose == name_of(OwnKey::session_tokens_before);
}

std::string name_of(std::size_t part) { return "part " + std::to_string(part) + " of the copy"; }

Expected<> copy_own_keys(std::span<const std::byte> part, platform::Entropy& entropy, Root& root) {
  Root copied;
  if (auto decoded = decode_root(part, name_of(0), copied); !decoded) return decoded;
  for (std::size_t index = 0; index < copied.own.size(); ++index) {
    const std::string& purpose = copied.purposes[index];
    Key key = copied.own[index];
    const WipeAtEnd wiping{key};
    if (is_of_sessions(purpose)) FileKeyStore::draw_own_key(purpose, entropy, key);
    root.purposes.push_back(purpose);
    root.own.push_back(key);
  }
  return {};
}

/// Writes key file `number` with the keys of these slots alone.
Expected<> copy_file(KeyFolder& folder, std::uint32_t number, std::span<const std::byte> part,
                     const std::set<KeySlot>& used, platform::Entropy& entropy, Root& root) {
  Key wrapping{};
  const WipeAtEnd wiping{wrapping};
  if (part.size() < wrapping.size())
    return std::unexpected(damage(name_of(number), "it is cut short"));
  std::ranges::copy(part.first(wrapping.size()), wrapping.begin());
  const auto file = part.subspan(wrapping.size());
  if (auto checked = check_key_file(file, number, wrapping, name_of(number)); !checked)
    return checked;
  std::vector<std::uint16_t> unused;
  for (std::uint16_t slot = 0; slot < KeyStore::slots_per_file; ++slot)
    if (!used.contains({number, slot})) unused.push_back(slot);
  Key fresh{};
  const WipeAtEnd wiping_fresh{fresh};
  entropy.fill(fresh);
  root.wrapping.push_back(fresh);
  return folder.write(key_file_name(number),
                      rewrite_key_file(file, number, wrapping, fresh, unused));
}

}  // namespace

Recipient recipient_of(const Key& secret) {
  sodium_ready();
  Recipient recipient{};
  require(crypto_scalarmult_base(recipient.data(),
                                 reinterpret_cast<const unsigned char*>(secret.data())) == 0);
  return recipient;
}

std::vector<std::uint8_t> seal_for(const Recipient& recipient, std::span<const std::byte> part) {
  sodium_ready();
  std::vector<std::uint8_t> sealed(part.size() + crypto_box_SEALBYTES);
  const auto* plain = reinterpret_cast<const unsigned char*>(part.data());
  // A key of low order has no holder; the box is made for nobody then.
  if (crypto_box_seal(sealed.data(), plain, part.size(), recipient.data()) != 0) sealed.clear();
  return sealed;
}

Expected<std::vector<std::byte>> open_sealed(const Key& secret,
                                             std::span<const std::uint8_t> sealed) {
  const Recipient recipient = recipient_of(secret);
  if (sealed.size() >= crypto_box_SEALBYTES) {
    std::vector<std::byte> part(sealed.size() - crypto_box_SEALBYTES);
    if (crypto_box_seal_open(reinterpret_cast<unsigned char*>(part.data()), sealed.data(),
                             sealed.size(), recipient.data(),
                             reinterpret_cast<const unsigned char*>(secret.data())) == 0)
      return part;
  }
  return std::unexpected(Failure{FailureKind::damaged,
                                 "a part of the copy of the keys cannot be opened with this key",
                                 "Give the secret key of the recipient it was made for, and the "
                                 "copy as it was written."});
}

Expected<> restore_key_store(const std::filesystem::path& folder,
                             std::span<const std::vector<std::byte>> parts,
                             std::span<const KeySlot> used, std::uint32_t file_count,
                             platform::Entropy& entropy) {
  require(!parts.empty());
  // Makes the folder as it must be, and refuses one that is in use; its root is replaced at the
  // end, so that what is half made names no key file.
  if (auto made = KeyStore::create(folder, entropy); !made) return made;
  const auto opened = open_key_folder(folder, entropy);
  if (!opened) return std::unexpected(opened.error());
  KeyFolder& keys = **opened;
  Root root;
  if (auto copied = copy_own_keys(parts.front(), entropy, root); !copied) return copied;
  const std::set<KeySlot> kept(used.begin(), used.end());
  if (file_count >= parts.size())
    return std::unexpected(
        Failure{FailureKind::damaged,
                "the copy of the keys ends with file " + std::to_string(parts.size() - 1) +
                    ", and a user's key lies in file " + std::to_string(file_count),
                "give a copy of the keys that was made after the records were copied"});
  for (std::uint32_t number = 1; number <= file_count; ++number)
    if (auto copied = copy_file(keys, number, parts[number], kept, entropy, root); !copied)
      return copied;
  if (auto synced = keys.sync(); !synced) return synced;
  return FileKeyStore::replace_root(keys, root);
}

}  // namespace postern::credential
