// How a call reached the asking service, as it is told (N6).
#include <boost/test/unit_test.hpp>

#include "daemon/view/call.h"

using namespace postern;
using schema::Code;

BOOST_AUTO_TEST_SUITE(call_tests)

BOOST_AUTO_TEST_CASE(N6_a_label_has_64_characters_of_whatever_bytes) {
  const auto problems_of = [](const std::string& label) {
    schema::CallT call;
    call.client = label;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateCall(builder, &call));
    std::vector<schema::ProblemT> problems;
    view::check_call(flatbuffers::GetRoot<schema::Call>(builder.GetBufferPointer()), problems);
    return problems;
  };
  for (const char* character : {"x", "\xc3\xab", "\xe6\xbc\xa2", "\xf0\x9f\x94\x91"}) {
    std::string label;
    for (int count = 0; count < 64; ++count) label += character;
    BOOST_TEST(problems_of(label).empty(), label);
    const auto problems = problems_of(label + character);
    BOOST_REQUIRE_EQUAL(problems.size(), 1U);
    BOOST_TEST((problems[0].code == Code::too_large));
    BOOST_TEST(problems[0].field == "client");
    BOOST_TEST(problems[0].sentence.ends_with("The limit is 64 characters, found 65."));
  }
  // What is no UTF-8 cannot hide how long it is.
  BOOST_TEST(problems_of(std::string(257, '\x80')).size() == 1U);
}

BOOST_AUTO_TEST_CASE(N6_what_is_not_told_of_a_call_is_not_known) {
  const domain::Providers providers;
  const domain::CallFacts none = view::facts_of(nullptr, 7, providers);
  BOOST_TEST(none.now_ns == 7);
  BOOST_TEST(!none.address.has_value());
  BOOST_TEST(!none.tls_told);
  BOOST_TEST(!none.interactive);
  schema::CallT call;
  call.address = "::ffff:10.0.0.1";
  call.channel = schema::Channel::interactive;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateCall(builder, &call));
  const auto* told = flatbuffers::GetRoot<schema::Call>(builder.GetBufferPointer());
  const domain::CallFacts facts = view::facts_of(told, 7, providers);
  BOOST_TEST(domain::text_of(*facts.address) == "10.0.0.1");
  BOOST_TEST(facts.tls_told);
  BOOST_TEST(!facts.tls);
  BOOST_TEST(facts.interactive);
}

BOOST_AUTO_TEST_CASE(N6_an_address_that_is_none_refuses_the_call) {
  schema::CallT call;
  call.address = "10.0.0.1/24";
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateCall(builder, &call));
  const auto facts = view::checked_facts_of(
      flatbuffers::GetRoot<schema::Call>(builder.GetBufferPointer()), 7, domain::Providers());
  BOOST_REQUIRE(!facts);
  BOOST_TEST((facts.error().code == Code::field_malformed));
  BOOST_TEST(facts.error().field == "address");
}

BOOST_AUTO_TEST_SUITE_END()
