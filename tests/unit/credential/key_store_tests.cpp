#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <thread>

#include "daemon/credential/key_format.h"
#include "daemon/credential/key_store.h"
#include "tests/support/sanitized.h"
#include "tests/unit/credential/key_store_fixture.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

unsigned permissions_of(const std::filesystem::path& path) {
  struct stat status {};
  BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

/// A store that was created and nothing more.
struct Created {
  TemporaryFolder folder;
  Created() { BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy())); }
};

Key own_key_in(const TemporaryFolder& folder, OwnKey key) {
  return open_store(folder)->own_key(key);
}

/// Leaves a key file without one of its keys, otherwise as it should be.
void erase_slot(const TemporaryFolder& folder, const KeySlot& erased) {
  const auto path = folder.path() / key_file_name(erased.file);
  Bytes bytes = read_file(path);
  std::ranges::fill(std::span(bytes).subspan(slot_offset(erased.slot), slot_size), std::byte{0});
  correct_trailer(bytes, wrapping_key_of(folder, erased.file));
  write_file(path, bytes);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_store_tests, Created)

BOOST_AUTO_TEST_CASE(U11_only_the_owner_can_read_the_store) {
  TemporaryFolder parent;
  const auto path = parent.path() / "keys";
  BOOST_REQUIRE(KeyStore::create(path, system_entropy()));
  auto store = KeyStore::open(path, system_entropy());
  BOOST_REQUIRE(store);
  take(**store, 1);
  BOOST_TEST(permissions_of(path) == 0700U);
  BOOST_TEST(permissions_of(path / "root") == 0600U);
  BOOST_TEST(permissions_of(path / "keys-00000001") == 0600U);
}

BOOST_AUTO_TEST_CASE(U11_an_open_folder_is_closed_to_others) {
  TemporaryFolder empty;
  BOOST_REQUIRE(::chmod(empty.path().c_str(), 0755) == 0);
  BOOST_REQUIRE(KeyStore::create(empty.path(), system_entropy()));
  BOOST_TEST(permissions_of(empty.path()) == 0700U);
}

BOOST_AUTO_TEST_CASE(creating_over_something_changes_nothing) {
  const auto before = folder.contents();
  const auto created = KeyStore::create(folder.path(), system_entropy());
  BOOST_REQUIRE(!created);
  BOOST_TEST((created.error().kind == FailureKind::cannot_create));
  BOOST_TEST((folder.contents() == before));

  TemporaryFolder other;
  BOOST_REQUIRE(::chmod(other.path().c_str(), 0755) == 0);
  write_file(other.path() / "notes.txt", Bytes(3));
  BOOST_TEST(!KeyStore::create(other.path(), system_entropy()));
  BOOST_TEST(permissions_of(other.path()) == 0755U);
  BOOST_TEST(other.contents().size() == 1U);
}

BOOST_AUTO_TEST_CASE(creating_where_there_is_no_parent_fails) {
  const auto created = KeyStore::create(folder.path() / "no" / "keys", system_entropy());
  BOOST_REQUIRE(!created);
  BOOST_TEST((created.error().kind == FailureKind::cannot_create));
}

BOOST_AUTO_TEST_CASE(own_keys_differ_by_purpose_and_store_and_outlive_a_restart) {
  std::set<Key> seen;
  TemporaryFolder other;
  BOOST_REQUIRE(KeyStore::create(other.path(), system_entropy()));
  for (const OwnKey purpose : own_keys) {
    const Key key = own_key_in(folder, purpose);
    BOOST_TEST((key == own_key_in(folder, purpose)));
    seen.insert(key);
    seen.insert(own_key_in(other, purpose));
  }
  BOOST_TEST(seen.size() == 12U);
  BOOST_TEST(!seen.contains(Key{}));
}

BOOST_AUTO_TEST_CASE(the_servers_curve_secret_is_a_clamped_scalar) {
  const Key secret = own_key_in(folder, OwnKey::server_curve_secret);
  BOOST_TEST(std::to_integer<int>(secret[0] & std::byte{7}) == 0);
  BOOST_TEST(std::to_integer<int>(secret[31] & std::byte{0xc0}) == 0x40);
  unsigned char open_key[crypto_scalarmult_BYTES];
  BOOST_TEST(
      crypto_scalarmult_base(open_key, reinterpret_cast<const unsigned char*>(secret.data())) == 0);
}

BOOST_AUTO_TEST_CASE(the_servers_key_changes_in_two_steps_and_no_other_key_does) {
  const auto keys = take(*open_store(folder), 1);
  const Key old_secret = own_key_in(folder, OwnKey::server_curve_secret);
  const Key contents = own_key_in(folder, OwnKey::contents_hash);
  BOOST_TEST(open_store(folder)->planned_server_key() == nullptr);
  const auto change = [&](KeyStore::ServerKeyStep step) {
    return KeyStore::change_server_key(folder.path(), step, system_entropy());
  };
  const auto too_early = change(KeyStore::ServerKeyStep::take);
  BOOST_REQUIRE(!too_early);
  BOOST_TEST((too_early.error().kind == FailureKind::usage));

  BOOST_REQUIRE(change(KeyStore::ServerKeyStep::plan));
  const Key planned = *open_store(folder)->planned_server_key();
  BOOST_TEST((planned != old_secret));
  BOOST_TEST(std::to_integer<int>(planned[31] & std::byte{0xc0}) == 0x40);
  BOOST_TEST((own_key_in(folder, OwnKey::server_curve_secret) == old_secret));
  BOOST_REQUIRE(change(KeyStore::ServerKeyStep::plan));
  BOOST_TEST((*open_store(folder)->planned_server_key() == planned));

  BOOST_REQUIRE(change(KeyStore::ServerKeyStep::take));
  const auto store = open_store(folder);
  BOOST_TEST((store->own_key(OwnKey::server_curve_secret) == planned));
  BOOST_TEST(store->planned_server_key() == nullptr);
  BOOST_TEST((store->own_key(OwnKey::contents_hash) == contents));
  BOOST_REQUIRE(store->confirm_used(keys[0].slot, keys[0].commitment));
  BOOST_TEST((*store->user_key(keys[0].slot) == keys[0].key));
  BOOST_TEST(!change(KeyStore::ServerKeyStep::take));
}

BOOST_AUTO_TEST_CASE(own_keys_are_where_any_thread_finds_them_for_ever) {
  const auto store = open_store(folder, {.files_ahead = 1});
  const Key& key = store->own_key(OwnKey::contents_hash);
  const Key before = key;
  take(*store, 3 * KeyStore::slots_per_file);
  BOOST_TEST(&key == &store->own_key(OwnKey::contents_hash));
  BOOST_TEST((key == before));
}

BOOST_AUTO_TEST_CASE(U11_each_user_gets_a_key_of_its_own_in_order) {
  const auto store = open_store(folder, {.files_ahead = 1});
  const auto keys = take(*store, 2 * KeyStore::slots_per_file + 1);
  std::set<Key> different;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const KeySlot expected{static_cast<std::uint32_t>(i / KeyStore::slots_per_file + 1),
                           static_cast<std::uint16_t>(i % KeyStore::slots_per_file)};
    BOOST_REQUIRE((keys[i].slot == expected));
    BOOST_REQUIRE((keys[i].commitment == commitment_to(keys[i].key)));
    different.insert(keys[i].key);
  }
  BOOST_TEST(different.size() == keys.size());
  for (const std::size_t i : {0U, 4'095U, 4'096U, 8'191U, 8'192U}) {
    const auto key = store->user_key(keys[i].slot);
    BOOST_REQUIRE(key);
    BOOST_TEST((*key == keys[i].key));
  }
}

BOOST_AUTO_TEST_CASE(U11_no_key_lies_in_the_folder_in_the_open) {
  const auto store = open_store(folder, {.files_ahead = 1});
  const auto keys = take(*store, 3);
  for (const auto& [name, bytes] : folder.contents())
    for (const NewKey& key : keys)
      BOOST_TEST(std::ranges::search(bytes, key.key.bytes()).empty(),
                 name << " holds a user's key");
}

BOOST_AUTO_TEST_CASE(confirmed_keys_outlive_a_restart_and_next_goes_on_after_them) {
  const auto keys = take(*open_store(folder), 10);
  const auto store = open_store(folder);
  // In any order, with holes: erased users, and commands that never reached the journal.
  for (const std::size_t i : {6U, 2U, 0U})
    BOOST_REQUIRE(store->confirm_used(keys[i].slot, keys[i].commitment));
  store->end_confirming();
  BOOST_TEST((take(*store, 1)[0].slot == KeySlot{1, 7}));
  BOOST_TEST((*store->user_key(keys[2].slot) == keys[2].key));
}

BOOST_AUTO_TEST_CASE(next_goes_on_across_files_after_a_restart) {
  const auto keys = take(*open_store(folder), KeyStore::slots_per_file + 2);
  {
    const auto store = open_store(folder);
    BOOST_REQUIRE(store->confirm_used(keys[4'095].slot, keys[4'095].commitment));
    BOOST_TEST((take(*store, 1)[0].slot == KeySlot{2, 0}));
  }
  const auto store = open_store(folder);
  BOOST_REQUIRE(store->confirm_used(keys[4'096].slot, keys[4'096].commitment));
  BOOST_TEST((take(*store, 1)[0].slot == KeySlot{2, 1}));
}

BOOST_AUTO_TEST_CASE(without_a_confirmation_next_begins_at_the_first_slot) {
  take(*open_store(folder), 3);
  BOOST_TEST((take(*open_store(folder), 1)[0].slot == KeySlot{1, 0}));
}

BOOST_AUTO_TEST_CASE(U11_a_key_that_is_not_the_one_committed_to_is_damage) {
  const auto keys = take(*open_store(folder), 2);
  const auto store = open_store(folder);
  for (const auto& [slot, commitment, says] :
       {std::tuple(keys[0].slot, keys[1].commitment, "slot 0 holds another key"),
        std::tuple(KeySlot{99, 0}, keys[0].commitment, "file 99, slot 0"),
        std::tuple(KeySlot{0, 0}, keys[0].commitment, "file 0, slot 0"),
        std::tuple(KeySlot{1, 4'096}, keys[0].commitment, "file 1, slot 4096")}) {
    const auto confirmed = store->confirm_used(slot, commitment);
    BOOST_REQUIRE(!confirmed);
    BOOST_TEST((confirmed.error().kind == FailureKind::damaged));
    BOOST_TEST(confirmed.error().sentence.find(says) != std::string::npos,
               confirmed.error().sentence);
  }
}

BOOST_AUTO_TEST_CASE(U11_an_erased_slot_is_empty_for_ever) {
  const auto keys = take(*open_store(folder), 3);
  erase_slot(folder, keys[2].slot);
  const auto store = open_store(folder);
  const auto confirmed = store->confirm_used(keys[2].slot, keys[2].commitment);
  BOOST_REQUIRE(!confirmed);
  BOOST_TEST((confirmed.error().kind == FailureKind::damaged));
  BOOST_TEST(confirmed.error().sentence.find("slot 2 holds no key") != std::string::npos);
  BOOST_TEST(!store->confirm_used(keys[2].slot, Commitment{}));

  BOOST_REQUIRE(store->confirm_used(keys[1].slot, keys[1].commitment));
  BOOST_TEST((take(*store, 1)[0].slot == KeySlot{1, 3}));
  const auto key = store->user_key(keys[2].slot);
  BOOST_REQUIRE(!key);
  BOOST_TEST((key.error().kind == FailureKind::missing));
  BOOST_TEST((*store->user_key(keys[1].slot) == keys[1].key));
}

BOOST_AUTO_TEST_CASE(a_slot_nobody_has_is_missing) {
  const auto store = open_store(folder);
  for (const KeySlot slot : {KeySlot{0, 0}, KeySlot{7, 0}, KeySlot{1, 4'096}}) {
    const auto key = store->user_key(slot);
    BOOST_REQUIRE(!key);
    BOOST_TEST((key.error().kind == FailureKind::missing));
  }
}

BOOST_AUTO_TEST_CASE(opening_alone_changes_nothing) {
  take(*open_store(folder), 1);
  write_file(folder.path() / "root.tmp", Bytes(10));
  const auto before = folder.contents();
  open_store(folder);
  BOOST_TEST((folder.contents() == before));
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_missing) {
  const auto store = KeyStore::open(folder.path() / "elsewhere", system_entropy());
  BOOST_REQUIRE(!store);
  BOOST_TEST((store.error().kind == FailureKind::missing));
}

BOOST_AUTO_TEST_CASE(a_store_of_somebody_else_is_not_permitted) {
  BOOST_REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  BOOST_REQUIRE(::chmod((folder.path() / "root").c_str(), 0) == 0);
  run_as_nobody([&] {
    const auto store = KeyStore::open(folder.path(), system_entropy());
    BOOST_REQUIRE(!store);
    BOOST_TEST((store.error().kind == FailureKind::not_permitted));
    const auto created = KeyStore::create("/proc/keys-of-postern", system_entropy());
    BOOST_REQUIRE(!created);
  });
}

BOOST_AUTO_TEST_CASE(keys_are_in_locked_memory_or_the_store_says_so,
                     *boost::unit_test::enable_if<!support::sanitized>()) {
  BOOST_TEST(open_store(folder)->memory_locked());
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &before) == 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &none) == 0);
  BOOST_REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  BOOST_REQUIRE(::chmod((folder.path() / "root").c_str(), 0644) == 0);
  run_as_nobody([&] {
    const auto store = open_store(folder);
    BOOST_TEST(!store->memory_locked());
    BOOST_TEST((store->own_key(OwnKey::contents_hash) != Key{}));
  });
  BOOST_REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &before) == 0);
}

BOOST_AUTO_TEST_CASE(keys_are_read_from_many_threads_while_new_ones_are_handed_out) {
  const auto store = open_store(folder, {.files_ahead = 1});
  const auto keys = take(*store, KeyStore::slots_per_file);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> read = 0;
  {
    std::vector<std::jthread> readers;
    for (std::size_t first = 0; first < 3; ++first)
      readers.emplace_back([&, first] {
        for (std::size_t i = first; !done || i < 1'000; i += 7, ++read) {
          const NewKey& expected = keys[i % keys.size()];
          const auto key = store->user_key(expected.slot);
          if (!key || *key != expected.key) ++wrong;
        }
      });
    take(*store, 3 * KeyStore::slots_per_file);
    done = true;
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(read > 0);
}

BOOST_AUTO_TEST_SUITE_END()
