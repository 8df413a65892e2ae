// Who a question is about, and what it comes to for that one.
#include "daemon/view/bearer.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

const domain::Question read_orders{"read", "table/orders"};
const domain::Question write_orders{"write", "table/orders"};

struct Shop : AskedView {
  Shop()
      : AskedView(given(tenant("acme"), user("bob"), tenant("globex"),
                        add_operator("globex-asker", Role::service, 7, {"globex"}),
                        add_operator("asker", Role::service, 8), allow("bob", "*", "table/orders"),
                        key("bob", "narrow", {{"read", "table/orders"}}))) {}

  view::Bearer bearer_of(const view::Session& session, const view::NamedBeside& named = {},
                         std::string_view name = "asker") {
    return view::bearer_of_session(view.tables(), asker(name), named, session,
                                   story.world().facts());
  }
  const domain::ApiKey& narrow() const {
    return *domain::find_key(story.user("bob"), std::string_view("narrow"));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bearer_tests, Shop)

BOOST_AUTO_TEST_CASE(S1_a_session_speaks_for_its_user) {
  const view::Bearer bearer = bearer_of(session_of("bob"), {"acme", "BOB"});
  BOOST_TEST(bearer.stop == Code::ok);
  BOOST_TEST(bearer.user->username == "bob");
  BOOST_TEST(bearer.tenant->alias == "acme");
  BOOST_TEST(bearer.key == nullptr);
  BOOST_TEST(view::check(bearer, write_orders, story.world().facts()).allowed());
}

BOOST_AUTO_TEST_CASE(S1_a_session_of_somebody_else_is_none) {
  const auto session = session_of("bob");
  for (const view::NamedBeside& named :
       {view::NamedBeside{"globex", {}}, view::NamedBeside{"acme", "alice"}}) {
    const view::Bearer bearer = bearer_of(session, named);
    BOOST_TEST(bearer.stop == Code::invalid_credentials);
    BOOST_TEST(bearer.user == nullptr);
  }
  // O2: as if its tenant did not exist.
  BOOST_TEST(bearer_of(session, {}, "globex-asker").stop == Code::invalid_credentials);
  view::Session mixed = session;
  mixed.tenant = story.tenant("globex").id;
  BOOST_TEST(bearer_of(mixed).stop == Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(S2_a_session_is_judged_after_what_stops_its_user) {
  view::Session session = session_of("bob");
  session.user_epoch += 1;
  BOOST_TEST(bearer_of(session).stop == Code::session_expired);
  story.given(to("bob", schema::LockUserT()));
  refresh();
  BOOST_TEST(bearer_of(session).stop == Code::user_locked);
}

BOOST_AUTO_TEST_CASE(C8_a_narrowed_key_answers_within_its_part) {
  const view::Bearer bearer = bearer_of(session_of("bob", &narrow()));
  BOOST_REQUIRE(bearer.key != nullptr);
  const auto call = story.world().facts();
  BOOST_TEST(view::check(bearer, read_orders, call).allowed());
  BOOST_TEST(view::check(bearer, write_orders, call).reason == Code::no_matching_grant);
  // A key that is gone ends its sessions.
  const auto session = session_of("bob", &narrow());
  schema::RevokeKeyT revoke;
  revoke.name = "narrow";
  story.given(to("bob", std::move(revoke)));
  refresh();
  BOOST_TEST(bearer_of(session).stop == Code::session_expired);
}

BOOST_AUTO_TEST_CASE(C9_a_service_is_not_told_that_nobody_has_a_name) {
  const auto call = story.world().facts();
  const auto stop_for = [&](std::string_view name, const view::NamedBeside& named) {
    return view::bearer_of_name(view, asker(name), named, call).stop;
  };
  BOOST_TEST(stop_for("asker", {"acme", "bob"}) == Code::ok);
  BOOST_TEST(stop_for("asker", {"acme", "nobody"}) == Code::invalid_credentials);
  BOOST_TEST(stop_for("root", {"acme", "nobody"}) == Code::user_unknown);
  BOOST_TEST(stop_for("root", {"nowhere", "nobody"}) == Code::tenant_unknown);
  BOOST_TEST(stop_for("globex-asker", {"acme", "bob"}) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_CASE(A10_what_stops_the_bearer_answers_every_question) {
  const domain::Verdict verdict =
      view::check({nullptr, nullptr, Code::invalid_credentials}, read_orders, {});
  BOOST_TEST(verdict.reason == Code::invalid_credentials);
  BOOST_TEST((verdict.grant == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
