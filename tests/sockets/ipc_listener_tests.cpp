// The unix socket behind an ipc address: whose it is, and what lies there already.
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <barrier>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>

#include "daemon/transport/ipc_listener.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using transport::IpcListener;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat about {};
  BOOST_REQUIRE(::lstat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

/// A socket file whose daemon is dead.
void leave_stale_socket(const std::filesystem::path& path) {
  const platform::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path.native(), address.sun_path);
  BOOST_REQUIRE(
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

BOOST_FIXTURE_TEST_SUITE(ipc_listener_tests, TemporaryFolder)

BOOST_AUTO_TEST_CASE(only_we_get_at_it_and_it_goes_with_us) {
  const mode_t before = ::umask(0);
  const auto path = *this / "made" / "socket";
  {
    const auto listener = IpcListener::listen(path);
    BOOST_REQUIRE(listener);
    BOOST_TEST(mode_of(path) == 0600u);
    BOOST_TEST(mode_of(path.parent_path()) == 0700u);
  }
  ::umask(before);
  BOOST_TEST(!std::filesystem::exists(path));
}

/// Another group than our own; needs root.
constexpr const char* other_group = "daemon";

gid_t number_of(const char* name) {
  const group* found = ::getgrnam(name);
  BOOST_REQUIRE(found != nullptr);
  return found->gr_gid;
}

BOOST_AUTO_TEST_CASE(a_group_gets_in_by_folder_and_socket) {
  if (::geteuid() != 0) return;
  const auto path = *this / "made" / "socket";
  const auto listener = IpcListener::listen(path, {other_group, 0660});
  BOOST_REQUIRE_MESSAGE(listener, listener.error().sentence);
  BOOST_TEST(mode_of(path) == 0660u);
  BOOST_TEST(mode_of(path.parent_path()) == 0750u);
  for (const auto& place : {path, path.parent_path()}) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(place.c_str(), &about) == 0);
    BOOST_TEST(about.st_gid == number_of(other_group));
    BOOST_TEST(about.st_uid == ::geteuid());
  }
}

BOOST_AUTO_TEST_CASE(everybody_gets_in_where_the_mode_says_so) {
  const auto path = *this / "made" / "socket";
  BOOST_REQUIRE(IpcListener::listen(path, {"", 0666}));
  BOOST_TEST(mode_of(path.parent_path()) == 0755u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_keeps_out_whom_the_socket_lets_in_is_refused) {
  const auto folder = *this / "closed";
  std::filesystem::create_directory(folder);
  BOOST_REQUIRE(::chmod(folder.c_str(), 0700) == 0);
  for (const mode_t mode : {0660u, 0666u}) {
    const auto listener = IpcListener::listen(folder / "socket", {"", mode});
    BOOST_REQUIRE(!listener);
    BOOST_TEST((listener.error().kind == FailureKind::configuration));
    BOOST_TEST(listener.error().remedy.find(mode == 0660u ? "chmod 0750" : "chmod 0755") !=
               std::string::npos);
    BOOST_TEST(!std::filesystem::exists(folder / "socket"));
  }
  BOOST_REQUIRE(::chmod(folder.c_str(), 0750) == 0);
  BOOST_TEST(IpcListener::listen(folder / "socket", {"", 0660}).has_value());
  BOOST_TEST(!IpcListener::listen(folder / "socket", {"", 0666}).has_value());
}

BOOST_AUTO_TEST_CASE(a_group_that_nobody_made_is_configuration) {
  const auto listener = IpcListener::listen(*this / "socket", {"no-such-group", 0660});
  BOOST_REQUIRE(!listener);
  BOOST_TEST((listener.error().kind == FailureKind::configuration));
  BOOST_TEST(listener.error().remedy.find("groupadd no-such-group") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_path_too_long_for_a_socket_is_configuration) {
  const auto shortest = (*this / "").native().size();
  const auto longest = IpcListener::listen(*this / std::string(107 - shortest, 'x'));
  BOOST_TEST(longest.has_value());
  const auto too_long = IpcListener::listen(*this / std::string(108 - shortest, 'x'));
  BOOST_REQUIRE(!too_long);
  BOOST_TEST((too_long.error().kind == FailureKind::configuration));
  BOOST_TEST(too_long.error().sentence.find("108 bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_relative_path_is_configuration) {
  const auto listener = IpcListener::listen("socket");
  BOOST_REQUIRE(!listener);
  BOOST_TEST((listener.error().kind == FailureKind::configuration));
}

BOOST_AUTO_TEST_CASE(a_folder_that_others_may_write_to_is_refused) {
  const auto folder = *this / "open";
  std::filesystem::create_directory(folder);
  BOOST_REQUIRE(::chmod(folder.c_str(), 0770) == 0);
  const auto listener = IpcListener::listen(folder / "socket");
  BOOST_REQUIRE(!listener);
  BOOST_TEST((listener.error().kind == FailureKind::configuration));
}

BOOST_AUTO_TEST_CASE(a_dead_daemons_socket_is_replaced) {
  leave_stale_socket(*this / "socket");
  BOOST_TEST(IpcListener::listen(*this / "socket").has_value());
}

BOOST_AUTO_TEST_CASE(a_living_daemons_socket_is_left_alone) {
  const auto first = IpcListener::listen(*this / "socket");
  BOOST_REQUIRE(first);
  const auto second = IpcListener::listen(*this / "socket");
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().kind == FailureKind::in_use));
  BOOST_TEST(std::filesystem::exists(*this / "socket"));
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_left_alone) {
  std::ofstream(*this / "socket") << "precious";
  const auto listener = IpcListener::listen(*this / "socket");
  BOOST_REQUIRE(!listener);
  BOOST_TEST((listener.error().kind == FailureKind::cannot_create));
  BOOST_TEST(std::filesystem::file_size(*this / "socket") == 8u);
}

BOOST_AUTO_TEST_CASE(a_file_that_took_our_place_is_left_alone) {
  {
    const auto listener = IpcListener::listen(*this / "socket");
    BOOST_REQUIRE(listener);
    std::filesystem::remove(*this / "socket");
    std::ofstream(*this / "socket") << "precious";
  }
  BOOST_TEST(std::filesystem::exists(*this / "socket"));
}

BOOST_AUTO_TEST_CASE(of_many_that_start_at_once_one_wins) {
  for (int round = 0; round < 500; ++round) {
    const auto path = *this / ("socket" + std::to_string(round));
    leave_stale_socket(path);
    constexpr int starters = 4;
    std::vector<std::optional<Expected<IpcListener>>> results(starters);
    {
      std::barrier start(starters);
      std::vector<std::jthread> threads;
      for (auto& result : results)
        threads.emplace_back([&] {
          start.arrive_and_wait();
          result.emplace(IpcListener::listen(path));
        });
    }
    BOOST_TEST(std::ranges::count_if(results, [](auto& result) { return result->has_value(); }) ==
               1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
