#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <string_view>

#include "daemon/platform/files.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::free_bytes;
using platform::read_file;
using platform::write_file;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text(const std::vector<std::byte>& read) {
  return {reinterpret_cast<const char*>(read.data()), read.size()};
}

BOOST_FIXTURE_TEST_SUITE(files_tests, Folder)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_and_nobody_elses) {
  const mode_t before = ::umask(0);
  const auto file = path / "key";
  BOOST_REQUIRE(write_file(file, bytes("first")).has_value());
  BOOST_REQUIRE(write_file(file, bytes("second, longer")).has_value());
  ::umask(before);
  const auto read = read_file(file);
  BOOST_REQUIRE(read);
  BOOST_TEST(text(*read) == "second, longer");
  struct stat about {};
  BOOST_REQUIRE(::stat(file.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 0777) == 0600u);
  BOOST_TEST(!std::filesystem::exists(path / "key.new"));
}

BOOST_AUTO_TEST_CASE(a_large_file_is_made_in_pieces_and_read_where_one_likes) {
  const auto file = path / "large";
  BOOST_REQUIRE(write_file(path / "large.new", bytes("what a crash left")).has_value());
  {
    auto made = platform::NewFile::create(file);
    BOOST_REQUIRE(made.has_value());
    BOOST_REQUIRE(made->write(bytes("first, ")).has_value());
    BOOST_REQUIRE(made->write(bytes("second")).has_value());
    BOOST_TEST(!std::filesystem::exists(file));
    BOOST_REQUIRE(made->put_in_place().has_value());
  }
  BOOST_TEST(!std::filesystem::exists(path / "large.new"));
  const auto opened = platform::OldFile::open(file);
  BOOST_REQUIRE(opened.has_value());
  BOOST_TEST(opened->size() == 13U);
  std::vector<std::byte> part(6);
  BOOST_REQUIRE(opened->read(7, part).has_value());
  BOOST_TEST(text(part) == "second");
  const auto behind = opened->read(8, part);
  BOOST_REQUIRE(!behind);
  BOOST_TEST((behind.error().kind == FailureKind::damaged));
  BOOST_TEST(!platform::OldFile::open(path));
}

BOOST_AUTO_TEST_CASE(a_large_file_that_is_not_put_in_place_was_never_there) {
  const auto file = path / "large";
  BOOST_REQUIRE(write_file(file, bytes("the one before")).has_value());
  {
    auto made = platform::NewFile::create(file);
    BOOST_REQUIRE(made.has_value());
    BOOST_REQUIRE(made->write(bytes("unfinished")).has_value());
  }
  BOOST_TEST(!std::filesystem::exists(path / "large.new"));
  BOOST_TEST(text(*read_file(file)) == "the one before");
}

BOOST_AUTO_TEST_CASE(a_folder_is_made_for_its_owner_alone) {
  BOOST_REQUIRE(platform::make_folder(path / "folder").has_value());
  BOOST_REQUIRE(platform::make_folder(path / "folder").has_value());
  BOOST_TEST((std::filesystem::status(path / "folder").permissions() ==
              std::filesystem::perms::owner_all));
  BOOST_TEST(!platform::make_folder(path / "no" / "folder"));
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_a_file) {
  BOOST_REQUIRE(write_file(path / "empty", {}).has_value());
  const auto read = read_file(path / "empty", 0);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->empty());
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_missing) {
  const auto read = read_file(path / "nothing");
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().kind == FailureKind::missing));
  BOOST_TEST(read.error().sentence.find((path / "nothing").native()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_of_somebody_else_is_not_permitted) {
  BOOST_REQUIRE(write_file(path / "key", bytes("secret")).has_value());
  BOOST_REQUIRE(::chmod((path / "key").c_str(), 0) == 0);
  const int kind = in_child([&] {
    // Root may read everything; the user nobody may not.
    if (::geteuid() == 0 && (::chmod(path.c_str(), 0755) != 0 || ::seteuid(65534) != 0)) return 0;
    const auto read = read_file(path / "key");
    return read ? 0 : exit_code(read.error());
  });
  BOOST_TEST(kind == static_cast<int>(FailureKind::not_permitted));
}

BOOST_AUTO_TEST_CASE(what_is_too_long_or_no_file_is_configuration) {
  BOOST_REQUIRE(write_file(path / "long", bytes("0123456789")).has_value());
  BOOST_TEST(read_file(path / "long", 10).has_value());
  BOOST_REQUIRE(::mkfifo((path / "pipe").c_str(), 0600) == 0);
  for (const auto& name : {path / "long", path / "pipe", path}) {
    const auto read = read_file(name, 9);
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().kind == FailureKind::configuration), read.error().sentence);
  }
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_leaves_the_old_file) {
  BOOST_REQUIRE(write_file(path / "key", bytes("old")).has_value());
  const int kind = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 0;
    const auto written = write_file(path / "key", bytes(std::string(200, 'x')));
    return written ? 0 : exit_code(written.error());
  });
  BOOST_TEST(kind == static_cast<int>(FailureKind::input_output));
  const auto read = read_file(path / "key");
  BOOST_REQUIRE(read);
  BOOST_TEST(text(*read) == "old");
  BOOST_TEST(!std::filesystem::exists(path / "key.new"));
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_is_no_obstacle) {
  std::ofstream(path / "key.new") << "half of";
  BOOST_TEST(write_file(path / "key", bytes("whole")).has_value());
  const auto read = read_file(path / "key");
  BOOST_REQUIRE(read);
  BOOST_TEST(text(*read) == "whole");
}

BOOST_AUTO_TEST_CASE(a_file_in_a_missing_folder_cannot_be_written) {
  const auto written = write_file(path / "no" / "key", bytes("x"));
  BOOST_REQUIRE(!written);
  BOOST_TEST((written.error().kind == FailureKind::missing));
}

BOOST_AUTO_TEST_CASE(free_bytes_are_those_of_the_disk) {
  const auto free = free_bytes(path);
  BOOST_REQUIRE(free);
  BOOST_TEST(*free > 0u);
  BOOST_TEST(*free <= std::filesystem::space(path).capacity);
  const auto nowhere = free_bytes(path / "nothing");
  BOOST_REQUIRE(!nowhere);
  BOOST_TEST((nowhere.error().kind == FailureKind::missing));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
