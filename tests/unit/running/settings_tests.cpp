// Settings as a whole: every mistake at once with the nearest known name, written and read again,
// and what a reload takes.
#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/running/reload.h"
#include "schema/nearest_name.h"

namespace postern::tests {

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Config read(const std::string& text) {
  const auto config = parse_config(text, "s");
  BOOST_REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().sentence));
  return *config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_tests)

BOOST_AUTO_TEST_CASE(ten_mistakes_are_told_at_once_with_line_bound_and_nearest_name) {
  const auto config = parse_config(
      "[sockets]\nport_bse = 1\naddress = \"everywhere\"\nport_base = 0\n"
      "[pasword]\nthreads = 2\n"
      "[journal]\nanchor = \"sooner\"\ndisk_flor_mib = 1\nlevel = \"info\"\n"
      "[commands]\ngroup_max = 10001\nqqqqqqqq = 1\n"
      "[log]\nlevel = \"loud\"\nformt = \"json\"\n",
      "s");
  BOOST_REQUIRE(!config);
  const std::string& told = config.error().sentence;
  for (const char* part :
       {"s:2: sockets.port_bse is no setting; the nearest is sockets.port_base, a "
        "number from 1 to 65530",
        "s:3: sockets.address must be an IPv4 or IPv6 address",
        "s:4: sockets.port_base must be a number from 1 to 65530",
        "pasword is no table of settings; the nearest is passwords",
        "s:8: journal.anchor must be \"soon\", \"before_acknowledgement\" or \"off\"",
        "s:9: journal.disk_flor_mib is no setting; the nearest is journal.disk_floor_mib",
        "s:10: journal.level is no setting; the nearest is log.level",
        "s:12: commands.group_max must be a number from 1 to 10000",
        "s:15: log.level must be \"error\", \"warning\", \"info\" or \"debug\"",
        "s:16: log.formt is no setting; the nearest is log.format"})
    BOOST_TEST(says(told, part), part << " in:\n" << told);
  // In the order of the file.
  BOOST_TEST(told.starts_with("s:2: "), told);
  BOOST_TEST(told.find("s:9: ") < told.find("s:10: "), told);
  BOOST_TEST(says(told + "\n", "s:13: commands.qqqqqqqq is no setting\n"), told);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_toml_hides_no_other_mistake) {
  const auto config = parse_config(
      "[sockets\nport_base = 0\n"
      "[sockets]\nport_base = 0\nipc_mode = \"0660\nports = 3\n"
      "ipc_path = \"/a\"\nipc_path = \"/b\"\n"
      "[log]\nlevel = info\nformt = \"json\"\n"
      "[calls]\nring_mib = 0\nfile_mib = [1,\n2\n\n",
      "s");
  BOOST_REQUIRE(!config);
  const std::string& told = "\n" + config.error().sentence;
  // Of what stands below the table's name that cannot be read nothing is said.
  for (const char* part :
       {"\ns:1: ", "\ns:4: sockets.port_base must be ", "\ns:5: ", "\ns:6: sockets.ports is no ",
        "\ns:8: ", "\ns:10: ", "\ns:11: log.formt is no setting", "\ns:13: calls.ring_mib must be ",
        "\ns:14: "})
    BOOST_TEST(says(told, part), part << " in:" << told);
  BOOST_TEST(std::ranges::count(told, '\n') == 9, told);
}

BOOST_AUTO_TEST_CASE(what_is_far_from_every_name_has_no_nearest) {
  const std::vector<std::string> names = {"level", "format"};
  BOOST_TEST(*schema::nearest_name(names, "leveel") == "level");
  BOOST_TEST(schema::name_distance("ab", "ba") == 1U);
  BOOST_TEST(!schema::nearest_name(names, "xxxxxx").has_value());
  BOOST_TEST(!schema::nearest_name(names, "").has_value());
}

BOOST_AUTO_TEST_CASE(settings_that_are_written_are_read_again_as_they_are) {
  const std::string given =
      "[sockets]\naddress = \"::1\"\nipc_path = \"/run/a\\\"b\"\nipc_mode = \"0660\"\n"
      "[journal]\nanchor = \"off\"\n[log]\nformat = \"json\"\nlevel = \"debug\"\n";
  const Config config = read(given);
  const Config again = read(settings_text(config));
  BOOST_TEST(changes_between(config, again).empty());
  BOOST_TEST(says(settings_text(config), "ipc_mode = \"0660\"\n"), settings_text(config));
  // Every setting has its line, but those that have no default and were not given.
  const std::string whole = settings_text(Config());
  for (const char* name : {"port_base = 7600", "threads = 2", "anchor = \"soon\"", "ring_mib = 256",
                           "format = \"text\"", "metrics = true"})
    BOOST_TEST(says(whole, std::string("\n") + name + "\n"), name);
  BOOST_TEST(!says(whole, "ipc_group"));
}

BOOST_AUTO_TEST_CASE(a_reload_takes_what_it_can_and_names_the_rest) {
  const Config running = read("");
  const Config file =
      read("[log]\nlevel = \"debug\"\n[passwords]\nthreads = 5\n[journal]\nanchor = \"off\"\n");
  const running::Reloading came = running::reloading_of(running, file);
  BOOST_REQUIRE(came.changed.size() == 2U);
  BOOST_TEST(came.changed[0].name == "passwords.threads");
  BOOST_TEST(came.changed[1].name + " = " + came.changed[1].value == "log.level = \"debug\"");
  BOOST_REQUIRE(came.need_restart.size() == 1U);
  BOOST_TEST(came.need_restart[0].name == "journal.anchor");
  Config taken = running;
  take_while_running(file, taken);
  BOOST_TEST(taken.hash_threads == 5U);
  BOOST_TEST((taken.anchor == journal::AnchorPolicy::soon));
  BOOST_TEST(running::reloading_of(taken, file).changed.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
