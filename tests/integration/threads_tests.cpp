// How the threads of the real daemon share the processors.
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/support/daemon_process.h"

namespace postern::support {

namespace {

/// The kernel's struct sched_attr as far as it is read here.
struct Attributes {
  std::uint32_t size = 0;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t niceness = 0;
  std::uint32_t priority = 0;
  /// 0 before Linux 6.12.
  std::uint64_t slice_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

/// By name; of several of one name any.
std::map<std::string, Attributes> threads_of(pid_t process) {
  std::map<std::string, Attributes> threads;
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  for (const auto& entry : std::filesystem::directory_iterator(tasks)) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    Attributes& found = threads[name];
    const pid_t thread = std::stoi(entry.path().filename().native());
    BOOST_TEST(::syscall(SYS_sched_getattr, thread, &found, sizeof found, 0) == 0);
  }
  return threads;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads_tests)

BOOST_AUTO_TEST_CASE(law_6_the_way_of_a_check_goes_before_commands_hashes_and_history) {
  DaemonProcess daemon;
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  const int usual = ::getpriority(PRIO_PROCESS, 0);
  static constexpr const char* patient_ones[] = {"writer",    "committer", "ZMQbg/IO/0",
                                                 "historian", "auditor",   "recorder"};
  // A thread names itself and steps down when it first runs, which may be after the start.
  auto threads = threads_of(daemon.process());
  const auto has_begun = [&](const char* name) {
    return threads.contains(name) && threads.at(name).niceness == std::min(usual + 5, 19);
  };
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!std::ranges::all_of(patient_ones, has_begun) && std::chrono::steady_clock::now() < limit)
    threads = threads_of(daemon.process());
  for (const char* prompt : {"reader", "ZMQbg/IO/1"}) {
    BOOST_REQUIRE_MESSAGE(threads.contains(prompt), prompt);
    BOOST_TEST_CONTEXT(prompt) BOOST_TEST(threads.at(prompt).niceness == usual);
  }
  for (const char* patient : patient_ones) {
    BOOST_REQUIRE_MESSAGE(threads.contains(patient), patient);
    BOOST_TEST_CONTEXT(patient) {
      BOOST_TEST(threads.at(patient).niceness == std::min(usual + 5, 19));
      BOOST_TEST(threads.at(patient).policy == unsigned{SCHED_OTHER});
      if (threads.at(patient).slice_ns != 0)
        BOOST_TEST(threads.at(patient).slice_ns > threads.at("reader").slice_ns);
    }
  }
  BOOST_REQUIRE(threads.contains("hasher"));
  BOOST_TEST(threads.at("hasher").niceness == std::min(usual + 10, 19));
  BOOST_TEST(threads.at("hasher").policy == unsigned{SCHED_BATCH});
  BOOST_TEST(daemon.stop().code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
