// Questions asked of exports: of all records, and of one tenant's (Q9, H7).
#include "tests/unit/replay/export_fixture.h"

namespace postern::replay {

namespace {

const std::string of_acme = " --tenant acme";
const std::string check_bob = "check api.bob read table/customer" + of_acme;

constexpr const char* questions[] = {
    "check api.bob read table/customer --tenant acme",
    "check api.al run script/nightly --tenant acme",
    "--output json explain api.bob read table/customer --tenant acme",
    "explain api.al --tenant acme",
    "permissions api.bob --tenant acme",
    "who-can read table/customer --tenant acme",
    "--output json user show api.bob --tenant acme",
    "user show api.al --tenant acme",
    "--output jsonl user list --tenant acme",
    "role list --tenant acme",
    "--output json tenant show --tenant acme",
    "grant list api.bob --tenant acme",
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(extract_questions_tests, ExportFixture)

BOOST_AUTO_TEST_CASE(Q9_an_export_and_a_tenants_part_answer_as_the_folder_does) {
  const std::string whole = exported();
  const std::string part = exported(of_acme);
  std::size_t answered = 0;
  for (std::size_t seq = 1; seq <= records().size(); ++seq) {
    const std::string at = " --at " + std::to_string(seq);
    for (const char* question : questions) {
      const Ended folder = replay(question + at);
      const Ended bundle = asked_of(whole, question + at);
      BOOST_TEST((bundle.code == folder.code && bundle.out == folder.out), question << at);
      const Ended extract = asked_of(part, question + at);
      // Record 2 makes the tenant, record 3 the other one, which the part does not hold.
      const bool held = seq > 1 && seq != 3;
      BOOST_TEST(extract.code == (held ? folder.code : 66), question << at << extract.talk);
      BOOST_TEST((extract.out == (held ? folder.out : "")), question << at << extract.out);
      answered += folder.code < 2;
    }
  }
  BOOST_TEST(answered > 100u);
}

BOOST_AUTO_TEST_CASE(Q9_a_time_that_another_tenants_record_is_of_is_answered_all_the_same) {
  const Ended ended =
      asked_of(exported(of_acme), "tenant show --tenant acme --at 1970-01-01T00:00:03Z");
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(contains(ended.out, "as of record 2, 1970-01-01T00:00:03Z"));
}

BOOST_AUTO_TEST_CASE(H7_what_a_part_does_not_hold_is_refused_in_words) {
  const auto refused = [&](const std::string& file, const std::string& line, int code,
                           std::string_view sentence) {
    const Ended ended = asked_of(file, line);
    BOOST_TEST(ended.code == code, line << " ended " << ended.code);
    BOOST_TEST(ended.out == "");
    BOOST_TEST(contains(ended.talk, sentence), line << ": " << ended.talk);
  };
  const std::string part = exported(of_acme);
  refused(part, "user list --tenant zenith", 66, "tells of the tenant acme alone");
  refused(part, "tenant list", 66, "tells of the tenant acme alone, not of all tenants");
  refused(part, check_bob + " --at 3", 66, "does not hold record 3");
  refused(part, check_bob + " --at 16", 66, "the extract ends at record 15, before 16");
  refused(part, check_bob + " --at 1", 66, "there was no such tenant");
  refused(exported(of_acme + " --to 9"), check_bob + " --at 12", 66,
          "the extract ends at record 9, before 12");
  refused(exported(of_acme + " --from 5"), check_bob, 64, "begins with record 5");
  std::string damaged = bytes_in(part);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  write_bytes(part + ".damaged", damaged);
  refused(part + ".damaged", check_bob, 65, "");
  // What needs all records says so.
  refused(part, "report --tenant acme", 64, "is an extract");
}

BOOST_AUTO_TEST_CASE(Q9_the_first_records_of_all_tenants_answer_for_each) {
  const std::string file = exported(" --to 9");
  BOOST_TEST(asked_of(file, check_bob + " --at 7").out == replay(check_bob + " --at 7").out);
  BOOST_TEST(asked_of(file, "tenant list").out == replay("tenant list --at 9").out);
  BOOST_TEST(asked_of(file, "tenant show --tenant zenith --at 3").code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
