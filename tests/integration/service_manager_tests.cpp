// The daemon as a service: what it tells its manager, and the ipc door for other users.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(service_manager_tests)

BOOST_AUTO_TEST_CASE(the_manager_hears_of_start_work_and_stop) {
  DaemonProcess daemon;
  // A third of it passes between two words of the watchdog; an idle thread turns each second.
  daemon.before_start([] { ::setenv("WATCHDOG_USEC", "3000000", 1); });
  daemon.launch();
  BOOST_TEST(daemon.next_word() == "STATUS=opening the data folder\nEXTEND_TIMEOUT_USEC=300000000");
  BOOST_TEST(daemon.next_word() == "READY=1");
  int fed = 0;
  bool told = false;
  while (fed < 2 || !told) {
    const std::string word = daemon.next_word();
    if (word == "WATCHDOG=1") ++fed;
    // Where the machine is so busy that a thread makes no turn in a second.
    else if (!word.starts_with("STATUS=no turn of: "))
      BOOST_TEST(word == "STATUS=taking commands, seq 1");
    told = told || word.starts_with("STATUS=taking");
  }
  BOOST_TEST(daemon.stop().code == 0);
  std::string word = daemon.next_word();
  while (word != "STOPPING=1") word = daemon.next_word();
  BOOST_TEST(daemon.next_word().starts_with("STATUS=stopping"));
}

BOOST_AUTO_TEST_CASE(the_manager_hears_why_commands_are_refused) {
  DaemonProcess full("[journal]\ndisk_floor_mib = 1048576\n");
  BOOST_REQUIRE_MESSAGE(full.start(), full.ended().said);
  std::string word = full.next_word();
  while (!word.starts_with("STATUS=")) word = full.next_word();
  BOOST_TEST(
      word.find("commands are refused: free disk space is under the floor") != std::string::npos,
      word);
}

/// A door for everybody, in a folder that everybody can enter.
struct Door {
  TemporaryFolder outside;
  fs::path sockets = outside.path() / "door";
  DaemonProcess daemon{"[sockets]\nipc_path = \"" + sockets.native() + "\"\nipc_mode = \"0666\"\n"};

  Door() { fs::permissions(outside.path(), fs::perms(0755)); }

  Ended asked_by(unsigned user) const {
    return run_program_as(user, {POSTERN_CLI, "--endpoint", "ipc://" + sockets.native(), "status"});
  }
};

BOOST_FIXTURE_TEST_CASE(another_user_comes_in_once_an_operator_is_named_for_it, Door) {
  if (::geteuid() != 0) return;
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  BOOST_TEST(!fs::exists(daemon.data() / "sockets"));
  const Ended stranger = asked_by(other_user);
  BOOST_TEST(stranger.code == 77, stranger.said);
  const Ended owner = asked_by(0);
  BOOST_TEST(owner.code == 0, owner.said);
  const Ended added = run_program({POSTERN_CLI, "--endpoint", "ipc://" + sockets.native(),
                                   "operator", "add", "local", "--role", "auditor", "--tenants",
                                   "all", "--uid", std::to_string(other_user)});
  BOOST_REQUIRE_MESSAGE(added.code == 0, added.said);
  const Ended known = asked_by(other_user);
  BOOST_TEST(known.code == 0, known.said);
}

BOOST_AUTO_TEST_CASE(a_mode_for_others_without_a_path_for_them_does_not_start) {
  DaemonProcess daemon("[sockets]\nipc_mode = \"0660\"\n");
  BOOST_TEST(!daemon.start());
  BOOST_TEST(daemon.ended().code == 78);
}

BOOST_AUTO_TEST_CASE(what_ends_it_is_a_line_of_the_log_where_programs_read_it) {
  DaemonProcess daemon(
      "[log]\nformat = \"json\"\n[sockets]\nipc_path = \"/no-such-folder/postern\"\n");
  BOOST_TEST(!daemon.start());
  const Ended ended = daemon.ended();
  BOOST_TEST(ended.code == 66);
  BOOST_TEST(ended.said.contains("\"event\":\"daemon_ended\""), ended.said);
  BOOST_TEST(ended.said.contains("/no-such-folder/postern"), ended.said);
  BOOST_TEST(!ended.said.contains("posternd: "), ended.said);
}

BOOST_AUTO_TEST_CASE(the_page_listens_apart_from_the_sockets) {
  DaemonProcess daemon("[sockets]\nmetrics_address = \"127.0.0.2\"\n");
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  const Ended ended = daemon.stop();
  BOOST_TEST(ended.said.find("http://127.0.0.2:" + std::to_string(daemon.port_base() + 5) +
                             "/metrics") != std::string::npos,
             ended.said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
