#include <boost/test/unit_test.hpp>
#include <future>
#include <map>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/client.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using schema::Code;
using support::FakeDaemon;
using support::packed;

schema::CommandMessageT create_tenant(const std::string& alias) {
  schema::CommandMessageT message;
  message.commands.push_back(std::make_unique<schema::CommandT>());
  schema::CreateTenantT create;
  create.alias = alias;
  message.commands.back()->body.Set(std::move(create));
  return message;
}

schema::QueryT check_by(auto credential) {
  schema::CheckT check;
  check.credential.Set(std::move(credential));
  check.questions.push_back(std::make_unique<schema::QuestionT>());
  schema::QueryT query;
  query.body.Set(std::move(check));
  return query;
}

schema::QueryT check_by_name() { return check_by(schema::NamedUserT{}); }

schema::QueryT check_by_password() {
  schema::PasswordCredentialT credential;
  credential.password = "right-horse-7";
  return check_by(std::move(credential));
}

Client connect(const FakeDaemon& daemon, auto... settings) {
  Options options = daemon.options();
  (settings(options), ...);
  auto client = Client::make(std::move(options));
  BOOST_TEST_REQUIRE(client.has_value());
  return std::move(*client);
}

constexpr auto soon(std::chrono::milliseconds timeout, int retries = 3) {
  return [=](Options& options) {
    options.timeout = timeout;
    options.retries = retries;
  };
}

FakeDaemon::Replies nothing() { return {}; }

BOOST_AUTO_TEST_SUITE(client_tests)

BOOST_AUTO_TEST_CASE(K1_a_message_without_an_id_gets_a_fresh_one) {
  FakeDaemon daemon;
  daemon.on_command = [](const auto& message) {
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto first = client.execute(create_tenant("a"));
  const auto second = client.execute(create_tenant("a"));
  BOOST_TEST_REQUIRE((first && second));
  BOOST_TEST(uuid_text(*first->id) != uuid_text(*second->id));
}

BOOST_AUTO_TEST_CASE(K1_an_unanswered_command_is_sent_again_byte_for_byte) {
  FakeDaemon daemon;
  int arrived = 0;
  daemon.on_command = [&](const auto& message) {
    return ++arrived < 3 ? nothing() : FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  daemon.start();
  auto client = connect(daemon, soon(20'000ms, 39));
  const auto receipt = client.execute(create_tenant("acme"));
  BOOST_TEST_REQUIRE(receipt.has_value());
  daemon.stop();
  BOOST_TEST_REQUIRE(daemon.command_bytes.size() == 3u);
  BOOST_TEST(daemon.command_bytes[1] == daemon.command_bytes[0]);
  BOOST_TEST(daemon.command_bytes[2] == daemon.command_bytes[0]);
}

BOOST_AUTO_TEST_CASE(K1_a_command_outlives_a_restart_of_the_daemon) {
  FakeDaemon daemon;
  std::promise<void> received;
  int arrived = 0;
  daemon.on_command = [&](const auto& message) {
    if (++arrived > 1) return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
    received.set_value();
    return nothing();
  };
  daemon.start();
  // One attempt only: what saves the command is that it is sent again when the connection stands
  // again.
  auto client = connect(daemon, soon(120'000ms, 0));
  std::jthread restart([&] {
    received.get_future().wait();
    daemon.stop();
    daemon.start();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto receipt = client.execute(create_tenant("acme"));
  BOOST_TEST_REQUIRE(receipt.has_value());
  BOOST_TEST((std::chrono::steady_clock::now() - begun < 100s));
  restart.join();
  daemon.stop();
  BOOST_TEST(arrived >= 2);
  BOOST_TEST(daemon.command_bytes[1] == daemon.command_bytes[0]);
}

BOOST_AUTO_TEST_CASE(K5_a_command_nobody_answers_ends_unreachable) {
  FakeDaemon daemon;
  daemon.start();
  auto client = connect(daemon, soon(4'000ms));
  const auto receipt = client.execute(create_tenant("acme"));
  BOOST_TEST_REQUIRE(!receipt.has_value());
  BOOST_TEST(exit_code(receipt.error()) == 69);
  daemon.stop();
  BOOST_TEST(daemon.command_bytes.size() > 1u);
}

BOOST_AUTO_TEST_CASE(busy_is_asked_again_after_the_time_given) {
  FakeDaemon daemon;
  std::vector<std::chrono::steady_clock::time_point> times;
  daemon.on_command = [&](const auto& message) {
    times.push_back(std::chrono::steady_clock::now());
    auto receipt = FakeDaemon::receipt_to(message, times.size() < 3 ? Code::busy : Code::ok);
    receipt.retry_after_ms = 40;
    return FakeDaemon::Replies{packed(receipt)};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto receipt = client.execute(create_tenant("acme"));
  BOOST_TEST_REQUIRE(receipt.has_value());
  BOOST_TEST((receipt->code == Code::ok));
  daemon.stop();
  BOOST_TEST_REQUIRE(times.size() == 3u);
  BOOST_TEST((times[1] - times[0] >= 39ms));
  BOOST_TEST((times[2] - times[1] >= 39ms));
  BOOST_TEST(daemon.command_bytes[2] == daemon.command_bytes[0]);
}

BOOST_AUTO_TEST_CASE(busy_to_the_end_is_the_answer) {
  FakeDaemon daemon;
  daemon.on_query = [](const auto& query) {
    auto answer = FakeDaemon::answer_to(query, Code::busy);
    answer.retry_after_ms = 60'000;
    return FakeDaemon::Replies{packed(answer)};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto answer = client.ask(check_by_name());
  BOOST_TEST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->code == Code::busy));
}

BOOST_AUTO_TEST_CASE(C5_an_unanswered_question_with_a_password_is_never_sent_twice) {
  FakeDaemon daemon;
  daemon.start();
  auto client = connect(daemon, soon(4'000ms, 3));
  BOOST_TEST(!client.ask(check_by_password()).has_value());
  BOOST_TEST(!client.ask(check_by_name()).has_value());
  daemon.stop();
  std::map<std::string, int> sent;
  for (const auto& bytes : daemon.query_bytes)
    ++sent[bytes.find("right-horse-7") != std::string::npos ? "password" : "name"];
  BOOST_TEST(sent["password"] == 1);
  BOOST_TEST(sent["name"] > 1);
}

BOOST_AUTO_TEST_CASE(a_question_with_a_password_is_sent_again_when_the_daemon_was_busy) {
  FakeDaemon daemon;
  int arrived = 0;
  daemon.on_query = [&](const auto& query) {
    auto answer = FakeDaemon::answer_to(query, ++arrived == 1 ? Code::busy : Code::ok);
    return FakeDaemon::Replies{packed(answer)};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto answer = client.ask(check_by_password());
  BOOST_TEST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->code == Code::ok));
  daemon.stop();
  BOOST_TEST(arrived == 2);
}

BOOST_AUTO_TEST_CASE(pipelined_answers_find_their_questions_in_any_order) {
  constexpr std::size_t count = 500;
  FakeDaemon daemon;
  std::vector<std::string> held;
  daemon.on_query = [&](const schema::QueryT& query) {
    auto answer = FakeDaemon::answer_to(query);
    answer.seq = query.at_least_seq;
    held.push_back(packed(answer));
    if (held.size() < count) return nothing();
    return FakeDaemon::Replies(held.rbegin(), held.rend());
  };
  daemon.start();
  auto client = connect(daemon);
  std::map<std::uint64_t, std::uint64_t> expected;
  for (std::uint64_t number = 1; number <= count; ++number) {
    auto query = check_by_name();
    query.at_least_seq = number * 3;
    const auto id = client.submit(std::move(query));
    BOOST_TEST_REQUIRE(id.has_value());
    expected[*id] = number * 3;
  }
  BOOST_TEST(client.in_flight() == count);
  std::uint64_t first = 0;
  while (const auto outcome = client.collect_answer(10s)) {
    BOOST_TEST_REQUIRE(outcome->answer.has_value());
    if (first == 0) first = outcome->id;
    BOOST_TEST(outcome->answer->seq == expected.at(outcome->id));
    expected.erase(outcome->id);
  }
  BOOST_TEST(expected.empty());
  BOOST_TEST(first == count);
  BOOST_TEST(client.in_flight() == 0u);
}

BOOST_AUTO_TEST_CASE(a_single_question_does_not_swallow_pipelined_answers) {
  FakeDaemon daemon;
  daemon.on_query = [](const auto& query) {
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto id = client.submit(check_by_name());
  const auto single = client.ask(check_by_name());
  BOOST_TEST_REQUIRE((id && single));
  BOOST_TEST(single->id != *id);
  const auto outcome = client.collect_answer(10s);
  BOOST_TEST_REQUIRE(outcome.has_value());
  BOOST_TEST(outcome->id == *id);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_asked_for_again_while_others_flow) {
  FakeDaemon daemon;
  std::atomic<int> first_seen = 0;
  daemon.on_query = [&](const schema::QueryT& query) {
    if (query.at_least_seq == 7 && ++first_seen == 1) return nothing();
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  daemon.start();
  auto client = connect(daemon, soon(120s, 299));
  auto query = check_by_name();
  query.at_least_seq = 7;
  const auto id = client.submit(std::move(query));
  BOOST_TEST_REQUIRE(id.has_value());
  const auto begun = std::chrono::steady_clock::now();
  while (first_seen < 2 && std::chrono::steady_clock::now() - begun < 100s)
    BOOST_TEST_REQUIRE(client.ask(check_by_name()).has_value());
  BOOST_TEST(first_seen >= 2);
  const auto outcome = client.collect_answer(100s);
  BOOST_TEST_REQUIRE(outcome.has_value());
  BOOST_TEST(outcome->id == *id);
}

BOOST_AUTO_TEST_CASE(more_than_the_bound_in_flight_is_refused) {
  FakeDaemon daemon;
  daemon.start();
  auto client = connect(daemon, [](Options& options) { options.in_flight_max = 2; });
  BOOST_TEST(client.submit(create_tenant("a")).has_value());
  BOOST_TEST(client.submit(create_tenant("b")).has_value());
  const auto third = client.submit(create_tenant("c"));
  BOOST_TEST_REQUIRE(!third.has_value());
  BOOST_TEST((third.error().kind == ErrorKind::busy));
}

BOOST_AUTO_TEST_CASE(K1_one_id_cannot_be_in_flight_twice) {
  FakeDaemon daemon;
  daemon.start();
  auto client = connect(daemon);
  auto message = create_tenant("a");
  message.id = std::make_unique<schema::Uuid>(make_uuid());
  BOOST_TEST(client.submit(schema::CommandMessageT(message)).has_value());
  BOOST_TEST(!client.submit(std::move(message)).has_value());
}

BOOST_AUTO_TEST_CASE(a_second_answer_to_the_same_message_is_ignored) {
  FakeDaemon daemon;
  daemon.on_command = [](const auto& message) {
    const auto receipt = packed(FakeDaemon::receipt_to(message));
    return FakeDaemon::Replies{receipt, receipt};
  };
  daemon.start();
  auto client = connect(daemon);
  for (int round = 0; round < 3; ++round) {
    auto message = create_tenant("a");
    message.id = std::make_unique<schema::Uuid>(make_uuid());
    const auto id = uuid_text(*message.id);
    const auto receipt = client.execute(std::move(message));
    BOOST_TEST_REQUIRE(receipt.has_value());
    BOOST_TEST(uuid_text(*receipt->id) == id);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_without_an_id_belongs_to_the_only_message) {
  FakeDaemon daemon;
  daemon.on_query = [](const auto&) {
    schema::AnswerT answer;
    answer.code = Code::malformed_message;
    return FakeDaemon::Replies{packed(answer)};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto answer = client.ask(check_by_name());
  BOOST_TEST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->code == Code::malformed_message));
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_ends_with_a_protocol_error_and_the_next_message_works) {
  FakeDaemon daemon;
  int arrived = 0;
  daemon.on_query = [&](const auto& query) {
    if (++arrived == 1) return FakeDaemon::Replies{"this is no answer of any kind at all"};
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto first = client.ask(check_by_name());
  BOOST_TEST_REQUIRE(!first.has_value());
  BOOST_TEST(exit_code(first.error()) == 76);
  BOOST_TEST(client.ask(check_by_name()).has_value());
}

BOOST_AUTO_TEST_CASE(where_nobody_listens_it_fails_at_once_if_told_so) {
  FakeDaemon daemon;
  daemon.start();
  const auto options = daemon.options();
  daemon.stop();
  auto impatient = options;
  impatient.wait_for_daemon = false;
  impatient.timeout = 300s;
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = Client::make(impatient)->ask(check_by_name());
  BOOST_TEST_REQUIRE(!answer.has_value());
  BOOST_TEST(exit_code(answer.error()) == 69);
  BOOST_TEST(answer.error().sentence.find("Nobody listens") != std::string::npos);
  BOOST_TEST((std::chrono::steady_clock::now() - begun < 120s));
}

BOOST_AUTO_TEST_CASE(it_waits_for_a_daemon_that_starts_later) {
  FakeDaemon daemon;
  daemon.on_query = [](const auto& query) {
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  daemon.start();
  const auto options = daemon.options();
  daemon.stop();
  auto client = Client::make(options);
  BOOST_TEST_REQUIRE(client->submit(check_by_name()).has_value());
  BOOST_TEST(!client->collect_answer(50ms).has_value());
  daemon.start();
  const auto outcome = client->collect_answer(100s);
  BOOST_TEST_REQUIRE(outcome.has_value());
  BOOST_TEST(outcome->answer.has_value());
}

BOOST_AUTO_TEST_CASE(tcp_speaks_curve) {
  FakeDaemon daemon;
  daemon.curve = true;
  daemon.on_query = [](const auto& query) {
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  daemon.start();
  auto client = connect(daemon);
  BOOST_TEST(client.ask(check_by_name()).has_value());
}

BOOST_AUTO_TEST_CASE(tcp_without_keys_is_refused) {
  Options options;
  options.queries = "tcp://127.0.0.1:1";
  const auto client = Client::make(options);
  BOOST_TEST_REQUIRE(!client.has_value());
  BOOST_TEST((client.error().kind == ErrorKind::usage));
}

BOOST_AUTO_TEST_CASE(another_servers_key_breaks_the_handshake) {
  FakeDaemon daemon;
  daemon.curve = true;
  daemon.start();
  auto client = connect(daemon, [](Options& options) {
    options.server_key = make_key_pair().public_key;
    options.wait_for_daemon = false;
  });
  const auto answer = client.ask(check_by_name());
  BOOST_TEST_REQUIRE(!answer.has_value());
  BOOST_TEST(exit_code(answer.error()) == 76, answer.error().sentence);
  daemon.stop();
  BOOST_TEST(daemon.query_bytes.empty());
}

BOOST_AUTO_TEST_CASE(a_key_the_daemon_does_not_know_is_not_permitted) {
  FakeDaemon daemon;
  daemon.curve = true;
  daemon.deny_all = true;
  daemon.start();
  auto client = connect(daemon, soon(60s));
  const auto answer = client.ask(check_by_name());
  BOOST_TEST_REQUIRE(!answer.has_value());
  BOOST_TEST(exit_code(answer.error()) == 77, answer.error().sentence);
  BOOST_TEST(daemon.denials > 0);
}

// ---- following

/// A daemon with `head` records; `skipped` is left out of what it sends.
FakeDaemon::Replies records(const schema::HistoryRequestT& request, std::uint64_t head,
                            std::uint64_t skipped = 0) {
  const auto& asked = *request.body.AsGetRecords();
  schema::RecordPageT page;
  page.head_seq = head;
  page.next_seq = std::max<std::uint64_t>(asked.from_seq, 1);
  while (page.next_seq <= head && page.records.size() < asked.count_max) {
    schema::RecordT record;
    record.seq = page.next_seq++;
    if (record.seq == skipped) continue;
    auto stored = std::make_unique<schema::StoredRecordT>();
    const auto bytes = packed(record);
    stored->bytes.assign(bytes.begin(), bytes.end());
    page.records.push_back(std::move(stored));
  }
  auto answer = FakeDaemon::page_to(request);
  answer.body.Set(std::move(page));
  return {packed(answer)};
}

schema::GetRecordsT from(std::uint64_t seq) {
  schema::GetRecordsT request;
  request.from_seq = seq;
  request.count_max = 3;
  return request;
}

BOOST_AUTO_TEST_CASE(Q7_follow_gives_every_record_once) {
  FakeDaemon daemon;
  daemon.on_history = [](const auto& request) { return records(request, 10); };
  daemon.start();
  auto client = connect(daemon);
  std::vector<std::uint64_t> seqs;
  const auto last = client.follow(from(2), [&](const auto& page, auto batch) {
    for (const auto& record : batch) seqs.push_back(record.seq);
    return page.next_seq <= page.head_seq;
  });
  BOOST_TEST_REQUIRE(last.has_value());
  BOOST_TEST(seqs == (std::vector<std::uint64_t>{2, 3, 4, 5, 6, 7, 8, 9, 10}),
             boost::test_tools::per_element());
  BOOST_TEST(last->body.AsRecordPage()->next_seq == 11u);
}

BOOST_AUTO_TEST_CASE(Q7_follow_notices_a_missing_record) {
  for (const std::uint64_t skipped : {1u, 2u, 3u, 5u}) {
    FakeDaemon daemon;
    daemon.on_history = [=](const auto& request) { return records(request, 6, skipped); };
    daemon.start();
    auto client = connect(daemon);
    const auto last = client.follow(
        from(0), [](const auto& page, auto) { return page.next_seq <= page.head_seq; });
    BOOST_TEST_REQUIRE(!last.has_value());
    BOOST_TEST(exit_code(last.error()) == 76);
  }
}

BOOST_AUTO_TEST_CASE(Q7_with_a_filter_records_may_be_left_out) {
  FakeDaemon daemon;
  daemon.on_history = [](const auto& request) { return records(request, 6, 2); };
  daemon.start();
  auto client = connect(daemon);
  auto request = from(0);
  request.tenant = "acme";
  std::size_t count = 0;
  const auto last = client.follow(request, [&](const auto& page, auto batch) {
    count += batch.size();
    return page.next_seq <= page.head_seq;
  });
  BOOST_TEST(last.has_value());
  BOOST_TEST(count == 5u);
}

BOOST_AUTO_TEST_CASE(Q7_a_refusal_ends_following_as_the_last_page) {
  FakeDaemon daemon;
  daemon.on_history = [](const auto& request) {
    return FakeDaemon::Replies{packed(FakeDaemon::page_to(request, Code::not_permitted))};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto last = client.follow(from(0), [](const auto&, auto) { return true; });
  BOOST_TEST_REQUIRE(last.has_value());
  BOOST_TEST((last->code == Code::not_permitted));
}

BOOST_AUTO_TEST_CASE(Q7_a_damaged_record_is_refused) {
  FakeDaemon daemon;
  daemon.on_history = [](const auto& request) {
    schema::RecordPageT page;
    page.next_seq = 2;
    page.records.push_back(std::make_unique<schema::StoredRecordT>());
    page.records.back()->bytes.assign(64, 0xff);
    auto answer = FakeDaemon::page_to(request);
    answer.body.Set(std::move(page));
    return FakeDaemon::Replies{packed(answer)};
  };
  daemon.start();
  auto client = connect(daemon);
  const auto last = client.follow(from(0), [](const auto&, auto) { return true; });
  BOOST_TEST_REQUIRE(!last.has_value());
  BOOST_TEST(exit_code(last.error()) == 76);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
