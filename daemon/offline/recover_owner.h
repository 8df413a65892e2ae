// A lost owner replaced (O3): an offline command, recorded in the journal like every other.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/platform/clock.h"
#include "daemon/platform/entropy.h"
#include "daemon/platform/failure.h"

namespace postern::offline {

struct OwnerRecovery {
  std::filesystem::path folder;
  /// Where the new secret key goes, a new file; empty: `owner.key` in the folder, replacing what is
  /// there unless it is another operator's key.
  std::filesystem::path owner_key;
  /// The owner who gets a new key; made if there is no operator of this name.
  std::string name = "owner";
  /// The system user that the owner's ipc connections come from, unless it is another operator's.
  std::uint32_t uid = 0;
};

/// Gives an owner of all tenants a new key, in place of all it had. The daemon must be stopped. The
/// secret is on disk before the record is, so that a crash in between costs nothing but a second
/// try. Run by root, it acts as the folder's owner there. What fails leaves no key file.
Expected<> recover_owner(const OwnerRecovery& wanted, const platform::Clock& clock,
                         platform::Entropy& entropy);

}  // namespace postern::offline
