#include <sys/stat.h>

#include "daemon/platform/files.h"
#include "daemon/platform/reserve.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

constexpr std::uint64_t bytes = 8U << 20U;

std::uint64_t on_disk(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return 0;
  return static_cast<std::uint64_t>(about.st_blocks) * 512;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reserve_tests, Folder)

BOOST_AUTO_TEST_CASE(what_is_held_takes_its_space_for_real) {
  const auto file = path / "reserve";
  platform::Reserve reserve(file, bytes);
  BOOST_REQUIRE(reserve.hold().has_value());
  BOOST_TEST(on_disk(file) >= bytes);
  BOOST_REQUIRE(reserve.hold().has_value());
  BOOST_REQUIRE(reserve.give_up().has_value());
  BOOST_TEST(!std::filesystem::exists(file));
  BOOST_REQUIRE(reserve.give_up().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_half_held_is_completed) {
  const auto file = path / "reserve";
  BOOST_REQUIRE(platform::Reserve(file, bytes / 2).hold().has_value());
  BOOST_REQUIRE(platform::Reserve(file, bytes).hold().has_value());
  BOOST_TEST(on_disk(file) >= bytes);
}

BOOST_AUTO_TEST_CASE(what_it_takes_back_is_not_free) {
  const auto free = platform::free_bytes(path);
  BOOST_REQUIRE(free);
  // More than there is: nothing is free beside it.
  const platform::Reserve greedy(path / "reserve", *free * 2);
  BOOST_TEST(greedy.free().value() == 0U);
  const platform::Reserve modest(path / "reserve", 1);
  BOOST_TEST(modest.free().value() > 0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_held_says_why) {
  platform::Reserve reserve(path / "nowhere" / "reserve", bytes);
  const auto held = reserve.hold();
  BOOST_REQUIRE(!held);
  BOOST_TEST(held.error().sentence.find("nowhere/reserve") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
