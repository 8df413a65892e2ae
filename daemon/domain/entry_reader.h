// Entries read from compact words (compact.h): what is derived is made again. For snapshots and
// replicas.
// Thread: a reader belongs to one. Failure: the reader's; whatever the bytes are, what it gives
// holds together or it has failed.
#pragma once

#include "daemon/domain/access.h"
#include "daemon/domain/compact.h"
#include "daemon/domain/grammar.h"

namespace postern::domain {

/// Makes again what is derived.
class EntryReader : public CompactReader {
 public:
  /// `rights`: of the state that the entries are for.
  EntryReader(std::span<const std::uint8_t> bytes, Rights& rights)
      : CompactReader(bytes), rights_(rights) {}

  Networks compiled(const std::vector<std::string>& entries);
  SharedGrants compiled(LooseGrants grants);
  std::shared_ptr<const NamedRoles> compiled(std::vector<NamedRole> roles);
  std::shared_ptr<const Catalogue> compiled(Catalogue catalogue);

 protected:
  Rights& rights() { return rights_; }
  /// By seq and index.
  Chunked<ConditionsOfGrant> in_order(std::vector<ConditionsOfGrant> conditions);

 private:
  Rights& rights_;
};

/// A user with its extras, as the grammar has them apart.
template <class Reader>
void read_user(Reader& in, User& user) {
  UserExtras extras;
  pass_user(in, user, extras);
  if (extras != no_extras) user.extras = make_counted<const UserExtras>(std::move(extras));
}

}  // namespace postern::domain
