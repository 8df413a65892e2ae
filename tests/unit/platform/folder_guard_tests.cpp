#include <sys/stat.h>

#include <fstream>

#include "daemon/platform/folder_guard.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::AsOwner;
using platform::check_folder_guards;
using platform::shell_word;

constexpr uid_t other_user = 4'711;

uid_t owner_of(const std::filesystem::path& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? about.st_uid : ~uid_t{0};
}

BOOST_FIXTURE_TEST_SUITE(folder_guard_tests, Folder)

BOOST_AUTO_TEST_CASE(a_path_is_one_word_of_a_shell_and_safe_to_show) {
  BOOST_TEST(shell_word("/var/lib/postern-1.2_x") == "/var/lib/postern-1.2_x");
  BOOST_TEST(shell_word("/a b") == "'/a b'");
  BOOST_TEST(shell_word("/it's") == "'/it'\\''s'");
  BOOST_TEST(shell_word("/it's\n") == "$'/it\\x27s\\x0a'");
  BOOST_TEST(shell_word("/a\nb") == "$'/a\\x0ab'");
  BOOST_TEST(shell_word("/$(reboot)") == "'/$(reboot)'");
}

BOOST_AUTO_TEST_CASE(a_closed_folder_passes_and_what_is_not_there_is_nobodys_fault) {
  BOOST_TEST(check_folder_guards(path).has_value());
  std::filesystem::create_directories(path / "journal" / "db");
  for (const char* part : {"journal", "journal/db"})
    std::filesystem::permissions(path / part, std::filesystem::perms::owner_all);
  BOOST_TEST(check_folder_guards(path).has_value());
  std::ofstream(path / "journal" / "db" / "deep") << "x";
  std::filesystem::permissions(path / "journal" / "db" / "deep", std::filesystem::perms(0640));
  const auto open = check_folder_guards(path);
  BOOST_REQUIRE(!open);
  BOOST_TEST((open.error().kind == FailureKind::not_permitted));
  BOOST_TEST(open.error().sentence.find("db/deep: its mode is 0640") != std::string::npos);
  BOOST_TEST(!check_folder_guards(path / "nowhere").has_value());
  // What is no part of a data folder is its owner's own business.
  std::filesystem::remove(path / "journal" / "db" / "deep");
  std::ofstream(path / "notes.txt") << "x";
  std::filesystem::permissions(path / "notes.txt", std::filesystem::perms(0666));
  BOOST_TEST(check_folder_guards(path).has_value());
}

BOOST_AUTO_TEST_CASE(root_acts_as_the_owner_and_is_root_again) {
  if (::geteuid() != 0) return;
  BOOST_TEST(in_child([&] {
               if (::chown(path.c_str(), other_user, other_user) != 0) return 1;
               {
                 const auto owner = AsOwner::of(path);
                 if (!owner || ::geteuid() != other_user || ::getegid() != other_user) return 2;
                 std::ofstream(path / "made") << "x";
                 if (!check_folder_guards(path)) return 3;
               }
               if (::geteuid() != 0 || ::getegid() != 0) return 4;
               if (owner_of(path / "made") != other_user) return 5;
               if (check_folder_guards(path)) return 6;
               const auto roots_own = AsOwner::of("/");
               return roots_own && ::geteuid() == 0 ? 0 : 7;
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
