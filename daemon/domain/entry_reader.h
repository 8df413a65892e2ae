// Entries read from compact words, by whatever names the rights of their grants: what is derived is
// made again, and what does not hold together is refused. Thread: an object belongs to one.
// Failure: the reader's own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/domain/compact.h"
#include "daemon/domain/grammar.h"

namespace postern::domain {

/// Whoever derives from it says how a right is read.
class EntryReader : public CompactReader {
 public:
  /// `rights` has each that `right` gives.
  EntryReader(std::span<const std::uint8_t> bytes, Rights& rights)
      : CompactReader(bytes), rights_(rights) {}

  Networks compiled(const std::vector<std::string>& entries);
  SharedGrants compiled(LooseGrants grants);
  std::shared_ptr<const NamedRoles> compiled(std::vector<NamedRole> roles);
  std::shared_ptr<const Catalogue> compiled(Catalogue catalogue);

 private:
  Rights& rights_;
};

}  // namespace postern::domain
