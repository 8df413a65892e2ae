// What the reader takes of memory and time for each question.
#include <boost/test/unit_test.hpp>

#include "schema/identifiers.h"
#include "tests/support/messages.h"
#include "tests/unit/service/allocated_bytes.h"
#include "tests/unit/service/whole_service.h"

using namespace postern;
using namespace postern::support;
using schema::Code;

namespace {

/// Bob may read, and has been asked about before.
struct Asked : WholeService {
  Asked() {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
    schema::CreateUserT user;
    user.username = "bob";
    run("acme", "", std::move(user));
    for (const schema::Effect effect : {schema::Effect::allow, schema::Effect::deny}) {
      schema::AddGrantT grant;
      grant.effect = effect;
      grant.action = "read";
      grant.resource = effect == schema::Effect::allow ? "table/a" : "table/b/c";
      run("acme", "bob", std::move(grant));
    }
  }

  static std::vector<std::byte> about(std::size_t questions) {
    schema::QueryT query = check_by_name("acme", "bob", "read", "table/a");
    auto& asked = query.body.AsCheck()->questions;
    for (const char* resource : {"table/b", "table/b/c", "table/c", "table"})
      if (asked.size() < questions)
        asked.emplace_back(std::make_unique<schema::QuestionT>(*asked.front()))->resource =
            resource;
    while (asked.size() < questions)
      asked.emplace_back(std::make_unique<schema::QuestionT>(*asked[asked.size() - 5]));
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateQuery(builder, &query), schema::query_identifier);
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {bytes.begin(), bytes.end()};
  }

  /// Bytes that answering in a turn of its own takes.
  std::size_t taken_for(std::vector<std::byte>& question) {
    const platform::Peer peer{"peer", 0, false};
    service::Reader& reader = services().reader();
    reader.turn();
    const std::size_t before = allocated_bytes();
    reader.take({peer, "uid:1", question});
    const std::size_t taken = allocated_bytes() - before;
    reader.end_turn();
    return taken;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reader_memory_tests)

BOOST_FIXTURE_TEST_CASE(a_question_like_one_before_takes_no_memory, Asked) {
  for (const std::size_t questions : {1U, 100U}) {
    std::vector<std::byte> question = about(questions);
    // The first of its size takes what all later ones use.
    BOOST_TEST(taken_for(question) > 0U);
    for (int again = 0; again < 3; ++again)
      BOOST_TEST(taken_for(question) == 0U, questions << " questions");
    schema::AnswerT answer;
    const Bytes bytes = take_answer();
    flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&answer);
    const auto& decisions = answer.body.AsChecked()->decisions;
    BOOST_TEST_REQUIRE(decisions.size() == questions);
    BOOST_TEST((decisions.front()->reason == Code::ok));
    BOOST_TEST((decisions.back()->reason == Code::ok) == (questions == 1));
  }
}

BOOST_FIXTURE_TEST_CASE(an_answer_in_several_turns_leaves_its_memory_to_the_next, Asked) {
  std::vector<std::byte> question = about(500);
  // More than one turn has time for.
  const auto take_three = [&] {
    service::Reader& reader = services().reader();
    const platform::Peer peer{"peer", 0, false};
    reader.turn();
    const std::size_t before = allocated_bytes();
    for (int count = 0; count < 3; ++count) reader.take({peer, "uid:1", question});
    reader.end_turn();
    BOOST_TEST(reader.idle_ms() == 0);
    while (reader.idle_ms() == 0) reader.turn();
    return allocated_bytes() - before;
  };
  BOOST_TEST(take_three() > 2 * question.size());
  // What is answered first takes the memory that the last left, once there is as much as is used.
  take_three();
  for (int again = 0; again < 3; ++again) BOOST_TEST(take_three() < question.size() / 4);
}

BOOST_FIXTURE_TEST_CASE(an_answer_in_the_turn_of_its_question_is_measured_once, Asked) {
  std::vector<std::byte> question = about(1);
  const auto& answered =
      vitals.measures.queries.answered[static_cast<std::size_t>(schema::QueryBody::Check)];
  const std::uint64_t before = answered.count();
  for (int count = 0; count < 5; ++count) taken_for(question);
  BOOST_TEST(answered.count() == before + 5);
  services().reader().turn();
  BOOST_TEST(answered.count() == before + 5);
}

BOOST_FIXTURE_TEST_CASE(O3_who_asked_before_and_is_removed_is_not_answered, Asked) {
  add_operator("reads", schema::Role::service, 7);
  schema::QueryT query = check_by_name("acme", "bob", "read", "table/a");
  ask(query, "uid:7");
  schema::RemoveOperatorT removal;
  removal.name = "reads";
  run("", "", std::move(removal));
  const std::uint64_t strangers = vitals.strangers;
  say_to_reader(about(1), "uid:7");
  BOOST_TEST(take_answer().empty());
  BOOST_TEST(vitals.strangers == strangers + 1);
}

BOOST_AUTO_TEST_SUITE_END()
