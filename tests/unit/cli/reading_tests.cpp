// Lists, views and events: page by page, in each form of output.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <future>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

using schema::Code;
using support::FakeDaemon;

std::unique_ptr<schema::Uuid> id_of(std::uint64_t number) {
  return std::make_unique<schema::Uuid>(0, number);
}

/// Tenants "a", "b", "c", two to a page.
FakeDaemon::Replies tenants(const schema::HistoryRequestT& request) {
  schema::TenantPageT page;
  const auto& after = request.body.AsListTenants()->after;
  for (const std::string alias : {"a", "b", "c"}) {
    if (alias <= after) continue;
    page.more = page.tenants.size() == 2;
    if (page.more) break;
    page.tenants.push_back(std::make_unique<schema::TenantViewT>());
    page.tenants.back()->alias = alias;
    page.tenants.back()->enabled = alias != "b";
    page.tenants.back()->user_count = 7;
  }
  return page_with(request, std::move(page));
}

BOOST_FIXTURE_TEST_SUITE(reading_tests, Fixture)

BOOST_AUTO_TEST_CASE(tenant_list_reads_every_page) {
  daemon.on_history = tenants;
  const auto table = postern("tenant list");
  BOOST_TEST(table.exit_code == 0);
  BOOST_TEST(table.out ==
             "ALIAS  STATUS    USERS  NAME  ID\n"
             "a      enabled   7      -     -\n"
             "b      disabled  7      -     -\n"
             "c      enabled   7      -     -\n");
  daemon.stop();
  BOOST_TEST(daemon.history_bytes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(lists_are_a_json_array_or_one_object_a_line) {
  daemon.on_history = tenants;
  const auto array = boost::json::parse(postern("--output json tenant list").out).as_array();
  BOOST_TEST_REQUIRE(array.size() == 3u);
  BOOST_TEST((array[1].at("enabled") == false));
  const auto lines = postern("tenant list --output jsonl").out;
  BOOST_TEST(std::ranges::count(lines, '\n') == 3);
  BOOST_TEST(contains(lines, "\n{\"alias\":\"b\""));
}

BOOST_AUTO_TEST_CASE(Q6_user_list_filters_and_ends_after_count) {
  daemon.on_history = [](const auto& request) {
    const auto& list = *request.body.AsListUsers();
    BOOST_TEST(list.tenant == "acme");
    BOOST_TEST((list.status == schema::UserStatus::new_user));
    BOOST_TEST(list.locked);
    BOOST_TEST(list.text == "api");
    schema::UserPageT page;
    page.more = true;
    page.next = "x/0";
    for (std::uint32_t number = 0; number < list.count_max; ++number) {
      page.users.push_back(std::make_unique<schema::UserSummaryT>());
      page.users.back()->username = list.after + "x";
      page.users.back()->first_name = "Print";
      page.users.back()->last_name = "Shop";
      page.users.back()->description = "nightly labels";
      page.users.back()->locks = {schema::LockCause::passwords,
                                  schema::LockCause::operator_command};
    }
    return page_with(request, std::move(page));
  };
  const auto ended = postern("--tenant acme user list --status new --locked --text api --count 3");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(std::ranges::count(ended.out, '\n') == 4);
  BOOST_TEST(contains(ended.out, "passwords, operator"));
  BOOST_TEST(contains(ended.out, "Print Shop"));
  BOOST_TEST(contains(ended.out, "nightly labels"));
}

BOOST_AUTO_TEST_CASE(Q6_user_show_has_its_sections) {
  daemon.on_history = [](const auto& request) {
    schema::UserViewT view;
    view.details = std::make_unique<schema::UserDetailsT>();
    view.details->username = "api.bob";
    view.details->status = schema::UserStatus::trashed;
    view.details->profile = std::make_unique<schema::ProfileT>();
    view.details->profile->email = "ops@acme.example";
    view.details->created = std::make_unique<schema::CauseT>();
    view.details->created->seq = 3;
    view.details->created->operator_id = id_of(5);
    view.security = std::make_unique<schema::UserSecurityT>();
    view.security->password_set = true;
    view.security->failures = 4;
    view.data_access.push_back(std::make_unique<schema::GrantHeldT>());
    view.data_access[0]->grant = std::make_unique<schema::GrantViewT>();
    view.data_access[0]->grant->resource = "table/customer";
    return page_with(request, std::move(view));
  };
  const auto ended = postern("--tenant acme user show api.bob");
  BOOST_TEST(ended.exit_code == 0);
  for (const char* part :
       {"Identity\n", "Status\n  status      trashed\n", "Profile\n  email  ops@acme.example\n",
        "by 00000000-0000-0000-0000-000000000005", "Roles\n  none\n", "Keys\n  none\n",
        "Password\n  password  set\n  failures  4\n", "Grants\n", "table/customer"})
    BOOST_TEST(contains(ended.out, part), part << " in\n" << ended.out);
  BOOST_TEST(contains(postern("--output json --tenant acme user show api.bob").out,
                      R"("status":"trashed")"));
  BOOST_TEST(contains(postern("--tenant acme grant list api.bob").out, "table/customer"));
  BOOST_TEST(postern("--tenant acme user show").exit_code == 64);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_ends_66) {
  daemon.on_history = [](const auto& request) {
    return FakeDaemon::Replies{packed(FakeDaemon::page_to(request, Code::user_unknown))};
  };
  const auto ended = postern("--tenant acme user show nobody");
  BOOST_TEST(ended.exit_code == 66);
  BOOST_TEST(contains(ended.talk, "user_unknown"));
}

// ---- events

schema::RecordT record_of(std::uint64_t seq) {
  schema::RecordT record;
  record.seq = seq;
  record.time_ns = 1'709'210'096'000'000'000;
  record.tenant = id_of(1);
  record.operator_id = id_of(2);
  record.role = schema::Role::owner;
  record.reason = "T-311";
  record.events.push_back(std::make_unique<schema::EventT>());
  record.events[0]->user = id_of(3);
  schema::PasswordResetT reset;
  reset.sealed_password = {0xab, 0xcd};
  record.events[0]->body.Set(std::move(reset));
  record.events.push_back(std::make_unique<schema::EventT>());
  schema::UserStatusChangedT changed;
  changed.from = schema::UserStatus::active;
  changed.to = schema::UserStatus::inactive;
  record.events[1]->user = id_of(4);
  record.events[1]->body.Set(std::move(changed));
  return record;
}

FakeDaemon::Replies records(const schema::HistoryRequestT& request, std::uint64_t head) {
  const auto& get = *request.body.AsGetRecords();
  schema::RecordPageT page;
  page.head_seq = head;
  page.next_seq = std::max<std::uint64_t>(get.from_seq, 1);
  while (page.next_seq <= head && page.records.size() < std::min(get.count_max, 2u)) {
    const auto bytes = packed(record_of(page.next_seq++));
    page.records.push_back(std::make_unique<schema::StoredRecordT>());
    page.records.back()->bytes.assign(bytes.begin(), bytes.end());
  }
  return page_with(request, std::move(page));
}

/// Tells the names of tenant 1, operator 2 and user 3; user 4 is refused.
FakeDaemon::Replies history(const schema::HistoryRequestT& request, std::uint64_t head) {
  if (request.body.AsGetRecords() != nullptr) return records(request, head);
  if (request.body.AsListTenants() != nullptr) {
    schema::TenantPageT page;
    page.tenants.push_back(std::make_unique<schema::TenantViewT>());
    page.tenants[0]->id = id_of(1);
    page.tenants[0]->alias = "acme";
    return page_with(request, std::move(page));
  }
  if (request.body.AsListOperators() != nullptr) {
    schema::OperatorPageT page;
    page.operators.push_back(std::make_unique<schema::OperatorViewT>());
    page.operators[0]->id = id_of(2);
    page.operators[0]->name = "jo";
    return page_with(request, std::move(page));
  }
  BOOST_TEST(request.body.AsGetUser()->tenant == "acme");
  const auto& asked = *request.body.AsGetUser();
  if (asked.user_id == nullptr ? asked.username != "api.bob" : asked.user_id->low() != 3)
    return {packed(FakeDaemon::page_to(request, Code::user_unknown))};
  schema::UserViewT view;
  view.details = std::make_unique<schema::UserDetailsT>();
  view.details->id = id_of(3);
  view.details->username = "api.bob";
  return page_with(request, std::move(view));
}

BOOST_AUTO_TEST_CASE(Q7_events_list_shows_names_and_hides_what_is_sealed) {
  daemon.on_history = [](const auto& request) { return history(request, 1); };
  const auto ended = postern("events list");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(ended.out ==
             "SEQ  TIME                  OPERATOR  TENANT  USER                                  "
             "EVENT              DETAILS                  REASON\n"
             "1    2024-02-29T12:34:56Z  jo        acme    api.bob                               "
             "PasswordReset      -                        T-311\n"
             "1    2024-02-29T12:34:56Z  jo        acme    00000000-0000-0000-0000-000000000004  "
             "UserStatusChanged  from=active to=inactive  T-311\n");
}

/// A record of a batch has the events of many users, and of many kinds.
BOOST_AUTO_TEST_CASE(Q7_of_a_record_the_table_shows_the_events_that_were_asked_for) {
  daemon.on_history = [](const auto& request) { return history(request, 1); };
  const auto shown = [&](const std::string& more) {
    const auto ended = postern("--tenant acme events list --columns event" + more);
    BOOST_TEST(ended.exit_code == 0, ended.talk);
    return ended.out;
  };
  const std::string reset = "EVENT\nPasswordReset\n";
  const std::string moved = "EVENT\nUserStatusChanged\n";
  BOOST_TEST(shown(" --user api.bob") == reset);
  BOOST_TEST(shown(" --user api.bob --newest-first") == reset);
  BOOST_TEST(shown(" --user-id 00000000-0000-0000-0000-000000000003") == reset);
  BOOST_TEST(shown(" --user-id 00000000-0000-0000-0000-000000000004") == moved);
  BOOST_TEST(shown(" --kind UserStatusChanged") == moved);
  BOOST_TEST(shown(" --kind PasswordReset --user api.bob") == reset);
  BOOST_TEST(shown("") == reset + "UserStatusChanged\n");
  // For other programs records are whole.
  const auto whole = postern("--tenant acme --output jsonl events list --user api.bob");
  BOOST_TEST(contains(whole.out, "PasswordReset"));
  BOOST_TEST(contains(whole.out, "UserStatusChanged"));
}

BOOST_AUTO_TEST_CASE(Q7_events_list_reads_every_page_and_ends_after_count) {
  daemon.on_history = [](const auto& request) { return history(request, 5); };
  const auto all = postern("--output jsonl events list");
  BOOST_TEST(std::ranges::count(all.out, '\n') == 5);
  BOOST_TEST(contains(all.out, R"("sealed_password":"abcd")"));
  const auto three = postern("--output jsonl events list --from-seq 2 --count 3");
  BOOST_TEST(std::ranges::count(three.out, '\n') == 3);
  BOOST_TEST(three.out.starts_with(R"({"seq":2,)"));
}

BOOST_AUTO_TEST_CASE(Q7_events_carry_their_filters) {
  schema::GetRecordsT got;
  daemon.on_history = [&](const auto& request) {
    if (const auto* records = request.body.AsGetRecords()) got = *records;
    return history(request, 0);
  };
  BOOST_TEST(postern("--tenant acme events list --user api.bob --operator jo --kind UserLocked")
                 .exit_code == 0);
  BOOST_TEST(got.tenant == "acme");
  BOOST_TEST(got.user == "api.bob");
  BOOST_TEST(got.operator_name == "jo");
  BOOST_TEST(got.kind == "UserLocked");
  BOOST_TEST(postern("events list --user api.bob").exit_code == 64);
  BOOST_TEST(postern("events list --user-id nonsense").exit_code == 64);
}

BOOST_AUTO_TEST_CASE(Q7_follow_begins_behind_the_newest_record) {
  std::atomic<std::uint64_t> head = 4;
  daemon.on_history = [&](const auto& request) {
    const auto& get = *request.body.AsGetRecords();
    if (get.wait_ms != 0) head = 6;
    return history(request, head);
  };
  const auto ended = postern("--output jsonl events follow --count 2");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(std::ranges::count(ended.out, '\n') == 2);
  BOOST_TEST(ended.out.starts_with(R"({"seq":5,)"));
}

BOOST_AUTO_TEST_CASE(Q7_follow_goes_on_after_a_restart_without_a_gap) {
  std::promise<void> first_given;
  std::atomic<bool> restarted = false;
  bool told = false;
  daemon.on_history = [&](const auto& request) {
    const auto& get = *request.body.AsGetRecords();
    if (get.from_seq <= 2) return history(request, 2);
    if (restarted) return history(request, 4);
    if (!std::exchange(told, true)) first_given.set_value();
    return FakeDaemon::Replies{};
  };
  start();
  std::jthread restart([&] {
    first_given.get_future().wait();
    daemon.stop();
    restarted = true;
    daemon.start();
  });
  const auto ended = postern("--output jsonl events follow --from-seq 1 --count 4");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(restarted);
  for (const char* seq : {R"({"seq":1,)", R"({"seq":2,)", R"({"seq":3,)", R"({"seq":4,)"})
    BOOST_TEST(contains(ended.out, seq));
  BOOST_TEST(std::ranges::count(ended.out, '\n') == 4);
}

BOOST_AUTO_TEST_CASE(Q7_follow_that_never_reached_a_daemon_ends_69) {
  start();
  daemon.stop();
  BOOST_TEST(postern("events follow").exit_code == 69);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
