#include <fstream>

#include "daemon/platform/data_format.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::check_data_folder;
using platform::mark_data_folder;

struct Marked : Folder {
  FailureKind refusal() const {
    const auto checked = check_data_folder(path);
    BOOST_REQUIRE(!checked);
    BOOST_TEST(!checked.error().remedy.empty());
    return checked.error().kind;
  }
  void write_marker(const char* text) const { std::ofstream(path / "format") << text; }
};

BOOST_FIXTURE_TEST_SUITE(data_format_tests, Marked)

BOOST_AUTO_TEST_CASE(a_marked_folder_is_a_data_folder) {
  BOOST_TEST((refusal() == FailureKind::missing));
  BOOST_REQUIRE(mark_data_folder(path));
  BOOST_TEST(check_data_folder(path).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_ours_is_missing) {
  for (const char* text : {"", "postern", "something else 1\n"}) {
    write_marker(text);
    BOOST_TEST((refusal() == FailureKind::missing), text);
  }
  std::filesystem::remove_all(path);
  BOOST_TEST((refusal() == FailureKind::missing));
}

BOOST_AUTO_TEST_CASE(H6_data_without_a_whole_marker_are_damaged_and_never_to_be_made_anew) {
  for (const char* part : {"keys", "journal", "snapshots", "calls"}) {
    std::filesystem::create_directory(path / part);
    std::filesystem::remove(path / "format");
    const auto unmarked = check_data_folder(path);
    BOOST_REQUIRE(!unmarked);
    BOOST_TEST((unmarked.error().kind == FailureKind::missing), part);
    BOOST_TEST(unmarked.error().sentence.find("format is missing") != std::string::npos);
    BOOST_TEST(unmarked.error().remedy.find("init") == std::string::npos);
    for (const std::string text : {"", "postern", "something else 1\n", "postern-data ",
                                   "postern-data 1", "postern-data 0\n", "postern-data x\n",
                                   "postern-data 1 \n", "postern-data 99999999999999999999\n"}) {
      write_marker(text.c_str());
      const auto checked = check_data_folder(path);
      BOOST_REQUIRE(!checked);
      BOOST_TEST((checked.error().kind == FailureKind::damaged), text);
      BOOST_TEST(checked.error().sentence.find((path / "format").native()) != std::string::npos);
      BOOST_TEST(checked.error().remedy.find("init") == std::string::npos);
    }
    write_marker(std::string(5'000, 'x').c_str());
    BOOST_TEST((refusal() == FailureKind::damaged), part);
    write_marker("postern-data 1\n");
    BOOST_TEST(check_data_folder(path).has_value());
    std::filesystem::remove(path / part);
  }
}

BOOST_AUTO_TEST_CASE(a_newer_version_says_so) {
  write_marker("postern-data 2\n");
  BOOST_TEST((refusal() == FailureKind::configuration));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
