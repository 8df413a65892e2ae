#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daemon/credential/hash_pool.h"

using namespace postern::credential;
using postern::schema::Uuid;

namespace {

constexpr auto generous = std::chrono::seconds(120);

Turn turn(std::uint64_t service, std::uint64_t tenant) {
  return {.service = Uuid(0, service), .tenant = Uuid(0, tenant)};
}

/// Waits for a value that a pool's thread gives.
template <class Value>
Value wait_for(std::future<Value>& future) {
  BOOST_REQUIRE(future.wait_for(generous) == std::future_status::ready);
  return future.get();
}

/// A pool of one thread, held by a piece of work until `release`, so that what is submitted waits.
class HeldPool {
 public:
  explicit HeldPool(HashPool::Limits limits = {}) : pool_(one_thread(limits)) {
    std::promise<void> running;
    auto runs = running.get_future();
    BOOST_REQUIRE(pool_.submit(
        turn(0, 0), [running = std::move(running), held = release_.get_future()]() mutable {
          running.set_value();
          held.wait();
        }));
    wait_for(runs);
  }

  bool submit(const Turn& turn, const std::string& name) {
    return pool_.submit(turn, [this, name] {
      const std::lock_guard lock(mutex_);
      order_.push_back(name);
      ran_.notify_one();
    });
  }

  HashPool& pool() { return pool_; }

  /// Lets everything run; the names in the order they ran.
  std::vector<std::string> release() {
    std::unique_lock lock(mutex_);
    const std::size_t expected = pool_.waiting();
    release_.set_value();
    BOOST_REQUIRE(ran_.wait_for(lock, generous, [&] { return order_.size() == expected; }));
    return order_;
  }

 private:
  static HashPool::Limits one_thread(HashPool::Limits limits) {
    limits.threads = 1;
    return limits;
  }

  std::promise<void> release_;
  std::mutex mutex_;
  std::condition_variable ran_;
  std::vector<std::string> order_;
  HashPool pool_;
};

std::ptrdiff_t place_of(const std::vector<std::string>& order, const std::string& name) {
  return std::ranges::find(order, name) - order.begin();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hash_pool_tests)

BOOST_AUTO_TEST_CASE(C10_a_service_with_a_thousand_waiting_delays_another_by_one_turn) {
  HeldPool held;
  for (int i = 0; i < 1'000; ++i) BOOST_REQUIRE(held.submit(turn(1, 1), "storm"));
  BOOST_REQUIRE(held.submit(turn(2, 1), "single"));
  const auto order = held.release();
  BOOST_TEST(order.size() == 1'001U);
  BOOST_TEST(place_of(order, "single") <= 1);
}

BOOST_AUTO_TEST_CASE(C10_a_tenant_with_a_thousand_waiting_delays_another_by_one_turn) {
  HeldPool held;
  for (int i = 0; i < 1'000; ++i) BOOST_REQUIRE(held.submit(turn(1, 1), "storm"));
  BOOST_REQUIRE(held.submit(turn(1, 2), "single"));
  const auto order = held.release();
  BOOST_TEST(order.size() == 1'001U);
  BOOST_TEST(place_of(order, "single") <= 1);
}

BOOST_AUTO_TEST_CASE(C10_many_tenants_give_a_service_no_more_turns) {
  HeldPool held;
  for (std::uint64_t tenant = 0; tenant < 500; ++tenant)
    BOOST_REQUIRE(held.submit(turn(1, tenant), "many"));
  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(held.submit(turn(2, 1), "few"));
  const auto order = held.release();
  const std::vector<std::string> expected{"many", "few", "many", "few", "many", "few", "many"};
  BOOST_TEST(std::vector(order.begin(), order.begin() + 7) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(C10_turns_go_by_service_then_by_tenant_then_by_arrival) {
  HeldPool held;
  for (const char* name : {"a1", "a2", "a3"}) BOOST_REQUIRE(held.submit(turn(1, 1), name));
  for (const char* name : {"b1", "b2"}) BOOST_REQUIRE(held.submit(turn(1, 2), name));
  for (const char* name : {"c1", "c2"}) BOOST_REQUIRE(held.submit(turn(2, 1), name));
  const std::vector<std::string> expected{"a1", "c1", "b1", "c2", "a2", "b2", "a3"};
  BOOST_TEST(held.release() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(C10_each_bound_refuses_and_keeps_nothing) {
  HeldPool held({.waiting_max = 6, .waiting_per_service_max = 4, .waiting_per_tenant_max = 2});
  BOOST_TEST(held.submit(turn(1, 1), "a"));
  BOOST_TEST(held.submit(turn(1, 1), "b"));
  const auto captured = std::make_shared<int>();
  const auto refused = [&](const Turn& turn) {
    const bool kept = held.pool().submit(turn, [captured] {});
    return !kept && captured.use_count() == 1;
  };
  BOOST_TEST(refused(turn(1, 1)), "the tenant's bound");
  BOOST_TEST(held.submit(turn(1, 2), "c"));
  BOOST_TEST(held.submit(turn(1, 2), "d"));
  BOOST_TEST(refused(turn(1, 3)), "the service's bound");
  BOOST_TEST(held.submit(turn(2, 1), "e"));
  BOOST_TEST(held.submit(turn(2, 1), "f"));
  BOOST_TEST(refused(turn(3, 1)), "the pool's bound");
  BOOST_TEST(held.pool().waiting() == 6U);
  BOOST_TEST(held.release().size() == 6U);
  BOOST_TEST(held.pool().waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(C10_room_comes_back_as_work_is_taken) {
  HeldPool held({.waiting_max = 1, .waiting_per_service_max = 1, .waiting_per_tenant_max = 1});
  BOOST_TEST(held.submit(turn(1, 1), "a"));
  BOOST_TEST(!held.submit(turn(1, 1), "b"));
  held.release();
  BOOST_TEST(held.submit(turn(1, 1), "c"));
}

BOOST_AUTO_TEST_CASE(C10_hashing_runs_at_low_priority) {
  const int mine = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  std::promise<int> niceness;
  auto found = niceness.get_future();
  int policy = -1;
  HashPool pool({.threads = 1});
  BOOST_REQUIRE(pool.submit(turn(1, 1), [&, niceness = std::move(niceness)]() mutable {
    policy = ::sched_getscheduler(0);
    niceness.set_value(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())));
  }));
  BOOST_TEST(wait_for(found) == std::min(mine + 10, 19));
  BOOST_TEST(policy == SCHED_BATCH);
  BOOST_TEST(::sched_getscheduler(0) == SCHED_OTHER);
  BOOST_TEST(pool.low_priority());
  BOOST_TEST(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())) == mine);
}

BOOST_AUTO_TEST_CASE(C10_every_thread_that_hashes_keeps_a_share_beside_busy_neighbours) {
  std::latch both_run(2);
  std::array<std::promise<int>, 2> policies;
  HashPool pool({.threads = 2});
  for (auto& policy : policies)
    BOOST_REQUIRE(pool.submit(turn(1, 1), [&] {
      both_run.arrive_and_wait();
      policy.set_value(::sched_getscheduler(0));
    }));
  std::set<int> found;
  for (auto& policy : policies) {
    auto told = policy.get_future();
    found.insert(wait_for(told));
  }
  // An idle thread would keep what it has taken for as long as others are busy.
  BOOST_TEST((found == std::set<int>{SCHED_BATCH}));
}

BOOST_AUTO_TEST_CASE(destruction_drops_what_waits_and_lets_what_runs_finish) {
  std::promise<void> running;
  auto runs = running.get_future();
  std::promise<void> all_dropped;
  bool dropped_in_time = false;
  bool ran = false;
  auto pool = std::make_unique<HashPool>(HashPool::Limits{.threads = 1});
  BOOST_REQUIRE(pool->submit(
      turn(1, 1), [&, running = std::move(running), dropped = all_dropped.get_future()]() mutable {
        running.set_value();
        dropped_in_time = dropped.wait_for(generous) == std::future_status::ready;
      }));
  wait_for(runs);
  std::shared_ptr<void> last(nullptr, [&](void*) { all_dropped.set_value(); });
  for (std::uint64_t i = 0; i < 10; ++i)
    BOOST_REQUIRE(pool->submit(turn(i, i), [&ran, last] { ran = true; }));
  last.reset();
  pool.reset();
  BOOST_TEST(dropped_in_time);
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(work_from_many_threads_runs_once_each) {
  constexpr int submitters = 4;
  constexpr int each = 2'000;
  std::vector<std::atomic<int>> runs(submitters * each);
  std::latch all_ran(submitters * each);
  HashPool pool({.threads = 3});
  std::vector<std::jthread> threads;
  for (int submitter = 0; submitter < submitters; ++submitter)
    threads.emplace_back([&, submitter] {
      for (int i = 0; i < each; ++i) {
        const auto place = static_cast<std::size_t>(submitter * each + i);
        const auto tenant = static_cast<std::uint64_t>(i % 7);
        const Turn its = turn(static_cast<std::uint64_t>(submitter), tenant);
        if (!pool.submit(its, [&runs, &all_ran, place] {
              ++runs[place];
              all_ran.count_down();
            }))
          all_ran.count_down();
      }
    });
  all_ran.wait();
  BOOST_TEST(std::ranges::all_of(runs, [](const auto& count) { return count == 1; }));
  BOOST_TEST(pool.waiting() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
