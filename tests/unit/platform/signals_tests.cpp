#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <set>
#include <thread>

#include "daemon/platform/retried.h"
#include "daemon/platform/signals.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::Signals;

/// As in a program that was just started; the test library has handlers of its own, and a test
/// before this one may have blocked signals.
void forget_handlers() {
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number <= 64; ++number) std::signal(number, SIG_DFL);
}

BOOST_AUTO_TEST_SUITE(signals_tests)

BOOST_AUTO_TEST_CASE(the_signals_that_ask_reach_the_descriptor_and_nothing_else) {
  Signals signals;
  BOOST_TEST(!signals.take().has_value());
  // Sent to the process, while a thread that was made later could take them.
  std::jthread other([] {
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::kill(::getpid(), number);
  });
  std::set<int> taken;
  while (taken.size() < 4) {
    pollfd item{signals.descriptor(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&item, 1, 20'000) == 1);
    while (const auto number = signals.take()) taken.insert(*number);
  }
  BOOST_TEST((taken == std::set<int>{SIGTERM, SIGINT, SIGQUIT, SIGHUP}));
}

BOOST_AUTO_TEST_CASE(without_it_the_signal_kills) {
  const auto send = [] {
    forget_handlers();
    ::kill(::getpid(), SIGTERM);
    return 0;
  };
  BOOST_TEST(in_child(send) == -1);
  // A second one, at the very end, does not change how it ended.
  BOOST_TEST(in_child([&] {
               forget_handlers();
               { const Signals signals; }
               ::kill(::getpid(), SIGTERM);
               return 0;
             }) == 0);
  BOOST_TEST(in_child([&] {
               forget_handlers();
               Signals signals;
               ::kill(::getpid(), SIGTERM);
               return signals.take() == SIGTERM ? 0 : 1;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(no_signal_ends_the_daemon_but_those_that_mean_it) {
  std::set<int> ended;
  for (int number = 1; number <= 64; ++number) {
    const int code = in_child([&] {
      forget_handlers();
      const Signals signals;
      // Whichever mask it was started with.
      sigset_t all;
      sigfillset(&all);
      ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
      if (number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP) return 0;
      if (number != SIGSTOP) ::kill(::getpid(), number);
      return 0;
    });
    if (code != 0) ended.insert(number);
  }
  BOOST_TEST((ended == std::set<int>{SIGABRT, SIGKILL}));
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_program_itself_still_ends_it) {
  BOOST_TEST(in_child([] {
               forget_handlers();
               const Signals signals;
               *static_cast<volatile int*>(nullptr) = 1;
               return 0;
             }) == -1);
  BOOST_TEST(in_child([]() -> int {
               forget_handlers();
               const Signals signals;
               std::abort();
             }) == -1);
}

BOOST_AUTO_TEST_CASE(what_a_signal_interrupts_is_made_again_but_not_for_ever) {
  int calls = 0;
  const auto interrupted = [&](int times) {
    return [&calls, times]() -> int {
      errno = EINTR;
      return ++calls > times ? 7 : -1;
    };
  };
  BOOST_TEST(platform::retried(interrupted(1'000)) == 7);
  BOOST_TEST(calls == 1'001);
  calls = 0;
  BOOST_TEST(platform::retried(interrupted(1'000'000'000)) == -1);
  BOOST_TEST(errno == EINTR);
  BOOST_TEST(calls == platform::interruptions_max + 1);
  calls = 0;
  BOOST_TEST(platform::retried([&] {
               ++calls;
               errno = EIO;
               return -1;
             }) == -1);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
