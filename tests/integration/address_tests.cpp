// What `addresses` says is TOML, whatever the data folder is called.
#include <toml++/toml.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/support/daemon_process.h"

namespace postern::support {

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(address_tests)

BOOST_AUTO_TEST_CASE(addresses_are_toml_whatever_the_path_contains) {
  for (const std::string name :
       {"plain", "a \"quoted\" one", "back\\slash\\u0041", "two\nlines\r\tand\x01\x7f", "'''",
        "k\xc3\xa9y", "not \xff\xfe utf-8", "half \xed\xa0\x80", "a = [1]#"}) {
    BOOST_TEST_CONTEXT(name) {
      DaemonProcess daemon;
      const fs::path folder = daemon.data().parent_path() / name;
      const Ended made = run_program({POSTERND, "init", "--data", folder});
      BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
      daemon.use_data(folder);
      BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
      toml::table table;
      BOOST_REQUIRE_NO_THROW(table = toml::parse_file((folder / "addresses").native()));
      for (const char* socket : {"commands", "queries", "history"}) {
        const auto told = table[std::string(socket) + "_ipc"].value<std::string>();
        BOOST_REQUIRE(told);
        BOOST_TEST(told->starts_with("ipc://"));
        BOOST_TEST(fs::is_socket(folder / told->substr(6)), *told);
      }
      BOOST_TEST(table["server_key"].value<std::string>().has_value());
      // Over tcp with the owner's key, and by the fast door without.
      for (int door = 0; door < 2; ++door) {
        const Ended status = run_program({POSTERN_CLI, "--data", folder, "status"});
        BOOST_TEST(status.code == 0, status.said);
        fs::remove(folder / "owner.key");
      }
      BOOST_TEST(daemon.stop().code == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
