// A replica's readers beside its writer, many at once: what the thread sanitizer looks at.
#include <boost/test/unit_test.hpp>

#include "tests/unit/client/replica_world.h"
#include "tests/unit/service/allocated_bytes.h"
#include "tools/client/replica_memory.h"

namespace postern::client {

namespace {

constexpr int readers = 4;
constexpr std::uint64_t changes = 2'000;
constexpr std::size_t users = 64;
constexpr int stops = 20'000;
constexpr std::uint64_t newcomers = 2'000;

/// However long a test is kept waiting, its answers are not too old.
ReplicaOptions patient() {
  ReplicaOptions options;
  options.age_max = std::chrono::minutes(10);
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replica_churn_tests)

/// Every user may where the seq is odd: whoever saw a grant that is gone would say otherwise.
BOOST_AUTO_TEST_CASE(readers_see_whole_states_that_never_go_back) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(users);
  world.publish(shared);
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> answers{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < readers; ++number)
    threads.emplace_back([&, number] {
      // Some come and go.
      while (!is_over) {
        ReplicaReader reader(shared);
        std::uint64_t seen = 0;
        for (std::size_t turn = 0; turn < 5'000 && !is_over; ++turn) {
          const auto answer =
              reader.check("acme", world.name(turn * 7 + number), {}, {"read", "table/invoices"});
          // Between two followings nothing is shown.
          if (!answer) continue;
          const bool is_right = answer->allowed == (answer->seq % 2 == 1) &&
                                answer->grant.has_value() == answer->allowed;
          if (!is_right || (answer->seq < seen)) ++wrong;
          if (answer->grant && answer->grant->resource != "table/invoices") ++wrong;
          seen = answer->seq;
          ++answers;
        }
      }
    });
  for (std::uint64_t count = 0; count < changes; ++count) {
    world.change();
    if (count % 500 == 499) shared.versions.stop();
    world.publish(shared);
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(answers > 0U);
}

/// Whoever came is found from its seq on, by readers who look while others come.
BOOST_AUTO_TEST_CASE(who_comes_is_found_beside_those_who_come) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(1);
  world.publish(shared);
  std::atomic<bool> is_over{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < readers; ++number)
    threads.emplace_back([&, number] {
      ReplicaReader reader(shared);
      std::uint64_t wanted = static_cast<std::uint64_t>(number);
      while (!is_over) {
        wanted = wanted * 25'214'903'917U + 11;
        const std::uint64_t seq = 1 + (wanted >> 16) % newcomers;
        const std::string name = "late-" + std::to_string(seq);
        const ReplicaQuestion invoices{"read", "table/invoices"};
        const auto is_right = [&](const Result<ReplicaAnswer>& answer) {
          return answer && answer->allowed == (seq <= answer->seq);
        };
        if (!is_right(reader.check("acme", name, {}, invoices))) ++wrong;
        const ReplicaCheck twice[] = {{"acme", name, {}, invoices}, {"acme", name, {}, invoices}};
        for (const auto& answer : reader.check(twice))
          if (!is_right(answer)) ++wrong;
      }
    });
  for (std::uint64_t count = 0; count < newcomers; ++count) {
    world.add();
    if (count % 8 == 7) world.publish(shared);
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(what_is_stopped_is_not_looked_at_any_more) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(1);
  ReplicaReader reader(shared);
  const ReplicaQuestion question{"read", "table/invoices"};
  BOOST_TEST(!reader.check("acme", world.name(0), {}, question));
  world.publish(shared);
  BOOST_TEST(reader.check("acme", world.name(0), {}, question).has_value());
  shared.versions.stop();
  const auto none = reader.check("acme", world.name(0), {}, question);
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().kind == ErrorKind::unreachable));
}

/// What is shown first after a stop has an empty one beside it, which no reader may come upon.
BOOST_AUTO_TEST_CASE(what_was_emptied_is_never_looked_at) {
  ReplicaVersions versions;
  const domain::Operator asker{};
  std::atomic<bool> is_over{false};
  std::atomic<int> empty{0};
  std::thread reader([&] {
    ReplicaVersions::Place& place = versions.add_place();
    while (!is_over) {
      const ReplicaVersions::Look look(versions, place);
      if (look.version() != nullptr && look.version()->asker == nullptr) ++empty;
    }
    versions.drop_place(place);
  });
  for (int count = 0; count < stops; ++count) {
    versions.publish([&](ReplicaVersion& version) { version.asker = &asker; });
    versions.stop();
  }
  is_over = true;
  reader.join();
  BOOST_TEST(empty == 0);
}

BOOST_AUTO_TEST_CASE(a_check_takes_no_memory) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(100);
  world.change();
  world.publish(shared);
  ReplicaReader reader(shared);
  const auto check = [&](std::size_t number) {
    return reader.check("acme", world.name(number), {.address = "192.0.2.7", .tls = true},
                        {"read", "table/invoices/lines"});
  };
  BOOST_TEST(check(0)->allowed);
  const std::size_t before = support::allocated_bytes();
  std::size_t allowed = 0;
  for (std::size_t number = 0; number < 1'000; ++number) allowed += check(number)->allowed;
  BOOST_TEST(support::allocated_bytes() == before);
  BOOST_TEST(allowed == 1'000U);
}

BOOST_AUTO_TEST_CASE(many_checks_take_no_memory_once_there_is_room_for_them) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(100);
  world.change();
  world.publish(shared);
  ReplicaReader reader(shared);
  std::vector<ReplicaCheck> checks;
  for (std::size_t number = 0; number < 100; ++number)
    checks.push_back({"acme", world.name(number), {}, {"read", "table/invoices/lines"}});
  BOOST_TEST(reader.check(checks).size() == 100U);
  BOOST_TEST(reader.check(std::span(checks).first(0)).empty());
  const std::size_t before = support::allocated_bytes();
  const auto answers = reader.check(checks);
  BOOST_TEST(support::allocated_bytes() == before);
  for (const auto& answer : answers) {
    BOOST_REQUIRE(answer && answer->allowed);
    BOOST_TEST(answer->grant->action == "read");
    BOOST_TEST(answer->grant->resource == "table/invoices");
  }
}

BOOST_AUTO_TEST_CASE(what_lies_in_large_pages_is_as_before) {
  Replica::Shared shared(patient());
  support::ReplicaWorld world(100'000);
  world.change();
  world.publish(shared);
  ReplicaMemory memory;
  memory.note(world.tables());
  BOOST_TEST(memory.left() >= 8U);
  memory.turn(std::chrono::nanoseconds(0));
  BOOST_TEST(memory.left() >= 8U);
  memory.turn(std::chrono::hours(1));
  BOOST_TEST(memory.left() == 0U);
  ReplicaReader reader(shared);
  std::size_t allowed = 0;
  for (std::size_t number = 0; number < 100'000; number += 10) {
    const auto answer = reader.check("acme", world.name(number), {}, {"read", "table/invoices"});
    BOOST_REQUIRE(answer);
    allowed += answer->allowed;
  }
  BOOST_TEST(allowed == 10'000U);
  support::ReplicaWorld small(100);
  memory.note(small.tables());
  BOOST_TEST(memory.left() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_too_old_is_no_answer) {
  const ReplicaOptions options = patient();
  Replica::Shared shared(options);
  support::ReplicaWorld world(1);
  ReplicaReader reader(shared);
  world.publish(shared, std::chrono::minutes(11));
  const auto old = reader.check("acme", world.name(0), {}, {"read", "table/invoices"});
  BOOST_REQUIRE(!old);
  BOOST_TEST(old.error().sentence.find("heard nothing") != std::string::npos);
  world.publish(shared);
  const auto fresh = reader.check("acme", world.name(0), {}, {"read", "table/invoices"});
  BOOST_REQUIRE(fresh);
  BOOST_TEST((fresh->age < options.age_max));
  const auto malformed =
      reader.check("acme", world.name(0), {.address = "nowhere"}, {"read", "table/invoices"});
  BOOST_REQUIRE(!malformed);
  BOOST_TEST((malformed.error().kind == ErrorKind::usage));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::client
