// Events as sentences; that every kind has one, event_text_tests.cpp says.
#include <boost/test/unit_test.hpp>

#include "tools/text/event_story.h"

namespace postern::text {
namespace {

BOOST_AUTO_TEST_SUITE(event_story_tests)

BOOST_AUTO_TEST_CASE(a_sentence_leaves_out_what_is_not_set) {
  schema::EventT event;
  schema::GrantAddedT added;
  added.effect = schema::Effect::allow;
  added.action = "read";
  added.resource = "table/a";
  event.body.Set(std::move(added));
  const auto granted = event_sentence(event, {"anna", "api.bob", "acme"}, {});
  BOOST_TEST(granted.sentence == "anna granted to api.bob");
  BOOST_TEST(granted.details == "effect=allow action=read resource=table/a");
  event.body.Set(schema::ApiAccessChangedT{});
  const auto access = event_sentence(event, {"anna", "api.bob", "acme"}, {});
  BOOST_TEST(access.sentence == "anna switched API access of api.bob off");
  BOOST_TEST(access.details == "");
}

BOOST_AUTO_TEST_CASE(a_day_is_told_with_its_name) {
  BOOST_TEST(day_heading(1'709'210'096'000'000'000) == "Thursday, 2024-02-29");
  BOOST_TEST(time_of_day(1'709'210'096'000'000'000) == "12:34:56");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::text
