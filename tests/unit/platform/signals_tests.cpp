#include <poll.h>

#include <csignal>
#include <set>
#include <thread>

#include "daemon/platform/signals.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::Signals;

BOOST_AUTO_TEST_SUITE(signals_tests)

BOOST_AUTO_TEST_CASE(the_three_signals_reach_the_descriptor_and_nothing_else) {
  Signals signals;
  BOOST_TEST(!signals.take().has_value());
  // Sent to the process, while a thread that was made later could take them.
  std::jthread other([] {
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::kill(::getpid(), number);
  });
  std::set<int> taken;
  while (taken.size() < 3) {
    pollfd item{signals.descriptor(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&item, 1, 20'000) == 1);
    while (const auto number = signals.take()) taken.insert(*number);
  }
  BOOST_TEST((taken == std::set<int>{SIGTERM, SIGINT, SIGHUP}));
}

BOOST_AUTO_TEST_CASE(without_it_the_signal_kills) {
  const auto send = [] {
    ::kill(::getpid(), SIGTERM);
    return 0;
  };
  BOOST_TEST(in_child(send) == -1);
  BOOST_TEST(in_child([&] {
               const Signals signals;
               return send();
             }) == -1);
  BOOST_TEST(in_child([&] {
               Signals signals;
               send();
               return signals.take() == SIGTERM ? 0 : 1;
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
