// Time: which clock is believed, and what time everything is judged by.
#include <boost/test/unit_test.hpp>

#include "daemon/service/present.h"
#include "tests/support/simulated_clock.h"

namespace postern::support {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t year_ms = 365 * 24 * hour_ms;

struct Time {
  SimulatedClock clock;
  service::Present present{clock};
  const std::int64_t began_ns = clock.now_ns();

  bool is_suspect() { return present.look().is_suspect(); }
  std::int64_t passed_ms() const { return (present.now_ns() - began_ns) / 1'000'000; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(present_tests)

BOOST_FIXTURE_TEST_CASE(time_a_clock_that_goes_on_is_believed_however_long_nobody_looks, Time) {
  for (const std::int64_t ms : {1L, minute_ms, hour_ms, 72 * hour_ms, year_ms}) {
    clock.advance_ms(ms);
    BOOST_TEST(!is_suspect());
    BOOST_TEST(present.now_ns() == clock.now_ns());
  }
}

BOOST_FIXTURE_TEST_CASE(time_a_step_of_some_minutes_is_believed_both_ways, Time) {
  clock.set_forward_ms(5 * minute_ms);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(passed_ms() == 5 * minute_ms);
  clock.set_back_ms(9 * minute_ms);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(passed_ms() == -4 * minute_ms);
}

BOOST_AUTO_TEST_CASE(time_a_jump_ahead_is_not_believed_until_the_clock_is_back) {
  for (const std::int64_t far_ms : {6 * minute_ms, 26 * hour_ms, 40 * year_ms}) {
    Time time;
    time.clock.set_forward_ms(far_ms);
    // Before anybody has looked, too.
    BOOST_TEST(time.passed_ms() == 0);
    BOOST_TEST(time.is_suspect());
    BOOST_TEST(time.present.look().ahead_ns / 1'000'000 == far_ms);
    time.clock.advance_ms(30 * hour_ms);
    BOOST_TEST(time.is_suspect());
    BOOST_TEST(time.passed_ms() == 30 * hour_ms);
    BOOST_TEST(time.present.believed_ns() == time.present.now_ns());
    time.clock.set_back_ms(far_ms - minute_ms);
    BOOST_TEST(!time.is_suspect());
    BOOST_TEST(time.passed_ms() == 30 * hour_ms + minute_ms);
  }
}

BOOST_FIXTURE_TEST_CASE(time_many_small_steps_in_an_hour_are_one_jump, Time) {
  int steps = 0;
  while (!is_suspect() && steps < 100) {
    clock.set_forward_ms(minute_ms);
    clock.advance_ms(1'000);
    ++steps;
  }
  BOOST_TEST(steps == 6);
  BOOST_TEST(passed_ms() == 5 * minute_ms + 6'000);
}

BOOST_FIXTURE_TEST_CASE(time_a_clock_that_is_slewed_for_days_is_believed, Time) {
  // 500 ppm, the fastest that the kernel does.
  for (int minutes = 0; minutes < 3 * 24 * 60; ++minutes) {
    clock.advance_ms(minute_ms);
    clock.set_forward_ms(30);
    BOOST_REQUIRE(!is_suspect());
  }
}

BOOST_FIXTURE_TEST_CASE(time_a_clock_that_was_set_back_may_return_after_any_time, Time) {
  clock.set_back_ms(year_ms);
  for (int hours = 0; hours < 50; ++hours) {
    clock.advance_ms(hour_ms);
    BOOST_TEST(!is_suspect());
  }
  clock.set_forward_ms(year_ms);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(passed_ms() == 50 * hour_ms);
}

BOOST_FIXTURE_TEST_CASE(time_all_is_judged_by_the_greater_of_the_clock_and_the_newest_record,
                        Time) {
  present.passed(began_ns + 200 * second_ns);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(passed_ms() == 200'000);
  BOOST_TEST(present.believed_ns() == clock.now_ns());
  clock.advance_ms(201'000);
  BOOST_TEST(passed_ms() == 201'000);
}

BOOST_FIXTURE_TEST_CASE(time_a_clock_far_behind_is_suspect_until_it_has_caught_up, Time) {
  present.passed(began_ns + 10 * 60 * second_ns);
  BOOST_TEST(is_suspect());
  BOOST_TEST(passed_ms() == 10 * minute_ms);
  clock.advance_ms(5 * minute_ms - 1);
  BOOST_TEST(is_suspect());
  clock.advance_ms(1);
  BOOST_TEST(!is_suspect());
}

BOOST_FIXTURE_TEST_CASE(time_a_lag_that_is_confirmed_is_no_fault_until_the_clock_has_passed, Time) {
  present.passed(began_ns + year_ms * 1'000'000);
  BOOST_TEST(is_suspect());
  present.confirm_until(began_ns + year_ms * 1'000'000);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(present.standing().confirmed);
  BOOST_TEST(present.standing().behind_ns / 1'000'000 == year_ms);
  BOOST_TEST(passed_ms() == year_ms);
  clock.advance_ms(year_ms + hour_ms);
  BOOST_TEST(!is_suspect());
  BOOST_TEST(passed_ms() == year_ms + hour_ms);
  // What comes later was confirmed by nobody.
  present.passed(clock.now_ns());
  clock.set_back_ms(hour_ms);
  BOOST_TEST(is_suspect());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
