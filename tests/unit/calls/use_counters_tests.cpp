#include <boost/test/unit_test.hpp>

#include "daemon/calls/use_counters.h"
#include "tests/unit/calls/notes.h"

using namespace postern;
using namespace postern::support;
using calls::UseCounters;
using calls::UseSummaries;

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t day_ns = 24 * hour_ns;

struct Fixture {
  bool add(const Noted& noted) {
    note(line, noted);
    const bool added = counters.add(*line.front());
    line.pop();
    return added;
  }
  schema::UseT use_of(std::uint64_t user) {
    counters.collect_all();
    for (UseSummaries taken = counters.take_collected(); !taken.parts.empty();
         taken = counters.take_collected())
      for (const auto& part : taken.parts)
        if (part.user.low() == user) return part.use->as_schema();
    BOOST_FAIL("nothing of the user");
    return {};
  }

  platform::Waker waker;
  calls::CallLine line{waker, 1'024};
  UseCounters counters;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(use_counters_tests, Fixture)

BOOST_AUTO_TEST_CASE(D1_days_networks_labels_and_grants_are_counted) {
  const std::int64_t start_ns = Noted().time_ns;
  add({});
  add({.address = "10.1.2.99", .outcomes = {Noted::allowed_by(4), Noted::denied()}});
  add({.time_ns = start_ns + day_ns, .address = "2001:db8:1:2::5", .client = "till"});
  add({.address = "::ffff:10.1.9.1"});
  add({.address = "not an address"});
  const schema::UseT use = use_of(1);
  BOOST_TEST(use.first_ns == start_ns);
  BOOST_TEST(use.last_ns == start_ns + day_ns);
  BOOST_REQUIRE(use.days.size() == 2u);
  BOOST_TEST(use.days[0]->day == static_cast<std::uint32_t>(start_ns / day_ns));
  BOOST_TEST(use.days[0]->allowed == 4u);
  BOOST_TEST(use.days[0]->denied == 1u);
  BOOST_TEST(use.days[1]->allowed == 1u);
  const std::vector<std::string> networks = {"10.1.2.0/24", "2001:db8:1::/48", "10.1.9.0/24"};
  BOOST_TEST(use.networks == networks, boost::test_tools::per_element());
  BOOST_TEST(use.clients.size() == 2u);
  BOOST_REQUIRE(use.grants.size() == 1u);
  BOOST_TEST(use.grants[0]->grant->seq == 4u);
  BOOST_TEST(use.grants[0]->count == 5u);
}

BOOST_AUTO_TEST_CASE(D1_of_many_names_32_are_told_and_the_others_counted_once) {
  for (int round = 0; round < 2; ++round)
    for (int number = 0; number < 40; ++number) {
      const std::string address = "10.0." + std::to_string(number) + ".1";
      const std::string client = "c" + std::to_string(number);
      add({.address = address, .client = client});
    }
  add({.client = "bad\xff"});
  const schema::UseT use = use_of(1);
  BOOST_TEST(use.networks.size() == 32u);
  BOOST_TEST(use.networks_left_out == 9u);
  BOOST_TEST(use.clients.size() == 32u);
  BOOST_TEST(use.clients_left_out == 8u);
}

BOOST_AUTO_TEST_CASE(D1_passwords_and_keys_have_their_last_use) {
  const std::int64_t start_ns = Noted().time_ns;
  add({.credential = schema::CredentialKind::password});
  add({.time_ns = start_ns + 5, .credential = schema::CredentialKind::key, .key = 3});
  add({.time_ns = start_ns + 6, .credential = schema::CredentialKind::key, .key = 3});
  const schema::UseT use = use_of(1);
  BOOST_TEST(use.password_last_ns == start_ns);
  BOOST_REQUIRE(use.keys.size() == 1u);
  BOOST_TEST(use.keys[0]->last_ns == start_ns + 6);
  BOOST_TEST(use.keys[0]->count == 2u);
}

BOOST_AUTO_TEST_CASE(D1_a_user_is_due_once_a_day_at_its_own_time) {
  const std::int64_t start_ns = Noted().time_ns;
  const std::int64_t due_ns = calls::due_after(start_ns, domain::Uuid(0, 9), domain::Uuid(0, 1));
  BOOST_TEST(due_ns > start_ns);
  BOOST_TEST(due_ns <= start_ns + day_ns);
  BOOST_TEST(calls::due_after(due_ns, domain::Uuid(0, 9), domain::Uuid(0, 1)) == due_ns + day_ns);
  add({});
  counters.collect_due(due_ns - 1);
  BOOST_TEST(counters.take_collected().parts.empty());
  counters.collect_due(due_ns);
  BOOST_TEST(counters.take_collected().parts.size() == 1u);
  BOOST_TEST(counters.users() == 0u);
}

BOOST_AUTO_TEST_CASE(D1_users_of_a_tenant_go_together_within_bounds) {
  for (std::uint64_t user = 1; user <= 600; ++user) add({.user = user, .tenant = user % 2});
  counters.collect_all();
  std::size_t users = 0;
  std::size_t summaries = 0;
  for (UseSummaries taken = counters.take_collected(); !taken.parts.empty();
       taken = counters.take_collected()) {
    BOOST_TEST(taken.parts.size() <= UseCounters::parts_max);
    for (const auto& part : taken.parts) BOOST_REQUIRE(part.user.low() % 2 == taken.tenant.low());
    users += taken.parts.size();
    ++summaries;
  }
  BOOST_TEST(users == 600u);
  BOOST_TEST(summaries == 4u);
}

BOOST_AUTO_TEST_CASE(D1_what_was_not_recorded_counts_on) {
  add({});
  counters.collect_all();
  UseSummaries taken = counters.take_collected();
  add({.outcomes = {Noted::denied()}});
  const std::int64_t later_ns = Noted().time_ns + day_ns;
  taken.parts[0].not_before_ns = later_ns;
  counters.take_back(std::move(taken));
  counters.collect_due(later_ns - 1);
  BOOST_TEST(counters.take_collected().parts.empty());
  const schema::UseT use = use_of(1);
  BOOST_TEST(use.days.at(0)->allowed == 1u);
  BOOST_TEST(use.days.at(0)->denied == 1u);
}

BOOST_AUTO_TEST_CASE(D1_more_users_than_may_be_are_not_counted) {
  counters = UseCounters(2);
  BOOST_TEST(add({.user = 1}));
  BOOST_TEST(add({.user = 2}));
  BOOST_TEST(!add({.user = 3}));
  BOOST_TEST(add({.user = 2}));
}

BOOST_AUTO_TEST_SUITE_END()
