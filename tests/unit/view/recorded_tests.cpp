// H3, H4: recorded calls asked again, of other states.
#include "daemon/view/recorded.h"
#include "daemon/view/supposition.h"
#include "tests/unit/view/moments.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CallViewT call_of(const domain::User& user, std::string action, std::string resource,
                          Code reason = Code::ok) {
  schema::CallViewT call;
  call.user = std::make_unique<Uuid>(user.id);
  call.time_ns = 1'000;
  call.seq = 3;
  call.reason = reason;
  call.allowed = reason == Code::ok;
  call.question = question(std::move(action), std::move(resource));
  return call;
}

struct Recorded : AskedView {
  Recorded()
      : AskedView(given(tenant("acme"), user("bob"), allow("bob", "read", "table/a"),
                        key("bob", "batch"), add_operator("helper", Role::manager, 9, {"acme"}))) {
    story.given(tenant("zenith"));
    refresh();
  }

  /// As the view has it now, in a state of its own.
  domain::State copy() {
    return view::state_of(view, story.tenant(), story.state().seq(), story.state().time_ns());
  }
  std::expected<domain::Changes, std::vector<schema::ProblemT>> suppose(
      domain::State& state, std::vector<schema::CommandT> commands, std::string_view by = "root") {
    auto message = story.message(std::move(commands));
    message.id = std::make_unique<Uuid>(domain::uuid_v7(5, {1, 1}));
    bytes = message_bytes(message);
    return view::suppose(state, {*flatbuffers::GetRoot<schema::CommandMessage>(bytes.data()),
                                 asker(by),
                                 story.world().now_ns(),
                                 {state.seq() + 1}});
  }
  template <class Tables>
  view::Answerer answerer(const Tables& tables) {
    return {tables.find_tenant(story.tenant().id), tables.find_user(story.user("bob").id),
            &tables.providers()};
  }
  /// What flips, asked of the story and of another state.
  schema::FlipPageT asked(const std::vector<schema::CallViewT>& calls, const domain::State& other,
                          view::JudgedAt how = view::JudgedAt::now) {
    view::Flips flips(how, story.world().now_ns());
    for (const auto& call : calls)
      flips.add(call, answerer(view.tables()), answerer(other.tables()));
    schema::FlipPageT page;
    flips.fill(page, 100);
    return page;
  }

  Bytes bytes;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recorded_tests, Recorded)

BOOST_AUTO_TEST_CASE(H4_calls_that_a_command_would_deny_are_told_by_user_and_question) {
  auto state = copy();
  BOOST_REQUIRE(suppose(state, {deny("bob", "read", "table/a/x")}));
  const auto& bob = story.user("bob");
  auto later = call_of(bob, "read", "table/a/x");
  later.time_ns = 9'000;
  later.seq = 7;
  const auto page = asked({call_of(bob, "read", "table/a/x"), call_of(bob, "read", "table/a/y"),
                           later, call_of(bob, "write", "table/a", Code::no_matching_grant)},
                          state);
  BOOST_TEST(page.asked == 4);
  BOOST_TEST(page.denied == 2);
  BOOST_TEST(page.allowed == 0);
  BOOST_REQUIRE_EQUAL(page.flips.size(), 1);
  const schema::FlipT& flip = *page.flips[0];
  BOOST_TEST((*flip.user == bob.id));
  BOOST_TEST(flip.question->resource == "table/a/x");
  BOOST_TEST(flip.before == Code::ok);
  BOOST_TEST(flip.after == Code::denied_by_grant);
  BOOST_TEST(flip.count == 2);
  BOOST_TEST(flip.first_ns == 1'000);
  BOOST_TEST(flip.last_ns == 9'000);
  BOOST_TEST(flip.first_seq == 3);
  BOOST_TEST(flip.last_seq == 7);
}

BOOST_AUTO_TEST_CASE(H4_what_a_command_would_newly_allow_is_told) {
  auto state = copy();
  BOOST_REQUIRE(suppose(state, {allow("bob", "write", "table/a")}));
  const auto page =
      asked({call_of(story.user("bob"), "write", "table/a", Code::no_matching_grant)}, state);
  BOOST_TEST(page.allowed == 1);
  BOOST_TEST(page.flips.at(0)->after == Code::ok);
}

BOOST_AUTO_TEST_CASE(H4_nothing_is_done) {
  const auto before = canonical(story.state());
  auto state = copy();
  BOOST_REQUIRE(suppose(state, {to("bob", schema::DisableUserT()), user("carol", "Str0ng-Key-7")}));
  BOOST_TEST((canonical(story.state()) == before));
  BOOST_TEST((state.tables().find_user(story.tenant().id, "carol") != nullptr));
  BOOST_TEST((story.state().tables().find_user(story.tenant().id, "carol") == nullptr));
  BOOST_TEST(asked({call_of(story.user("bob"), "read", "table/a")}, state).flips.at(0)->after ==
             Code::user_not_active);
}

BOOST_AUTO_TEST_CASE(H4_a_refused_command_leaves_the_state_as_it_was) {
  auto state = copy();
  const auto before = canonical(state);
  const auto refused =
      suppose(state, {to("bob", schema::DisableUserT()), allow("ann", "read", "x")});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().front().code == Code::user_unknown);
  BOOST_TEST(refused.error().front().index == 1);
  BOOST_TEST((canonical(state) == before));
}

BOOST_AUTO_TEST_CASE(O2_nobody_can_suppose_what_they_may_not_do) {
  auto state = copy();
  BOOST_TEST(!suppose(state, {to("bob", schema::EraseUserT())}, "helper"));
  story.in("zenith");
  BOOST_TEST(!suppose(state, {allow("bob", "read", "table/b")}, "helper"));
  // Nor does the state hold anything of another tenant.
  BOOST_TEST((state.tables().find_tenant("zenith") == nullptr));
}

BOOST_AUTO_TEST_CASE(H3_a_call_by_a_key_that_would_be_gone_flips) {
  auto call = call_of(story.user("bob"), "read", "table/a");
  call.credential = schema::CredentialKind::key;
  call.key =
      std::make_unique<Uuid>(domain::find_key(story.user("bob"), std::string_view("batch"))->id);
  auto state = copy();
  schema::RevokeKeyT body;
  body.name = "batch";
  BOOST_REQUIRE(suppose(state, {to("bob", std::move(body))}));
  BOOST_TEST(asked({call}, state).flips.at(0)->after == Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(H3_a_password_that_would_be_another_flips) {
  auto call = call_of(story.user("bob"), "read", "table/a");
  call.credential = schema::CredentialKind::password;
  auto state = copy();
  BOOST_REQUIRE(suppose(state, {reset("bob", "Str0ng-Key-7711")}));
  BOOST_TEST(asked({call}, state).flips.at(0)->after == Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(H3_what_nobody_can_tell_is_not_asked) {
  auto state = copy();
  BOOST_REQUIRE(suppose(state, {to("bob", schema::EndSessionsT())}));
  const auto& bob = story.user("bob");
  auto by_token = call_of(bob, "read", "table/a");
  by_token.credential = schema::CredentialKind::token;
  const auto wrong = call_of(bob, "read", "table/a", Code::invalid_credentials);
  BOOST_TEST(asked({by_token, wrong}, state).not_asked == 2);
  // What was recorded is not what the state of then says.
  const auto page = asked({call_of(bob, "read", "table/a", Code::network_not_allowed)}, state,
                          view::JudgedAt::then);
  BOOST_TEST(page.asked == 0);
  BOOST_TEST(page.not_asked == 1);
}

BOOST_AUTO_TEST_CASE(D2_coverage_is_by_user_and_day_of_what_the_journal_counts) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  const auto& bob = story.user("bob");
  schema::UserUsedT used;
  used.use = std::make_unique<schema::UseT>();
  for (const std::uint32_t day : {9U, 10U, 11U}) {
    auto& of_day = used.use->days.emplace_back(std::make_unique<schema::UseOfDayT>());
    of_day->day = day;
    of_day->allowed = 3;
    of_day->denied = 1;
  }
  schema::EventT event;
  event.user = std::make_unique<Uuid>(bob.id);
  event.previous_user_seq = bob.last_seq;
  event.body.Set(std::move(used));
  story.given_facts({event});
  view::Coverage coverage;
  for (const std::int64_t day : {9, 10, 10, 12}) {
    auto call = call_of(bob, "read", "table/a");
    call.time_ns = day * day_ns + 5;
    coverage.add(call);
  }
  schema::FlipPageT page;
  coverage.count(story.user("bob"), 10 * day_ns + 77, page);
  BOOST_TEST(page.counted == 8);
  BOOST_TEST(page.covered == 2);
}

BOOST_AUTO_TEST_SUITE_END()
