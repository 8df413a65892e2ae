// The bytes of a snapshot, for what writes and what reads one.
// file   := magic part* head head_length:u64 seal
// part   := a block of entries (domain/compact_state.h), or (id id seq:number)*: command ids
// head   := version:number program:text installation:id seq:number root:hash digest:hash
//           (kind:number length:number hash)*: parts; block:hash* time_ns:number tenant_head*
//           user_changed* ranges_time* read_whole_ns:number ids_since_ms:number past
// past   := seq:number structural* installation* ranges* former_name* time*      see past_index.h
// seal   := Ed25519 signature of 64 bytes over purpose, SHA-256(head head_length)
// The words are those of domain/compact.h, but for head_length, which is little-endian. The head
// tells each part's hash and length, and the seal covers the head: so every byte is covered.
#pragma once

#include <algorithm>
#include <bit>
#include <string_view>

#include "daemon/data/snapshot.h"
#include "daemon/domain/compact.h"
#include "daemon/domain/compact_state.h"
#include "daemon/journal/sha256.h"

namespace postern::data::snapshot_form {

using journal::Hash;
using Seal = credential::Signature;

inline constexpr std::string_view magic = "postsnap";
inline constexpr std::string_view purpose = "Postern snapshot\n";
inline constexpr std::uint64_t version = 6;
/// Of a part that holds command ids; others have the number of their block's kind.
inline constexpr std::uint8_t ids_kind = 64;
inline constexpr std::size_t end_bytes = sizeof(std::uint64_t) + sizeof(Seal);

struct Part {
  std::uint8_t kind = 0;
  std::uint64_t length = 0;
  Hash hash{};
};

/// What only the file knows of itself.
struct BodyFacts {
  /// Of the state.
  Hash digest{};
  std::vector<Part> parts = {};
};

/// `head`: the hash of the head, which tells those of the parts.
inline journal::Bytes to_sign(const Hash& head) {
  journal::Bytes signed_bytes(purpose.size() + head.size());
  const auto rest = std::ranges::copy(std::as_bytes(std::span(purpose)), signed_bytes.begin()).out;
  std::ranges::copy(head, rest);
  return signed_bytes;
}

template <class Io, class Value>
void pass_hash(Io& io, Value& hash) {
  std::array<std::uint8_t, sizeof(Hash)> bytes{};
  if constexpr (!Io::reads) bytes = std::bit_cast<decltype(bytes)>(hash);
  io.bytes(bytes);
  if constexpr (Io::reads) hash = std::bit_cast<Hash>(bytes);
}

template <class Io, class Id>
void pass_id(Io& io, Id& remembered) {
  io.id(remembered.operator_id);
  io.id(remembered.id);
  io.number(remembered.seq);
}

template <class Io, class Notes>
void pass_past(Io& io, Notes& past) {
  io.number(past.seq);
  io.list(past.structural, [&](auto& structural) {
    io.id(structural.tenant);
    io.number(structural.seq);
  });
  io.list(past.installation, [&](auto& seq) { io.number(seq); });
  io.list(past.ranges, [&](auto& ranges) {
    io.number(ranges.provider);
    io.number(ranges.seq);
  });
  io.list(past.former_names, [&](auto& name) {
    io.id(name.tenant);
    io.text(name.name);
    io.id(name.owner.user);
    io.number(name.owner.until_seq);
  });
  io.list(past.times, [&](auto& time) {
    io.number(time.seq);
    io.number(time.time_ns);
  });
}

template <class Io, class Head, class Body>
void pass_head(Io& io, Head& head, Body& body) {
  std::uint64_t found = version;
  io.number(found);
  if constexpr (Io::reads)
    if (found != version) io.fail("it has another form");
  io.text(head.program);
  io.id(head.installation);
  io.number(head.journal.seq);
  pass_hash(io, head.journal.root);
  pass_hash(io, body.digest);
  io.list(body.parts, [&](auto& part) {
    io.number(part.kind);
    io.number(part.length);
    pass_hash(io, part.hash);
  });
  io.list(head.blocks, [&](auto& block) { pass_hash(io, block); });
  io.number(head.place.time_ns);
  io.list(head.place.tenant_heads, [&](auto& tenant) {
    io.id(tenant.tenant);
    io.number(tenant.seq);
    io.number(tenant.changed_seq);
  });
  io.list(head.place.users_changed, [&](auto& changed) {
    io.id(changed.user);
    io.number(changed.seq);
  });
  io.list(head.place.ranges_times, [&](auto& ranges) {
    io.number(ranges.provider);
    io.number(ranges.imported_ns);
  });
  io.number(head.read_whole_ns);
  io.number(head.ids_since_ms);
  pass_past(io, head.past);
}

}  // namespace postern::data::snapshot_form
