// U11: erasing keys: what goes, what stays, what an old copy brings back, what a disk that refuses
// leaves.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/credential/key_erasure.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

bool holds(const Bytes& bytes, const Key& key) { return !std::ranges::search(bytes, key).empty(); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_erasure_tests, UsedStore)

BOOST_AUTO_TEST_CASE(U11_one_key_goes_and_4095_stay) {
  const auto store = open_store(folder, eager);
  const auto all = take(*store, KeyStore::slots_per_file);
  BOOST_REQUIRE(store->erase({{all[7].slot}}));
  for (const NewKey& key : all) {
    const auto found = store->user_key(key.slot);
    if (key.slot == all[7].slot)
      BOOST_TEST((!found && found.error().kind == FailureKind::missing));
    else
      BOOST_REQUIRE((found && *found == key.key));
  }
  const auto again = open_store(folder, eager);
  for (const NewKey& key : all)
    if (key.slot != all[7].slot) BOOST_REQUIRE(again->confirm_used(key.slot, key.commitment));
  BOOST_TEST(!again->confirm_used(all[7].slot, all[7].commitment));
  BOOST_TEST(*again->confirm_erased(all[7].slot, all[7].commitment) == false);
}

BOOST_AUTO_TEST_CASE(U11_what_wrapped_the_key_is_nowhere_in_the_folder) {
  const Key wrapping = wrapping_key_of(folder, 1);
  const Contents before = folder.contents();
  BOOST_TEST(holds(before.at("root"), wrapping));
  BOOST_REQUIRE(open_store(folder, eager)->erase({{keys[1].slot}}));
  const Contents after = folder.contents();
  for (const auto& [name, bytes] : after) {
    BOOST_TEST(before.contains(name), name << " was left behind");
    BOOST_TEST(!holds(bytes, wrapping), name << " holds the old wrapping key");
  }
  BOOST_TEST(after.size() == before.size());
  BOOST_TEST((after.at("keys-00000001") != before.at("keys-00000001")));
  BOOST_TEST((after.at("keys-00000002") == before.at("keys-00000002")));
}

BOOST_AUTO_TEST_CASE(U11_an_old_copy_put_back_is_erased_again) {
  const Contents old = folder.contents();
  BOOST_REQUIRE(open_store(folder, eager)->erase({{keys[1].slot}}));
  folder.replace_contents(old);
  {
    const auto store = open_store(folder, eager);
    BOOST_TEST((*store->user_key(keys[1].slot) == keys[1].key), "the copy brings it back");
    BOOST_TEST(*store->confirm_erased(keys[1].slot, keys[1].commitment) == true);
  }
  BOOST_TEST(finish_erasure(folder, keys, 1) == 1U);
  BOOST_TEST(finish_erasure(folder, keys, 1) == 0U);
}

BOOST_AUTO_TEST_CASE(U11_half_an_old_copy_is_damage_and_brings_nobody_back) {
  const Contents old = folder.contents();
  BOOST_REQUIRE(open_store(folder, eager)->erase({{keys[1].slot}}));
  for (const char* name : {"root", "keys-00000001"}) {
    Contents mixed = folder.contents();
    mixed[name] = old.at(name);
    TemporaryFolder other;
    other.replace_contents(mixed);
    const auto store = KeyStore::open(other.path(), system_entropy());
    BOOST_REQUIRE(!store);
    BOOST_TEST((store.error().kind == FailureKind::damaged));
  }
}

BOOST_AUTO_TEST_CASE(U11_another_key_in_an_erased_users_place_is_damage) {
  const auto store = open_store(folder, eager);
  const auto found = store->confirm_erased(keys[0].slot, keys[1].commitment);
  BOOST_REQUIRE(!found);
  BOOST_TEST((found.error().kind == FailureKind::damaged));
  BOOST_TEST(!store->confirm_erased({99, 0}, keys[0].commitment));
}

BOOST_AUTO_TEST_CASE(U11_several_files_at_once_and_new_keys_go_on) {
  auto store = open_store(folder, eager);
  const auto first = take(*store, KeyStore::slots_per_file + 2);
  BOOST_REQUIRE(store->erase({{first[0].slot, first[9].slot, first.back().slot}}));
  // The file in use was written anew, and hands out what it would have.
  const auto more = take(*store, 2);
  BOOST_TEST((more[0].slot == KeySlot{2, 2}));
  for (const NewKey& key : {first[1], first[8], first[KeyStore::slots_per_file], more[0], more[1]})
    BOOST_TEST((*store->user_key(key.slot) == key.key));
  for (const NewKey& key : {first[0], first[9], first.back()})
    BOOST_TEST(!store->user_key(key.slot));
  store = open_store(folder, eager);
  for (const NewKey& key : {first[1], first[KeyStore::slots_per_file], more[0], more[1]})
    BOOST_TEST(store->confirm_used(key.slot, key.commitment).has_value());
}

BOOST_AUTO_TEST_CASE(U11_what_is_empty_already_changes_nothing) {
  FaultyDisk disk(folder);
  const auto store = open_on(disk);
  BOOST_REQUIRE(store->erase({{keys[1].slot}}));
  BOOST_TEST(disk.changes() == changes_per_erasure);
  BOOST_REQUIRE(store->erase({{keys[1].slot}}));
  BOOST_REQUIRE(store->erase({}));
  BOOST_TEST(disk.changes() == changes_per_erasure);
}

BOOST_AUTO_TEST_CASE(U11_readers_and_the_writer_go_on_meanwhile) {
  const auto store = open_store(folder, eager);
  const auto all = take(*store, 1'000);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      for (std::size_t at = 500; !done; at = at + 1 < all.size() ? at + 1 : 500) {
        const auto key = store->user_key(all[at].slot);
        wrong += !key || *key != all[at].key;
      }
    });
  std::jthread eraser([&] {
    for (std::size_t at = 0; at < 50; ++at) wrong += !store->erase({{all[at].slot}});
    done = true;
  });
  while (!done) {
    const auto made = store->next();
    wrong += !made || !store->user_key(made->slot) || *store->user_key(made->slot) != made->key;
  }
  eraser.join();
  readers.clear();
  BOOST_TEST(wrong == 0);
  for (std::size_t at = 0; at < 50; ++at) BOOST_TEST(!store->user_key(all[at].slot));
}

BOOST_AUTO_TEST_CASE(U11_a_refused_step_fails_it_and_the_next_opening_finishes_it) {
  for (const bool opened : {false, true})
    for (int step = 0; step < changes_per_erasure; ++step)
      for (const Outcome outcome : {Outcome::refused, Outcome::done_but_failed}) {
        BOOST_TEST_CONTEXT("step " << step << ", way " << static_cast<int>(outcome) << ", opened "
                                   << opened) {
          UsedStore used;
          FaultyDisk disk(used.folder);
          disk.plan = [&](int change) { return change == step ? outcome : Outcome::done; };
          std::vector<NewKey> known = used.keys;
          {
            const auto store = used.open_on(disk);
            for (const NewKey& key : known)
              BOOST_REQUIRE(store->confirm_used(key.slot, key.commitment));
            if (opened) known.push_back(take(*store, 1)[0]);
            BOOST_TEST(!store->erase({{known[1].slot}}));
            BOOST_TEST(disk.faults() == 1);
            BOOST_TEST(!store->erase({{known[1].slot}}), "not again: the old files must stay");
            // All others go on, and more are made, whose root must fit.
            known.push_back(take(*store, 1)[0]);
            for (std::size_t at = 0; at < known.size(); ++at)
              if (at != 1) BOOST_TEST((*store->user_key(known[at].slot) == known[at].key));
            const auto rest = take(*store, KeyStore::slots_per_file);
            known.push_back(rest.back());
          }
          finish_erasure(used.folder, known, 1);
        }
      }
}

BOOST_AUTO_TEST_SUITE_END()
