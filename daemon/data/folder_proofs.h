// What in a data folder, beside the journal, tells how far the journal went: heads that this
// installation signed. A journal that does not extend each of them was put back from an older or
// another copy (H6). Any thread; functions without state.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/credential/signature.h"
#include "daemon/domain/invariants.h"
#include "daemon/journal/journal.h"

namespace postern::data {

/// Who signs for a journal, and what it is called.
struct Signer {
  schema::Uuid installation;
  /// Of the journal as it is now.
  const domain::Copies* copies = nullptr;
  /// Nothing: the keys are not there, so that seals and signatures are not looked at.
  std::optional<credential::SigningPublicKey> key;
};

/// What the journal's first record says.
std::optional<schema::Uuid> installation_of(const schema::Record& first);

/// Holds against the journal what is proved by `checkpoint`, by `seen-checkpoint` and every other
/// file `*.checkpoint`, which clients keep, and by the heads of snapshots, whichever program wrote
/// them. What somebody else signed, is damaged or cannot be read proves nothing; what was signed
/// before a restoration proves what the restored journal still holds. How many there were; fails
/// with `damaged`, naming the proof and what is missing, or with what reading the journal fails
/// with.
Expected<std::size_t> check_folder_proofs(const std::filesystem::path& folder, const Signer& signer,
                                          const journal::Journal& journal);

/// What was folded from the first record on must be a state that the rules could leave; else
/// either they or apply have a bug, and kind `bug` tells every sentence.
Expected<> check_state(const domain::State& state);

}  // namespace postern::data
