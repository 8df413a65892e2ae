#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/unit/calls/notes.h"

using namespace postern;
using namespace postern::support;

namespace {

bool is_awake(const platform::Waker& waker) {
  pollfd wait{waker.descriptor(), POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(call_line_tests)

BOOST_AUTO_TEST_CASE(L2_notes_come_out_as_they_went_in_around_the_end_too) {
  platform::Waker waker;
  calls::CallLine line(waker, 64);
  std::vector<calls::Outcome> outcomes;
  for (std::uint64_t number = 1; number <= 1'000; ++number) {
    outcomes.assign(number % 100, Noted::allowed_by(number));
    Noted noted;
    noted.user = number;
    noted.outcomes = outcomes;
    noted.logged = number % 3 == 0;
    BOOST_REQUIRE(note(line, noted));
    const calls::CallNote* taken = line.front();
    BOOST_REQUIRE(taken != nullptr);
    BOOST_REQUIRE(taken->user.low() == number);
    BOOST_REQUIRE(taken->address() == "10.1.2.3");
    BOOST_REQUIRE(taken->client() == "shop");
    BOOST_REQUIRE(taken->resource() == (noted.logged ? "table/customer" : ""));
    BOOST_REQUIRE(taken->outcome_count == outcomes.size());
    for (std::size_t place = 0; place < outcomes.size(); ++place)
      BOOST_REQUIRE(calls::Outcome::seq_of(taken->outcome(place).grant()) == number);
    line.pop();
    BOOST_REQUIRE(line.front() == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(L2_a_full_line_drops_and_counts_and_takes_on_when_there_is_room) {
  platform::Waker waker;
  calls::CallLine line(waker, 64);
  std::uint64_t taken = 0;
  while (note(line, {.user = taken + 1})) ++taken;
  BOOST_TEST(taken > 10u);
  BOOST_TEST(!note(line, {}));
  BOOST_TEST(line.dropped() == 2u);
  BOOST_TEST(line.front()->user.low() == 1u);
  line.pop();
  BOOST_TEST(note(line, {.user = 99}));
  BOOST_TEST(line.dropped() == 2u);
}

BOOST_AUTO_TEST_CASE(L2_only_a_sleeping_recorder_is_woken) {
  platform::Waker waker;
  calls::CallLine line(waker, 64);
  note(line, {});
  BOOST_TEST(!is_awake(waker));
  line.await_wake();
  note(line, {});
  BOOST_TEST(is_awake(waker));
  waker.clear();
  note(line, {});
  BOOST_TEST(!is_awake(waker));
}

BOOST_AUTO_TEST_CASE(L2_two_threads_lose_nothing_but_what_is_counted) {
  constexpr std::uint64_t count = 100'000;
  platform::Waker waker;
  calls::CallLine line(waker, 1'024);
  std::uint64_t taken = 0;
  std::uint64_t last = 0;
  bool ordered = true;
  const auto take_all = [&] {
    while (const calls::CallNote* found = line.front()) {
      ordered = ordered && found->user.low() > last && found->client() == "shop";
      last = found->user.low();
      ++taken;
      line.pop();
    }
  };
  std::jthread reader([&] {
    for (std::uint64_t number = 1; number <= count; ++number) note(line, {.user = number});
  });
  while (taken + line.dropped() < count) take_all();
  reader.join();
  take_all();
  BOOST_TEST(ordered);
  BOOST_TEST(taken + line.dropped() == count);
  BOOST_TEST(taken > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
