// H10, H11, H8 at the command line: a record taken back, a change under a guard, a review.
#include <sodium.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"
#include "tests/unit/cli/fixture.h"
#include "tools/text/ids.h"

namespace postern::cli {
namespace {

using schema::Code;
using support::FakeDaemon;

/// A plan of two commands about one user.
FakeDaemon::Replies plan(const schema::HistoryRequestT& request) {
  schema::UndoPlanT made;
  made.undone = std::make_unique<schema::CauseT>();
  made.undone->seq = request.body.AsPlanUndo()->seq;
  made.tenant = "acme";
  for (int number = 0; number < 2; ++number) {
    auto& command = made.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user = "bob";
    command->expected_version = number == 0 ? 7 : 0;
    command->body.Set(schema::EnableUserT());
  }
  made.left = {"Something stays."};
  auto page = FakeDaemon::page_to(request);
  page.body.Set(std::move(made));
  return {packed(page)};
}

FakeDaemon::Replies report(const schema::HistoryRequestT& request) {
  schema::ReportT made;
  made.tenant = "acme";
  made.user_count = 3;
  auto page = FakeDaemon::page_to(request);
  page.seq = 4'720;
  page.at_seq = 4'711;
  page.at_time_ns = 1'800'000'000'000'000'000;
  page.body.Set(std::move(made));
  return {packed(page)};
}

std::string hex_sha256(const std::string& text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return text::hex_text(std::as_bytes(std::span(hash)));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(undo_tests, Fixture)

BOOST_AUTO_TEST_CASE(H8_the_digest_of_a_report_is_of_its_json_with_the_line_feed) {
  daemon.on_history = report;
  const auto json = postern("--output json --tenant acme report");
  BOOST_TEST(json.exit_code == 0);
  BOOST_TEST_REQUIRE(json.out.ends_with("\n"));
  const auto page = postern("--tenant acme report --html -");
  BOOST_TEST(contains(page.out, hex_sha256(json.out)));
  BOOST_TEST(!contains(page.out, hex_sha256(json.out.substr(0, json.out.size() - 1))));
}

BOOST_AUTO_TEST_CASE(H8_a_report_stands_at_the_moment_that_it_was_begun) {
  daemon.on_history = report;
  const auto json = postern("--output json --tenant acme report");
  BOOST_TEST(contains(json.out, "4711"), json.out);
  BOOST_TEST(!contains(json.out, "4720"), json.out);
}

BOOST_AUTO_TEST_CASE(H8_what_takes_long_is_asked_for_again_while_it_goes_on) {
  int asked = 0;
  daemon.on_history = [&asked](const auto& request) {
    if (++asked == 3) return report(request);
    auto page = FakeDaemon::page_to(request, Code::busy);
    page.retry_after_ms = 1;
    auto& problem = page.problems.emplace_back(std::make_unique<schema::ProblemT>());
    problem->code = Code::busy;
    problem->sentence = std::to_string(asked) + " of 3 records are read.";
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme report");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(H10_undo_shows_and_sends_what_takes_a_record_back) {
  daemon.on_history = plan;
  const auto ended = postern("undo 4711 --yes");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.talk, "Record 4711"), ended.talk);
  BOOST_TEST(contains(ended.talk, "EnableUser bob"), ended.talk);
  BOOST_TEST(contains(ended.talk, "Something stays."), ended.talk);
  const auto message = sent();
  BOOST_TEST(message.tenant == "acme");
  BOOST_TEST(message.reason == "undo of record 4711");
  BOOST_TEST_REQUIRE(message.commands.size() == 2u);
  BOOST_TEST(message.commands[0]->expected_version == 7u);
}

BOOST_AUTO_TEST_CASE(H10_undo_is_dry_where_that_is_asked_for) {
  daemon.on_history = plan;
  BOOST_TEST(postern("undo 4711 --dry-run --reason 'T-311'").exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.dry_run);
  BOOST_TEST(message.reason == "T-311");
}

BOOST_AUTO_TEST_CASE(H10_an_undo_that_is_refused_sends_nothing) {
  daemon.on_history = [](const auto& request) {
    auto page = FakeDaemon::page_to(request, Code::undo_overtaken);
    return FakeDaemon::Replies{packed(page)};
  };
  // A plain no, as where a diff finds something: nothing is wrong with what was asked.
  BOOST_TEST(postern("undo 4711").exit_code == 1);
  BOOST_TEST(postern("undo 0").exit_code == 64);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(H3_what_if_asks_of_the_moment_and_waits_until_it_is_read) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "commands.json";
  write_file(file, R"({"commands": [{"user": "bob", "body_type": "DisableUser", "body": {}}]})");
  std::atomic<int> asked = 0;
  daemon.on_history = [&](const auto& request) {
    const auto& wanted = *request.body.AsGetWhatIf();
    BOOST_TEST(request.at_seq == 12u);
    BOOST_TEST(wanted.tenant == "acme");
    BOOST_TEST(wanted.message->commands.size() == 1u);
    BOOST_TEST(wanted.without == std::vector<std::uint64_t>({7, 9}),
               boost::test_tools::per_element());
    if (++asked == 1) {
      auto page = FakeDaemon::page_to(request, Code::busy);
      page.retry_after_ms = 1;
      page.problems.clear();
      auto& problem = page.problems.emplace_back(std::make_unique<schema::ProblemT>());
      problem->code = Code::busy;
      problem->sentence = "7 of 12 records are read.";
      return FakeDaemon::Replies{packed(page)};
    }
    auto page = FakeDaemon::page_to(request);
    schema::FlipPageT flips;
    flips.denied = 3;
    page.body.Set(std::move(flips));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme what-if " + file.native() + " --at 12 --without 7,9");
  BOOST_TEST(ended.exit_code == 1, ended.talk);
  BOOST_TEST(asked == 2);
  BOOST_TEST(contains(ended.talk, "3 would be denied"), ended.talk);
}

BOOST_AUTO_TEST_CASE(H3_what_if_of_the_present_is_a_preview) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "commands.json";
  write_file(file, R"({"commands": [{"user": "bob", "body_type": "DisableUser", "body": {}}]})");
  daemon.on_history = [&](const auto& request) {
    BOOST_TEST(request.body.AsPreviewCommands()->days == 7u);
    auto page = FakeDaemon::page_to(request);
    schema::FlipPageT flips;
    flips.counted = 100;
    flips.covered = 40;
    page.body.Set(std::move(flips));
    return FakeDaemon::Replies{packed(page)};
  };
  const std::string what_if = "--tenant acme what-if " + file.native() + " --days 7d";
  BOOST_TEST(postern(what_if).exit_code == 0);
  BOOST_TEST(postern(what_if + " --min-coverage 40").exit_code == 0);
  // D2: too few calls are known to say so.
  const auto ended = postern(what_if + " --min-coverage 41");
  BOOST_TEST(ended.exit_code == 66, ended.talk);
  BOOST_TEST(contains(ended.talk, "cover 40 % of the calls"), ended.talk);
}

BOOST_AUTO_TEST_CASE(H3_what_if_of_nothing_or_of_no_moment_is_a_mistake_of_usage) {
  for (const char* rest : {"", "--without 1", "--without x", "/nowhere/at/all.json", "--at 12"})
    BOOST_TEST(postern(std::string("--tenant acme what-if ") + rest).exit_code >= 64, rest);
}

BOOST_AUTO_TEST_CASE(H11_a_guard_goes_with_the_change) {
  BOOST_TEST(postern("--tenant acme user disable bob --guard 30d,unused").exit_code == 0);
  const auto message = sent();
  BOOST_TEST_REQUIRE(message.guard != nullptr);
  BOOST_TEST(message.guard->days == 30u);
  BOOST_TEST(message.guard->unused);
}

BOOST_AUTO_TEST_CASE(H11_a_guard_that_makes_no_sense_is_said) {
  for (const char* guard : {"30", "d", "0d", "30days", "used", "-1d", "99999d"})
    BOOST_TEST(
        postern(std::string("--tenant acme user disable bob --guard ") + guard).exit_code == 64,
        guard);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(H8_a_review_tells_the_digest_of_the_report) {
  BOOST_TEST(postern("--tenant acme review 4711 /nowhere/report.json x").exit_code == 66);
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "report.json";
  write_file(file, "abc");
  const auto ended =
      postern("--tenant acme review 4711 " + file.native() + " 'All is as it should be.'");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  const auto message = sent();
  const auto& body = *message.commands[0]->body.AsRecordReview();
  BOOST_TEST(body.report_seq == 4711u);
  BOOST_TEST(body.sentence == "All is as it should be.");
  // SHA-256 of "abc" (FIPS 180-2).
  BOOST_TEST_REQUIRE(body.report_sha256.size() == 32u);
  BOOST_TEST(body.report_sha256[0] == 0xba);
  BOOST_TEST(body.report_sha256[31] == 0xad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::cli
