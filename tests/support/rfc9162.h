// Merkle trees and the checking of proofs, step by step as RFC 9162, 2.1 numbers them: written for
// the tests alone, on libcrypto, so that neither the daemon's code nor the client's judges itself.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace postern::support::rfc9162 {

using Hash = std::array<std::uint8_t, 32>;
using Octets = std::vector<std::uint8_t>;

inline Hash sha256(const Octets& octets) {
  Hash hash;
  ::SHA256(octets.data(), octets.size(), hash.data());
  return hash;
}

inline Hash leaf_hash(std::span<const std::uint8_t> entry) {
  Octets octets = {0x00};
  octets.insert(octets.end(), entry.begin(), entry.end());
  return sha256(octets);
}

inline Hash node_hash(const Hash& left, const Hash& right) {
  Octets octets = {0x01};
  octets.insert(octets.end(), left.begin(), left.end());
  octets.insert(octets.end(), right.begin(), right.end());
  return sha256(octets);
}

/// 2.1.1, over the entries' hashes.
inline Hash tree_head(std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(tree_head(leaves.first(k)), tree_head(leaves.subspan(k)));
}

/// As they come over the wire: 32 bytes each.
inline std::vector<Hash> hashes_in(std::span<const std::uint8_t> bytes) {
  std::vector<Hash> hashes(bytes.size() / 32);
  if (!hashes.empty()) std::memcpy(hashes.data(), bytes.data(), hashes.size() * 32);
  return hashes;
}

/// 2.1.3.2; the index counts from 0.
inline bool verify_inclusion(std::uint64_t leaf_index, std::uint64_t tree_size, const Hash& hash,
                             const std::vector<Hash>& inclusion_path, const Hash& root_hash) {
  // 1.
  if (leaf_index >= tree_size) return false;
  // 2.
  std::uint64_t fn = leaf_index;
  std::uint64_t sn = tree_size - 1;
  // 3.
  Hash r = hash;
  // 4.
  for (const Hash& p : inclusion_path) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      r = node_hash(p, r);
      if ((fn & 1) == 0) {
        do {
          fn >>= 1;
          sn >>= 1;
        } while ((fn & 1) == 0 && fn != 0);
      }
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  // 5.
  return sn == 0 && r == root_hash;
}

/// 2.1.4.2; sizes that are equal are compared by their roots instead.
inline bool verify_consistency(std::uint64_t first, std::uint64_t second, const Hash& first_hash,
                               const Hash& second_hash, std::vector<Hash> consistency_path) {
  if (first == 0 || first > second) return false;
  if (first == second) return consistency_path.empty() && first_hash == second_hash;
  // 1.
  if (consistency_path.empty()) return false;
  // 2.
  if ((first & (first - 1)) == 0) consistency_path.insert(consistency_path.begin(), first_hash);
  // 3.
  std::uint64_t fn = first - 1;
  std::uint64_t sn = second - 1;
  // 4.
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  // 5.
  Hash fr = consistency_path[0];
  Hash sr = consistency_path[0];
  // 6.
  for (std::size_t index = 1; index < consistency_path.size(); ++index) {
    const Hash& c = consistency_path[index];
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  // 7.
  return sn == 0 && fr == first_hash && sr == second_hash;
}

}  // namespace postern::support::rfc9162
