// Stops the machine at each change that creating a store, making files and clearing up make, in the
// middle of it, before and after; with and without loss of what was not synced; and again while it
// recovers. What was handed out and reached the journal must be there, and nobody else may get it.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/unit/credential/key_erasure.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

constexpr Outcome ways_to_stop[] = {Outcome::stops_before, Outcome::stops_midway,
                                    Outcome::stops_after};

/// The keys whose events are in the journal. All that `next` hands out gets there.
using Journal = std::vector<NewKey>;

/// One life of the daemon: creates the store if there is none, confirms what the journal names, and
/// hands out `count` keys, or fewer if the machine stops. `changes_max` are waited for at the end.
void live(const TemporaryFolder& folder, FaultyDisk& disk, Journal& journal, std::size_t count,
          int changes_max) {
  auto keys = std::make_unique<FaultyFolder>(folder, disk);
  if (!std::filesystem::exists(keys->path_of("root"))) {
    BOOST_REQUIRE(journal.empty());
    if (!FileKeyStore::create(*keys, system_entropy())) return;
  }
  auto store = FileKeyStore::open(std::move(keys), system_entropy(), eager);
  BOOST_REQUIRE_MESSAGE(store, (store ? std::string() : store.error().sentence));
  for (const NewKey& key : journal) {
    const auto confirmed = (*store)->confirm_used(key.slot, key.commitment);
    BOOST_REQUIRE_MESSAGE(confirmed, (confirmed ? std::string() : confirmed.error().sentence));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = (*store)->next();
    if (!key) break;
    BOOST_REQUIRE((journal.empty() || key->slot > journal.back().slot));
    journal.push_back(*key);
  }
  disk.wait_for_stop_or(changes_max);
}

void lose_power(const TemporaryFolder& folder, const FaultyDisk& disk) {
  folder.replace_contents(disk.durable());
}

/// A life without faults after all: everything is there, and there are new keys.
void check(const TemporaryFolder& folder, Journal journal) {
  FaultyDisk sound(folder);
  live(folder, sound, journal, 2, 0);
  const auto store = open_store(folder);
  for (const NewKey& key : {journal.front(), journal.back()}) {
    const auto found = store->user_key(key.slot);
    BOOST_REQUIRE(found);
    BOOST_TEST((*found == key.key));
  }
}

/// More than a file, so that the second is made, named and begun.
constexpr std::size_t first_life_keys = KeyStore::slots_per_file + 1;
/// Creation takes 3 changes, and each of three files 5: one in use, one used up, one ahead.
constexpr int first_life_changes = 3 + 3 * 5;

}  // namespace

BOOST_AUTO_TEST_SUITE(key_store_crash_tests)

BOOST_AUTO_TEST_CASE(the_first_life_has_as_many_changes_as_are_tried) {
  TemporaryFolder folder;
  FaultyDisk disk(folder);
  Journal journal;
  live(folder, disk, journal, first_life_keys, first_life_changes);
  BOOST_TEST(disk.changes() == first_life_changes);
  BOOST_TEST(journal.size() == first_life_keys);
  check(folder, journal);
}

BOOST_AUTO_TEST_CASE(U11_no_stop_loses_a_key_or_gives_it_away) {
  int stops = 0;
  for (int step = 0; step < first_life_changes; ++step)
    for (const Outcome way : ways_to_stop)
      for (const bool power_is_lost : {false, true}) {
        BOOST_TEST_CONTEXT("step " << step << ", way " << static_cast<int>(way) << ", power lost "
                                   << power_is_lost) {
          TemporaryFolder folder;
          FaultyDisk disk(folder);
          disk.plan = [&](int change) { return change == step ? way : Outcome::done; };
          Journal journal;
          live(folder, disk, journal, first_life_keys, first_life_changes);
          BOOST_REQUIRE(disk.stopped());
          ++stops;
          if (power_is_lost) lose_power(folder, disk);
          check(folder, journal);
        }
      }
  BOOST_TEST(stops == first_life_changes * 6);
}

BOOST_AUTO_TEST_CASE(U11_no_stop_while_recovering_from_a_stop_does) {
  // Never fewer than one new file's worth of changes, wherever the first life stopped; the most are
  // the removal of two left-overs and two files.
  constexpr std::size_t second_life_keys = 2 * KeyStore::slots_per_file + 1;
  constexpr int second_life_changes = 2 + 2 * 5;
  int second_stops = 0;
  for (int step = 3; step < first_life_changes; ++step)
    for (int second_step = 0; second_step < second_life_changes; ++second_step) {
      BOOST_TEST_CONTEXT("step " << step << ", then step " << second_step) {
        TemporaryFolder folder;
        FaultyDisk disk(folder);
        disk.plan = [&](int change) {
          return change == step ? Outcome::stops_midway : Outcome::done;
        };
        Journal journal;
        live(folder, disk, journal, first_life_keys, first_life_changes);
        BOOST_REQUIRE(disk.stopped());

        FaultyDisk second(folder);
        second.plan = [&](int change) {
          return change == second_step ? Outcome::stops_midway : Outcome::done;
        };
        live(folder, second, journal, second_life_keys, 0);
        second_stops += second.stopped();
        lose_power(folder, second);
        check(folder, journal);
      }
    }
  BOOST_TEST(second_stops >= (first_life_changes - 3) * 5);
}

/// A step that fails and is tried again must leave nothing that a later stop turns into damage.
BOOST_AUTO_TEST_CASE(U11_no_stop_after_a_failed_step_does) {
  int stops = 0;
  for (int failed = 3; failed < 3 + 5; ++failed)
    for (const Outcome way_to_fail : {Outcome::refused, Outcome::done_but_failed})
      for (int step = failed + 1; step < failed + 6; ++step)
        for (const bool power_is_lost : {false, true}) {
          BOOST_TEST_CONTEXT("failed step " << failed << ", way " << static_cast<int>(way_to_fail)
                                            << ", then stop at " << step << ", power lost "
                                            << power_is_lost) {
            TemporaryFolder folder;
            FaultyDisk disk(folder);
            disk.plan = [&](int change) {
              if (change == failed) return way_to_fail;
              return change == step ? Outcome::stops_after : Outcome::done;
            };
            Journal journal;
            live(folder, disk, journal, 0, 0);
            {
              auto store = FileKeyStore::open(std::make_unique<FaultyFolder>(folder, disk),
                                              system_entropy(), eager);
              BOOST_REQUIRE(store);
              while (!disk.stopped())
                if (const auto key = (*store)->next()) journal.push_back(*key);
            }
            BOOST_TEST(disk.faults() == 2);
            ++stops;
            if (power_is_lost) lose_power(folder, disk);
            check(folder, journal);
          }
        }
  BOOST_TEST(stops == 5 * 2 * 5 * 2);
}

BOOST_AUTO_TEST_CASE(no_stop_leaves_the_server_without_its_key_or_the_planned_one) {
  using Step = KeyStore::ServerKeyStep;
  constexpr int changes = 3;
  int stops = 0;
  for (const Step step : {Step::plan, Step::take})
    for (int change = 0; change < changes; ++change)
      for (const Outcome way : ways_to_stop)
        for (const bool power_is_lost : {false, true}) {
          TemporaryFolder folder;
          FaultyDisk sound(folder);
          Journal journal;
          live(folder, sound, journal, 2, 0);
          if (step == Step::take)
            BOOST_REQUIRE(KeyStore::change_server_key(folder.path(), Step::plan, system_entropy()));
          const auto before = open_store(folder);
          const Key old_key = before->own_key(OwnKey::server_curve_secret);
          const Key* planned = before->planned_server_key();
          FaultyDisk disk(folder);
          disk.plan = [&](int number) { return number == change ? way : Outcome::done; };
          FaultyFolder keys(folder, disk);
          (void)FileKeyStore::change_server_key(keys, step, system_entropy());
          BOOST_REQUIRE(disk.stopped());
          ++stops;
          if (power_is_lost) lose_power(folder, disk);
          const auto after = open_store(folder);
          const Key& now = after->own_key(OwnKey::server_curve_secret);
          const bool taken = step == Step::take && now == *planned;
          BOOST_TEST((taken || now == old_key));
          if (step == Step::take) BOOST_TEST((taken == (after->planned_server_key() == nullptr)));
          check(folder, journal);
        }
  BOOST_TEST(stops == 2 * changes * 6);
}

/// At each change of an erasure, while the store is opening and after it, and again while the next
/// opening finishes it: the key is gone then, and no other is.
BOOST_AUTO_TEST_CASE(U11_no_stop_of_an_erasure_brings_anybody_back_or_takes_another_away) {
  int stops = 0;
  int still_there = 0;
  for (const bool opened : {false, true})
    for (int step = 0; step < changes_per_erasure; ++step)
      for (const Outcome way : ways_to_stop)
        for (const bool power_is_lost : {false, true}) {
          BOOST_TEST_CONTEXT("opened " << opened << ", step " << step << ", way "
                                       << static_cast<int>(way) << ", power lost "
                                       << power_is_lost) {
            UsedStore used;
            FaultyDisk disk(used.folder);
            disk.plan = [&](int change) { return change == step ? way : Outcome::done; };
            {
              const auto store = used.open_on(disk);
              for (const NewKey& key : used.keys)
                BOOST_REQUIRE(store->confirm_used(key.slot, key.commitment));
              if (opened) used.keys.push_back(take(*store, 1)[0]);
              BOOST_TEST(!store->erase({{used.keys[1].slot}}));
            }
            BOOST_REQUIRE(disk.stopped());
            ++stops;
            if (power_is_lost) lose_power(used.folder, disk);
            still_there += finish_erasure(used.folder, used.keys, 1) > 0;
          }
        }
  BOOST_TEST(stops == 2 * changes_per_erasure * 6);
  // Stops before the root was in place, and after.
  BOOST_TEST(still_there > 0);
  BOOST_TEST(still_there < stops);
}

BOOST_AUTO_TEST_CASE(U11_no_stop_while_an_erasure_is_finished_does) {
  int second_stops = 0;
  for (int step = 0; step < changes_per_erasure; ++step)
    for (int second_step = 0; second_step < changes_per_erasure + 3; ++second_step)
      for (const bool power_is_lost : {false, true}) {
        BOOST_TEST_CONTEXT("step " << step << ", then step " << second_step << ", power lost "
                                   << power_is_lost) {
          const UsedStore used;
          FaultyDisk first(used.folder);
          first.plan = [&](int change) {
            return change == step ? Outcome::stops_before : Outcome::done;
          };
          BOOST_TEST(!used.open_on(first)->erase({{used.keys[1].slot}}));
          BOOST_REQUIRE(first.stopped());
          FaultyDisk second(used.folder);
          second.plan = [&](int change) {
            return change == second_step ? Outcome::stops_midway : Outcome::done;
          };
          {
            const auto store = used.open_on(second);
            for (std::size_t at = 0; at < used.keys.size(); ++at)
              if (at != 1)
                BOOST_REQUIRE(store->confirm_used(used.keys[at].slot, used.keys[at].commitment));
            const auto is_there = store->confirm_erased(used.keys[1].slot, used.keys[1].commitment);
            BOOST_REQUIRE(is_there);
            std::vector<KeySlot> unfinished;
            if (*is_there) unfinished.push_back(used.keys[1].slot);
            if (store->erase(unfinished)) static_cast<void>(store->next());
          }
          second_stops += second.stopped();
          if (power_is_lost) lose_power(used.folder, second);
          finish_erasure(used.folder, used.keys, 1);
        }
      }
  BOOST_TEST(second_stops > changes_per_erasure * 4);
}

BOOST_AUTO_TEST_SUITE_END()
