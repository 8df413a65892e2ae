// What lists take: columns, a time since when, the newest first; and an older daemon, which does
// not know these.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/cli.h"
#include "tools/cli/list.h"
#include "tools/text/screen.h"

namespace postern::cli {
namespace {

using support::FakeDaemon;

BOOST_FIXTURE_TEST_SUITE(lists_tests, Fixture)

constexpr std::int64_t begin_ns = 1'709'210'096'000'000'000;
constexpr std::uint64_t head = 2'500;

/// Records 1 to 2,500, a second apart, each with one event; up to 500 to a page. `knows_bounds`:
/// as a daemon of now.
FakeDaemon::Replies records(const schema::HistoryRequestT& request, bool knows_bounds) {
  auto refused = FakeDaemon::page_to(request);
  refused.code = schema::Code::not_permitted;
  const auto* get = request.body.AsGetRecords();
  if (get == nullptr) return {packed(refused)};
  schema::RecordPageT page;
  page.head_seq = head;
  page.next_seq = std::max<std::uint64_t>(get->from_seq, 1);
  if (knows_bounds && get->from_time_ns > begin_ns)
    page.next_seq = std::max<std::uint64_t>(
        page.next_seq, static_cast<std::uint64_t>((get->from_time_ns - begin_ns) / 1'000'000'000));
  const std::uint64_t to = knows_bounds && get->to_seq != 0 ? std::min(get->to_seq, head) : head;
  while (page.next_seq <= to && page.records.size() < std::min(get->count_max, 500U)) {
    schema::RecordT record;
    record.seq = page.next_seq++;
    record.time_ns = begin_ns + static_cast<std::int64_t>(record.seq) * 1'000'000'000;
    record.operator_id = std::make_unique<schema::Uuid>(0, 2);
    record.events.push_back(std::make_unique<schema::EventT>());
    record.events[0]->body.Set(schema::SessionsEndedT());
    const auto bytes = packed(record);
    page.records.push_back(std::make_unique<schema::StoredRecordT>());
    page.records.back()->bytes.assign(bytes.begin(), bytes.end());
  }
  return page_with(request, std::move(page));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

BOOST_AUTO_TEST_CASE(columns_are_chosen_by_name_and_the_nearest_is_told) {
  static constexpr text::Column columns[] = {{"USER"}, {"LAST USED"}, {"ID"}};
  BOOST_TEST((chosen_columns(columns, {"id", "last-used"}) == std::vector<std::size_t>{2, 1}));
  BOOST_TEST((chosen_columns(columns, {"all"}) == std::vector<std::size_t>{0, 1, 2}));
  BOOST_TEST(chosen_columns(columns, {}).empty());
  BOOST_CHECK_EXCEPTION(chosen_columns(columns, {"lats-used"}), Stop, [](const Stop& stop) {
    return stop.exit_code == 64 && contains(stop.sentence, "the nearest is last-used") &&
           contains(stop.remedy, "user, last-used, id");
  });
}

BOOST_AUTO_TEST_CASE(Q7_the_newest_come_first_without_reading_what_lies_before) {
  daemon.on_history = [](const auto& request) { return records(request, true); };
  const auto two = postern("events list --newest-first --count 2 --columns seq");
  BOOST_TEST(two.out == "SEQ\n2500\n2499\n");
  std::uint64_t given = 0;
  daemon.on_history = [&given](const auto& request) {
    const auto* get = request.body.AsGetRecords();
    if (get != nullptr && get->to_seq != 0) given += get->to_seq + 1 - get->from_seq;
    return records(request, true);
  };
  BOOST_TEST(postern("events list --newest-first --count 3").exit_code == 0);
  BOOST_TEST(given == 3U, "no more is read than is shown");
  const auto all = lines_of(postern("events list --newest-first --columns seq").out);
  BOOST_REQUIRE(all.size() == head + 1);
  for (std::uint64_t place = 1; place <= head; ++place)
    BOOST_TEST(all[place] == std::to_string(head + 1 - place));
  const auto last_of_all =
      lines_of(postern("events list --newest-first --from-seq 2400 --columns seq").out);
  BOOST_TEST(last_of_all.back() == "2400");
  BOOST_TEST(last_of_all.size() == 102U);
}

BOOST_AUTO_TEST_CASE(Q7_records_since_a_time) {
  daemon.on_history = [](const auto& request) { return records(request, true); };
  // Of record 2,498.
  const std::string since = " --since 2024-02-29T13:16:34Z --columns seq";
  BOOST_TEST(postern("events list" + since).out == "SEQ\n2498\n2499\n2500\n");
  BOOST_TEST(postern("events list --newest-first" + since).out == "SEQ\n2500\n2499\n2498\n");
  BOOST_TEST(postern("events list --since 1h --columns seq").out == "");
}

BOOST_AUTO_TEST_CASE(an_older_daemon_is_told_of_and_nothing_wrong_is_shown) {
  daemon.on_history = [](const auto& request) { return records(request, false); };
  for (const char* more : {"--since 1h", "--since 1h --newest-first"}) {
    const auto ended = postern(std::string("events list ") + more);
    BOOST_TEST(ended.exit_code == 76);
    BOOST_TEST(contains(ended.talk, "older than this program"), ended.talk);
    BOOST_TEST(ended.out == "");
  }
  // Its pages end where the stretches do.
  BOOST_TEST(postern("events list --newest-first --count 1 --columns seq").out == "SEQ\n2500\n");
}

BOOST_AUTO_TEST_CASE(since_takes_a_time_or_how_long_ago) {
  for (const char* wrong : {"yesterday", "7", "d", "-1d", "7y", "0s", "1.5h"}) {
    const auto ended = run_with({"events", "list", std::string("--since=") + wrong});
    BOOST_TEST(ended.exit_code == 64, wrong);
    BOOST_TEST(contains(ended.talk, "how long ago"), ended.talk);
  }
}

BOOST_AUTO_TEST_CASE(Q6_users_since_a_time_are_by_that_time_and_end_where_they_are_older) {
  daemon.on_history = [](const auto& request) {
    const auto* list = request.body.AsListUsers();
    BOOST_REQUIRE(list != nullptr);
    BOOST_TEST(list->descending);
    BOOST_TEST(
        (list->sort == schema::UserSort::changed || list->sort == schema::UserSort::created));
    schema::UserPageT page;
    // A page of those that are older.
    if (!list->after.empty()) return page_with(request, std::move(page));
    for (std::int64_t number = 3; number > 0; --number) {
      page.users.push_back(std::make_unique<schema::UserSummaryT>());
      page.users.back()->username = "u" + std::to_string(number);
      page.users.back()->created_ns = begin_ns + number * 1'000'000'000;
      page.users.back()->changed_ns = begin_ns + number * 2'000'000'000;
    }
    page.more = true;
    page.next = "next";
    return page_with(request, std::move(page));
  };
  const std::string since = "--tenant acme user list --columns user --since 2024-02-29T12:34:58Z";
  BOOST_TEST(postern(since).out == "USER\nu3\nu2\n");
  BOOST_TEST(postern(since + " --sort changed").out == "USER\nu3\nu2\nu1\n");
}

BOOST_AUTO_TEST_CASE(S1_sessions_are_listed_page_by_page_and_what_is_not_known_is_told) {
  daemon.on_history = [](const auto& request) {
    const auto* list = request.body.AsListSessions();
    BOOST_REQUIRE(list != nullptr);
    BOOST_TEST(list->tenant == "acme");
    schema::SessionPageT page;
    page.seen_from_ns = begin_ns;
    page.more = list->after == nullptr;
    page.sessions.push_back(std::make_unique<schema::SessionViewT>());
    page.sessions[0]->session = std::make_unique<schema::Uuid>(0, page.more ? 1 : 2);
    page.sessions[0]->username = page.more ? "first" : "second";
    return page_with(request, std::move(page));
  };
  const auto ended = postern("--tenant acme session list --columns user");
  BOOST_TEST(ended.out == "USER\nfirst\nsecond\n");
  BOOST_TEST(contains(ended.talk, "from before the daemon's start, 2024-02-29T12:34:56Z"));
  const auto lines = lines_of(postern("--tenant acme --output jsonl session list").out);
  BOOST_TEST(lines.size() == 2U);
}

Ended status_at_screen(const std::filesystem::path& folder) {
  std::ostringstream out, talk;
  text::set_screen(out, {80, false, 0});
  const int code = run({"--data", folder.string(), "status"}, {-1, out, talk});
  return {code, out.str(), talk.str()};
}

BOOST_AUTO_TEST_CASE(
    Q10_beneath_the_status_stands_what_expires_and_a_daemon_that_does_not_tell_is_well) {
  daemon.on_query = [](const auto& query) {
    schema::StatusT status;
    status.installation = std::make_unique<schema::Uuid>(0, 9);
    auto answer = FakeDaemon::answer_to(query);
    answer.body.Set(std::move(status));
    return FakeDaemon::Replies{packed(answer)};
  };
  auto code = schema::Code::ok;
  daemon.on_history = [&code](const auto& request) {
    if (code != schema::Code::ok)
      return FakeDaemon::Replies{packed(FakeDaemon::page_to(request, code))};
    BOOST_TEST(request.body.AsListExpiring()->days == 30U);
    schema::ExpiringPageT page;
    page.count = 12;
    page.expiring.push_back(std::make_unique<schema::ExpiringT>());
    page.expiring[0]->kind = schema::ExpiringKind::key;
    page.expiring[0]->expires_ns = begin_ns;
    page.expiring[0]->key_name = "nightly";
    return page_with(request, std::move(page));
  };
  start();
  const auto told = status_at_screen(daemon.folder);
  BOOST_TEST(told.exit_code == 0);
  BOOST_TEST(contains(told.out, "Expires within 30 days\n"), told.out);
  BOOST_TEST(contains(told.out, "2024-02-29T12:34:56Z  key"), told.out);
  BOOST_TEST(contains(told.out, "and 11 more; see 'expiring'"), told.out);
  BOOST_TEST(!contains(postern("--output json status").out, "nightly"));
  code = schema::Code::unknown_kind;
  const auto older = status_at_screen(daemon.folder);
  BOOST_TEST(older.exit_code == 0);
  BOOST_TEST(contains(older.talk, "What expires soon is not shown."), older.talk);
  BOOST_TEST(postern("expiring").exit_code != 0);
}

BOOST_AUTO_TEST_CASE(Q10_what_expires_is_not_waited_for_and_is_nothing_for_scripts) {
  daemon.on_query = [](const auto& query) {
    schema::StatusT status;
    status.installation = std::make_unique<schema::Uuid>(0, 9);
    auto answer = FakeDaemon::answer_to(query);
    answer.body.Set(std::move(status));
    return FakeDaemon::Replies{packed(answer)};
  };
  std::atomic<int> asked = 0;
  daemon.on_history = [&asked](const auto&) {
    ++asked;
    return FakeDaemon::Replies{};
  };
  const auto piped = postern("status");
  BOOST_TEST(piped.exit_code == 0);
  BOOST_TEST(asked == 0);
  BOOST_TEST(piped.talk == "");
  const auto shown = status_at_screen(daemon.folder);
  BOOST_TEST(shown.exit_code == 0);
  BOOST_TEST(asked == 1);
  BOOST_TEST(shown.out == piped.out);
  BOOST_TEST(shown.talk == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
