// What a message comes to as a whole, and the records that are made of it.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/domain/message.h"
#include "tests/support/askew.h"
#include "tests/support/world.h"

using namespace postern;
using namespace postern::support;

namespace {

const schema::Record& record_in(const domain::StoredRecord& bytes) {
  return *flatbuffers::GetRoot<schema::Record>(bytes.data());
}

std::vector<schema::EventT> an_owner() {
  std::vector<schema::EventT> facts(1);
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<Uuid>(made_id(1));
  added.name = "owner";
  added.role = schema::Role::owner;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->uid = 1;
  added.standing->all_tenants = true;
  facts.front().body.Set(std::move(added));
  return facts;
}

/// An installation with one record, made of facts.
struct Founded {
  Founded() {
    const domain::Context context = beginning.context(state, 1'000);
    domain::Draft draft = domain::draft_of(state, context, an_owner());
    first = domain::seal_record(draft, state, context);
  }

  domain::State state;
  const domain::OwnMessage beginning{made_id(2)};
  domain::StoredRecord first;
};

schema::CommandMessageT refusals_of(const Uuid& id) {
  schema::CommandMessageT message;
  schema::RecordRefusalsT body;
  body.operator_id = std::make_unique<Uuid>(id);
  body.code = schema::Code::not_permitted;
  body.count = 3;
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message_tests)

BOOST_FIXTURE_TEST_CASE(facts_become_a_record_of_the_daemon, Founded) {
  const schema::Record& record = record_in(first);
  BOOST_TEST(record.seq() == 1);
  BOOST_TEST(record.time_ns() == 1'000);
  BOOST_TEST((*record.operator_id() == domain::daemon_operator));
  BOOST_TEST((record.role() == schema::Role::daemon));
  BOOST_TEST((*record.command_id() == made_id(2)));
  BOOST_TEST(record.events()->size() == 1);
  BOOST_TEST(state.seq() == 1);
  BOOST_TEST(state.owner_count() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_message_of_the_daemon_is_decided_and_folds_to_the_same, Founded) {
  const domain::OwnMessage message(made_id(3), refusals_of(made_id(1)));
  const domain::Context context = message.context(state, 2'000);
  const domain::Material none;
  domain::Draft draft = domain::decide_message(state, context, {&none, 1});
  BOOST_REQUIRE(draft.problems.empty());
  const domain::StoredRecord second = domain::seal_record(draft, state, context);
  BOOST_TEST(record_in(second).events()->Get(0)->body_as_CommandRefused()->count() == 3);
  BOOST_TEST(record_in(second).contents_hash() == nullptr);
  domain::State folded;
  domain::RecordGate gate;
  const domain::StoredRecord* const both[] = {&first, &second};
  for (const domain::StoredRecord* bytes : both) {
    domain::Changes changes;
    BOOST_REQUIRE(domain::fold(folded, gate, std::as_bytes(std::span(bytes->data(), bytes->size())),
                               changes));
  }
  BOOST_TEST((canonical(folded) == canonical(state)));
}

BOOST_FIXTURE_TEST_CASE(a_record_whose_numbers_lie_askew_is_none, Founded) {
  std::vector<schema::EventT> facts(1);
  schema::RangesImportedT imported;
  imported.v6 = {1, 2, 3, 4};
  facts.front().body.Set(std::move(imported));
  const domain::OwnMessage message(made_id(3));
  const domain::Context context = message.context(state, 2'000);
  domain::Draft draft = domain::draft_of(state, context, std::move(facts));
  const domain::StoredRecord bytes = domain::seal_record(draft, state, context);
  const auto opens = [&] {
    domain::RecordGate gate;
    return gate.open(std::as_bytes(std::span(bytes.data(), bytes.size()))).has_value();
  };
  BOOST_TEST(opens());
  put_askew(*record_in(bytes).events()->Get(0)->body_as_RangesImported(),
            schema::RangesImported::VT_V6);
  BOOST_TEST(!opens());
}

BOOST_FIXTURE_TEST_CASE(a_record_is_never_timed_before_the_newest, Founded) {
  const domain::OwnMessage message(made_id(3));
  BOOST_TEST(message.context(state, 500).now_ns == 1'000);
  BOOST_TEST(message.context(state, 1'500).now_ns == 1'500);
}

BOOST_AUTO_TEST_SUITE_END()
