#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <thread>

#include "daemon/platform/scheduling.h"

namespace postern::platform {

namespace {

/// The kernel's struct sched_attr as far as it is read here.
struct Attributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t niceness;
  std::uint32_t priority;
  std::uint64_t slice_ns;
  std::uint64_t deadline_ns;
  std::uint64_t period_ns;
};

struct Seen {
  bool scheduled = false;
  int policy = -1;
  int niceness = 0;
  std::uint64_t slice_ns = 0;
  std::string name;
};

Seen seen_of_this_thread(bool scheduled) {
  Seen seen;
  seen.scheduled = scheduled;
  seen.policy = ::sched_getscheduler(0);
  seen.niceness = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  Attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0)
    seen.slice_ns = attributes.slice_ns;
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  seen.name = name;
  return seen;
}

Seen thread_of(const char* name, Urgency urgency) {
  Seen seen;
  std::thread([&] { seen = seen_of_this_thread(begin_thread(name, urgency)); }).join();
  return seen;
}

int lowered(int steps) {
  return std::min(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())) + steps, 19);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduling_tests)

BOOST_AUTO_TEST_CASE(a_prompt_thread_keeps_its_niceness_and_runs_in_the_shortest_slices) {
  const Seen prompt = thread_of("reader", Urgency::prompt);
  BOOST_TEST(prompt.scheduled);
  BOOST_TEST(prompt.policy == SCHED_OTHER);
  BOOST_TEST(prompt.niceness == lowered(0));
  const Seen patient = thread_of("writer", Urgency::patient);
  // Before Linux 6.12 no slice is told, and none is a thread's own.
  if (patient.slice_ns != 0) BOOST_TEST(prompt.slice_ns < patient.slice_ns);
}

BOOST_AUTO_TEST_CASE(a_patient_thread_is_lowered_but_keeps_a_share) {
  const Seen patient = thread_of("writer", Urgency::patient);
  BOOST_TEST(patient.scheduled);
  BOOST_TEST(patient.policy == SCHED_OTHER);
  BOOST_TEST(patient.niceness == lowered(5));
}

BOOST_AUTO_TEST_CASE(a_background_thread_takes_the_processor_from_nobody_by_waking) {
  const Seen background = thread_of("hasher", Urgency::background);
  BOOST_TEST(background.scheduled);
  BOOST_TEST(background.policy == SCHED_BATCH);
  BOOST_TEST(background.niceness == lowered(10));
}

BOOST_AUTO_TEST_CASE(whoever_makes_a_thread_stays_as_it_was) {
  const Seen before = seen_of_this_thread(true);
  thread_of("writer", Urgency::patient);
  const Seen after = seen_of_this_thread(true);
  BOOST_TEST(after.policy == before.policy);
  BOOST_TEST(after.niceness == before.niceness);
  BOOST_TEST(after.slice_ns == before.slice_ns);
  BOOST_TEST(after.name == before.name);
}

BOOST_AUTO_TEST_CASE(a_thread_has_its_name_as_far_as_the_system_shows_it) {
  BOOST_TEST(thread_of("writer", Urgency::patient).name == "writer");
  BOOST_TEST(thread_of("a name of twenty-one", Urgency::patient).name == "a name of twent");
}

BOOST_AUTO_TEST_CASE(a_thread_that_is_not_there_is_not_scheduled) {
  pid_t gone = 0;
  std::thread([&] { gone = ::gettid(); }).join();
  BOOST_TEST(!schedule_thread(gone, Urgency::patient));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::platform
