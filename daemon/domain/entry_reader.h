// Entries read from compact words (compact.h): what is derived is made again. For snapshots and
// replicas.
// Thread: a reader belongs to one. Failure: the reader's; whatever the bytes are, what it gives
// holds together or it has failed.
#pragma once

#include "daemon/domain/access.h"
#include "daemon/domain/compact.h"
#include "daemon/domain/grammar.h"

namespace postern::domain {

struct RightTexts {
  const std::string* action = nullptr;
  const std::string* resource = nullptr;
};
struct RightTable {
  /// By their numbers.
  std::vector<RightTexts> texts = {};
  /// Has all of them, so that it is only asked, by whichever threads.
  Rights* rights = nullptr;
};

/// Makes again what is derived.
class EntryReader : public CompactReader {
 public:
  EntryReader(std::span<const std::uint8_t> bytes, const RightTable& rights)
      : CompactReader(bytes), table_(rights) {}

  void right(const std::string*& action, const std::string*& resource) {
    std::uint64_t place = 0;
    number(place);
    if (place >= table_.texts.size()) return fail("a right is not there");
    action = table_.texts[static_cast<std::size_t>(place)].action;
    resource = table_.texts[static_cast<std::size_t>(place)].resource;
  }

  Networks compiled(const std::vector<std::string>& entries);
  SharedGrants compiled(LooseGrants grants);
  std::shared_ptr<const NamedRoles> compiled(std::vector<NamedRole> roles);
  std::shared_ptr<const Catalogue> compiled(Catalogue catalogue);

 private:
  const RightTable& table_;
};

/// A user with its extras, as the grammar has them apart.
template <class Reader>
void read_user(Reader& in, User& user) {
  UserExtras extras;
  pass_user(in, user, extras);
  if (extras != no_extras) user.extras = make_counted<const UserExtras>(std::move(extras));
}

}  // namespace postern::domain
