// Whichever question it is, by its kind.
#include "daemon/view/answers.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

template <class Body>
view::Answer<schema::HistoryPageBodyUnion> answer_to(AskedView& asked, Body body) {
  schema::HistoryRequestT request;
  request.body.Set(std::move(body));
  const auto bytes = packed<schema::HistoryRequest>(request);
  return view::answer(asked.inquiry(), *flatbuffers::GetRoot<schema::HistoryRequest>(bytes.data()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answers_tests)

BOOST_AUTO_TEST_CASE(Q6_a_request_gets_the_page_of_its_kind) {
  AskedView asked(given(tenant("acme"), user("bob")));
  const auto tenants = answer_to(asked, schema::ListTenantsT());
  BOOST_REQUIRE(tenants);
  BOOST_TEST((tenants->type == schema::HistoryPageBody::TenantPage));
  BOOST_TEST(tenants->AsTenantPage()->tenants.size() == 1U);
  const auto refused = answer_to(asked, schema::ListUsersT());
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::tenant_unknown));
}

BOOST_AUTO_TEST_CASE(Q7_what_is_made_of_more_than_a_view_is_not_answered_from_it) {
  AskedView asked(given(tenant("acme")));
  for (const auto& answer :
       {answer_to(asked, schema::GetRecordsT()), answer_to(asked, schema::GetDigestT())})
    BOOST_TEST((!answer && answer.error().code == Code::unknown_kind));
}

BOOST_AUTO_TEST_CASE(Q9_a_view_of_the_past_answers_as_it_did_then) {
  AskedView asked(given(tenant("acme"), user("bob"), allow("bob", "read", "table/a")));
  schema::ExplainT wanted;
  wanted.tenant = "acme";
  wanted.username = "bob";
  wanted.question = question("read", "table/a");
  const auto then = asked.page(wanted);
  const auto records = asked.story.world().records();
  asked.story.given(deny("bob", "read", "table/a"));
  asked.refresh();
  BOOST_TEST(!asked.page(wanted).allowed);
  domain::State past;
  domain::Changes changes;
  for (const Bytes& record : records)
    domain::apply_record(past, *flatbuffers::GetRoot<schema::Record>(record.data()), changes);
  asked.view = view::View();
  asked.view.load(past.tables());
  BOOST_TEST((asked.page(wanted) == then));
}

BOOST_AUTO_TEST_SUITE_END()
