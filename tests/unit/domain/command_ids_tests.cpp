// K1 over whatever clock: an id acts once, and a clock that is right again takes fresh ids.
#include <boost/test/unit_test.hpp>
#include <random>
#include <utility>
#include <vector>

#include "daemon/domain/command_ids.h"

namespace postern::support {

namespace {

using domain::CommandIds;
using domain::Uuid;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t beginning_ms = 1'800'000'000'000;
const Uuid someone(1, 1);

/// What became of a sending.
enum class Came { acted, repeated, expired };

/// A daemon of ids alone: what acted is its journal, and a start reads it or a snapshot of it.
struct Daemon {
  CommandIds ids{CommandIds::Window{}};
  std::vector<Uuid> journal;
  std::int64_t clock_ms = beginning_ms;

  Uuid id_at(std::int64_t time_ms) { return domain::uuid_v7(time_ms, {random(), random()}); }
  Came send(const Uuid& id) {
    if (!ids.in_window(id, clock_ms)) return Came::expired;
    if (ids.find(someone, id)) return Came::repeated;
    journal.push_back(id);
    ids.remember(someone, id, journal.size());
    return Came::acted;
  }
  void start_from_journal() {
    ids = CommandIds({});
    for (std::size_t place = 0; place < journal.size(); ++place) {
      ids.remember(someone, journal[place], place + 1);
      if (place % 7 == 0) ids.forget_before(clock_ms);
    }
    ids.forget_before(clock_ms);
  }
  void start_from_snapshot() {
    CommandIds read({});
    read.begin_at(ids.since_ms());
    ids.for_each(
        [&](const Uuid& by, const Uuid& id, domain::Seq seq) { read.remember(by, id, seq); });
    ids = std::move(read);
    ids.forget_before(clock_ms);
  }

  std::mt19937_64 random;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_ids_tests)

BOOST_AUTO_TEST_CASE(K1_a_clock_that_was_ahead_for_a_moment_lets_nothing_act_twice) {
  for (const bool restarts : {false, true}) {
    Daemon daemon;
    const Uuid first = daemon.id_at(daemon.clock_ms);
    BOOST_TEST((daemon.send(first) == Came::acted));
    daemon.clock_ms += 26 * hour_ms;
    daemon.ids.forget_before(daemon.clock_ms);
    BOOST_TEST((daemon.send(first) == Came::expired));
    daemon.clock_ms -= 26 * hour_ms;
    if (restarts) daemon.start_from_journal();
    BOOST_TEST((daemon.send(first) == Came::repeated));
    BOOST_TEST((daemon.send(daemon.id_at(daemon.clock_ms)) == Came::acted));
  }
}

BOOST_AUTO_TEST_CASE(K1_an_id_older_than_what_is_remembered_is_refused_whatever_the_clock_says) {
  Daemon daemon;
  const Uuid first = daemon.id_at(daemon.clock_ms);
  const Uuid unused = daemon.id_at(daemon.clock_ms - 1);
  BOOST_TEST((daemon.send(first) == Came::acted));
  // Forgotten, because commands were taken at a clock that was ahead.
  daemon.clock_ms += 26 * hour_ms;
  const Uuid ahead = daemon.id_at(daemon.clock_ms);
  BOOST_TEST((daemon.send(ahead) == Came::acted));
  daemon.ids.forget_before(daemon.clock_ms);
  BOOST_TEST(daemon.ids.size() == 1u);
  daemon.clock_ms -= 26 * hour_ms;
  BOOST_TEST((daemon.send(first) == Came::expired));
  BOOST_TEST((daemon.send(unused) == Came::expired));
  daemon.start_from_snapshot();
  BOOST_TEST((daemon.send(first) == Came::expired));
  BOOST_TEST((daemon.send(unused) == Came::expired));
  // No more is refused than must be.
  BOOST_TEST((daemon.send(daemon.id_at(daemon.clock_ms + 1)) == Came::acted));
}

BOOST_AUTO_TEST_CASE(K1_every_start_remembers_as_much_as_the_daemon_did) {
  Daemon daemon;
  for (int count = 0; count < 500; ++count) {
    daemon.clock_ms += static_cast<std::int64_t>(daemon.random() % (30 * minute_ms));
    daemon.send(daemon.id_at(daemon.clock_ms +
                             static_cast<std::int64_t>(daemon.random() % (5 * minute_ms))));
    daemon.ids.forget_before(daemon.clock_ms);
    const std::int64_t since_ms = daemon.ids.since_ms();
    daemon.start_from_journal();
    BOOST_REQUIRE(daemon.ids.since_ms() >= since_ms);
  }
  // A day of two an hour, and what lies in the same hour as the last of it.
  BOOST_TEST(daemon.ids.size() < 4u * 26u);
}

BOOST_AUTO_TEST_CASE(K1_whatever_the_clock_does_no_id_acts_twice_and_fresh_ones_act_again) {
  std::size_t expired = 0;
  std::size_t repeated = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Daemon daemon;
    daemon.random.seed(seed);
    const auto below = [&](std::int64_t limit) {
      return static_cast<std::int64_t>(daemon.random() % static_cast<std::uint64_t>(limit));
    };
    std::int64_t true_ms = beginning_ms;
    std::int64_t error_ms = 0;
    std::vector<Uuid> sent;
    for (int step = 0; step < 400; ++step) {
      true_ms += below(hour_ms);
      if (below(20) == 0) {
        const std::int64_t far[] = {10 * minute_ms, 30 * hour_ms, 40 * day_ms, 400 * day_ms};
        error_ms = below(2) == 0 ? 0 : below(2 * far[below(4)]) - far[below(4)];
      }
      daemon.clock_ms = true_ms + error_ms;
      if (below(3) == 0) daemon.ids.forget_before(daemon.clock_ms);
      if (below(40) == 0) daemon.start_from_snapshot();
      if (below(40) == 0) daemon.start_from_journal();
      // A client has its own clock, or the daemon's.
      if (sent.empty() || below(2) == 0)
        sent.push_back(daemon.id_at((below(3) == 0 ? daemon.clock_ms : true_ms) +
                                    below(10 * minute_ms) - 5 * minute_ms));
      const Uuid& id =
          below(2) == 0
              ? sent.back()
              : sent[static_cast<std::size_t>(below(static_cast<std::int64_t>(sent.size())))];
      const bool before = std::ranges::find(daemon.journal, id) != daemon.journal.end();
      const Came came = daemon.send(id);
      expired += came == Came::expired;
      repeated += came == Came::repeated;
      if (before) BOOST_REQUIRE_MESSAGE(came != Came::acted, "seed " << seed << " acts twice");
      if (came == Came::repeated) BOOST_REQUIRE(before);
    }
    // The clock is right again, and a start reads the journal, as it does if the ids that a
    // snapshot has forgotten are yet to come.
    daemon.clock_ms = true_ms;
    daemon.start_from_journal();
    BOOST_REQUIRE_MESSAGE(daemon.send(daemon.id_at(true_ms)) == Came::acted,
                          "seed " << seed << " takes no fresh id");
  }
  BOOST_TEST(expired > 0u);
  BOOST_TEST(repeated > 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
