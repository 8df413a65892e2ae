// Grants in both of the schema's forms, and page by page.
#include "daemon/domain/conditions.h"
#include "daemon/view/grants.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

Scenario story_of_grants() {
  Scenario story = given(tenant("acme"), user("bob"));
  for (const char* place : {"table/a", "table/*/x", "table/b/c", "script/run", "table/a/b"})
    story.given(allow("bob", "*", place), deny("bob", "*", place));
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grants_tests)

BOOST_AUTO_TEST_CASE(A1_packed_and_unpacked_a_grant_says_the_same) {
  AskedView asked(story_of_grants());
  const std::string role = "clerk";
  for (const domain::Grant& grant : asked.story.user("bob").grants->sorted())
    for (const std::string* holder : {static_cast<const std::string*>(nullptr), &role}) {
      flatbuffers::FlatBufferBuilder builder;
      builder.Finish(view::pack(builder, {grant, holder}));
      schema::GrantViewT packed;
      flatbuffers::GetRoot<schema::GrantView>(builder.GetBufferPointer())->UnPackTo(&packed);
      BOOST_TEST((packed == *view::as_schema({grant, holder})));
      BOOST_TEST(packed.resource == *grant.resource);
      BOOST_TEST((packed.effect == grant.effect()));
    }
}

BOOST_AUTO_TEST_CASE(A9_a_grant_is_told_with_its_conditions) {
  AskedView asked(given(tenant("acme"), user("bob"), allow("bob", "read", "table/a")));
  domain::Conditions conditions;
  conditions.secure_transport = true;
  const domain::Grant& grant = *asked.story.user("bob").grants->sorted().begin();
  const auto made = view::with_cause(asked.inquiry(), {grant, nullptr, &conditions});
  BOOST_REQUIRE(made->grant->conditions != nullptr);
  BOOST_TEST(made->grant->conditions->secure_transport);
  BOOST_TEST(made->added->seq == grant.seq);
}

BOOST_AUTO_TEST_CASE(Q4_pages_of_grants_come_to_all_of_them_once) {
  AskedView asked(story_of_grants());
  const domain::Grants& grants = *asked.story.user("bob").grants;
  for (std::uint32_t count_max = 1; count_max <= grants.size() + 1; ++count_max) {
    std::vector<domain::Seq> seqs;
    std::string after;
    for (bool more = true; more;) {
      const auto page = view::page_of(asked.inquiry(), grants, {after, count_max, 100'000});
      BOOST_REQUIRE(page);
      for (const auto& grant : page->grants) seqs.push_back(grant->grant->reference->seq);
      BOOST_REQUIRE(seqs.size() <= grants.size());
      more = page->more;
      BOOST_TEST(more == !page->next.empty());
      after = page->next;
    }
    std::vector<domain::Seq> all;
    for (const domain::Grant& grant : grants.sorted()) all.push_back(grant.seq);
    BOOST_TEST(seqs == all, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(Q4_a_page_of_grants_ends_where_its_bytes_do) {
  AskedView asked(story_of_grants());
  const auto page =
      view::page_of(asked.inquiry(), *asked.story.user("bob").grants, {{}, 0, /*bytes_max=*/1});
  BOOST_TEST(page->grants.size() == 1U);
  BOOST_TEST(page->more);
}

BOOST_AUTO_TEST_CASE(K6_what_is_no_next_is_refused) {
  AskedView asked(story_of_grants());
  for (const char* after : {"x", "0 table/a * 0 1", "0 table/a * 0 1 2 3", "0 table/a * 0 one 2"})
    BOOST_TEST(
        !view::page_of(asked.inquiry(), *asked.story.user("bob").grants, {after, 0, 100'000}));
}

BOOST_AUTO_TEST_SUITE_END()
