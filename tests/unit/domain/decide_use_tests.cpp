#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::UseT use(std::int64_t time_ns, std::uint32_t day, std::uint64_t allowed) {
  schema::UseT made;
  made.first_ns = made.last_ns = time_ns;
  auto& part = made.days.emplace_back(std::make_unique<schema::UseOfDayT>());
  part->day = day;
  part->allowed = allowed;
  part->denied = 1;
  return made;
}

void add_grant(schema::UseT& use, std::uint64_t seq, std::uint64_t count) {
  auto& part = use.grants.emplace_back(std::make_unique<schema::UseOfGrantT>());
  part->grant = std::make_unique<schema::GrantReferenceT>();
  part->grant->seq = seq;
  part->last_ns = use.last_ns;
  part->count = count;
}

schema::CommandT used(std::string username, const schema::UseT& use) {
  schema::RecordUseT body;
  body.use = std::make_unique<schema::UseT>(use);
  return to(std::move(username), std::move(body));
}

Expected used_event(std::string username, const schema::UseT& use) {
  schema::UserUsedT body;
  body.use = std::make_unique<schema::UseT>(use);
  return about(std::move(username), std::move(body));
}

const domain::UseSum& sum_of(const Scenario& story, const std::string& username) {
  const auto& sum = domain::extras_of(story.user(username)).use;
  BOOST_REQUIRE(sum != nullptr);
  return *sum;
}

Scenario story_of_bob() {
  auto story = given(tenant("acme"), user("bob"), user("eve"));
  story.by(Role::daemon);
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_use_tests)

BOOST_AUTO_TEST_CASE(D1_many_users_of_a_tenant_are_recorded_together) {
  auto story = story_of_bob();
  story.when(used("bob", use(50, 7, 3)), used("eve", use(60, 7, 4)))
      .then(used_event("bob", use(50, 7, 3)), used_event("eve", use(60, 7, 4)));
  BOOST_TEST(sum_of(story, "bob").last_ns == 50);
  BOOST_TEST(sum_of(story, "eve").days.at(0).allowed == 4u);
  BOOST_TEST(sum_of(story, "bob").recorded_ns == story.state().time_ns());
}

BOOST_AUTO_TEST_CASE(D1_records_of_use_add_up) {
  auto story = story_of_bob();
  schema::UseT first = use(50, 7, 3);
  first.networks = {"10.1.2.0/24"};
  first.clients = {"shop"};
  first.password_last_ns = 50;
  add_grant(first, 4, 2);
  schema::UseT second = use(90, 8, 1);
  second.days.push_back(std::make_unique<schema::UseOfDayT>(*use(90, 7, 10).days[0]));
  second.networks = {"10.1.2.0/24", "2001:db8::/48"};
  second.networks_left_out = 5;
  add_grant(second, 4, 1);
  add_grant(second, 2, 7);
  story.when(used("bob", first)).when(used("bob", second));
  const domain::UseSum& sum = sum_of(story, "bob");
  BOOST_TEST(sum.first_ns == 50);
  BOOST_TEST(sum.last_ns == 90);
  BOOST_TEST(sum.password_last_ns == 50);
  BOOST_REQUIRE(sum.days.size() == 2u);
  BOOST_TEST(sum.days[0].day == 7u);
  BOOST_TEST(sum.days[0].allowed == 13u);
  BOOST_TEST(sum.days[0].denied == 2u);
  BOOST_TEST(sum.days[1].day == 8u);
  BOOST_TEST((sum.networks == std::vector<std::string>{"10.1.2.0/24", "2001:db8::/48"}));
  BOOST_TEST(sum.networks_left_out == 5u);
  BOOST_REQUIRE(sum.grants.size() == 2u);
  BOOST_TEST(sum.grants[0].seq == 2u);
  BOOST_TEST(sum.grants[1].count == 3u);
  BOOST_TEST(sum.grants[1].last_ns == 90);
}

BOOST_AUTO_TEST_CASE(D1_a_record_of_use_does_not_raise_the_version) {
  auto story = story_of_bob();
  const auto before = story.user("bob").version;
  story.when(used("bob", use(50, 7, 3)));
  BOOST_TEST(story.user("bob").version == before);
  BOOST_TEST(story.user("bob").password_seq == 0u);
}

BOOST_AUTO_TEST_CASE(D1_the_newest_400_days_and_32_networks_are_kept) {
  auto story = story_of_bob();
  for (std::uint32_t day = 1; day <= 402; ++day) {
    schema::UseT today = use(day, day, day);
    today.networks = {"10.0." + std::to_string(day) + ".0/24"};
    story.when(used("bob", today));
  }
  const domain::UseSum& sum = sum_of(story, "bob");
  BOOST_REQUIRE(sum.days.size() == 400u);
  BOOST_TEST(sum.days.front().day == 3u);
  BOOST_TEST(sum.days.back().allowed == 402u);
  BOOST_TEST(sum.networks.size() == 32u);
  BOOST_TEST(sum.networks_left_out == 370u);
}

BOOST_AUTO_TEST_CASE(D1_what_is_beyond_its_bounds_is_refused) {
  auto story = story_of_bob();
  schema::UseT wide = use(50, 7, 3);
  wide.networks.assign(33, "10.1.2.0/24");
  story.when(used("bob", wide)).refused(Code::too_large).naming("networks");
  story.when(to("bob", schema::RecordUseT())).refused(Code::field_missing).naming("use");
  story.when(used("nobody", use(50, 7, 3))).refused(Code::user_unknown);
}

BOOST_AUTO_TEST_CASE(D1_the_use_of_a_deleted_user_is_recorded_too) {
  auto story = story_of_bob();
  story.given(to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT()));
  schema::CommandT about_bob = used("", use(50, 7, 3));
  about_bob.user_id = std::make_unique<Uuid>(story.user("bob").id);
  story.by(Role::daemon).when(about_bob);
  BOOST_TEST(sum_of(story, "bob").last_ns == 50);
}

BOOST_AUTO_TEST_SUITE_END()
