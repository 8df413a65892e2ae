// --at: questions and views of a moment of the past at the command line (Q9).
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

using support::FakeDaemon;

/// One decision for each question, allowed where the request names seq 12.
FakeDaemon::Replies decided(const schema::HistoryRequestT& request) {
  auto page = FakeDaemon::page_to(request);
  schema::CheckedT checked;
  for (std::size_t count = 0; count < request.body.AsCheckUser()->questions.size(); ++count) {
    auto& decision = checked.decisions.emplace_back(std::make_unique<schema::DecisionT>());
    decision->allowed = request.at_seq == 12;
    decision->reason = decision->allowed ? schema::Code::ok : schema::Code::no_matching_grant;
  }
  page.at_seq = request.at_seq == 0 ? 7 : request.at_seq;
  page.at_time_ns = 1'709'210'096'000'000'000;
  page.body.Set(std::move(checked));
  return {packed(page)};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(moment_tests, Fixture)

BOOST_AUTO_TEST_CASE(Q9_check_names_a_seq_or_a_time_and_tells_the_moment) {
  daemon.on_history = [](const auto& request) {
    const auto& check = *request.body.AsCheckUser();
    BOOST_TEST(check.tenant == "acme");
    BOOST_TEST(check.username == "api.bob");
    return decided(request);
  };
  const auto by_seq = postern("--tenant acme check api.bob read table/a --at 12");
  BOOST_TEST(by_seq.exit_code == 0, by_seq.talk);
  BOOST_TEST(contains(by_seq.talk, "As of seq 12, 2024-02-29T12:34:56"), by_seq.talk);
  daemon.on_history = [](const auto& request) {
    BOOST_TEST(request.at_seq == 0u);
    BOOST_TEST(request.at_time_ns == 1'709'210'096'000'000'000);
    return decided(request);
  };
  const auto by_time =
      postern("--output json --tenant acme check api.bob read table/a --at 2024-02-29T12:34:56Z");
  BOOST_TEST(by_time.exit_code == 1, by_time.talk);
  BOOST_TEST(contains(by_time.out, "\"seq\":7"), by_time.out);
}

BOOST_AUTO_TEST_CASE(Q9_many_checks_are_asked_in_several_requests_of_one_moment) {
  std::size_t requests = 0;
  daemon.on_history = [&requests](const auto& request) {
    ++requests;
    BOOST_TEST(request.at_seq == 12u);
    return decided(request);
  };
  std::string questions;
  for (int number = 0; number < 250; ++number) questions += "read table/a\n";
  const auto ended = postern("--tenant acme check-many api.bob --at 12", questions);
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(requests == 3u);
  BOOST_TEST(std::ranges::count(ended.out, '\n') == 251);
}

BOOST_AUTO_TEST_CASE(Q9_a_past_that_is_being_read_is_waited_for) {
  int asked = 0;
  daemon.on_history = [&asked](const auto& request) {
    BOOST_TEST(request.at_seq == 12u);
    if (++asked == 3) {
      auto page = FakeDaemon::page_to(request);
      page.body.Set(schema::HolderPageT());
      return FakeDaemon::Replies{packed(page)};
    }
    auto page = FakeDaemon::page_to(request);
    page.code = schema::Code::busy;
    page.retry_after_ms = 1;
    auto& problem = page.problems.emplace_back(std::make_unique<schema::ProblemT>());
    problem->code = schema::Code::busy;
    problem->sentence = std::to_string(asked) + " of 12 records.";
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme who-can read table/a --at 12");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(Q9_who_else_has_had_the_name_is_told) {
  daemon.on_history = [](const auto& request) {
    auto page = FakeDaemon::page_to(request);
    page.at_seq = 12;
    for (const unsigned until : {30U, 0U}) {
      auto& owner = page.name_owners.emplace_back(std::make_unique<schema::NameOwnerT>());
      owner->user = std::make_unique<schema::Uuid>(1, 2);
      owner->until_seq = until;
    }
    page.body.Set(schema::UserViewT());
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme user show api.bob --at 12");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.talk, "until seq 30"), ended.talk);
  BOOST_TEST(contains(ended.talk, "has it now"), ended.talk);
  // Also where no moment is asked about.
  BOOST_TEST(contains(postern("--tenant acme user show api.bob").talk, "until seq 30"));
}

BOOST_AUTO_TEST_CASE(Q9_a_moment_that_is_none_is_a_mistake_of_usage) {
  for (const char* at : {"0", "yesterday", "2024-02-29", "-1", "12x"})
    BOOST_TEST(postern("--tenant acme user list --at " + std::string(at)).exit_code == 64, at);
  BOOST_TEST(postern("--tenant acme check api.bob read table/a --at 12 --token", "x\n").exit_code ==
             64);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::cli
