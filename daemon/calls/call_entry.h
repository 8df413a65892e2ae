// One recorded call as it lies in the ring: a CallView without its personal parts, and those
// sealed under the user's key, so that erase reaches them (L2, U11).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daemon/calls/call_note.h"
#include "daemon/credential/key_store.h"

namespace postern::calls {

/// With the user's key; null: it is gone, and address and label are not recorded.
std::vector<std::byte> pack_entry(const CallNote& note, const credential::Key* key,
                                  platform::Entropy& entropy);

/// What an entry says; address and client are still sealed.
struct Entry {
  Uuid tenant;
  schema::CallViewT call;
  std::vector<std::uint8_t> sealed;
};

/// Absent: the bytes are no entry.
std::optional<Entry> open_entry(std::span<const std::byte> bytes);

/// Fills in address and client; leaves them absent where the seal does not open under this key.
void unseal(Entry& entry, const credential::Key& key);

}  // namespace postern::calls
