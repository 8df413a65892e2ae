// The transport's guard before libzmq: peers that go while their input is stopped, connections that
// there is no room for, threads that may not be scheduled.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <atomic>
#include <optional>
#include <vector>

#include "daemon/platform/descriptor.h"
#include "daemon/transport/kernel_guard.h"
#include "tests/sockets/stalled_router.h"

namespace postern::tests {

namespace {

using platform::Descriptor;

struct Pair {
  Pair() {
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    ours = Descriptor(ends[0]);
    theirs.emplace(ends[1]);
  }
  Descriptor ours{-1};
  std::optional<Descriptor> theirs;
};

/// What epoll tells of the one descriptor in it; -1: nothing.
int told(const Descriptor& epoll) {
  epoll_event event{};
  return ::epoll_wait(epoll.number(), &event, 1, 0) == 1 ? static_cast<int>(event.events) : -1;
}

void ask_for(const Descriptor& epoll, const Pair& pair, std::uint32_t events, int operation) {
  epoll_event event{.events = events, .data = {}};
  BOOST_REQUIRE(::epoll_ctl(epoll.number(), operation, pair.ours.number(), &event) == 0);
  // As the caller left it.
  BOOST_TEST((event.events == events));
}

/// A listener of a socket without a name, and connections that wait at it.
struct Queue {
  Queue() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    BOOST_REQUIRE(::bind(listener.number(), reinterpret_cast<sockaddr*>(&address),
                         sizeof address.sun_family) == 0);
    BOOST_REQUIRE(::listen(listener.number(), 8) == 0);
    socklen_t size = sizeof name;
    ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&name), &size);
    name_size = size;
  }
  const Descriptor& knock() {
    peers.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(::connect(peers.back().number(), reinterpret_cast<sockaddr*>(&name), name_size) ==
                  0);
    return peers.back();
  }
  Descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un name{};
  socklen_t name_size = 0;
  std::vector<Descriptor> peers;
};

bool is_closed(const Descriptor& peer) {
  char byte = 0;
  return ::recv(peer.number(), &byte, 1, MSG_DONTWAIT) == 0;
}

std::atomic<std::uint64_t> told_closed = 0;

}  // namespace

BOOST_AUTO_TEST_SUITE(departure_tests)

BOOST_AUTO_TEST_CASE(fact_13_a_stalled_socket_outlives_who_leaves_it) {
  for (const Departure& departure : departures) {
    BOOST_TEST_CONTEXT(departure.name) BOOST_TEST(fate_of_router(departure) == 0);
  }
}

BOOST_AUTO_TEST_CASE(fact_13_an_end_is_told_once_to_who_asks_for_nothing_and_again_as_input) {
  const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  Pair pair;
  ask_for(epoll, pair, EPOLLIN, EPOLL_CTL_ADD);
  ask_for(epoll, pair, 0, EPOLL_CTL_MOD);
  pair.theirs.reset();
  BOOST_TEST(told(epoll) == 0);
  // An I/O thread would turn for ever.
  BOOST_TEST(told(epoll) == -1);
  ask_for(epoll, pair, EPOLLOUT, EPOLL_CTL_MOD);
  BOOST_TEST(told(epoll) == EPOLLOUT);
  ask_for(epoll, pair, EPOLLIN, EPOLL_CTL_MOD);
  BOOST_TEST(told(epoll) == EPOLLIN);
  BOOST_TEST(told(epoll) == EPOLLIN);
}

BOOST_AUTO_TEST_CASE(fact_13_connections_leave_descriptors_to_the_program) {
  Queue queue;
  const auto note = [](std::uint64_t closed) { told_closed = closed; };
  const auto before = transport::connections_closed();
  transport::bound_connections(0, note);
  for (int turn = 1; turn <= 3; ++turn) {
    const Descriptor& peer = queue.knock();
    BOOST_TEST(::accept4(queue.listener.number(), nullptr, nullptr, 0) == -1);
    BOOST_TEST(errno == ECONNABORTED);
    BOOST_TEST(is_closed(peer));
  }
  BOOST_TEST(transport::connections_closed() == before + 3);
  // The second and third came within the minute.
  BOOST_TEST(told_closed == before + 1);
  transport::bound_connections(1'000'000, note);
  const Descriptor& peer = queue.knock();
  const Descriptor taken(::accept4(queue.listener.number(), nullptr, nullptr, 0));
  BOOST_TEST(taken.valid());
  BOOST_TEST(!is_closed(peer));
  // Nobody waits: as it was.
  BOOST_TEST(::accept4(queue.listener.number(), nullptr, nullptr, 0) == -1);
  BOOST_TEST(errno == EAGAIN);
}

BOOST_AUTO_TEST_CASE(fact_13_without_any_descriptor_a_connection_is_still_turned_away) {
  transport::bound_connections(1'000'000, nullptr);
  Queue queue;
  const Descriptor& peer = queue.knock();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  Descriptor next(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  const rlimit full{static_cast<rlim_t>(next.number()), before.rlim_max};
  next = Descriptor();
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
  const Descriptor none(::socket(AF_UNIX, SOCK_STREAM, 0));
  const int taken = ::accept4(queue.listener.number(), nullptr, nullptr, 0);
  const int error = errno;
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_TEST(!none.valid());
  BOOST_TEST(taken == -1);
  BOOST_TEST(error == ECONNABORTED);
  BOOST_TEST(is_closed(peer));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
