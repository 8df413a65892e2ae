// What the page of metrics tells of durations, refusals, places and ages.
#include <boost/test/unit_test.hpp>

#include "daemon/running/metrics_text.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

struct Measuring : WholeService {
  std::string page() const {
    return running::metrics_text(running::Health(health_sources()).reading().metrics);
  }
  /// The value of one line of the page, by its name and labels.
  std::string value(const std::string& name) const {
    const std::string text = page();
    const std::size_t begin = text.find("\n" + name + " ");
    if (begin == text.npos) return "no line of this name";
    const std::size_t end = text.find('\n', begin + 1);
    return text.substr(begin + name.size() + 2, end - begin - name.size() - 2);
  }
  void create_tenant() {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
  }
  void create_user() {
    schema::CreateUserT user;
    user.username = "api.bob";
    run("acme", "", std::move(user));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(measured_tests)

BOOST_FIXTURE_TEST_CASE(Q10_commands_are_measured_by_kind_and_outcome, Measuring) {
  create_tenant();
  schema::CommandMessageT again;
  schema::CreateTenantT tenant;
  tenant.alias = "acme";
  again.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(tenant));
  send(std::move(again), "uid:1");
  const std::string name = "postern_command_duration_seconds";
  BOOST_TEST(value(name + "_count{kind=\"CreateTenant\",outcome=\"answered\"}") == "1");
  BOOST_TEST(value(name + "_count{kind=\"CreateTenant\",outcome=\"refused\"}") == "1");
  BOOST_TEST(value(name + "_bucket{kind=\"CreateTenant\",outcome=\"answered\",le=\"+Inf\"}") ==
             "1");
  BOOST_TEST(value("postern_refusals_total{socket=\"commands\",code=\"tenant_exists\"}") == "1",
             page());
  BOOST_TEST(value("postern_sync_duration_seconds_count") != "0");
}

BOOST_FIXTURE_TEST_CASE(Q10_what_an_alert_looks_at_is_there_from_the_start, Measuring) {
  for (const char* socket : {"commands", "queries", "history"})
    BOOST_TEST(value(std::string("postern_refusals_total{socket=\"") + socket +
                     "\",code=\"not_permitted\"}") == "0");
}

BOOST_FIXTURE_TEST_CASE(Q10_questions_are_measured_by_kind_and_reason, Measuring) {
  create_tenant();
  create_user();
  schema::QueryT query;
  query.tenant = "acme";
  schema::CheckT check;
  schema::NamedUserT named;
  named.username = "api.bob";
  check.credential.Set(std::move(named));
  auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
  question->action = "read";
  question->resource = "table/orders";
  query.body.Set(std::move(check));
  ask(std::move(query), "uid:1");
  BOOST_TEST(value("postern_query_duration_seconds_count{kind=\"Check\",outcome=\"answered\"}") ==
             "1");
  BOOST_TEST(value("postern_decisions_by_reason_total{reason=\"no_matching_grant\"}") == "1",
             page());
}

BOOST_FIXTURE_TEST_CASE(Q10_history_is_measured_by_kind, Measuring) {
  schema::HistoryRequestT newest;
  newest.body.Set(schema::GetCheckpointT());
  request(std::move(newest), "uid:1");
  schema::HistoryRequestT all;
  all.body.Set(schema::ListTenantsT());
  request(std::move(all), "uid:1");
  const std::string name = "postern_history_duration_seconds_count";
  BOOST_TEST(value(name + "{kind=\"GetCheckpoint\",outcome=\"answered\"}") == "1");
  BOOST_TEST(value(name + "{kind=\"ListTenants\",outcome=\"answered\"}") == "1", page());
}

BOOST_FIXTURE_TEST_CASE(Q10_places_and_ages_are_told, Measuring) {
  create_tenant();
  BOOST_TEST(value("postern_journal_seq") == "2");
  BOOST_TEST(value("postern_snapshot_lag_records") == "2");
  vitals.snapshot_seq = 1;
  BOOST_TEST(value("postern_snapshot_lag_records") == "1");
  BOOST_TEST(value("postern_snapshot_bytes") == "no line of this name");
  BOOST_TEST(value("postern_snapshot_writing_seconds") == "no line of this name");
  vitals.snapshot_bytes = 4'096;
  vitals.snapshot_writing_ns = 2'000'000'000;
  BOOST_TEST(value("postern_snapshot_bytes") == "4096");
  BOOST_TEST(value("postern_snapshot_writing_seconds") == "2");
  BOOST_TEST(value("postern_sync_running_seconds") == "0");
  vitals.sync_began_ns = clock.monotonic_ns();
  clock.advance_ms(3'000);
  BOOST_TEST(value("postern_sync_running_seconds") == "3");
  BOOST_TEST(value("postern_scrub_age_seconds") == "no line of this name");
  vitals.read_whole_ns = present.now_ns() - 90'000'000'000;
  BOOST_TEST(value("postern_scrub_age_seconds") == "90");
  BOOST_TEST(value("postern_waiting_messages{queue=\"requests_for_the_auditor\"}") == "0");
  vitals.audits_waiting = 4;
  BOOST_TEST(value("postern_waiting_messages{queue=\"requests_for_the_auditor\"}") == "4");
  BOOST_TEST(value("postern_keys_copy_kept_until_timestamp_seconds") == "0");
}

BOOST_FIXTURE_TEST_CASE(Q10_all_that_is_dropped_is_one_number, Measuring) {
  BOOST_TEST(value("postern_dropped_total") == "0");
  loops.queries.dropped_out = 2;
  connections_closed = 3;
  say_to_reader(std::vector<std::byte>(8), "uid:99");
  BOOST_TEST(value("postern_dropped_total") == "6");
  BOOST_TEST(value("postern_diagnostics_total{event=\"sender_unknown\",level=\"warning\"}") == "1");
}

BOOST_FIXTURE_TEST_CASE(U11_no_name_that_somebody_chose_is_on_the_page, Measuring) {
  create_tenant();
  create_user();
  add_operator("eve", schema::Role::manager, 7);
  const std::string text = page();
  for (const char* name : {"acme", "api.bob", "eve\"", "root"})
    BOOST_TEST(text.find(name) == text.npos, name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
