// C9: how long an answer takes does not tell a wrong password from a name that nobody has.
// POSTERN_TIMING_SAMPLES: of each, 1,000 if it is not set.
#include <sched.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;
using Clock = std::chrono::steady_clock;

/// Above it, two means differ by more than chance. Which of both kinds a question is was drawn for
/// each, so where nothing is told t is that of a random parting, however the times hang together:
/// beyond 6 with a chance under 2 exp(-18), one in thirty million.
constexpr double told_above = 6;
/// Of each kind; a disk that stalls once moves a smaller sample's mean by as much.
constexpr std::size_t samples_that_outweigh_stalls = 20'000;
constexpr std::size_t in_flight_max = 32;
constexpr std::size_t created_at_once = 500;
/// The tenant's policy locks a user at so many wrong passwords.
constexpr std::uint16_t failures_max = 100;

std::size_t samples_wanted() {
  const char* set = std::getenv("POSTERN_TIMING_SAMPLES");
  return set == nullptr ? 1'000 : static_cast<std::size_t>(std::strtoul(set, nullptr, 10));
}

/// Of one kind of question, in microseconds.
struct Sample {
  std::size_t count = 0;
  double mean = 0;
  double squares = 0;

  void add(double value) {
    ++count;
    const double difference = value - mean;
    mean += difference / static_cast<double>(count);
    squares += difference * (value - mean);
  }
  double variance() const { return squares / static_cast<double>(count - 1); }
};

/// What starts while it lives has only one of our processors: the order in which answers leave then
/// shows in their times.
class OneProcessor {
 public:
  OneProcessor() {
    BOOST_REQUIRE(::sched_getaffinity(0, sizeof(before_), &before_) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &before_)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    BOOST_REQUIRE(::sched_setaffinity(0, sizeof(one), &one) == 0);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof(before_), &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

/// Welch's t for two samples of unequal variance.
double welch(const Sample& left, const Sample& right) {
  const double spread = left.variance() / static_cast<double>(left.count) +
                        right.variance() / static_cast<double>(right.count);
  return (left.mean - right.mean) / std::sqrt(spread);
}

/// Whole times, and times since the last step of the daemon's grid: a disk that stalls for longer
/// than a step moves the first by many steps and the second not at all.
struct Told {
  double whole;
  double in_step;
};

/// A question with a password.
struct ByQuestion {
  static std::string submit(client::Client& asker, const std::string& name, std::string password) {
    const auto id = asker.submit(authenticate("acme", name, std::move(password)));
    BOOST_REQUIRE(id);
    return std::to_string(*id);
  }
  static std::string collect_refusal(client::Client& asker) {
    const auto ended = asker.collect_answer(std::chrono::seconds(120));
    BOOST_REQUIRE(ended.has_value());
    BOOST_REQUIRE(ended->answer.has_value());
    BOOST_REQUIRE((ended->answer->body.AsAuthenticated()->reason == Code::invalid_credentials));
    return std::to_string(ended->id);
  }
};

/// A user's own change, which names its password (C3).
struct ByChange {
  static std::string submit(client::Client& asker, const std::string& name, std::string password) {
    schema::ChangePasswordT change;
    change.current_password = std::move(password);
    change.password = "An0ther-passw0rd";
    const auto id = asker.submit(command_message("acme", name, std::move(change)));
    BOOST_REQUIRE(id);
    return client::uuid_text(*id);
  }
  static std::string collect_refusal(client::Client& asker) {
    const auto ended = asker.collect_receipt(std::chrono::seconds(120));
    BOOST_REQUIRE(ended.has_value());
    BOOST_REQUIRE(ended->answer.has_value());
    BOOST_REQUIRE((ended->answer->code == Code::invalid_credentials));
    return client::uuid_text(ended->id);
  }
};

/// A service asks about users that are there and names that are not, in random order.
template <class Way>
struct Timed : DaemonProcess {
  explicit Timed(std::string settings) : DaemonProcess(std::move(settings)) {}

  Told t_of(std::size_t samples, double step_us) {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    const std::size_t users = samples / (failures_max - 2) + in_flight_max + 1;
    prepare(users);
    auto asker = service();
    std::mt19937_64 random(7);
    struct Asked {
      bool known;
      Clock::time_point at;
    };
    std::map<std::string, Asked> asked;
    std::size_t sent = 0;
    Sample known;
    Sample unknown;
    Sample known_in_step;
    Sample unknown_in_step;
    const auto wanted = 2 * samples;
    while (known.count + unknown.count < wanted) {
      while (asked.size() < in_flight_max && sent < wanted) {
        const bool is_known = random() % 2 == 0;
        // One after the other, so that no two questions about one user wait in its line.
        const std::string name =
            (is_known ? "user" : "none") + std::to_string(10'000'000 + sent % users);
        const auto at = Clock::now();
        asked[Way::submit(asker, name, "Wr0ng-" + std::to_string(sent))] = {is_known, at};
        ++sent;
      }
      const std::string answered = Way::collect_refusal(asker);
      const Asked& question = asked.at(answered);
      const double took_us =
          std::chrono::duration<double, std::micro>(Clock::now() - question.at).count();
      (question.known ? known : unknown).add(took_us);
      (question.known ? known_in_step : unknown_in_step).add(std::fmod(took_us, step_us));
      asked.erase(answered);
    }
    const Told t{welch(known, unknown), welch(known_in_step, unknown_in_step)};
    BOOST_TEST_MESSAGE("wrong password "
                       << known.mean << " us (" << known.count << "), unknown name " << unknown.mean
                       << " us (" << unknown.count << "), Welch t " << t.whole << ", within a step "
                       << t.in_step);
    return t;
  }

 private:
  void prepare(std::size_t users) {
    auto owner_client = owner();
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    tenant.policies = std::make_unique<schema::PolicyChangesT>();
    tenant.policies->lockout_failures = failures_max;
    BOOST_REQUIRE(
        (owner_client.execute(command_message("", "", std::move(tenant)))->code == Code::ok));
    for (std::size_t i = 0; i < users; ++i) {
      schema::CreateUserT user;
      user.username = "user" + std::to_string(10'000'000 + i);
      user.password = "R1ght-passw0rd";
      BOOST_REQUIRE(owner_client.submit(command_message("acme", "", std::move(user))));
      if (owner_client.in_flight() >= created_at_once || i + 1 == users) collect(owner_client);
    }
    keys_ = client::make_key_pair();
    BOOST_REQUIRE((
        owner_client.execute(add_operator("shop", schema::Role::service, keys_.public_key))->code ==
        Code::ok));
  }
  static void collect(client::Client& client) {
    while (client.in_flight() > 0) {
      const auto made = client.collect_receipt(std::chrono::seconds(120));
      BOOST_REQUIRE(made.has_value());
      BOOST_REQUIRE(made->answer.has_value());
      BOOST_REQUIRE((made->answer->code == Code::ok));
    }
  }
  client::Client service() const {
    auto made = client::Client::make(tcp_options(keys_));
    BOOST_REQUIRE(made);
    return std::move(*made);
  }

  client::KeyPair keys_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(timing_tests)

template <class Way>
void check_nothing_is_told() {
  Timed<Way> timed("");
  const Told t = timed.t_of(samples_wanted(), 50'000);
  BOOST_TEST(std::abs(t.in_step) < told_above);
  if (samples_wanted() >= samples_that_outweigh_stalls) BOOST_TEST(std::abs(t.whole) < told_above);
}

BOOST_AUTO_TEST_CASE(C9_a_wrong_password_takes_as_long_as_a_name_that_nobody_has) {
  check_nothing_is_told<ByQuestion>();
}

BOOST_AUTO_TEST_CASE(C9_nor_does_the_order_in_which_answers_leave_tell) {
  const OneProcessor one;
  check_nothing_is_told<ByQuestion>();
}

BOOST_AUTO_TEST_CASE(C9_C3_nor_does_a_refused_change_of_a_password) {
  const OneProcessor one;
  check_nothing_is_told<ByChange>();
}

/// In the long form alone: how far apart they lie depends on what else the processor does.
BOOST_AUTO_TEST_CASE(answers_that_leave_at_once_tell_them_apart) {
  if (samples_wanted() < samples_that_outweigh_stalls) return;
  const OneProcessor one;
  Timed<ByQuestion> timed("refusal_step_ms = 1\n");
  BOOST_TEST(std::abs(timed.t_of(100'000, 1'000).whole) > told_above);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
