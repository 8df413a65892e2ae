#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "daemon/domain/apply.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using schema::EventBody;

namespace {

const Uuid nobody{8, 8};

/// The event's kind with nothing in it.
schema::EventT empty_event(EventBody kind, const Uuid* user) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  const flatbuffers::Offset<void> body(builder.EndTable(start));
  builder.Finish(schema::CreateEvent(builder, user, 0, kind, body));
  schema::EventT event;
  flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer())->UnPackTo(&event);
  return event;
}

void apply_to(domain::State& state, const schema::EventT& event, Role role = Role::owner,
              const Uuid& tenant = Uuid()) {
  const Bytes bytes = packed<schema::Event>(event);
  domain::Changes changes;
  domain::apply(state, {state.seq() + 1, role, tenant},
                *flatbuffers::GetRoot<schema::Event>(bytes.data()), 0, changes);
}

std::vector<EventBody> all_kinds() {
  std::vector<EventBody> kinds(std::begin(schema::EnumValuesEventBody()),
                               std::end(schema::EnumValuesEventBody()));
  std::erase(kinds, EventBody::NONE);
  return kinds;
}

/// A state with something of every sort in it.
Scenario full_story() {
  return given(tenant("acme"), user("bob", "s3cret-enough"), allow("bob", "read", "table"),
               attempt("bob", false), add_operator("ann", Role::manager, 1));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(apply_tests)

BOOST_AUTO_TEST_CASE(every_kind_of_event_is_known) {
  for (const EventBody kind : all_kinds()) {
    const Bytes bytes = packed<schema::Event>(empty_event(kind, nullptr));
    BOOST_TEST(domain::is_known(*flatbuffers::GetRoot<schema::Event>(bytes.data())),
               schema::EnumNameEventBody(kind));
  }
}

BOOST_AUTO_TEST_CASE(a_kind_of_tomorrow_is_not_known_and_changes_nothing) {
  auto story = full_story();
  const Bytes before = canonical(story.state());
  const auto last = static_cast<std::uint8_t>(EventBody::MAX);
  for (const int kind : {0, last + 1, 255}) {
    flatbuffers::FlatBufferBuilder builder;
    const auto start = builder.StartTable();
    const flatbuffers::Offset<void> body(builder.EndTable(start));
    const Uuid bob = story.user("bob").id;
    builder.Finish(schema::CreateEvent(builder, &bob, 0, static_cast<EventBody>(kind), body));
    const auto* event = flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer());
    BOOST_TEST(!domain::is_known(*event));
    domain::State state;
    story.world().replay_into(state);
    domain::Changes changes;
    domain::apply(state, {state.seq() + 1, Role::owner, story.tenant().id}, *event, 0, changes);
    BOOST_TEST(changes.empty());
    BOOST_TEST((canonical(state) == before));
  }
}

BOOST_AUTO_TEST_CASE(an_event_without_its_body_is_not_known) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEvent(builder, nullptr, 0, EventBody::UserLocked, 0));
  BOOST_TEST(!domain::is_known(*flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer())));
}

BOOST_AUTO_TEST_CASE(apply_is_total_events_with_nothing_in_them_harm_nobody) {
  auto story = full_story();
  const Uuid bob = story.user("bob").id;
  for (const EventBody kind : all_kinds()) {
    for (const Uuid* user : {&bob, &nobody, static_cast<const Uuid*>(nullptr)}) {
      BOOST_TEST_CONTEXT(schema::EnumNameEventBody(kind)) {
        domain::State state;
        story.world().replay_into(state);
        apply_to(state, empty_event(kind, user), Role::owner, story.tenant().id);
        BOOST_TEST(joined(domain::check_indexes(state)) == "");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(events_about_what_is_not_there_change_nothing) {
  auto story = full_story();
  const Bytes before = canonical(story.state());
  std::vector<schema::EventT> events;
  for (const EventBody kind : all_kinds()) {
    const bool makes = kind == EventBody::TenantCreated || kind == EventBody::UserCreated ||
                       kind == EventBody::OperatorAdded;
    if (!makes) events.push_back(empty_event(kind, &nobody));
  }
  schema::OperatorChangedT changed;
  changed.operator_id = std::make_unique<Uuid>(nobody);
  events.emplace_back().body.Set(std::move(changed));
  schema::OperatorRemovedT removed;
  removed.operator_id = std::make_unique<Uuid>(nobody);
  events.emplace_back().body.Set(std::move(removed));
  domain::State state;
  story.world().replay_into(state);
  for (const schema::EventT& event : events) apply_to(state, event, Role::owner, nobody);
  BOOST_TEST((canonical(state) == before));
}

BOOST_AUTO_TEST_CASE(each_fact_names_the_record_that_caused_it) {
  auto story = given(tenant("acme"));
  const auto newest = [&] { return story.state().seq(); };
  const auto bob = [&]() -> const domain::User& { return story.user("bob"); };
  BOOST_TEST(story.tenant().created_seq == newest());
  story.given(user("bob", "s3cret-enough"));
  const auto marks = [&] { return domain::marks_of(bob()); };
  for (const domain::Seq seq :
       {bob().created_seq, marks().status_seq, marks().api_access_seq, bob().password_seq,
        marks().tenant_lock_cleared_seq, bob().last_seq})
    BOOST_TEST(seq == newest());
  story.given(to("bob", schema::DisableUserT()));
  BOOST_TEST(marks().status_seq == newest());
  story.given(to("bob", schema::LockUserT()));
  BOOST_TEST(domain::extras_of(bob()).operator_lock_seq == newest());
  story.given(to("bob", schema::SetApiAccessT()));
  BOOST_TEST(marks().api_access_seq == newest());
  story.given(reset("bob", "an0ther-one"));
  BOOST_TEST(bob().password_seq == newest());
  BOOST_TEST(marks().tenant_lock_cleared_seq == newest());
  story.given(allow("bob", "read", "table"));
  BOOST_TEST(bob().grants->sorted().front().seq == newest());
  BOOST_TEST(bob().last_seq == newest());
  story.given(command(schema::DisableTenantT()));
  BOOST_TEST(story.tenant().disabled_seq == newest());
  BOOST_TEST(story.tenant().status_seq == newest());
  story.given(command(schema::EnableTenantT()));
  BOOST_TEST(story.tenant().disabled_seq == newest() - 1);
  BOOST_TEST(story.tenant().status_seq == newest());
  story.given(add_operator("ann", Role::manager, 1));
  BOOST_TEST(story.state().tables().find_operator("ann")->added_seq == newest());
  BOOST_TEST(bob().last_seq == newest() - 3);
}

BOOST_AUTO_TEST_CASE(a_user_without_a_password_has_no_credential_version) {
  BOOST_TEST(given(tenant("acme"), user("bob")).user("bob").password_seq == 0U);
}

BOOST_AUTO_TEST_CASE(a_record_moves_seq_time_and_the_tenants_head) {
  auto story = given(tenant("acme"));
  const domain::Seq of_acme = story.state().seq();
  const auto time = story.state().time_ns();
  story.given(tenant("other"));
  BOOST_TEST(story.state().seq() == of_acme + 1);
  BOOST_TEST(story.state().time_ns() > time);
  BOOST_TEST(story.state().tenant_head(story.tenant("acme").id) == of_acme);
  BOOST_TEST(story.state().tenant_head(story.tenant("other").id) == of_acme + 1);
  BOOST_TEST(story.state().tenant_head(nobody) == 0U);
}

BOOST_AUTO_TEST_CASE(sealed_bytes_are_kept_as_they_came) {
  schema::CommandT create = user("bob", "s3cret-enough");
  create.body.AsCreateUser()->note = "likes tea";
  auto story = given(tenant("acme"), create);
  BOOST_TEST(*story.user("bob").sealed_password == sealed("s3cret-enough"));
  const std::string kept(story.user("bob").sealed_profile->begin(),
                         story.user("bob").sealed_profile->end());
  BOOST_TEST((kept.find("likes tea") != std::string::npos));
  BOOST_TEST(story.user("bob").key.file == 1U);
  BOOST_TEST(story.user("bob").key.commitment[31] == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
