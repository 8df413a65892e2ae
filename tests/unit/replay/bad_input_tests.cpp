// What is asked wrongly: one sentence that says what and where, one that says what to do, and an
// exit code that is never taken for an answer.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "daemon/platform/folder_lock.h"
#include "replay/replay.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace {

struct Case {
  std::string line;
  int code;
  /// Parts of both sentences.
  std::string what;
  std::string remedy;
};

struct Mistaken : DataFolderFixture {
  Mistaken() {
    write_bytes(batch, R"({"tenant": "acme", "commands": [{"user": "api.bob", )"
                       R"("body_type": "DisableUser", "body": {}}]})");
    write_bytes(broken, "{");
  }

  /// The failure as it is said: nothing but the two sentences.
  void told(const Case& one, const Ended& ended) const {
    BOOST_TEST_CONTEXT(one.line) {
      BOOST_TEST(ended.code == one.code, ended.talk);
      BOOST_TEST(ended.out == "");
      const std::string begin = "postern-replay: ";
      const std::string indent(begin.size(), ' ');
      const auto end = ended.talk.find('\n');
      BOOST_REQUIRE(end != std::string::npos);
      const std::string what = ended.talk.substr(0, end);
      const std::string remedy = ended.talk.substr(end + 1);
      BOOST_TEST(what.starts_with(begin), ended.talk);
      BOOST_TEST(contains(what, one.what), ended.talk);
      BOOST_TEST(remedy.starts_with(indent + one.remedy), ended.talk);
      BOOST_TEST(remedy.find('\n') == remedy.size() - 1, ended.talk);
    }
  }

  const std::string batch = path().parent_path() / "batch.json";
  const std::string broken = path().parent_path() / "broken.json";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bad_input_tests, Mistaken)

BOOST_AUTO_TEST_CASE(H1_H2_H3_what_is_asked_wrongly_is_told_with_its_place_and_its_remedy) {
  const std::string check = "check api.bob read table/customer --tenant acme --at ";
  const std::string named = "Name one that there was at the moment";
  const Case cases[] = {
      // ---- moments
      {check + "1960-01-01T00:00:00Z", 66,
       "the journal begins at 1970-01-01T00:00:01Z, after 1960-01-01T00:00:00Z",
       "Name a later time."},
      {check + "2200-01-01T00:00:00Z", 66, "2200-01-01T00:00:00Z is still to come",
       "Name a time that is past"},
      {check + "16", 66, "the journal ends at record 15, before 16", "Name a record that it has"},
      {check + "0", 64, "no record has the seq 0", "Records are counted from 1"},
      {check + "yesterday", 64, "yesterday is neither a record's seq nor a time",
       "Give --at a number, or a time."},
      {"report --tenant acme --from 16", 66, "behind the moment of the report",
       "Name an earlier --from"},
      // ---- names: not yet, not any more, never
      {"user show api.al --tenant acme --at 4", 66, "from seq 6 until seq 14", named},
      {"user show api.al --tenant acme --at 14", 66, "from seq 15, and has it now", named},
      {"user show nobody --tenant acme", 66, "as of record 15, 1970-01-01T00:00:15Z: There is no",
       named},
      {"user show api.bob --tenant nowhere", 66, "There is no such tenant", named},
      // ---- ranges
      {"diff --tenant acme --from 9 --to 6", 64, "--from is later than --to",
       "Give the earlier moment with --from."},
      // ---- what-if
      {"what-if " + batch + " --at 4", 64,
       "At record 4 command 1 is refused: There is no such user in this tenant.",
       "Check the name with 'user list'."},
      {"what-if " + batch + " --at 16", 66, "the journal ends at record 15, before 16",
       "Name a record that it has"},
      {"what-if " + broken, 64, "", "The file is one that 'postern send' takes."},
      {"what-if " + broken + ".none", 66, "cannot read " + broken + ".none", "Check the path"},
      {"what-if --without 16", 66, "there is no record 16", "The journal ends at record 15."},
      {"what-if --without 1", 64, "1 is no record that can be left out",
       "Name records by their seqs"},
      {"what-if", 64, "nothing is supposed", "Give a file of commands"},
  };
  for (const Case& one : cases) told(one, replay(one.line));
}

BOOST_AUTO_TEST_CASE(what_is_unknown_is_told_with_the_nearest_known) {
  const Ended verb = replay("verfy");
  BOOST_TEST(verb.code == 64);
  BOOST_TEST(contains(verb.talk, "The nearest of verfy is verify."), verb.talk);
  const Ended option = replay("verify --checkpiont x");
  BOOST_TEST(option.code == 64);
  BOOST_TEST(contains(option.talk, "The nearest of --checkpiont is --checkpoint."), option.talk);
}

BOOST_AUTO_TEST_CASE(H6_a_folder_that_is_in_use_is_left_alone) {
  const auto lock = platform::FolderLock::take(path());
  BOOST_REQUIRE(lock);
  for (const char* line : {"verify", "what-if --without 8", "report --tenant acme",
                           "check api.bob read table/customer --tenant acme"})
    told({line, 75, "is in use", "Stop that process, or work on a copy of the folder"},
         replay(line));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
