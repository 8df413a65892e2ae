// Asking the kernel for room for output, through the transport's guard as libzmq does it.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/platform/descriptor.h"

namespace postern::tests {

namespace {

using platform::Descriptor;

/// One connection in an epoll, first asked for input alone.
struct Watched {
  Watched() {
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    ours = Descriptor(ends[0]);
    theirs = Descriptor(ends[1]);
    ask(EPOLL_CTL_ADD, EPOLLIN);
  }
  void ask(int operation, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.u64 = 7}};
    BOOST_REQUIRE(::epoll_ctl(epoll.number(), operation, ours.number(), &event) == 0);
  }
  /// What is told of it now; 0: nothing.
  std::uint32_t told() const {
    epoll_event event{};
    if (::epoll_wait(epoll.number(), &event, 1, 0) != 1) return 0;
    BOOST_TEST(event.data.u64 == 7U);
    return event.events;
  }
  void fill() const {
    const std::string bytes(65'536, 'x');
    while (::send(ours.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) continue;
  }
  void drain() const {
    std::string bytes(65'536, '\0');
    while (::recv(theirs.number(), bytes.data(), bytes.size(), 0) > 0) continue;
  }

  Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC)};
  Descriptor ours{-1};
  Descriptor theirs{-1};
};

constexpr std::uint32_t both = EPOLLIN | EPOLLOUT;

}  // namespace

BOOST_AUTO_TEST_SUITE(output_asks_tests)

BOOST_AUTO_TEST_CASE(who_asks_is_told_once_without_the_kernel_and_then_by_it) {
  const Watched watched;
  watched.fill();
  watched.ask(EPOLL_CTL_MOD, both);
  // The kernel would not have said so.
  BOOST_TEST(watched.told() == EPOLLOUT);
  BOOST_TEST(watched.told() == 0U);
  watched.drain();
  BOOST_TEST(watched.told() == EPOLLOUT);
  BOOST_TEST(watched.told() == EPOLLOUT);
  watched.ask(EPOLL_CTL_MOD, EPOLLIN);
  BOOST_TEST(watched.told() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_is_not_told) {
  const Watched watched;
  watched.ask(EPOLL_CTL_MOD, both);
  watched.ask(EPOLL_CTL_MOD, EPOLLIN);
  BOOST_TEST(watched.told() == 0U);
  watched.ask(EPOLL_CTL_MOD, both);
  BOOST_TEST(watched.told() == EPOLLOUT);
  watched.ask(EPOLL_CTL_MOD, EPOLLIN);
  BOOST_TEST(watched.told() == 0U);
}

BOOST_AUTO_TEST_CASE(input_goes_on_being_told) {
  const Watched watched;
  watched.ask(EPOLL_CTL_MOD, both);
  BOOST_TEST(watched.told() == EPOLLOUT);
  watched.ask(EPOLL_CTL_MOD, EPOLLIN);
  BOOST_REQUIRE(::send(watched.theirs.number(), "x", 1, 0) == 1);
  BOOST_TEST(watched.told() == EPOLLIN);
  watched.ask(EPOLL_CTL_MOD, both);
  BOOST_TEST(watched.told() == EPOLLOUT);
  BOOST_TEST(watched.told() == both);
}

BOOST_AUTO_TEST_CASE(input_that_is_stopped_meanwhile_is_not_told) {
  const Watched watched;
  watched.ask(EPOLL_CTL_MOD, both);
  watched.ask(EPOLL_CTL_MOD, EPOLLOUT);
  BOOST_REQUIRE(::send(watched.theirs.number(), "x", 1, 0) == 1);
  BOOST_TEST(watched.told() == EPOLLOUT);
  watched.ask(EPOLL_CTL_MOD, EPOLLIN);
  BOOST_TEST(watched.told() == EPOLLIN);
}

BOOST_AUTO_TEST_CASE(one_that_has_left_is_not_told_nor_what_took_its_number) {
  Watched watched;
  watched.ask(EPOLL_CTL_MOD, both);
  watched.ask(EPOLL_CTL_DEL, 0);
  BOOST_TEST(watched.told() == 0U);
  watched.ask(EPOLL_CTL_ADD, 0);
  BOOST_TEST(watched.told() == 0U);
  watched.ask(EPOLL_CTL_MOD, both);
  BOOST_TEST(watched.told() == EPOLLOUT);
}

BOOST_AUTO_TEST_CASE(of_many_each_is_told_however_few_fit) {
  constexpr int count = 5;
  const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  Watched watched[count];
  for (Watched& one : watched) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = one.ours.number()}};
    BOOST_REQUIRE(::epoll_ctl(epoll.number(), EPOLL_CTL_ADD, one.ours.number(), &event) == 0);
    event.events = both;
    BOOST_REQUIRE(::epoll_ctl(epoll.number(), EPOLL_CTL_MOD, one.ours.number(), &event) == 0);
  }
  epoll_event told[2];
  for (const int expected : {2, 2, 1})
    BOOST_TEST(::epoll_wait(epoll.number(), told, 2, 0) == expected);
  // All ask still, and the first is taken back.
  epoll_event event{.events = EPOLLIN, .data = {.fd = watched[0].ours.number()}};
  BOOST_REQUIRE(::epoll_ctl(epoll.number(), EPOLL_CTL_MOD, watched[0].ours.number(), &event) == 0);
  epoll_event all[2 * count];
  BOOST_TEST(::epoll_wait(epoll.number(), all, 2 * count, 0) == count - 1);
}

BOOST_AUTO_TEST_CASE(a_forked_process_has_its_own_number) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::getpid() != parent && ::getppid() == parent ? 0 : 1);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
