#include <boost/test/unit_test.hpp>

#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace {

struct RehearseFixture : DataFolderFixture {
  /// On a program that does what the lines of shell say.
  Ended rehearsed(const std::string& script) const {
    const auto program = path().parent_path() / "other";
    write_bytes(program, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return replay("rehearse --program " + program.string());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rehearse_tests, RehearseFixture)

BOOST_AUTO_TEST_CASE(H9_a_build_that_folds_to_the_same_digest_may_be_put_in_service) {
  const std::string ours = replay("--output json fold").out;
  const Ended same = rehearsed("[ \"$*\" = '--data " + path().string() +
                               " --output json fold' ] && echo '" + ours + "'");
  BOOST_TEST(same.code == 0, same.talk);
  BOOST_TEST(contains(same.out, "the same"));
}

BOOST_AUTO_TEST_CASE(H9_another_digest_is_told) {
  std::string other = replay("--output json fold").out;
  const auto digit = other.find(":\"") + 2;
  other[digit] = other[digit] == 'a' ? 'b' : 'a';
  const Ended ended = rehearsed("echo '" + other + "'");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "different"));
}

BOOST_AUTO_TEST_CASE(H9_a_build_that_cannot_fold_says_so) {
  const Ended newer = rehearsed("exit 78");
  BOOST_TEST(newer.code == 78);
  BOOST_TEST(contains(newer.talk, "it ended with 78"));
  BOOST_TEST(rehearsed("kill -9 $$").code == 76);
  BOOST_TEST(rehearsed("echo nothing of it").code == 76);
  BOOST_TEST(rehearsed("echo '{\"sha256\":\"ab\",\"seq\":-1}'").code == 76);
  BOOST_TEST(replay("rehearse --program /nowhere/postern-replay").code == 66);
  BOOST_TEST(replay("rehearse").code == 64);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
