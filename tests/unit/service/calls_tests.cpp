#include <boost/test/unit_test.hpp>

#include "daemon/calls/recorder.h"
#include "daemon/domain/apply.h"
#include "daemon/service/call_pages.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

const std::string password = "Corr3ct-horse";
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

/// With a recorder beside writer and reader.
struct Recorded : ServiceFixture {
  Recorded() {
    create_acme();
    create_user("shop", password);
    allow("shop", "table/customer");
    add_operator("shopfront", schema::Role::service, 7);
    auto opened = calls::CallRing::open(folder.path() / "calls", {});
    BOOST_REQUIRE(opened);
    ring = std::move(*opened);
    recorder = std::make_unique<calls::Recorder>(
        calls::Recorder::Parts{calls, *ring, keys(), clock, entropy},
        calls::Recorder::Outlets{[this](calls::UseSummaries summaries) {
                                   auto letter = std::make_unique<service::UseLetter>();
                                   letter->summaries = std::move(summaries);
                                   mail().writer_uses.post(std::move(letter));
                                 },
                                 [] { return true; }, [] {}, [](const Failure&) {}});
    pages = std::make_unique<service::CallPages>(
        service::CallPages::Parts{*ring, keys(), [this] { return recorder->dropped(); }});
  }

  void log_calls_of_shop(bool on) {
    schema::SetUserSettingsT body;
    body.api_logging = on;
    BOOST_REQUIRE(run(message("acme", "shop", std::move(body))).code == Code::ok);
  }

  schema::AnswerT login(const std::string& secret, const std::string& identity = owner) {
    auto query = by_password("acme", "shop", secret);
    query.call = std::make_unique<schema::CallT>();
    query.call->address = "10.1.2.3";
    query.call->client = "till";
    return answer(ask(std::move(query), identity));
  }
  schema::AnswerT check(const std::string& resource, std::size_t count = 1) {
    return answer(ask(by_name("acme", "shop", "read", resource, count)));
  }

  /// Every call there is, as this operator may see it.
  schema::CallPageT page(schema::ListCallsT wanted = {}, const std::string& identity = owner) {
    recorder->turn();
    view::View view;
    view.load(writer->state().tables());
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateListCalls(builder, &wanted));
    const auto* request = flatbuffers::GetRoot<schema::ListCalls>(builder.GetBufferPointer());
    auto found = pages->find(view, *view.tables().find_identity(identity), *request, wanted.from);
    if (!found) BOOST_FAIL(found.error().sentence);
    return std::move(found->page);
  }

  /// What is due goes to the journal, and the rest comes back.
  void record_uses() {
    recorder->turn();
    writer->turn();
    commit();
    mail().recorder_returned.drain([&](std::unique_ptr<service::UseLetter> letter) {
      recorder->take_back(std::move(letter->summaries));
    });
  }
  const domain::UseSum& sum() const {
    const auto& use = domain::extras_of(user("shop")).use;
    BOOST_REQUIRE(use != nullptr);
    return *use;
  }
  std::size_t records() const { return events_of(schema::EventBody::UserUsed); }

  TemporaryFolder folder;
  platform::SystemEntropy entropy;
  std::unique_ptr<calls::CallRing> ring;
  std::unique_ptr<calls::Recorder> recorder;
  std::unique_ptr<service::CallPages> pages;
};

/// Without the setting's event there is nothing to log.
boost::test_tools::assertion_result has_the_switch(boost::unit_test::test_unit_id) {
  schema::EventT event;
  event.body.Set(schema::UserSettingsChangedT());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEvent(builder, &event));
  return domain::is_known(*flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calls_tests)

BOOST_FIXTURE_TEST_CASE(L1_calls_are_recorded_while_the_switch_is_on, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  check("table/customer");
  BOOST_TEST(page().calls.empty());
  log_calls_of_shop(true);
  const auto seq = writer->state().seq();
  check("table/customer");
  check("table/secret");
  login(password, "uid:7");
  login("wrong-0ne");
  log_calls_of_shop(false);
  check("table/customer");
  const auto found = page();
  BOOST_REQUIRE(found.calls.size() == 4u);
  const schema::CallViewT& allowed = *found.calls[0];
  BOOST_TEST(allowed.position == 1u);
  BOOST_TEST(allowed.seq == seq);
  BOOST_TEST(allowed.time_ns == clock.now_ns());
  BOOST_TEST((*allowed.user == user("shop").id));
  BOOST_TEST(allowed.allowed);
  BOOST_TEST(allowed.question->resource == "table/customer");
  BOOST_TEST(allowed.grant->seq == user("shop").grants->sorted()[0].seq);
  BOOST_TEST((found.calls[1]->reason == Code::no_matching_grant));
  const schema::CallViewT& authenticated = *found.calls[2];
  BOOST_TEST((authenticated.credential == schema::CredentialKind::password));
  BOOST_TEST(authenticated.allowed);
  BOOST_TEST(authenticated.question == nullptr);
  BOOST_TEST(authenticated.address == "10.1.2.3");
  BOOST_TEST(authenticated.client == "till");
  BOOST_TEST((*authenticated.service == writer->state().tables().find_identity("uid:7")->id));
  BOOST_TEST((found.calls[3]->reason == Code::invalid_credentials));
  BOOST_TEST(found.next == 5u);
}

BOOST_FIXTURE_TEST_CASE(L1_every_question_of_a_long_check_is_recorded, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  log_calls_of_shop(true);
  check("table/customer", 700);
  schema::ListCallsT all;
  all.count_max = 10'000;
  BOOST_TEST(page(std::move(all)).calls.size() == 700u);
}

BOOST_FIXTURE_TEST_CASE(L1_the_true_reason_is_recorded_though_a_service_is_not_told, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  log_calls_of_shop(true);
  BOOST_REQUIRE(run(message("acme", "shop", schema::LockUserT())).code == Code::ok);
  const auto told = login(password, "uid:7");
  BOOST_TEST((told.body.AsAuthenticated()->reason == Code::invalid_credentials));
  const auto found = page();
  BOOST_REQUIRE(found.calls.size() == 1u);
  BOOST_TEST((found.calls[0]->reason == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(L1_pages_go_on_where_they_ended_and_keep_to_the_filter, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  log_calls_of_shop(true);
  check("table/customer", 10);
  schema::ListCallsT wanted;
  wanted.count_max = 4;
  auto found = page(wanted);
  BOOST_TEST(found.calls.size() == 4u);
  BOOST_TEST(found.next == 5u);
  wanted.from = 9;
  BOOST_TEST(page(wanted).calls.size() == 2u);
  wanted.from = 1'000'000;
  found = page(wanted);
  BOOST_TEST(found.calls.empty());
  BOOST_TEST(found.next == 11u);
  create_user("other");
  schema::ListCallsT of_other;
  of_other.tenant = "acme";
  of_other.username = "other";
  BOOST_TEST(page(of_other).calls.empty());
  of_other.username = "SHOP";
  BOOST_TEST(page(of_other).calls.size() == 10u);
}

BOOST_FIXTURE_TEST_CASE(L1_calls_of_a_tenant_outside_ones_scope_do_not_exist, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  log_calls_of_shop(true);
  check("table/customer");
  schema::CreateTenantT tenant;
  tenant.alias = "other";
  BOOST_REQUIRE(run(message("", "", std::move(tenant))).code == Code::ok);
  schema::AddOperatorT body;
  body.name = "elsewhere";
  body.role = schema::Role::auditor;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = 9;
  body.standing->tenants = {"other"};
  BOOST_REQUIRE(run(message("", "", std::move(body))).code == Code::ok);
  BOOST_TEST(page().calls.size() == 1u);
  BOOST_TEST(page({}, "uid:9").calls.empty());
}

BOOST_FIXTURE_TEST_CASE(D1_a_day_of_use_becomes_one_record, Recorded) {
  const auto version = user("shop").version;
  login(password);
  check("table/customer", 300);
  check("table/secret", 2);
  record_uses();
  BOOST_TEST(records() == 0u);
  clock.advance_ms(day_ms);
  record_uses();
  BOOST_TEST(records() == 1u);
  BOOST_REQUIRE(sum().days.size() == 1u);
  BOOST_TEST(sum().days[0].allowed == 301u);
  BOOST_TEST(sum().days[0].denied == 2u);
  BOOST_TEST(sum().password_last_ns > 0);
  BOOST_REQUIRE(sum().grants.size() == 1u);
  BOOST_TEST(sum().grants[0].count == 300u);
  BOOST_TEST(sum().grants[0].seq == user("shop").grants->sorted()[0].seq);
  BOOST_TEST((sum().networks == std::vector<std::string>{"10.1.2.0/24"}));
  BOOST_TEST((sum().clients == std::vector<std::string>{"till"}));
  BOOST_TEST(user("shop").version == version);
  BOOST_TEST((login(password).body.AsAuthenticated()->reason == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(D1_never_two_records_of_a_user_within_a_day, Recorded) {
  check("table/customer");
  recorder->hand_over_all();
  record_uses();
  BOOST_TEST(records() == 1u);
  check("table/customer");
  recorder->hand_over_all();
  record_uses();
  BOOST_TEST(records() == 1u);
  for (int hour = 0; hour < 23; ++hour) {
    clock.advance_ms(hour_ms);
    record_uses();
  }
  BOOST_TEST(records() == 1u);
  clock.advance_ms(hour_ms);
  record_uses();
  BOOST_TEST(records() == 2u);
  BOOST_TEST(sum().days.at(0).allowed == 2u);
}

BOOST_FIXTURE_TEST_CASE(D1_what_cannot_be_recorded_now_counts_on, Recorded) {
  check("table/customer");
  record_uses();
  clock.advance_ms(day_ms);
  vitals.clock_suspect = true;
  record_uses();
  BOOST_TEST(records() == 0u);
  vitals.clock_suspect = false;
  clock.advance_ms(hour_ms);
  record_uses();
  BOOST_TEST(records() == 1u);
}

BOOST_FIXTURE_TEST_CASE(L2_a_full_line_costs_no_answer, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  log_calls_of_shop(true);
  std::size_t answers = 0;
  while (calls.dropped() == 0 && answers < 400)
    answers += check("table/customer", 250).body.AsChecked()->decisions.size() == 250;
  BOOST_TEST(calls.dropped() > 0u);
  BOOST_TEST(check("table/customer").body.AsChecked()->decisions.at(0)->allowed);
  BOOST_TEST(page().dropped > 0u);
}

BOOST_FIXTURE_TEST_CASE(U11_recorded_calls_of_an_erased_user_tell_no_address, Recorded) {
  log_calls_of_shop(true);
  login(password);
  schema::CallPageT before = page();
  BOOST_REQUIRE(before.calls.size() == 1U);
  BOOST_TEST(before.calls[0]->address == "10.1.2.3");
  BOOST_REQUIRE(run(message("acme", "shop", schema::TrashUserT())).code == Code::ok);
  BOOST_REQUIRE(run(message("acme", "shop", schema::EraseUserT())).code == Code::ok);
  schema::CallPageT after = page();
  BOOST_REQUIRE(after.calls.size() == 1U);
  BOOST_TEST(after.calls[0]->address == "");
  BOOST_TEST(after.calls[0]->client == "");
  BOOST_TEST(after.calls[0]->time_ns == before.calls[0]->time_ns);
}

/// The longest there is: 256 bytes, one more than a byte can count.
BOOST_FIXTURE_TEST_CASE(L1_the_longest_label_is_recorded_whole, Recorded,
                        *boost::unit_test::precondition(has_the_switch)) {
  std::string label;
  for (int count = 0; count < 64; ++count) label += "\xf0\x9f\x94\x91";
  log_calls_of_shop(true);
  auto query = by_password("acme", "shop", password);
  query.call = std::make_unique<schema::CallT>();
  query.call->client = label;
  answer(ask(std::move(query)));
  const auto found = page();
  BOOST_REQUIRE(!found.calls.empty());
  BOOST_TEST(found.calls.back()->client == label);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
