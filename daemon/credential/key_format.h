// The bytes of the key store's two kinds of file; the grammar is at the top of key_format.cpp.
// Pure functions of their arguments. Failures: `damaged`, naming file and place, and
// `configuration` for bytes that a newer version wrote; `path` is what a failure calls the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/credential/key_store.h"
#include "daemon/credential/locked_keys.h"
#include "daemon/credential/secret.h"

namespace postern::credential {

inline constexpr char root_name[] = "root";
inline constexpr char temporary_suffix[] = ".tmp";
/// Of a key file written anew, until the root names its wrapping key.
inline constexpr char anew_suffix[] = ".new";

/// "keys-00000001"
std::string key_file_name(std::uint32_t number);
/// The number in a key file's name; nothing for any other name.
std::optional<std::uint32_t> key_file_number(std::string_view name);

/// What the root file holds.
struct Root {
  /// purposes[i] is what own[i] is for.
  std::vector<std::string> purposes;
  LockedKeys own;
  /// wrapping[n - 1] is the wrapping key of key file n.
  LockedKeys wrapping;
};

inline constexpr std::size_t root_size_max = 64 << 20;

/// Holds keys in the open: wipe it after use.
std::vector<std::byte> encode_root(const Root& root);
/// Fills an empty `root`.
Expected<> decode_root(std::span<const std::byte> bytes, const std::string& path, Root& root);

inline constexpr std::size_t slot_size = 48;
inline constexpr std::size_t key_file_header_size = 16;
inline constexpr std::size_t key_file_trailer_size = 32;
inline constexpr std::size_t key_file_size =
    key_file_header_size + KeyStore::slots_per_file * slot_size + key_file_trailer_size;

constexpr std::size_t slot_offset(std::uint16_t slot) {
  return key_file_header_size + slot * slot_size;
}
inline std::span<const std::byte, slot_size> slot_bytes(std::span<const std::byte> file,
                                                        std::uint16_t slot) {
  return file.subspan(slot_offset(slot)).first<slot_size>();
}

/// `keys` are as many as a file has slots.
std::vector<std::byte> encode_key_file(std::uint32_t number, const Key& wrapping,
                                       std::span<const Key> keys);

/// The same keys under another wrapping key, without those of `erased`. `bytes` were checked.
std::vector<std::byte> rewrite_key_file(std::span<const std::byte> bytes, std::uint32_t number,
                                        const Key& wrapping, const Key& new_wrapping,
                                        std::span<const std::uint16_t> erased);

/// Every byte is as it was written, by the trailer; if not, the failure names the slot that
/// differs.
Expected<> check_key_file(std::span<const std::byte> bytes, std::uint32_t number,
                          const Key& wrapping, const std::string& path);

enum class SlotContents { key, erased, unreadable };

/// What a slot's bytes hold; a key is put into `key`, which is unchanged otherwise.
SlotContents open_slot(std::span<const std::byte, slot_size> bytes, std::uint16_t slot,
                       const Key& wrapping, Key& key);

/// The failure for a key file, or for the root file, that is not as it was written.
Failure damage(const std::string& path, const std::string& what);
Failure unreadable_slot(const std::string& path, std::uint16_t slot);

}  // namespace postern::credential
