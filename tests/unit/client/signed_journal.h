// A journal in memory whose checkpoints and proofs are the daemon's own, for the client to check.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/credential/signature.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/proof.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/memory_journal.h"
#include "tools/client/client.h"

namespace postern::client {

struct SignedJournal {
  support::MemoryJournal stored;
  credential::Key seed{std::byte{9}};
  std::string name = "postern/one";

  journal::Verifier verifier() const { return {name, credential::signing_public_key(seed)}; }
  std::string verifier_key() const { return journal::verifier_text(verifier()); }

  void grow(std::uint64_t count) { add(support::records_from(stored.head().seq + 1, count)); }
  void add(const std::vector<journal::Bytes>& records) {
    if (!stored.append(stored.head().seq, support::views(records))) std::abort();
  }

  /// 0: of all there is.
  std::string note(std::uint64_t size = 0) const {
    const std::uint64_t seq = size == 0 ? stored.head().seq : size;
    return journal::make_note({name, {seq, *journal::root_at(stored, seq)}, 1'800'000'000},
                              verifier(),
                              [&](journal::View text) { return credential::sign(seed, text); });
  }
  Checkpoint checkpoint(std::uint64_t size) const {
    return *open_checkpoint(note(size), verifier_key());
  }
  std::vector<std::uint8_t> proof(std::uint64_t from, std::uint64_t to) const {
    const auto proof = journal::consistency_proof(stored, from, to);
    std::vector<std::uint8_t> bytes(proof->size() * sizeof(journal::Hash));
    if (!bytes.empty()) std::memcpy(bytes.data(), proof->data(), bytes.size());
    return bytes;
  }
};

}  // namespace postern::client
