// Recorded calls: listed page by page, followed, and what is missing told.
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

using support::FakeDaemon;

std::unique_ptr<schema::CallViewT> call(std::uint64_t position) {
  auto made = std::make_unique<schema::CallViewT>();
  made->position = position;
  made->address = "10.1.2.3";
  made->credential = schema::CredentialKind::key;
  made->reason = schema::Code::no_matching_grant;
  made->question = std::make_unique<schema::QuestionT>();
  made->question->action = "read";
  made->question->resource = "table/customer";
  return made;
}

/// Calls 1 to 5, two to a page.
FakeDaemon::Replies calls(const schema::HistoryRequestT& request) {
  auto page = FakeDaemon::page_to(request);
  const auto* wanted = request.body.AsListCalls();
  // Names are asked for too; they are not told.
  if (wanted == nullptr) {
    page.code = schema::Code::not_permitted;
    return {packed(page)};
  }
  BOOST_TEST(wanted->tenant == "acme");
  schema::CallPageT body;
  body.oldest = 1;
  body.overwritten = 7;
  body.dropped = 3;
  body.next = std::min<std::uint64_t>(std::max<std::uint64_t>(wanted->from, 1), 6);
  while (body.next <= 5 && body.calls.size() < 2) body.calls.push_back(call(body.next++));
  page.body.Set(std::move(body));
  return {packed(page)};
}

BOOST_FIXTURE_TEST_SUITE(calls_tests, Fixture)

BOOST_AUTO_TEST_CASE(L1_calls_list_reads_every_page_and_tells_what_is_missing) {
  daemon.on_history = calls;
  const auto table = postern("--tenant acme calls list");
  BOOST_TEST(table.exit_code == 0);
  BOOST_TEST(std::ranges::count(table.out, '\n') == 6);
  for (const char* part :
       {"POSITION", "10.1.2.3", "read table/customer", "deny", "no_matching_grant", "key"})
    BOOST_TEST(contains(table.out, part), part << " in\n" << table.out);
  BOOST_TEST(contains(table.talk, "7 older calls"));
  BOOST_TEST(contains(table.talk, "3 that could not be recorded"));
  const auto lines = postern("--tenant acme --output jsonl calls list --count 3").out;
  BOOST_TEST(std::ranges::count(lines, '\n') == 3);
  BOOST_TEST(contains(lines, R"("position":3)"));
}

BOOST_AUTO_TEST_CASE(L1_calls_follow_begins_behind_the_newest_or_where_it_is_told) {
  daemon.on_history = calls;
  const auto ended = postern("--tenant acme --output jsonl calls follow --from 2 --count 4");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(std::ranges::count(ended.out, '\n') == 4);
  BOOST_TEST(contains(ended.out, R"("position":5)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
