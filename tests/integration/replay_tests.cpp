// The audit tool on what the real daemon left: both must say the same.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

/// Every file by its name: bytes and time of change.
std::map<std::string, std::string> image_of(const fs::path& folder) {
  std::map<std::string, std::string> image;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(entry.path().c_str(), &about) == 0);
    std::string& facts = image[entry.path().native()];
    facts = std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec);
    std::ifstream file(entry.path(), std::ios::binary);
    if (entry.is_regular_file()) facts.append(std::istreambuf_iterator<char>(file), {});
  }
  return image;
}

struct Audited : DaemonProcess {
  Audited() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  void run(schema::CommandMessageT message) {
    auto got = owner().execute(std::move(message));
    BOOST_REQUIRE(got);
    BOOST_REQUIRE((got->code == Code::ok));
  }

  /// What the command line prints of the running daemon.
  std::string postern(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data()});
    const Ended ended = run_program(words);
    BOOST_TEST(ended.code == 0, ended.said);
    return ended.said;
  }

  Ended replay_on(const fs::path& folder, std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_REPLAY, "--data", folder});
    const auto before = image_of(folder);
    Ended ended = run_program(words);
    BOOST_TEST((image_of(folder) == before), words.back() << " changed the folder");
    return ended;
  }
  Ended replay(std::vector<std::string> words) const { return replay_on(data(), std::move(words)); }

  /// A story of commands; gives what the daemon called its digest after each.
  std::vector<std::string> tell_story() {
    std::vector<schema::CommandMessageT> story;
    story.push_back(create_tenant("acme"));
    story.push_back(create_user("acme", "api.bob"));
    story.push_back(create_user("acme", "api.al"));
    story.push_back(reset_password("acme", "api.bob", "Corr3ct-horse"));
    story.push_back(command_message("acme", "api.al", schema::LockUserT{}));
    story.push_back(command_message("acme", "api.al", schema::TrashUserT{}));
    story.push_back(command_message("acme", "", schema::DisableTenantT{}));
    std::vector<std::string> digests = {postern({"status", "--digest"})};
    for (auto& message : story) {
      run(std::move(message));
      digests.push_back(postern({"status", "--digest"}));
    }
    return digests;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replay_tests, Audited)

BOOST_AUTO_TEST_CASE(H9_the_digest_folded_is_the_daemons_at_every_seq) {
  const auto digests = tell_story();
  BOOST_TEST(stop().code == 0);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const Ended folded = replay({"fold", "--to-seq", std::to_string(i + 1)});
    BOOST_TEST(folded.code == 0);
    BOOST_TEST(folded.said == digests[i]);
  }
  BOOST_TEST(replay({"fold"}).said == digests.back());
  BOOST_TEST(digests.front() != digests.back());
}

BOOST_AUTO_TEST_CASE(Q7_show_prints_the_records_that_events_list_prints) {
  tell_story();
  const std::string listed = postern({"--output", "jsonl", "events", "list"});
  const std::string of_bob =
      postern({"--tenant", "acme", "--output", "jsonl", "events", "list", "--user", "api.bob"});
  const std::string table = postern({"events", "list", "--kind", "TenantCreated"});
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(replay({"show", "--output", "jsonl"}).said == listed);
  BOOST_TEST(replay({"show", "--output", "jsonl", "--tenant", "acme", "--user", "api.bob"}).said ==
             of_bob);
  BOOST_TEST(replay({"show", "--kind", "TenantCreated"}).said == table);
  BOOST_TEST(std::ranges::count(listed, '\n') == 8);
}

BOOST_AUTO_TEST_CASE(H6_a_stopped_daemons_folder_is_whole_and_a_running_ones_in_use) {
  tell_story();
  for (const char* verb : {"verify", "show", "fold"}) {
    const Ended refused = run_program({POSTERN_REPLAY, "--data", data(), verb});
    BOOST_TEST(refused.code == 75);
    BOOST_TEST(refused.said.find("is in use by process " + std::to_string(process())) !=
               std::string::npos);
  }
  BOOST_TEST(stop().code == 0);
  const Ended whole = replay({"verify"});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(whole.said.find("keys     checked, for 2 users\n") != std::string::npos);

  const TemporaryFolder elsewhere;
  const fs::path copy = elsewhere.path() / "copy";
  fs::create_directory(copy);
  fs::copy(data() / "format", copy);
  fs::copy(data() / "journal", copy / "journal", fs::copy_options::recursive);
  const Ended copied = replay_on(copy, {"verify"});
  BOOST_TEST(copied.code == 0, copied.said);
  BOOST_TEST(copied.said.find("keys     not checked") != std::string::npos);
  BOOST_REQUIRE_MESSAGE(start(), "a daemon starts after an audit: " << ended().said);
}

BOOST_AUTO_TEST_CASE(H6_what_a_killed_daemon_leaves_is_whole) {
  const auto digests = tell_story();
  kill();
  const Ended whole = replay({"verify"});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(replay({"fold"}).said == digests.back());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
