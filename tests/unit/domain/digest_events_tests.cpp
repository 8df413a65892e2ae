// What an event says shows in the digest, for each kind of event: else two journals that differ
// could fold alike.
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/support/every_event.h"

using namespace postern;
using namespace postern::support;
using schema::EventBody;
using schema::EventBodyUnion;

namespace {

/// Kinds that no answer and no later decision rests on: facts for the history alone.
const std::set<EventBody> facts_alone = {EventBody::JournalCreated, EventBody::CommandRefused,
                                         EventBody::ReviewRecorded};

/// What the state is after the story and one more event.
Bytes after(const EventBodyUnion& body, bool about_bob, const Names& names) {
  schema::EventT event;
  event.body = body;
  Scenario story = a_full_story();
  if (about_bob) {
    event.user = ref(names.bob);
    event.previous_user_seq = story.user("bob").last_seq;
  }
  if (const auto* created = body.AsUserCreated()) event.user = ref(*created->user);
  story.given_facts({event});
  return canonical(story.state());
}

/// An event that says nothing of itself.
EventBodyUnion empty_event(bool about_bob) {
  EventBodyUnion body;
  if (about_bob)
    body.Set(schema::UserUnlockedT());
  else
    body.Set(schema::CommandRefusedT());
  return body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(digest_events_tests)

BOOST_AUTO_TEST_CASE(H9_what_each_kind_of_event_says_shows_in_the_digest) {
  const Names names(a_full_story());
  auto kinds = events_of_users(names);
  for (Kind& kind : other_events(names)) kinds.push_back(std::move(kind));
  std::set<EventBody> covered = facts_alone;
  for (const Kind& kind : kinds) {
    const std::string name = schema::EnumNameEventBody(kind.contents.at(0).type);
    BOOST_TEST(covered.insert(kind.contents[0].type).second, name << " twice");
    std::vector<Bytes> seen = {after(empty_event(kind.about_bob), kind.about_bob, names)};
    for (const EventBodyUnion& body : kind.contents) {
      const Bytes bytes = after(body, kind.about_bob, names);
      BOOST_TEST((std::ranges::find(seen, bytes) == seen.end()),
                 name << ", content " << seen.size());
      seen.push_back(bytes);
    }
  }
  for (const EventBody kind : schema::EnumValuesEventBody())
    BOOST_TEST((kind == EventBody::NONE || covered.contains(kind)), schema::EnumNameEventBody(kind)
                                                                        << " has no row");
}

BOOST_AUTO_TEST_CASE(H9_the_same_events_give_the_same_digest) {
  const Names names(a_full_story());
  for (const Kind& kind : events_of_users(names))
    BOOST_TEST((after(kind.contents[0], kind.about_bob, names) ==
                after(kind.contents[0], kind.about_bob, names)),
               schema::EnumNameEventBody(kind.contents[0].type));
}

BOOST_AUTO_TEST_SUITE_END()
