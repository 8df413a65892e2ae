// H2, H3: what differs between two moments, and what would have been otherwise, offline.
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_ring.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace {

/// One call as it was recorded: on table/customer, by name.
struct RecordedCall {
  domain::Seq seq = 0;
  std::string user = "api.bob";
  schema::Code reason = schema::Code::ok;
  std::string action = "read";
  /// Sealed with the user's key.
  std::string address = {};
};

std::vector<std::byte> entry_of(support::Scenario& story, const RecordedCall& call,
                                const credential::Key* key = nullptr) {
  const std::string_view texts[] = {call.address, call.action, "table/customer"};
  calls::CallNote note;
  note.user = story.user(call.user).id;
  note.tenant = story.tenant().id;
  note.seq = call.seq;
  note.time_ns =
      flatbuffers::GetRoot<schema::Record>(story.world().records().at(call.seq - 1).data())
          ->time_ns();
  note.reason = call.reason;
  note.outcome_count = 1;
  note.logged = true;
  note.has_question = true;
  note.address_size = static_cast<std::uint8_t>(texts[0].size());
  note.action_size = static_cast<std::uint8_t>(texts[1].size());
  note.resource_size = static_cast<std::uint16_t>(texts[2].size());
  const calls::Outcome outcome(nullptr, call.reason == schema::Code::ok);
  std::vector<std::byte> bytes(note.bytes());
  std::byte* place = bytes.data();
  const auto put = [&](const void* data, std::size_t size) {
    std::memcpy(place, data, size);
    place += size;
  };
  put(&note, sizeof note);
  for (const std::string_view text : texts) put(text.data(), text.size());
  put(&outcome, sizeof outcome);
  platform::SystemEntropy entropy;
  return calls::pack_entry(*reinterpret_cast<const calls::CallNote*>(bytes.data()), key, entropy);
}

/// The story, and calls beside it. Records: 7 grants api.bob read on table/customer, 8 grants
/// another, 9 to 15 are of other things.
struct Recorded : DataFolderFixture {
  Recorded() {
    auto ring = calls::CallRing::open(path() / "calls", {});
    BOOST_REQUIRE(ring);
    for (const RecordedCall& call :
         {RecordedCall{6, "api.bob", schema::Code::no_matching_grant}, RecordedCall{7},
          RecordedCall{9}, RecordedCall{12},
          RecordedCall{12, "api.bob", schema::Code::invalid_credentials}})
      (*ring)->append(entry_of(story(), call));
    BOOST_REQUIRE((*ring)->write());
  }

  std::string file_with(const std::string& commands) const {
    const auto file = path() / "batch.json";
    write_bytes(file, R"({"tenant": "acme", "commands": [)" + commands + "]}");
    return file;
  }
  std::string disabling(const std::string& name) const {
    return file_with(R"({"user": ")" + name + R"(", "body_type": "DisableUser", "body": {}})");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(differences_tests, Recorded)

BOOST_AUTO_TEST_CASE(H2_lines_name_who_gained_what_by_which_record) {
  const Ended ended = replay("diff --tenant acme --from 6 --to 9");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "gained"));
  BOOST_TEST(contains(ended.out, "table/customer"));
  BOOST_TEST(contains(ended.out, "script/nightly"));
  BOOST_TEST(contains(ended.out, "anna"));
  BOOST_TEST(contains(ended.talk, "Record 6"));
  const Ended one = replay("--output jsonl diff --tenant acme --user api.bob --from 6 --to 9");
  BOOST_TEST(contains(one.out, R"("resource":"table/customer")"));
  BOOST_TEST(!contains(one.out, "script/nightly"));
}

BOOST_AUTO_TEST_CASE(H2_without_a_difference_it_ends_0) {
  BOOST_TEST(replay("diff --tenant acme --from 9 --to 10").code == 0);
  BOOST_TEST(replay("diff --tenant acme --from 9 --to 9").code == 0);
}

BOOST_AUTO_TEST_CASE(H2_who_is_trashed_loses_everything) {
  const Ended ended = replay("diff --tenant acme --from 12 --to 13");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "all it is granted"));
  BOOST_TEST(contains(ended.out, "user_not_active"));
}

BOOST_AUTO_TEST_CASE(H2_bad_moments_and_names_are_told) {
  const Ended turned = replay("diff --tenant acme --from 9 --to 6");
  BOOST_TEST(turned.code == 64);
  BOOST_TEST(contains(turned.talk, "--from is later than --to"));
  BOOST_TEST(replay("diff --tenant acme --from 16").code == 66);
  BOOST_TEST(replay("diff --tenant acme --from 1960-01-01T00:00:00Z").code == 66);
  BOOST_TEST(replay("diff --tenant acme --from 2200-01-01T00:00:00Z").code == 66);
  BOOST_TEST(replay("diff --tenant nowhere --from 6").code == 66);
  BOOST_TEST(replay("diff --tenant acme --user nobody --from 6").code == 66);
  BOOST_TEST(replay("diff --tenant acme").code == 64);
}

BOOST_AUTO_TEST_CASE(H3_calls_that_commands_of_the_past_would_have_denied) {
  const Ended ended = replay("what-if " + disabling("api.bob") + " --at 7");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "api.bob"));
  BOOST_TEST(contains(ended.out, "user_not_active"));
  // The one at record 7 came after it, that at 6 before; the last had a wrong credential.
  BOOST_TEST(contains(ended.talk, "Of 3 recorded calls"));
  BOOST_TEST(contains(ended.talk, "3 would be denied and 0 allowed"));
  BOOST_TEST(contains(ended.talk, "1 could not be asked again"));
  const Ended later = replay("--output json what-if " + disabling("api.bob") + " --at 9");
  BOOST_TEST(contains(later.out, R"("denied":2)"));
}

BOOST_AUTO_TEST_CASE(H3_a_command_stands_before_every_record_behind_its_moment) {
  // What is granted at record 7 anyway was granted a record earlier.
  const Ended ended =
      replay("what-if " +
             file_with(R"({"user": "api.bob", "body_type": "AddGrant", "body": )"
                       R"({"effect": "allow", "action": "read", "resource": "table/customer"}})") +
             " --at 6");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.talk, "0 would be denied and 1 allowed"));
}

BOOST_AUTO_TEST_CASE(H3_records_that_are_left_out) {
  const Ended ended = replay("what-if --without 7");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "no_matching_grant"));
  BOOST_TEST(replay("what-if --without 8").code == 0);
  BOOST_TEST(replay("what-if --without 16").code == 66);
  BOOST_TEST(replay("what-if --without 1").code == 64);
  BOOST_TEST(replay("what-if").code == 64);
}

BOOST_AUTO_TEST_CASE(D2_without_enough_coverage_it_does_not_say_that_nothing_would_change) {
  const Ended ended = replay("what-if --without 8 --min-coverage 50");
  BOOST_TEST(ended.code == 66);
  BOOST_TEST(contains(ended.talk, "50 % is demanded"));
  BOOST_TEST(contains(replay("what-if --without 8").talk, "not known"));
}

BOOST_AUTO_TEST_CASE(H3_commands_that_are_refused_then_name_the_place_and_the_remedy) {
  const Ended ended = replay("what-if " + disabling("api.bob") + " --at 4");
  BOOST_TEST(ended.code == 64);
  BOOST_TEST(contains(ended.talk, "At record 4 command 1 is refused"));
  BOOST_TEST(replay("what-if " + disabling("api.bob") + " --at 16").code == 66);
  BOOST_TEST(replay("what-if " + disabling("api.bob") + " --at 1960-01-01T00:00:00Z").code == 66);
  write_bytes(path() / "bad.json", "{");
  BOOST_TEST(replay("what-if " + (path() / "bad.json").native()).code == 64);
}

/// Calls are read ahead, when their user is not known yet.
BOOST_AUTO_TEST_CASE(H3_a_call_that_its_address_decided_is_asked_again_with_it) {
  schema::AddGrantT grant;
  grant.effect = schema::Effect::allow;
  grant.action = "write";
  grant.resource = "table/customer";
  grant.conditions = std::make_unique<schema::ConditionsT>();
  grant.conditions->networks = std::make_unique<schema::NetworksT>();
  grant.conditions->networks->entries = {"192.0.2.0/24"};
  story().by("anna").given(support::to("api.bob", grant));
  append_story();
  const domain::Seq granted = records().size();
  platform::SystemEntropy entropy;
  {
    const auto store = credential::KeyStore::open(keys(), entropy);
    BOOST_REQUIRE(store);
    const domain::User& bob = story().user("api.bob");
    const auto key = (*store)->user_key({bob.key.file, bob.key.slot});
    BOOST_REQUIRE(key);
    auto ring = calls::CallRing::open(path() / "calls", {});
    BOOST_REQUIRE(ring);
    const RecordedCall call{granted, "api.bob", schema::Code::ok, "write", "192.0.2.7"};
    (*ring)->append(entry_of(story(), call, &key->bytes()));
    BOOST_REQUIRE((*ring)->write());
  }
  const Ended ended = replay("what-if --without " + std::to_string(granted));
  BOOST_TEST(ended.code == 1, ended.talk);
  BOOST_TEST(contains(ended.out, "write"), ended.out);
  BOOST_TEST(contains(ended.talk, "Of 1 recorded calls"), ended.talk);
  BOOST_TEST(contains(ended.talk, "1 would be denied"), ended.talk);
}

BOOST_AUTO_TEST_CASE(H3_without_recorded_calls_nothing_is_asked) {
  std::filesystem::remove_all(path() / "calls");
  const Ended ended = replay("what-if --without 7");
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(contains(ended.talk, "Of 0 recorded calls"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
