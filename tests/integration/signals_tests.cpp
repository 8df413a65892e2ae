// Signals that nobody means by ending the daemon do not end it, and what they interrupt goes on.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <thread>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

/// All that a program can have a word for, but those that ask for its end.
std::vector<int> harmless() {
  std::vector<int> signals;
  for (int number = 1; number <= 64; ++number)
    if (number != SIGKILL && number != SIGSTOP && number != SIGABRT && number != SIGTERM &&
        number != SIGINT && number != SIGQUIT)
      signals.push_back(number);
  return signals;
}

/// Sends all of them, again and again, while it lives. Never to another process, though the target
/// has ended and its number is another's.
class Storm {
 public:
  explicit Storm(pid_t target)
      : target_(static_cast<int>(::syscall(SYS_pidfd_open, target, 0))), thread_([this] {
          std::vector<int> signals = harmless();
          // Two of the C library's own, which nobody can block before a program begins.
          std::erase_if(signals, [](int number) { return number == 32 || number == 33; });
          while (!over_) {
            for (const int number : signals)
              if (::syscall(SYS_pidfd_send_signal, target_, number, nullptr, 0) == 0) ++sent_;
            std::this_thread::yield();
          }
        }) {}
  ~Storm() {
    end();
    ::close(target_);
  }

  std::uint64_t end() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return sent_;
  }
  std::uint64_t sent() const { return sent_; }

 private:
  const int target_;
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(signals_tests)

BOOST_AUTO_TEST_CASE(K5_no_storm_of_signals_hinders_start_work_or_stop) {
  DaemonProcess daemon;
  daemon.block_signals();
  daemon.launch();
  Storm storm(daemon.process());
  BOOST_REQUIRE_MESSAGE(daemon.wait_until_ready(), daemon.ended().said);
  auto owner = daemon.owner();
  BOOST_TEST((owner.execute(create_tenant("acme"))->code == Code::ok));
  int done = 0;
  for (const std::uint64_t from = storm.sent(); done < 200 || storm.sent() < from + 10'000; ++done)
    BOOST_REQUIRE(
        (owner.execute(create_user("acme", "user-" + std::to_string(done)))->code == Code::ok));
  BOOST_TEST(owner.ask(get_status())->body.AsStatus()->degraded == false);
  // SIGHUP had the settings read again.
  BOOST_TEST(std::filesystem::exists(daemon.data() / "reloaded"));
  const Ended ended = daemon.stop();
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(storm.end() >= 10'000U);
  BOOST_TEST(ended.said.find("stopped at seq " + std::to_string(done + 2)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_signal_alone_leaves_a_daemon_that_answers) {
  DaemonProcess daemon;
  BOOST_REQUIRE(daemon.start());
  auto owner = daemon.owner();
  for (const int number : harmless()) {
    BOOST_REQUIRE(::kill(daemon.process(), number) == 0);
    const auto answer = owner.ask(get_status());
    BOOST_TEST(answer.has_value(), "after signal " << number);
  }
  BOOST_TEST(daemon.stop().code == 0);
}

BOOST_AUTO_TEST_CASE(those_that_ask_for_the_end_end_it_cleanly_however_often) {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    DaemonProcess daemon;
    BOOST_REQUIRE(daemon.start());
    // The later ones come at every moment of the stop.
    std::thread more([&, target = daemon.process()] {
      for (int count = 0; count < 2'000; ++count) {
        ::kill(target, number);
        std::this_thread::yield();
      }
    });
    more.join();
    const Ended ended = daemon.wait_for_end();
    BOOST_TEST(ended.code == 0, "signal " << number << ": " << ended.said);
    BOOST_TEST(ended.said.find("stopped at seq 1") != std::string::npos, ended.said);
  }
}

BOOST_AUTO_TEST_CASE(offline_commands_go_through_a_storm) {
  const TemporaryFolder folder;
  const std::string data = folder.path() / "data";
  const std::vector<std::vector<std::string>> commands = {
      {POSTERND, "init", "--data", data},
      {POSTERND, "rotate-server-key", "--data", data},
      {POSTERND, "recover-owner", "--data", data},
      {POSTERND, "rotate-server-key", "--data", data, "--finish"},
      {POSTERN_REPLAY, "--data", data, "verify"}};
  for (const auto& command : commands) {
    RunningProgram program(command);
    Storm storm(program.process());
    const Ended ended = program.wait();
    storm.end();
    BOOST_TEST(ended.code == 0, command[1] << ": " << ended.said);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
