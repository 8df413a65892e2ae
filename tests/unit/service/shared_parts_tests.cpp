// Messages whose parts are shared: one string or list, used by a thousand commands. What they cost
// is bounded by what they come to, not by their bytes. Counted is what is allocated, and what the
// verifier reads; a clock would count the machine.
#include <time.h>

#include <boost/test/unit_test.hpp>

#include "tests/unit/service/allocated_bytes.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Commands = std::vector<Offset<schema::Command>>;

constexpr std::size_t mib = 1'048'576;

std::span<const std::byte> finish(FlatBufferBuilder& builder, const schema::Uuid& id,
                                  const Commands& commands) {
  const auto tenant = builder.CreateString("acme");
  const auto packed = builder.CreateVector(commands);
  builder.Finish(schema::CreateCommandMessage(builder, schema::protocol_version, &id, tenant, 0,
                                              false, 0, packed),
                 schema::command_message_identifier);
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

template <class Body>
Offset<schema::Command> command(FlatBufferBuilder& builder, Offset<flatbuffers::String> user,
                                Offset<Body> body) {
  return schema::CreateCommand(builder, user, nullptr, 0,
                               schema::CommandBodyTraits<Body>::enum_value, body.Union());
}

/// One note, used by a thousand commands.
Commands share_note(FlatBufferBuilder& builder, std::size_t note_bytes) {
  const auto note = builder.CreateString(std::string(note_bytes, 'n'));
  Commands commands;
  for (int index = 0; index < 1'000; ++index) {
    const auto username = builder.CreateString("user" + std::to_string(index));
    schema::CreateUserBuilder body(builder);
    body.add_username(username);
    body.add_note(note);
    commands.push_back(command(builder, {}, body.Finish()));
  }
  return commands;
}

/// A writer and reader, and what a message cost them.
struct Measured : ServiceFixture {
  Measured() { create_acme(); }

  schema::ReceiptT execute(FlatBufferBuilder& builder, const Commands& commands) {
    const auto message = finish(builder, fresh_id(), commands);
    std::vector<std::byte> bytes(message.begin(), message.end());
    const std::size_t before = allocated_bytes();
    const std::string sent = send_bytes(std::move(bytes));
    turn_until([&] { return has_receipt(sent); });
    cost = allocated_bytes() - before;
    BOOST_TEST_MESSAGE(message.size() << " bytes cost " << cost / mib << " MiB");
    return receipt(sent);
  }

  std::size_t cost = 0;
};

service::MessageForm form(FlatBufferBuilder& builder, const Commands& commands) {
  const auto message = finish(builder, domain::uuid_v7(1, {1, 1}), commands);
  const std::vector<std::byte> aligned(message.begin(), message.end());
  return service::form_of_command(aligned, schema::command_message_identifier,
                                  service::command_limits);
}

/// Ten thousand questions with the same texts.
std::vector<std::byte> query_of(FlatBufferBuilder& builder, Offset<flatbuffers::String> action,
                                Offset<flatbuffers::String> resource) {
  std::vector<Offset<schema::Question>> questions;
  for (int index = 0; index < 10'000; ++index)
    questions.push_back(schema::CreateQuestion(builder, action, resource));
  const auto packed = builder.CreateVector(questions);
  const auto named = schema::CreateNamedUser(builder, builder.CreateString("bob"));
  const auto check =
      schema::CreateCheck(builder, schema::Credential::NamedUser, named.Union(), packed);
  const auto tenant = builder.CreateString("acme");
  schema::QueryBuilder query(builder);
  query.add_tenant(tenant);
  query.add_body_type(schema::QueryBody::Check);
  query.add_body(check.Union());
  builder.Finish(query.Finish(), schema::query_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shared_parts_tests, Measured)

BOOST_AUTO_TEST_CASE(K6_a_shared_text_counts_wherever_it_is_used) {
  FlatBufferBuilder builder;
  const auto receipt = execute(builder, share_note(builder, 900'000));
  BOOST_TEST((receipt.code == Code::too_large), schema::EnumNameCode(receipt.code));
  BOOST_TEST(receipt.problems.front()->sentence.find("8388608") != std::string::npos);
  BOOST_TEST(cost < 4 * mib);
}

BOOST_AUTO_TEST_CASE(K6_a_shared_text_below_the_limit_is_taken) {
  // Else a gate that lets nothing shared in would pass.
  FlatBufferBuilder builder;
  const auto receipt = execute(builder, share_note(builder, 4'000));
  BOOST_TEST((receipt.code == Code::ok), schema::EnumNameCode(receipt.code));
  BOOST_TEST(receipt.events.size() == 1'000);
}

BOOST_AUTO_TEST_CASE(K6_a_shared_list_does_not_keep_the_verifier) {
  FlatBufferBuilder builder;
  const auto kind = builder.CreateString("k");
  const auto kinds = builder.CreateVector(std::vector<Offset<flatbuffers::String>>(200'000, kind));
  Commands commands;
  for (int index = 0; index < 8'000; ++index)
    commands.push_back(command(builder, {}, schema::CreateRetireCatalogue(builder, kinds)));
  const service::MessageForm found = form(builder, commands);
  BOOST_TEST((found.verdict == service::MessageForm::Verdict::too_large));
  // It stopped at the first part above the limit: 8,000 lists come to gigabytes.
  BOOST_TEST(found.unpacked_bytes < service::command_limits.unpacked_max + mib);
}

BOOST_AUTO_TEST_CASE(K6_names_that_nobody_can_have_are_not_compared) {
  // Each of 500 commands would look for its name in the 500 before it.
  const auto cost_of = [&](std::size_t name_bytes) {
    FlatBufferBuilder builder;
    const auto made = builder.CreateString(std::string(name_bytes, 'n'));
    const auto changed = builder.CreateString(std::string(name_bytes - 1, 'n') + "x");
    const auto note = builder.CreateString("n");
    Commands commands;
    for (int index = 0; index < 500; ++index)
      commands.push_back(command(builder, {}, schema::CreateCreateUser(builder, made)));
    for (int index = 0; index < 500; ++index)
      commands.push_back(command(builder, changed, schema::CreateSetProfile(builder, 0, note)));
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    BOOST_TEST((execute(builder, commands).code != Code::ok));
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return static_cast<double>(after.tv_sec - before.tv_sec) +
           static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
  };
  // A ratio, of this thread's own time: 250,000 comparisons of 8,000 bytes take 80 times as long
  // as of 100.
  const double of_ordinary = cost_of(100);
  const double of_impossible = cost_of(8'000);
  BOOST_TEST_MESSAGE("ordinary " << of_ordinary << " s, impossible " << of_impossible << " s");
  BOOST_TEST(of_impossible < 8 * of_ordinary);
}

BOOST_AUTO_TEST_CASE(U3_a_profile_above_its_limit_does_not_grow_on) {
  create_user("bob");
  FlatBufferBuilder builder;
  const auto bob = builder.CreateString("bob");
  Commands commands;
  for (int index = 0; index < 900; ++index) {
    const std::vector attributes{
        schema::CreateAttribute(builder, builder.CreateString("a" + std::to_string(index)),
                                builder.CreateString(std::string(1'000, 'v')))};
    const auto packed = builder.CreateVector(attributes);
    schema::ProfileBuilder profile(builder);
    profile.add_attributes(packed);
    commands.push_back(command(builder, bob, schema::CreateSetProfile(builder, profile.Finish())));
  }
  const auto receipt = execute(builder, commands);
  BOOST_TEST((receipt.code == Code::too_large), schema::EnumNameCode(receipt.code));
  BOOST_TEST(cost < 200 * mib);
}

BOOST_AUTO_TEST_CASE(Q2_ten_thousand_questions_may_share_their_texts) {
  create_user("bob");
  allow("bob", "table");
  FlatBufferBuilder builder;
  const auto action = builder.CreateString("read");
  std::string path = "table";
  for (int segment = 0; segment < 7; ++segment) path += '/' + std::string(60, 'r');
  const auto resource = builder.CreateString(path);
  const auto answered = answer(ask_bytes(query_of(builder, action, resource)));
  BOOST_REQUIRE((answered.code == Code::ok));
  BOOST_TEST(answered.body.AsChecked()->decisions.size() == 10'000);
}

BOOST_AUTO_TEST_CASE(Q2_questions_that_come_to_more_are_too_large) {
  FlatBufferBuilder builder;
  const auto action = builder.CreateString("read");
  const auto resource = builder.CreateString("table/" + std::string(5'000, 'r'));
  const auto answered = answer(ask_bytes(query_of(builder, action, resource)));
  BOOST_TEST((answered.code == Code::too_large), schema::EnumNameCode(answered.code));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
