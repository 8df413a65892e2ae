// Who may do this, and why not (Q4, Q5).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

using Names = std::vector<std::string>;

struct Readers : AskedView {
  Readers()
      : AskedView(given(tenant("acme"), user("alice"), user("bob"), user("carol"),
                        allow("alice", "read", "table/a"), allow("bob", "read", "table"),
                        allow("carol", "read", "table/a"), deny("carol", "read", "table/a"))) {
    story.given(to("bob", schema::LockUserT()));
    refresh();
    wanted.tenant = "acme";
    wanted.question = question("read", "table/a");
  }

  Names names() {
    Names found;
    for (const auto& holder : page(wanted).holders) found.push_back(holder->username);
    return found;
  }

  schema::WhoCanT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(who_can_tests, Readers)

BOOST_AUTO_TEST_CASE(Q4_those_that_may_are_named_with_their_grant) {
  const auto made = page(wanted);
  BOOST_TEST(names() == (Names{"alice", "bob"}));
  BOOST_TEST(made.holders[0]->grant->resource == "table/a");
  BOOST_TEST(made.holders[0]->state == Code::ok);
  BOOST_TEST(made.holders[1]->grant->resource == "table");
  BOOST_TEST(made.holders[1]->state == Code::user_locked);
  wanted.usable_only = true;
  BOOST_TEST(names() == (Names{"alice"}));
}

BOOST_AUTO_TEST_CASE(Q4_a_list_of_holders_goes_on_from_its_next) {
  wanted.count_max = 1;
  const auto first = page(wanted);
  BOOST_TEST(first.more);
  wanted.after = first.next;
  BOOST_TEST(names() == (Names{"bob"}));
}

BOOST_AUTO_TEST_CASE(Q4_a_question_that_means_nothing_is_refused) {
  wanted.question = nullptr;
  BOOST_TEST(refusal(wanted) == Code::field_missing);
  wanted.question = question("read", "Table/A");
  BOOST_TEST(refusal(wanted) == Code::resource_malformed);
  for (const char* action : {"*", "walk"}) {
    wanted.question = question(action, "table/a");
    BOOST_TEST(refusal(wanted) == Code::unknown_resource);
  }
  wanted.question = question("read", "table/a");
  wanted.call = std::make_unique<schema::CallT>();
  wanted.call->address = "nowhere";
  BOOST_TEST(refusal(wanted) == Code::field_malformed);
}

BOOST_AUTO_TEST_SUITE_END()
