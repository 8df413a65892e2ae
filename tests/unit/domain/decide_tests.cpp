// What is refused whatever the command is about: the message as a whole (K6), unknown kinds.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/decide.h"
#include "daemon/domain/rules.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandMessageT good_message() {
  return given(tenant("acme"), user("bob")).message({to("bob", schema::LockUserT())});
}

Scenario sent(const schema::CommandMessageT& message) {
  auto story = given(tenant("acme"), user("bob"));
  story.send(message);
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_tests)

BOOST_AUTO_TEST_CASE(K1_a_message_carries_a_uuid_v7) {
  schema::CommandMessageT message = good_message();
  for (const Uuid bad : {Uuid{0, 0}, Uuid{0x0123'4567'89ab'4cdeU, std::uint64_t{1} << 63},
                         Uuid{0x0123'4567'89ab'7cdeU, std::uint64_t{1} << 62},
                         Uuid{0x0123'4567'89ab'7cdeU, std::uint64_t{3} << 62}}) {
    message.id = std::make_unique<Uuid>(bad);
    sent(message).refused(Code::field_malformed).naming("id");
  }
  message.id.reset();
  sent(message).refused(Code::field_missing).naming("id");
}

BOOST_AUTO_TEST_CASE(O4_a_reason_has_1_kib_of_text) {
  schema::CommandMessageT message = good_message();
  message.reason.assign(1'024, 'r');
  sent(message).then(locked("bob", LockCause::operator_command));
  message.reason += 'r';
  sent(message)
      .refused(Code::too_large)
      .naming("reason")
      .telling("The limit is 1024 bytes, found 1025.");
  message.reason = "line\nfeed";
  sent(message).refused(Code::field_malformed).naming("reason");
}

BOOST_AUTO_TEST_CASE(O4_a_signature_has_64_bytes) {
  schema::CommandMessageT message = good_message();
  message.signature.assign(64, 1);
  sent(message).then(locked("bob", LockCause::operator_command));
  message.signature.pop_back();
  sent(message).refused(Code::field_malformed).naming("signature");
}

BOOST_AUTO_TEST_CASE(K6_a_message_has_1_to_1000_commands) {
  schema::CommandMessageT message = good_message();
  message.commands.clear();
  sent(message).refused(Code::field_missing).naming("commands");
  for (int count = 0; count < 1'000; ++count)
    message.commands.push_back(
        std::make_unique<schema::CommandT>(user("u" + std::to_string(count))));
  BOOST_TEST(sent(message).outcome().events.size() == 1'000U);
  message.commands.push_back(std::make_unique<schema::CommandT>(user("u1000")));
  sent(message)
      .refused(Code::too_large)
      .naming("commands")
      .telling("The limit is 1000 commands, found 1001.");
}

BOOST_AUTO_TEST_CASE(K6_all_problems_of_a_message_are_named_together) {
  schema::CommandMessageT message = good_message();
  message.id.reset();
  message.reason.assign(1'025, 'r');
  message.signature.assign(1, 1);
  message.commands.clear();
  sent(message).refused(Code::field_missing, Code::too_large, Code::field_malformed,
                        Code::field_missing);
}

BOOST_AUTO_TEST_CASE(K6_each_problem_names_its_command_its_field_and_the_remedy) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(to("bob", schema::EnableUserT()), to("bob", schema::DisableUserT()),
             to("nobody", schema::TrashUserT()), user("b/b"));
  story.refused(Code::status_move_not_allowed, Code::user_unknown, Code::field_malformed);
  const std::vector<std::uint32_t> places = {0, 2, 3};
  const std::vector<std::string> fields = {"user", "user", "username"};
  for (std::size_t place = 0; place < places.size(); ++place) {
    const schema::ProblemT& problem = story.outcome().refusals[place];
    BOOST_TEST(problem.index == places[place]);
    BOOST_TEST(problem.field == fields[place]);
    BOOST_TEST(!problem.sentence.empty());
    BOOST_TEST(!problem.remedy.empty());
  }
  BOOST_TEST(story.outcome().refusals[1].sentence ==
             "There is no such user in this tenant. 'nobody'.");
  BOOST_TEST(story.outcome().refusals[1].remedy == "check the name with 'user list'.");
}

BOOST_AUTO_TEST_CASE(K6_a_kind_that_is_missing_is_refused) {
  auto story = given(tenant("acme"), user("bob"));
  schema::CommandT nothing;
  nothing.user = "bob";
  story.when(nothing).refused(Code::unknown_kind).naming("body");
}

BOOST_AUTO_TEST_CASE(K6_a_kind_of_tomorrow_is_refused) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  const flatbuffers::Offset<void> body(builder.EndTable(start));
  builder.Finish(
      schema::CreateCommand(builder, 0, nullptr, 0, static_cast<schema::CommandBody>(200), body));
  const auto& command = *flatbuffers::GetRoot<schema::Command>(builder.GetBufferPointer());
  const domain::Operator asker = an_operator(Role::owner);
  const Bytes bytes = packed<schema::CommandMessage>(good_message());
  const domain::Context context{0, &asker,
                                flatbuffers::GetRoot<schema::CommandMessage>(bytes.data())};
  const support::Decision decision = support::decide(domain::State(), command, 0, {}, context);
  BOOST_TEST(decision.events.empty());
  BOOST_REQUIRE(decision.refusals.size() == 1U);
  BOOST_TEST(decision.refusals.front().code == Code::unknown_kind);
}

BOOST_AUTO_TEST_CASE(text_is_utf8_without_control_characters) {
  for (const std::string& good :
       {std::string(), std::string("a b~"), std::string("\xc2\xa0"), std::string("\xdf\xbf"),
        std::string("\xe0\xa0\x80"), std::string("\xef\xbf\xbf"), std::string("\xf0\x90\x80\x80"),
        std::string("\xf4\x8f\xbf\xbf")})
    BOOST_TEST(domain::is_text(good));
  for (const std::string& bad :
       {std::string("\0", 1), std::string("\x1f"), std::string("\x7f"), std::string("\xc2\x80"),
        std::string("\xc2\x9f"), std::string("\x80"), std::string("\xc1\xbf"), std::string("\xc3"),
        std::string("\xc3("), std::string("\xe0\x9f\xbf"), std::string("\xe2\x82"),
        std::string("\xed\xa0\x80"), std::string("\xed\xbf\xbf"), std::string("\xf0\x8f\xbf\xbf"),
        std::string("\xf4\x90\x80\x80"), std::string("\xf5\x80\x80\x80"), std::string("\xff")})
    BOOST_TEST(!domain::is_text(bad), "bytes from " << int(static_cast<unsigned char>(bad[0])));
}

BOOST_AUTO_TEST_SUITE_END()
