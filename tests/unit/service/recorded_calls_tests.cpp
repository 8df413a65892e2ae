// Recorded calls are read in slices, for guards (H11) and previews (H4): nothing waits for them,
// and what lies beyond their bounds is said.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;

constexpr std::int64_t day_ms = std::int64_t{86'400} * 1'000;

service::AuditorLimits few_calls(std::size_t slice, std::uint64_t most = 1'000) {
  service::AuditorLimits limits;
  limits.recorded.slice_calls = slice;
  limits.recorded.calls_max = most;
  return limits;
}

template <class Root>
typename Root::NativeTableType opened(const WholeService::Bytes& bytes) {
  typename Root::NativeTableType made;
  flatbuffers::GetRoot<Root>(bytes.data())->UnPackTo(&made);
  return made;
}

/// Bob may read, and his calls are recorded. Of recorded calls two are read in a slice.
struct Called : WholeService {
  explicit Called(service::AuditorLimits limits = few_calls(2)) : WholeService(limits) {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
    schema::CreateUserT user;
    user.username = "bob";
    user.settings = std::make_unique<schema::UserSettingsT>();
    user.settings->api_logging = true;
    run("acme", "", std::move(user));
    for (const char* resource : {"table/a", "table/b"}) run("acme", "bob", granting(resource));
  }

  static schema::AddGrantT granting(const std::string& resource) {
    schema::AddGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = resource;
    return body;
  }

  static schema::QueryT check_query(const std::string& resource) {
    schema::CheckT body;
    schema::NamedUserT named;
    named.username = "bob";
    body.credential.Set(std::move(named));
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = resource;
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    return query;
  }
  static bool is_allowed(const Bytes& answer) {
    return opened<schema::Answer>(answer).body.AsChecked()->decisions.at(0)->allowed;
  }
  bool check(const std::string& resource) {
    return is_allowed(ask(check_query(resource), "uid:1"));
  }

  schema::CommandMessageT removal(const std::string& resource, std::uint16_t days = 0) {
    schema::RemoveGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = resource;
    schema::CommandMessageT message;
    message.id = std::make_unique<schema::Uuid>(fresh_id());
    message.tenant = "acme";
    if (days != 0) message.guard = std::make_unique<schema::GuardT>();
    if (days != 0) message.guard->days = days;
    auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user = "bob";
    command->body.Set(std::move(body));
    return message;
  }

  schema::HistoryRequestT preview(schema::CommandMessageT message) {
    schema::PreviewCommandsT body;
    body.days = 30;
    body.message = std::make_unique<schema::CommandMessageT>(std::move(message));
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    return request;
  }
  schema::HistoryPageT asked(schema::HistoryRequestT request) {
    return opened<schema::HistoryPage>(this->request(std::move(request), "uid:1"));
  }

  void turn_writer() {
    services().writer().turn();
    services().writer().commit();
    services().reader().turn();
    services().writer().turn();
  }
};

struct CalledOften : Called {
  CalledOften() {
    for (int count = 0; count < 7; ++count) BOOST_REQUIRE(check("table/a"));
  }
};

/// Of whose recorded calls four are read.
struct CalledTooOften : Called {
  CalledTooOften() : Called(few_calls(2, 4)) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded_calls_tests)

BOOST_FIXTURE_TEST_CASE(H11_nothing_waits_while_evidence_is_read_but_the_message_itself,
                        CalledOften) {
  hand_over(removal("table/a", 30), "uid:1");
  turn_writer();
  services().calls().turn();
  // The ring takes four slices.
  BOOST_TEST(services().auditor().turn());
  BOOST_TEST(take_answer().empty());
  schema::CommandMessageT other = removal("table/b");
  hand_over(std::move(other), "uid:1");
  turn_writer();
  const auto done = take_answer();
  BOOST_REQUIRE(!done.empty());
  BOOST_TEST((opened<schema::Receipt>(done).code == Code::ok));
  const auto refused = opened<schema::Receipt>(send(removal("table/a", 30), "uid:1"));
  BOOST_TEST((refused.code == Code::would_deny_used), schema::EnumNameCode(refused.code));
  BOOST_TEST(check("table/a"));
}

BOOST_FIXTURE_TEST_CASE(H11_a_call_that_is_answered_while_evidence_is_read_counts, CalledOften) {
  hand_over(removal("table/b", 30), "uid:1");
  turn_writer();
  services().calls().turn();
  BOOST_TEST(services().auditor().turn());
  // Before this nobody called it.
  hand_over(check_query("table/b"), "uid:1");
  BOOST_TEST(is_allowed(take_answer()));
  WholeService::Bytes receipt;
  for (int turn = 0; turn < 100 && receipt.empty(); ++turn) {
    services().calls().turn();
    services().auditor().turn();
    turn_writer();
    receipt = take_answer();
  }
  BOOST_REQUIRE(!receipt.empty());
  const auto refused = opened<schema::Receipt>(receipt);
  BOOST_TEST((refused.code == Code::would_deny_used), schema::EnumNameCode(refused.code));
}

BOOST_FIXTURE_TEST_CASE(H11_days_with_more_calls_than_can_be_read_are_refused, CalledTooOften) {
  for (int count = 0; count < 3; ++count) BOOST_REQUIRE(check("table/a"));
  clock.advance_ms(10 * day_ms);
  BOOST_REQUIRE(check("table/a"));
  // Four calls are read of four.
  auto receipt = opened<schema::Receipt>(send(removal("table/b", 400), "uid:1"));
  BOOST_TEST((receipt.code == Code::ok), schema::EnumNameCode(receipt.code));
  run("acme", "bob", granting("table/b"));
  for (int count = 0; count < 3; ++count) BOOST_REQUIRE(check("table/a"));
  // The oldest that is read is of ten days ago or of today: what lies before may be of them.
  receipt = opened<schema::Receipt>(send(removal("table/b", 400), "uid:1"));
  BOOST_TEST((receipt.code == Code::too_large), schema::EnumNameCode(receipt.code));
  BOOST_REQUIRE(!receipt.problems.empty());
  BOOST_TEST(receipt.problems[0]->field == "guard");
  BOOST_TEST(receipt.problems[0]->sentence.find("Look back fewer days.") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(H4_a_preview_is_made_in_slices, CalledOften) {
  const auto page = asked(preview(removal("table/a")));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.body.AsFlipPage()->asked == 7u);
  BOOST_TEST(page.body.AsFlipPage()->denied == 7u);
  // What is asked anew is made anew.
  BOOST_REQUIRE(check("table/a"));
  BOOST_TEST(asked(preview(removal("table/a"))).body.AsFlipPage()->denied == 8u);
}

BOOST_FIXTURE_TEST_CASE(H4_what_flips_beyond_a_page_is_counted, Called) {
  for (const char* resource : {"table/a", "table/a", "table/a/x", "table/a/y"})
    BOOST_REQUIRE(check(resource));
  auto wanted = preview(removal("table/a"));
  wanted.body.AsPreviewCommands()->count_max = 1;
  const auto page = asked(std::move(wanted));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_REQUIRE_EQUAL(page.body.AsFlipPage()->flips.size(), 1u);
  BOOST_TEST(page.body.AsFlipPage()->flips[0]->count == 2u);
  BOOST_TEST(page.body.AsFlipPage()->flips_left_out == 2u);
  BOOST_TEST(page.body.AsFlipPage()->denied == 4u);
}

BOOST_FIXTURE_TEST_CASE(H4_a_message_beyond_what_a_preview_takes_is_refused_with_a_way_out,
                        Called) {
  auto message = removal("table/a");
  for (int count = 0; count < 900; ++count) {
    auto more = removal("table/" + std::string(60, 'x') + std::to_string(count));
    message.commands.push_back(std::move(more.commands[0]));
  }
  const auto page = asked(preview(std::move(message)));
  BOOST_TEST((page.code == Code::too_large));
  BOOST_REQUIRE(!page.problems.empty());
  BOOST_TEST(page.problems[0]->sentence.find("The limit is 65536 bytes") != std::string::npos);
  BOOST_TEST(page.problems[0]->remedy.find("some commands at a time") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(D2_coverage_counts_only_calls_that_were_asked_again, Called) {
  BOOST_REQUIRE(check("table/a"));
  // A credential that was wrong is asked of no state again.
  schema::AuthenticateT body;
  schema::PasswordCredentialT wrong;
  wrong.username = "bob";
  wrong.password = "Wr0ng-horse";
  body.credential.Set(std::move(wrong));
  schema::QueryT query;
  query.tenant = "acme";
  query.body.Set(std::move(body));
  ask(std::move(query), "uid:1");
  // The day is over, and its use in the journal.
  clock.advance_ms(2 * day_ms);
  BOOST_REQUIRE(check("table/a"));
  const auto page = asked(preview(removal("table/b")));
  BOOST_REQUIRE((page.code == Code::ok));
  const auto& found = *page.body.AsFlipPage();
  BOOST_TEST(found.asked == 2u);
  BOOST_TEST(found.not_asked == 1u);
  BOOST_TEST(found.counted >= 2u);
  BOOST_TEST(found.covered < found.counted);
  BOOST_TEST(found.covered <= found.asked);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
