// A store with keys in use, one of which is to be erased.
#pragma once

#include <memory>
#include <vector>

#include "tests/unit/credential/key_store_fixture.h"

namespace postern::testing {

inline constexpr credential::FileKeyStore::Options eager{
    .files_ahead = 1, .retry_after = std::chrono::milliseconds(1)};

/// Of one file: write it anew, sync, write the root, rename it, sync, rename the file, sync.
inline constexpr int changes_per_erasure = 7;

/// Two files are made, so that a store with one ahead has nothing to make.
struct UsedStore {
  TemporaryFolder folder;
  std::vector<credential::NewKey> keys;

  UsedStore();
  std::unique_ptr<credential::FileKeyStore> open_on(FaultyDisk& disk) const;
};

/// An opening as the daemon's, after the journal says that this one of the keys is erased: it is
/// gone, and all others are there. Gives how many keys were there all the same.
std::size_t finish_erasure(const TemporaryFolder& folder,
                           const std::vector<credential::NewKey>& keys, std::size_t erased);

}  // namespace postern::testing
