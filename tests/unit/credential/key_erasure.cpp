#include "tests/unit/credential/key_erasure.h"

#include <boost/test/unit_test.hpp>

using namespace postern::credential;

namespace postern::testing {

UsedStore::UsedStore() {
  BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy()));
  FaultyDisk disk(folder);
  const auto store = open_on(disk);
  keys = take(*store, 4);
  disk.wait_for_stop_or(2 * 5);
}

std::unique_ptr<FileKeyStore> UsedStore::open_on(FaultyDisk& disk) const {
  auto store =
      FileKeyStore::open(std::make_unique<FaultyFolder>(folder, disk), system_entropy(), eager);
  BOOST_REQUIRE_MESSAGE(store, (store ? std::string() : store.error().sentence));
  return std::move(*store);
}

std::size_t finish_erasure(const TemporaryFolder& folder, const std::vector<NewKey>& keys,
                           std::size_t erased) {
  std::vector<KeySlot> unfinished;
  {
    const auto store = open_store(folder, eager);
    for (std::size_t at = 0; at < keys.size(); ++at) {
      if (at == erased) {
        const auto is_there = store->confirm_erased(keys[at].slot, keys[at].commitment);
        BOOST_REQUIRE_MESSAGE(is_there, (is_there ? std::string() : is_there.error().sentence));
        if (*is_there) unfinished.push_back(keys[at].slot);
      } else {
        const auto confirmed = store->confirm_used(keys[at].slot, keys[at].commitment);
        BOOST_REQUIRE_MESSAGE(confirmed, (confirmed ? std::string() : confirmed.error().sentence));
      }
    }
    BOOST_REQUIRE(store->erase(unfinished));
    BOOST_TEST((take(*store, 1)[0].slot > keys.back().slot));
    for (std::size_t at = 0; at < keys.size(); ++at) {
      const auto found = store->user_key(keys[at].slot);
      if (at == erased)
        BOOST_TEST((!found && found.error().kind == FailureKind::missing));
      else
        BOOST_TEST((found && *found == keys[at].key));
    }
  }
  const auto again = open_store(folder, eager);
  BOOST_TEST(*again->confirm_erased(keys[erased].slot, keys[erased].commitment) == false);
  for (const auto& [name, bytes] : folder.contents())
    BOOST_TEST((!name.ends_with(".new") && !name.ends_with(".tmp")), name << " was left behind");
  return unfinished.size();
}

}  // namespace postern::testing
