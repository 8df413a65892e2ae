// Where the records lie that a moment of the past is made from.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/domain/past_index.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

/// What all records of a story add up to.
domain::PastIndex index_of(Scenario& story) {
  domain::State state;
  domain::RecordGate gate;
  domain::PastIndex index;
  for (const Bytes& bytes : story.world().records()) {
    domain::Changes changes;
    const auto record = domain::fold(state, gate, std::as_bytes(std::span(bytes)), changes);
    BOOST_REQUIRE(record);
    domain::PastNotes notes;
    domain::note(**record, changes, notes);
    index.take(std::move(notes));
  }
  return index;
}

std::vector<domain::Seq> list(std::span<const domain::Seq> seqs) {
  return {seqs.begin(), seqs.end()};
}

schema::CommandT give_name(std::string username, std::string other) {
  schema::RenameUserT body;
  body.username = std::move(other);
  return to(std::move(username), std::move(body));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(past_index_tests)

BOOST_AUTO_TEST_CASE(H1_structural_records_are_found_by_tenant_and_users_records_are_not) {
  Scenario story = given(tenant("acme"), user("bob"));
  const auto created = story.tenant().created_seq;
  story.given(allow("bob", "read", "table/a"));
  story.given(command(schema::DisableTenantT()));
  const auto disabled = story.state().seq();
  const domain::PastIndex index = index_of(story);
  BOOST_TEST(
      list(index.structural(story.tenant().id)) == (std::vector<domain::Seq>{created, disabled}),
      boost::test_tools::per_element());
  BOOST_TEST(list(index.installation()) == (std::vector<domain::Seq>{1}),
             boost::test_tools::per_element());
  BOOST_TEST(index.seq() == story.state().seq());
}

BOOST_AUTO_TEST_CASE(U1_former_owners_of_a_name_are_found_without_regard_to_case) {
  Scenario story = given(tenant("acme"), user("bob"));
  const auto first = story.user("bob").id;
  story.given(give_name("bob", "bert"));
  const auto renamed = story.state().seq();
  story.given(user("Bob"));
  const auto second = story.user("Bob").id;
  story.given(to("Bob", schema::TrashUserT()));
  story.given(to("Bob", schema::DeleteUserT()));
  const auto index = index_of(story);
  const auto owners = index.former_owners(story.tenant().id, "BOB");
  BOOST_REQUIRE(owners.size() == 2u);
  BOOST_TEST((owners[0].user == first));
  BOOST_TEST(owners[0].until_seq == renamed);
  BOOST_TEST((owners[1].user == second));
  BOOST_TEST(index.former_owners(story.tenant().id, "bert").empty());
}

BOOST_AUTO_TEST_CASE(Q9_a_time_is_near_the_last_kept_record_before_it) {
  domain::PastIndex index;
  domain::PastNotes notes;
  notes.times = {{4'096, 100}, {8'192, 100}, {12'288, 200}};
  index.take(notes);
  BOOST_TEST(index.near(99) == 0u);
  BOOST_TEST(index.near(100) == 8'192u);
  BOOST_TEST(index.near(199) == 8'192u);
  BOOST_TEST(index.near(1'000) == 12'288u);
}

BOOST_AUTO_TEST_CASE(N3_the_newest_ranges_before_a_record_are_found) {
  domain::PastIndex index;
  domain::PastNotes notes;
  notes.ranges = {
      {schema::Provider::AWS, 5}, {schema::Provider::GOOGLE, 6}, {schema::Provider::AWS, 9}};
  index.take(notes);
  BOOST_TEST(index.ranges(schema::Provider::AWS, 4) == 0u);
  BOOST_TEST(index.ranges(schema::Provider::AWS, 8) == 5u);
  BOOST_TEST(index.ranges(schema::Provider::AWS, 9) == 9u);
  BOOST_TEST(index.ranges(schema::Provider::AZURE, 9) == 0u);
}

BOOST_AUTO_TEST_CASE(Q9_what_an_index_tells_of_itself_makes_the_same_again) {
  Scenario story = given(tenant("acme"), user("bob"), user("carl"), give_name("bob", "bert"),
                         give_name("carl", "bob"), give_name("bob", "carl"));
  const auto index = index_of(story);
  domain::PastIndex again;
  again.take(index.notes());
  const auto id = story.tenant().id;
  BOOST_TEST(again.seq() == index.seq());
  BOOST_TEST(list(again.structural(id)) == list(index.structural(id)),
             boost::test_tools::per_element());
  BOOST_TEST(list(again.installation()) == list(index.installation()),
             boost::test_tools::per_element());
  BOOST_REQUIRE(again.former_owners(id, "bob").size() == 2u);
  for (std::size_t place = 0; place < 2; ++place)
    BOOST_TEST(again.former_owners(id, "bob")[place].until_seq ==
               index.former_owners(id, "bob")[place].until_seq);
}

BOOST_AUTO_TEST_SUITE_END()
