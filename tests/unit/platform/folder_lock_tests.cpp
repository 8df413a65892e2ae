#include <optional>

#include "daemon/platform/folder_lock.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::FolderLock;

BOOST_FIXTURE_TEST_SUITE(folder_lock_tests, Folder)

BOOST_AUTO_TEST_CASE(the_holder_is_named) {
  const auto first = FolderLock::take(path);
  BOOST_REQUIRE(first);
  const auto second = FolderLock::take(path);
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().kind == FailureKind::in_use));
  BOOST_TEST(second.error().sentence.find("process " + std::to_string(::getpid())) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_object_and_moves) {
  {
    auto first = FolderLock::take(path);
    BOOST_REQUIRE(first);
    const FolderLock moved = *std::move(first);
    BOOST_TEST(!FolderLock::take(path).has_value());
  }
  BOOST_TEST(FolderLock::take(path).has_value());
}

BOOST_AUTO_TEST_CASE(a_process_that_dies_lets_go) {
  BOOST_TEST(in_child([&] {
               auto* held = new Expected<FolderLock>(FolderLock::take(path));
               return held->has_value() ? 1 : 0;
             }) == 1);
  BOOST_TEST(FolderLock::take(path).has_value());
}

BOOST_AUTO_TEST_CASE(readers_share_it_against_who_takes_it) {
  { BOOST_REQUIRE(FolderLock::take(path)); }
  {
    const auto one = FolderLock::share(path);
    BOOST_REQUIRE(one);
    BOOST_TEST(FolderLock::share(path).has_value());
    const auto taken = FolderLock::take(path);
    BOOST_REQUIRE(!taken);
    BOOST_TEST((taken.error().kind == FailureKind::in_use));
  }
  const auto taken = FolderLock::take(path);
  BOOST_REQUIRE(taken);
  const auto shared = FolderLock::share(path);
  BOOST_REQUIRE(!shared);
  BOOST_TEST((shared.error().kind == FailureKind::in_use));
  BOOST_TEST(shared.error().remedy.find("work on a copy") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sharing_writes_nothing) {
  BOOST_REQUIRE(FolderLock::share(path));
  BOOST_TEST(std::filesystem::is_empty(path));
  { BOOST_REQUIRE(FolderLock::take(path)); }
  const auto before = std::filesystem::last_write_time(path / "lock");
  BOOST_REQUIRE(FolderLock::share(path));
  BOOST_TEST((std::filesystem::last_write_time(path / "lock") == before));
}

BOOST_AUTO_TEST_CASE(a_holder_that_is_gone_is_not_named) {
  BOOST_REQUIRE(in_child([&] { return FolderLock::take(path) ? 0 : 1; }) == 0);
  const auto shared = FolderLock::share(path);
  BOOST_REQUIRE(shared);
  const auto taken = FolderLock::take(path);
  BOOST_REQUIRE(!taken);
  BOOST_TEST(taken.error().sentence.find("is in use by another process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_missing) {
  const auto lock = FolderLock::take(path / "nothing");
  BOOST_REQUIRE(!lock);
  BOOST_TEST((lock.error().kind == FailureKind::missing));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
