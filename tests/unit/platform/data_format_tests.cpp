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

BOOST_AUTO_TEST_CASE(a_newer_version_says_so) {
  write_marker("postern-data 2\n");
  BOOST_TEST((refusal() == FailureKind::configuration));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
