#include <boost/test/unit_test.hpp>
#include <fstream>

#include "daemon/credential/personal.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace {

constexpr const char* bob = " api.bob read table/customer --tenant acme";

struct AsOfFixture : DataFolderFixture {
  std::string out(const std::string& line, int code = 0) const {
    const Ended ended = replay(line);
    BOOST_TEST(ended.code == code, line << " ended " << ended.code << ": " << ended.talk);
    return ended.out;
  }
  Ended refused(const std::string& line, int code) const {
    const Ended ended = replay(line);
    BOOST_TEST(ended.code == code, line << " ended " << ended.code << ": " << ended.out);
    BOOST_TEST(ended.out == "");
    return ended;
  }
  const domain::User& user_bob() {
    const auto& tables = story().world().state().tables();
    return *tables.find_user(tables.find_tenant("acme")->id, "api.bob");
  }
  /// Record 16, and the next ones.
  void tell_of_bob(schema::EventT event) {
    event.user = std::make_unique<schema::Uuid>(user_bob().id);
    event.previous_user_seq = user_bob().last_seq;
    std::vector<schema::EventT> events;
    events.push_back(std::move(event));
    story().given_facts(std::move(events));
    append_story();
  }
  void give_bob_a_profile() {
    platform::SystemEntropy entropy;
    const auto store = credential::KeyStore::open(keys(), entropy);
    BOOST_REQUIRE(store);
    const auto key = (*store)->user_key({user_bob().key.file, user_bob().key.slot});
    BOOST_REQUIRE(key);
    schema::PersonalT personal;
    personal.profile = std::make_unique<schema::ProfileT>();
    personal.profile->first_name = "Roberta";
    schema::ProfileChangedT body;
    body.sealed_profile = credential::seal_personal(
        *key, user_bob().id, credential::PersonalPart::profile, personal, entropy);
    schema::EventT changed;
    changed.body.Set(std::move(body));
    tell_of_bob(std::move(changed));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(as_of_tests, AsOfFixture)

BOOST_AUTO_TEST_CASE(H1_a_check_is_answered_as_it_was_then) {
  // Record 7 adds the grant.
  const std::string before = out(std::string("check") + bob + " --at 6", 1);
  BOOST_TEST(contains(before, "denied  no_matching_grant"));
  BOOST_TEST(contains(before, "as of record 6, 1970-01-01T00:00:06Z"));
  const std::string after = out(std::string("check") + bob + " --at 7");
  BOOST_TEST(contains(after, "allowed  by grant 7.0: allow read on table/customer"));
  BOOST_TEST(out(std::string("check") + bob + " --at 1970-01-01T00:00:06.9Z", 1) == before);
  BOOST_TEST(contains(out(std::string("--output json check") + bob + " --at 7"),
                      "\"seq\":7,\"time\":\"1970-01-01T00:00:07"));
}

BOOST_AUTO_TEST_CASE(H1_explain_names_the_record_behind_each_fact) {
  const std::string granted = out(std::string("explain") + bob + " --at 7");
  BOOST_TEST(contains(granted, "as of record 7, 1970-01-01T00:00:07Z\nallowed\n"));
  BOOST_TEST(contains(granted, "seq 7, 1970-01-01T00:00:07Z, by anna (administrator)"));
  // Record 11 locks api.al, record 12 unlocks it.
  const std::string locked = out("explain api.al --tenant acme --at 11", 1);
  BOOST_TEST(contains(locked, "user_locked"));
  BOOST_TEST(contains(locked, "seq 11, 1970-01-01T00:00:11Z, by anna (administrator)"));
  BOOST_TEST(contains(out("explain api.al --tenant acme --at 12"), "allowed"));
}

BOOST_AUTO_TEST_CASE(Q9_many_questions_are_asked_of_one_moment) {
  const auto file = path().parent_path() / "questions";
  std::ofstream(file) << "read table/customer\nwrite table/customer\n";
  const std::string line = "check-many api.bob " + file.string() + " --tenant acme --at 7";
  const std::string told = out(line, 1);
  BOOST_TEST(contains(told, "allowed  read    table/customer  ok"));
  BOOST_TEST(contains(told, "denied   write   table/customer  no_matching_grant"));
  std::ofstream(file) << "read\n";
  BOOST_TEST(contains(refused(line, 64).talk, "is not ACTION RESOURCE"));
  refused("check-many api.bob /nowhere --tenant acme", 66);
}

BOOST_AUTO_TEST_CASE(Q9_permissions_and_who_can_are_those_of_then) {
  BOOST_TEST(!contains(out("permissions api.bob --tenant acme --at 6"), "table/customer"));
  BOOST_TEST(contains(out("permissions api.bob --tenant acme --at 7"), "table/customer"));
  BOOST_TEST(!contains(out("who-can read table/customer --tenant acme --at 6"), "api.bob"));
  BOOST_TEST(contains(out("who-can read table/customer --tenant acme --at 7"),
                      "api.bob  ok     grant 7.0"));
}

BOOST_AUTO_TEST_CASE(Q9_entries_are_those_of_then) {
  BOOST_TEST(contains(out("user show api.al --tenant acme --at 12"), "active"));
  BOOST_TEST(contains(out("user show api.al --tenant acme --at 13"), "trashed"));
  BOOST_TEST(!contains(out("user list --tenant acme --at 5"), "api.al"));
  BOOST_TEST(contains(out("user list --tenant acme --at 6"), "api.al"));
  BOOST_TEST(contains(out("user list --tenant acme --locked --at 11"), "api.al"));
  BOOST_TEST(contains(out("grant list api.bob --tenant acme --at 7"), "7.0"));
  BOOST_TEST(contains(out("tenant show --tenant acme --at 2"), "acme"));
  BOOST_TEST(!contains(out("tenant list --at 2"), "zenith"));
  BOOST_TEST(contains(out("tenant list --at 3"), "zenith"));
  refused("role show clerk --tenant acme", 66);
  BOOST_TEST(out("role list --tenant acme") == "as of record 15, 1970-01-01T00:00:15Z\n");
}

BOOST_AUTO_TEST_CASE(Q9_a_name_is_resolved_as_it_was_then) {
  // The first api.al is deleted in record 14, the second made in record 15.
  const Ended none = refused("user show api.al --tenant acme --at 14", 66);
  BOOST_TEST(contains(none.talk, "from seq 6 until seq 14; "));
  BOOST_TEST(contains(none.talk, "from seq 15, and has it now"));
  const Ended then = replay("user show api.al --tenant acme --at 12");
  const Ended now = replay("user show api.al --tenant acme");
  BOOST_TEST(then.code == 0);
  BOOST_TEST(now.code == 0);
  BOOST_TEST(contains(then.talk, "the name api.al was not one user's alone"));
  BOOST_TEST(contains(now.talk, "the name api.al was not one user's alone"));
  BOOST_TEST(then.out.substr(then.out.find("id")) != now.out.substr(now.out.find("id")));
  BOOST_TEST(!contains(replay("user show api.bob --tenant acme").talk, "not one user's"));
}

BOOST_AUTO_TEST_CASE(Q9_what_was_not_there_then_is_refused_in_words) {
  const Ended unborn = refused("check api.bob read table/customer --tenant acme --at 4", 66);
  BOOST_TEST(contains(unborn.talk, "as of record 4"));
  BOOST_TEST(contains(unborn.talk, "from seq 5, and has it now"));
  refused("check api.nobody read table/customer --tenant acme", 66);
  refused("check api.bob read table/customer --tenant acme --at 1", 66);
  refused("check api.bob read table/customer --tenant acme --at 16", 66);
  refused("check api.bob read table/customer --tenant acme --at soon", 64);
  refused("check api.bob read table/customer", 64);
  BOOST_TEST(contains(
      replay("check api.bob read table/customer --tenant acme --at 2020-01-01T00:00:00Z").talk,
      "the records end at 1970-01-01T00:00:15Z"));
}

BOOST_AUTO_TEST_CASE(U11_who_was_erased_later_reads_as_erased_before_too) {
  give_bob_a_profile();
  BOOST_TEST(contains(out("user show api.bob --tenant acme --at 16"), "Roberta"));
  schema::EventT erased;
  erased.body.Set(schema::UserErasedT());
  tell_of_bob(std::move(erased));
  // The key lies there still, as it does after a crash: the record alone is enough.
  const std::string then = out("user show api.bob --tenant acme --at 16");
  BOOST_TEST(!contains(then, "Roberta"));
  BOOST_TEST(contains(then, "erased"));
  BOOST_TEST(contains(then, "seq 17"));
  BOOST_TEST(contains(out("user list --tenant acme --at 16"), "active, erased"));
  BOOST_TEST(!contains(out("user list --tenant acme --text Roberta --at 16"), "api.bob"));
  // What could be done then stays what it was.
  BOOST_TEST(contains(out(std::string("check") + bob + " --at 16"), "allowed  by grant 7.0"));
}

BOOST_AUTO_TEST_CASE(U4_no_note_is_told_and_U11_no_key_is_needed) {
  take_keys_away();
  BOOST_TEST(contains(out("user show api.bob --tenant acme --at 7"), "api.bob"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
