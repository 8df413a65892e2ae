// Settings of the doors: who may use the ipc sockets, and what the metrics page listens on.
#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/config.h"

namespace postern::tests {

namespace {

std::string refused(const std::string& sockets) {
  const auto config = parse_config("[sockets]\n" + sockets, "settings");
  return config ? std::string() : config.error().sentence;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_sockets_tests)

BOOST_AUTO_TEST_CASE(the_door_for_a_group_has_a_path_a_group_and_a_mode) {
  const auto config = parse_config(
      "[sockets]\nipc_path = \"/run/postern\"\nipc_group = \"postern\"\nipc_mode = \"0660\"\n",
      "s");
  BOOST_REQUIRE(config);
  BOOST_TEST(config->ipc_path == "/run/postern");
  BOOST_TEST(config->ipc_group == "postern");
  BOOST_TEST(config->ipc_mode == 0660u);
  BOOST_TEST(Config().ipc_mode == 0600u);
}

BOOST_AUTO_TEST_CASE(the_page_has_an_address_apart_from_the_sockets) {
  const auto config =
      parse_config("[sockets]\naddress = \"10.0.0.5\"\nmetrics_address = \"::1\"\n", "s");
  BOOST_REQUIRE(config);
  BOOST_TEST(config->page_address() == "::1");
  BOOST_TEST(config->address == "10.0.0.5");
  BOOST_TEST(Config().page_address() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(every_value_out_of_bounds_is_told_at_once) {
  const std::string said = refused(
      "ipc_path = \"run/postern\"\nipc_group = \"a b\"\nipc_mode = \"0777\"\n"
      "metrics_address = \"localhost\"\n");
  for (const char* line : {"settings:2: sockets.ipc_path must be an absolute path",
                           "settings:3: sockets.ipc_group must be the name of a group",
                           "settings:4: sockets.ipc_mode must be \"0600\", \"0660\" or \"0666\"",
                           "settings:5: sockets.metrics_address must be an IPv4 or IPv6 address"})
    BOOST_TEST(said.find(line) != std::string::npos, said);
  for (const std::string& path : {std::string(), "/" + std::string(98, 'x'),
                                  std::string("/k\\u00e9y"), std::string("/a\\nb")})
    BOOST_TEST(!refused("ipc_path = \"" + path + "\"\n").empty(), path);
  BOOST_TEST(refused("ipc_path = \"/" + std::string(97, 'x') + "\"\n").empty());
}

BOOST_AUTO_TEST_CASE(a_door_that_nobody_could_use_is_refused) {
  BOOST_TEST(refused("ipc_mode = \"0660\"\n").find("cannot enter the data folder") !=
             std::string::npos);
  BOOST_TEST(
      refused("ipc_path = \"/run/postern\"\nipc_group = \"postern\"\n").find("lets nobody in") !=
      std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
