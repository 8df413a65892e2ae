#include <boost/test/unit_test.hpp>
#include <map>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_reader.h"
#include "daemon/calls/recorder.h"
#include "tests/support/plain_keys.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/calls/notes.h"

using namespace postern;
using namespace postern::support;
using calls::UseSummaries;

namespace {

/// Keys by slot, which a test destroys as an erase does.
class FakeKeys final : public PlainKeys {
 public:
  Expected<credential::UserKey> user_key(const credential::KeySlot& slot) const override {
    const auto found = keys.find(slot);
    return found != keys.end() ? found->second : PlainKeys::user_key(slot);
  }

  std::map<credential::KeySlot, credential::Key> keys;
};

struct Fixture {
  Fixture() {
    credential::Key key;
    key.fill(std::byte{7});
    keys.keys[{0, 3}] = key;
    auto opened = calls::CallRing::open(folder.path() / "calls", {64'000, 16'000});
    BOOST_REQUIRE(opened);
    ring = std::move(*opened);
    recorder = std::make_unique<calls::Recorder>(
        calls::Recorder::Parts{line, *ring, keys, clock, entropy},
        calls::Recorder::Outlets{
            [this](UseSummaries summaries) { handed_over.push_back(std::move(summaries)); },
            [this] { return !disk_low; }, [this] { ++written; },
            [this](const Failure& why) { alarms.push_back(why.sentence); }});
  }

  std::vector<schema::CallViewT> calls() {
    std::vector<schema::CallViewT> found;
    calls::CallReader reader(*ring);
    BOOST_REQUIRE(reader.read(0, [&](std::uint64_t, auto bytes) {
      auto entry = calls::open_entry(bytes);
      BOOST_REQUIRE(entry.has_value());
      if (const auto key = keys.user_key({0, 3})) calls::unseal(*entry, *key);
      found.push_back(std::move(entry->call));
      return true;
    }));
    return found;
  }
  /// Until everything due was handed over and come back.
  void take_all_back() {
    for (auto& summaries : std::exchange(handed_over, {}))
      recorder->take_back(std::move(summaries));
  }

  TemporaryFolder folder;
  SimulatedClock clock;
  platform::SystemEntropy entropy;
  platform::Waker waker;
  calls::CallLine line{waker, 1'024};
  FakeKeys keys;
  bool disk_low = false;
  int written = 0;
  std::vector<UseSummaries> handed_over;
  std::vector<std::string> alarms;
  std::unique_ptr<calls::CallRing> ring;
  std::unique_ptr<calls::Recorder> recorder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recorder_tests, Fixture)

BOOST_AUTO_TEST_CASE(L1_logged_calls_are_recorded_in_order_and_others_are_not) {
  note(line, {.resource = "table/a", .logged = true, .key_slot = 3});
  note(line, {.user = 2});
  note(line, {.resource = "table/b", .outcomes = {Noted::denied()}, .logged = true, .key_slot = 3});
  recorder->turn();
  const auto found = calls();
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].question->resource == "table/a");
  BOOST_TEST(found[0].address == "10.1.2.3");
  BOOST_TEST(found[0].allowed);
  BOOST_TEST(found[1].question->resource == "table/b");
  BOOST_TEST((found[1].reason == schema::Code::no_matching_grant));
  BOOST_TEST(recorder->recorded() == 2u);
  BOOST_TEST(recorder->dropped() == 0u);
  BOOST_TEST(written == 1);
}

BOOST_AUTO_TEST_CASE(L2_after_an_erase_nobody_reads_address_and_label) {
  note(line, {.logged = true, .key_slot = 3});
  recorder->turn();
  keys.keys.clear();
  note(line, {.logged = true, .key_slot = 3});
  recorder->turn();
  const auto found = calls();
  BOOST_REQUIRE(found.size() == 2u);
  for (const schema::CallViewT& call : found) {
    BOOST_TEST(call.address == "");
    BOOST_TEST(call.client == "");
    BOOST_TEST(call.question->resource == "table/customer");
  }
}

BOOST_AUTO_TEST_CASE(L2_a_low_disk_costs_entries_which_are_counted) {
  disk_low = true;
  note(line, {.logged = true});
  recorder->turn();
  BOOST_TEST(recorder->dropped() == 1u);
  BOOST_TEST(calls().empty());
  disk_low = false;
  note(line, {.logged = true});
  recorder->turn();
  BOOST_TEST(recorder->recorded() == 1u);
  BOOST_TEST(recorder->dropped() == 1u);
}

BOOST_AUTO_TEST_CASE(L2_what_found_no_room_in_the_line_counts_as_dropped) {
  while (note(line, {.logged = true})) {
  }
  recorder->turn();
  BOOST_TEST(recorder->dropped() == 1u);
  BOOST_TEST(recorder->recorded() > 100u);
  BOOST_TEST(note(line, {}));
}

BOOST_AUTO_TEST_CASE(D1_every_call_is_counted_whether_logged_or_not) {
  note(line, {.logged = true});
  note(line, {});
  recorder->turn();
  clock.advance_ms(25 * 3'600'000);
  recorder->turn();
  BOOST_REQUIRE(handed_over.size() == 1u);
  BOOST_TEST(handed_over[0].parts.at(0).use->as_schema().days.at(0)->allowed == 2u);
}

BOOST_AUTO_TEST_CASE(D1_summaries_go_one_at_a_time_and_not_in_a_storm) {
  for (std::uint64_t tenant = 1; tenant <= 10; ++tenant)
    note(line, {.user = tenant, .tenant = tenant});
  recorder->turn();
  clock.advance_ms(25 * 3'600'000);
  for (int turn = 0; turn < 5; ++turn) recorder->turn();
  BOOST_TEST(handed_over.size() == 1u);
  take_all_back();
  recorder->turn();
  BOOST_TEST(handed_over.empty());
  clock.advance_ms(250);
  recorder->turn();
  BOOST_TEST(handed_over.size() == 1u);
}

BOOST_AUTO_TEST_CASE(D1_a_clean_stop_hands_everything_over) {
  for (std::uint64_t tenant = 1; tenant <= 10; ++tenant)
    note(line, {.user = tenant, .tenant = tenant});
  recorder->hand_over_all();
  BOOST_TEST(handed_over.size() == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
