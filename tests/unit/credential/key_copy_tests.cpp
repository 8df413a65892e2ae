// U11: copies of the key store: who can open one, and what a store made from one holds.
#include <boost/test/unit_test.hpp>

#include "daemon/credential/key_copy.h"
#include "tests/unit/credential/key_store_fixture.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

Key secret_key() {
  Key secret{};
  system_entropy().fill(secret);
  return secret;
}

struct Copied {
  TemporaryFolder folder;
  TemporaryFolder elsewhere;
  std::unique_ptr<FileKeyStore> store;
  std::vector<NewKey> keys;

  Copied() {
    BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy()));
    store = open_store(folder);
    keys = take(*store, 5'000);
  }

  std::vector<std::vector<std::byte>> parts() const {
    std::vector<std::vector<std::byte>> all;
    for (std::uint32_t part = 0; part <= store->file_count(); ++part) {
      auto copied = store->copy_part(part);
      BOOST_REQUIRE(copied);
      all.push_back(std::move(*copied));
    }
    return all;
  }
  Expected<> restore(const std::vector<std::vector<std::byte>>& from,
                     const std::vector<KeySlot>& used, std::uint32_t files) const {
    return restore_key_store(elsewhere.path(), from, used, files, system_entropy());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_copy_tests, Copied)

BOOST_AUTO_TEST_CASE(U11_only_the_recipient_opens_a_part) {
  const Key secret = secret_key();
  const auto part = *store->copy_part(1);
  const auto sealed = seal_for(recipient_of(secret), part);
  BOOST_TEST(sealed.size() == part.size() + 48);
  BOOST_TEST((*open_sealed(secret, sealed) == part));
  BOOST_TEST((open_sealed(secret_key(), sealed).error().kind == FailureKind::damaged));
  for (const std::size_t place : {std::size_t{0}, std::size_t{40}, sealed.size() - 1}) {
    auto changed = sealed;
    changed[place] ^= 1U;
    BOOST_TEST(!open_sealed(secret, changed));
  }
  BOOST_TEST(!open_sealed(secret, std::span(sealed).first(47)));
  // Sealed twice it is not the same twice.
  BOOST_TEST((seal_for(recipient_of(secret), part) != sealed));
}

BOOST_AUTO_TEST_CASE(U11_a_key_that_nobody_can_hold_gets_nothing) {
  BOOST_TEST(seal_for(Recipient{}, *store->copy_part(0)).empty());
}

BOOST_AUTO_TEST_CASE(U11_a_restored_store_holds_the_wanted_keys_and_no_other) {
  const std::vector<KeySlot> used = {keys[0].slot, keys[7].slot, keys[4'500].slot};
  BOOST_REQUIRE(restore(parts(), used, 2));
  const auto made = open_store(elsewhere);
  BOOST_TEST(made->file_count() == 2U);
  for (const std::size_t index : {0U, 7U, 4'500U}) {
    BOOST_TEST((*made->user_key(keys[index].slot) == keys[index].key));
    BOOST_TEST(made->confirm_used(keys[index].slot, keys[index].commitment).has_value());
  }
  for (const std::size_t index : {1U, 6U, 8U, 4'499U, 4'999U})
    BOOST_TEST((made->user_key(keys[index].slot).error().kind == FailureKind::missing));
  // New users get keys that were never in use.
  const auto fresh = made->next();
  BOOST_REQUIRE(fresh);
  BOOST_TEST(fresh->slot.file == 3U);
  // Own keys are the same, but for those of the sessions.
  for (const OwnKey key : own_keys) {
    const bool is_of_sessions =
        key == OwnKey::session_tokens || key == OwnKey::session_tokens_before;
    BOOST_TEST((made->own_key(key) != store->own_key(key)) == is_of_sessions, name_of(key));
  }
}

BOOST_AUTO_TEST_CASE(U11_what_was_erased_is_not_in_a_later_copy) {
  const auto before = parts();
  BOOST_REQUIRE(store->erase({{keys[3].slot}}));
  BOOST_REQUIRE(restore(parts(), {keys[2].slot, keys[3].slot}, 1));
  const auto made = open_store(elsewhere);
  BOOST_TEST((*made->user_key(keys[2].slot) == keys[2].key));
  BOOST_TEST((made->user_key(keys[3].slot).error().kind == FailureKind::missing));
  // Parts taken before and after it fit together all the same: each stands by itself.
  auto mixed = before;
  mixed[2] = *store->copy_part(2);
  const TemporaryFolder third;
  BOOST_TEST(restore_key_store(third.path(), mixed, std::vector{keys[3].slot}, 2, system_entropy())
                 .has_value());
}

BOOST_AUTO_TEST_CASE(U11_a_copy_that_is_not_as_it_was_makes_no_store) {
  const auto whole = parts();
  const std::vector<KeySlot> used = {keys[0].slot};
  for (const std::size_t part : {0U, 1U})
    for (const std::size_t place : {std::size_t{0}, std::size_t{20}, whole[part].size() - 1}) {
      auto changed = whole;
      changed[part][place] ^= std::byte{1};
      const TemporaryFolder into;
      const auto made = restore_key_store(into.path(), changed, used, 1, system_entropy());
      BOOST_REQUIRE(!made);
      BOOST_TEST((made.error().kind == FailureKind::damaged), made.error().sentence);
    }
  const TemporaryFolder into;
  BOOST_TEST(!restore_key_store(into.path(), std::span(whole).first(1), used, 1, system_entropy()));
  BOOST_REQUIRE(restore(whole, used, 1));
  BOOST_TEST((restore(whole, used, 1).error().kind == FailureKind::cannot_create));
}

BOOST_AUTO_TEST_SUITE_END()
