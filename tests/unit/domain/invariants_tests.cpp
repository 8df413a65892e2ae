// A state that no rule could leave is found out, with a sentence for each thing that is wrong.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/access.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::check_indexes;
using domain::check_invariants;
using domain::Owned;
using domain::User;

namespace {

/// A whole state, to be broken.
struct Whole {
  Whole() {
    auto story = given(tenant("acme"), user("bob", "Corr3ct-horse"), allow("bob", "read", "table"),
                       allow("bob", "write", "table"));
    story.world().replay_into(state);
    BOOST_REQUIRE(joined(check_invariants(state)) == "");
    bob = *state.tables().find_user(state.tables().find_tenant("acme")->id, "bob");
  }

  void put() { state.replace(Owned<User>(domain::make_counted<const User>(bob)), changes); }

  domain::State state;
  domain::Changes changes;
  User bob;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(invariants_tests, Whole)

BOOST_AUTO_TEST_CASE(what_refers_to_nothing_is_found) {
  bob.tenant = {1, 99};
  put();
  BOOST_TEST(joined(check_invariants(state)) == "its tenant is not there: user bob; ");
}

BOOST_AUTO_TEST_CASE(a_seq_beyond_the_states_is_found) {
  bob.last_seq = state.seq() + 1;
  put();
  BOOST_TEST(joined(check_invariants(state)) == "a seq lies beyond the state's: user bob; ");
}

BOOST_AUTO_TEST_CASE(a_role_that_is_held_and_not_there_is_found) {
  auto extras = domain::extras_of(bob);
  extras.roles.push_back({{7, 7}, 1});
  bob.extras = domain::make_counted<const domain::UserExtras>(std::move(extras));
  put();
  BOOST_TEST(joined(check_invariants(state)) == "it holds a role that is not there: user bob; ");
}

BOOST_AUTO_TEST_CASE(a_password_that_nothing_set_is_found) {
  bob.password_seq = 0;
  put();
  BOOST_TEST(joined(check_invariants(state)) ==
             "it has a password that nothing set, or none that was set: user bob; ");
}

BOOST_AUTO_TEST_CASE(U11_what_is_left_of_an_erased_user_is_found) {
  auto extras = domain::extras_of(bob);
  extras.erased_seq = 1;
  bob.extras = domain::make_counted<const domain::UserExtras>(std::move(extras));
  put();
  BOOST_TEST(joined(check_invariants(state)) ==
             "it is erased, and something sealed is left: user bob; ");
}

BOOST_AUTO_TEST_CASE(grants_out_of_order_are_found) {
  const auto sorted = bob.grants->sorted();
  std::vector<domain::Grant> reversed(sorted.begin(), sorted.end());
  std::ranges::reverse(reversed);
  bob.grants = domain::Grants::of(reversed, state.rights());
  put();
  BOOST_TEST(joined(check_indexes(state)) == "grants are out of order: user bob; ");
}

BOOST_AUTO_TEST_CASE(a_text_of_another_state_is_found) {
  const std::string other = "table";
  const auto sorted = bob.grants->sorted();
  std::vector<domain::Grant> foreign(sorted.begin(), sorted.end());
  foreign.front().resource = &other;
  bob.grants = domain::Grants::of(foreign, state.rights());
  put();
  BOOST_TEST(joined(check_indexes(state)) == "a grant's text is not the state's: user bob; ");
}

BOOST_AUTO_TEST_CASE(two_of_one_name_are_found) {
  domain::Tenant other = *state.tables().find_tenant("acme");
  other.id = {1, 2};
  state.replace(Owned<domain::Tenant>(domain::make_counted<const domain::Tenant>(other)), changes);
  const std::string found = joined(check_indexes(state));
  BOOST_TEST(found ==
             "it is not found by its alias: tenant acme; an alias is of no tenant: the state; ");
}

BOOST_AUTO_TEST_SUITE_END()
