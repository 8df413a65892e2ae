// How the key store makes files ahead, and what it does when the disk refuses.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/credential/key_store_fixture.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

constexpr FileKeyStore::Options eager{.files_ahead = 1,
                                      .retry_after = std::chrono::milliseconds(1)};
/// The changes that making one file takes: write, sync, write the root, rename it, sync.
constexpr int changes_per_file = 5;

struct Created {
  TemporaryFolder folder;
  Created() { BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy())); }

  std::unique_ptr<FileKeyStore> open_on(FaultyDisk& disk) {
    auto store =
        FileKeyStore::open(std::make_unique<FaultyFolder>(folder, disk), system_entropy(), eager);
    BOOST_REQUIRE(store);
    return std::move(*store);
  }
};

/// Every key that was handed out is there after a restart.
void check_after_restart(const TemporaryFolder& folder, const std::vector<NewKey>& keys) {
  const auto store = open_store(folder);
  for (const NewKey& key : keys) {
    const auto confirmed = store->confirm_used(key.slot, key.commitment);
    BOOST_REQUIRE_MESSAGE(confirmed, (confirmed ? std::string() : confirmed.error().sentence));
  }
  BOOST_TEST((take(*store, 1)[0].slot > keys.back().slot));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_making_tests, Created)

BOOST_AUTO_TEST_CASE(files_are_made_ahead_and_no_more_of_them) {
  FaultyDisk disk(folder);
  auto store = open_on(disk);
  take(*store, 1);
  disk.wait_for_stop_or(2 * changes_per_file);
  take(*store, KeyStore::slots_per_file - 1);
  // Joins the thread that would have made more.
  store.reset();
  BOOST_TEST(disk.changes() == 2 * changes_per_file);
}

BOOST_AUTO_TEST_CASE(beginning_a_file_makes_another) {
  FaultyDisk disk(folder);
  const auto store = open_on(disk);
  take(*store, KeyStore::slots_per_file + 1);
  disk.wait_for_stop_or(3 * changes_per_file);
}

BOOST_AUTO_TEST_CASE(a_file_is_synced_and_named_before_its_first_key_is_handed_out) {
  FaultyDisk disk(folder);
  const auto store = open_on(disk);
  for (const NewKey& key : take(*store, 2 * KeyStore::slots_per_file + 1)) {
    if (key.slot.slot != 0) continue;
    TemporaryFolder after_power_loss;
    after_power_loss.replace_contents(disk.durable());
    const auto found = open_store(after_power_loss)->user_key(key.slot);
    BOOST_REQUIRE(found);
    BOOST_TEST((*found == key.key));
  }
}

BOOST_AUTO_TEST_CASE(a_failure_of_any_step_is_told_and_heals) {
  for (int step = 0; step < changes_per_file; ++step)
    for (const Outcome outcome : {Outcome::refused, Outcome::done_but_failed}) {
      TemporaryFolder folder;
      BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy()));
      FaultyDisk disk(folder);
      disk.plan = [&](int change) { return change == step ? outcome : Outcome::done; };
      auto store =
          FileKeyStore::open(std::make_unique<FaultyFolder>(folder, disk), system_entropy(), eager);
      BOOST_REQUIRE(store);
      std::vector<NewKey> keys{take_when_healed(**store)};
      for (const NewKey& key : take(**store, KeyStore::slots_per_file)) keys.push_back(key);
      BOOST_TEST(disk.faults() == 1);
      store->reset();
      check_after_restart(folder, keys);
    }
}

BOOST_AUTO_TEST_CASE(while_the_disk_refuses_next_fails_with_input_output_and_waits_for_nothing) {
  FaultyDisk disk(folder);
  disk.plan = [](int) { return Outcome::refused; };
  const auto store = open_on(disk);
  for (int i = 0; i < 100; ++i) {
    const auto key = store->next();
    BOOST_REQUIRE(!key);
    BOOST_TEST((key.error().kind == FailureKind::input_output));
    BOOST_TEST(key.error().sentence == "the disk was told to fail");
  }
  BOOST_TEST(disk.faults() >= 1);
}

BOOST_AUTO_TEST_CASE(keys_made_ahead_are_handed_out_while_the_disk_refuses) {
  FaultyDisk disk(folder);
  disk.plan = [](int change) {
    return change < 2 * changes_per_file ? Outcome::done : Outcome::refused;
  };
  const auto store = open_on(disk);
  take(*store, 2 * KeyStore::slots_per_file);
  BOOST_TEST(!store->next());
  BOOST_TEST(disk.faults() >= 1);
}

/// A real refusal: the system allows no file as large as a key file.
BOOST_AUTO_TEST_CASE(a_disk_that_cannot_hold_a_file_is_told_and_heals) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
  const auto store = open_store(folder, eager);
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto refused = store->next();
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().kind == FailureKind::input_output));
  BOOST_TEST(refused.error().sentence.find("keys-00000001") != std::string::npos);
  BOOST_TEST((take_when_healed(*store).slot == KeySlot{1, 0}));
}

BOOST_AUTO_TEST_CASE(what_an_interrupted_making_left_is_removed_at_the_first_key) {
  // As many files as are wanted, so that no new one takes a left-over's name.
  const auto keys = take(*open_store(folder, eager), KeyStore::slots_per_file + 1);
  const auto files = folder.contents().size();
  for (const char* name : {"root.tmp", "keys-00000099.tmp"})
    write_file(folder.path() / name, Bytes(10, std::byte{1}));
  const auto unnamed = folder.path() / key_file_name(static_cast<std::uint32_t>(files));
  write_file(unnamed, Bytes(10, std::byte{1}));
  write_file(folder.path() / "notes.txt", Bytes(10));

  const auto store = open_store(folder, eager);
  BOOST_REQUIRE(store->confirm_used(keys[0].slot, keys[0].commitment));
  BOOST_TEST(folder.contents().size() == files + 4);
  take(*store, 1);
  const Contents left = folder.contents();
  BOOST_TEST(!left.contains("root.tmp"));
  BOOST_TEST(!left.contains("keys-00000099.tmp"));
  BOOST_TEST(left.contains("notes.txt"));
  BOOST_TEST(!std::filesystem::exists(unnamed));
}

BOOST_AUTO_TEST_CASE(destroying_the_store_waits_for_nothing_but_the_step_at_hand) {
  FaultyDisk disk(folder);
  disk.plan = [](int) { return Outcome::refused; };
  auto store = FileKeyStore::open(std::make_unique<FaultyFolder>(folder, disk), system_entropy(),
                                  {.files_ahead = 1, .retry_after = std::chrono::hours(1)});
  BOOST_REQUIRE(store);
  BOOST_TEST(!(*store)->next());
  store->reset();
}

BOOST_AUTO_TEST_SUITE_END()
