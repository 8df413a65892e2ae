// The bench finds what is wrong, tells what it found, and measures everything it promises.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <thread>

#include "command_generated.h"
#include "query_generated.h"
#include "schema/identifiers.h"
#include "tools/bench/bare_dealer.h"
#include "tools/bench/echo.h"
#include "tools/bench/instruction_counts.h"
#include "tools/bench/messages.h"
#include "tools/bench/process.h"
#include "tools/bench/report.h"
#include "tools/bench/scale_table.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

namespace json = boost::json;

/// The answer a daemon would give to question set `set`, message `id`.
schema::AnswerT right_answer(const QuestionSet& set, std::size_t id) {
  schema::CheckedT checked;
  const ExpectedAnswer& asked = set.asked[id];
  auto& decision = checked.decisions.emplace_back(std::make_unique<schema::DecisionT>());
  decision->allowed = asked.verdict == Verdict::allowed;
  decision->reason = asked.verdict == Verdict::allowed           ? schema::Code::ok
                     : asked.verdict == Verdict::denied_by_grant ? schema::Code::denied_by_grant
                                                                 : schema::Code::no_matching_grant;
  if (asked.verdict != Verdict::no_matching_grant) {
    decision->grant = std::make_unique<schema::GrantViewT>();
    decision->grant->action = action_text(asked.right.action);
    decision->grant->resource = resource_text(asked.right.resource);
  }
  schema::AnswerT answer;
  answer.id = id;
  answer.body.Set(std::move(checked));
  return answer;
}

void add(Run& run, const schema::AnswerT& answer, std::size_t asked) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateAnswer(builder, &answer), schema::answer_identifier);
  run.answers.add(builder.GetBufferPointer(), builder.GetSize());
  run.asked.push_back(static_cast<std::uint32_t>(asked));
}

schema::DecisionT& decision_of(schema::AnswerT& answer) {
  return *answer.body.AsChecked()->decisions.front();
}

/// Whether the bench takes all right answers but one, which `spoil` has changed.
template <class Spoil>
bool is_taken(Verdict verdict, Spoil spoil) {
  const QuestionSet set = make_questions(64, 1, 0, 10, 7);
  Run run;
  bool spoilt = false;
  for (std::size_t id = 0; id < set.reel.messages.size(); ++id) {
    schema::AnswerT answer = right_answer(set, id);
    if (!spoilt && set.asked[id].verdict == verdict) {
      spoil(answer);
      spoilt = true;
    }
    add(run, answer, id);
  }
  BOOST_REQUIRE(spoilt);
  try {
    check_decisions(set, run);
    return true;
  } catch (const Trouble& trouble) {
    BOOST_TEST(trouble.exit_code == exit_codes::wrong_answer);
    return false;
  }
}

void add_receipt(Run& run, const CommandStream& stream, std::size_t index, std::uint64_t seq,
                 schema::Code code = schema::Code::ok) {
  const auto* sent =
      flatbuffers::GetRoot<schema::CommandMessage>(stream.reel.messages[index].data());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateReceipt(builder, 1, sent->id(), code, 0, seq),
                 schema::receipt_identifier);
  run.answers.add(builder.GetBufferPointer(), builder.GetSize());
  run.asked.push_back(static_cast<std::uint32_t>(index));
}

bool receipts_are_taken(const CommandStream& stream, const Run& run) {
  try {
    check_receipts(stream, run);
    return true;
  } catch (const Trouble&) {
    return false;
  }
}

std::string bench_program() {
  const char* program = std::getenv("POSTERN_BENCH");
  BOOST_REQUIRE(program != nullptr);
  return program;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bench_tests)

BOOST_AUTO_TEST_CASE(percentiles_are_of_the_nearest_rank) {
  std::vector<double> values;
  for (int value = 101; value >= 1; --value) values.push_back(value);
  BOOST_TEST(percentile(values, 0) == 1);
  BOOST_TEST(median(values) == 51);
  BOOST_TEST(percentile(values, 0.99) == 100);
  BOOST_TEST(percentile(values, 1) == 101);
}

BOOST_AUTO_TEST_CASE(four_digits_are_shown) {
  for (const auto& [value, text] :
       {std::pair(226'478'912.0, "226500000"), std::pair(981'612'345.6, "981600000"),
        std::pair(12'345.6, "12350"), std::pair(1'234.5, "1235"), std::pair(0.0123456, "0.01235"),
        std::pair(0.0, "0")})
    BOOST_TEST(shown(value) == text);
}

BOOST_AUTO_TEST_CASE(floor_and_figure_take_turns_and_each_round_has_its_ratio) {
  std::string order;
  const Rounds rounds = alternate(
      3, [&] { return order += 'a', 6.0; }, [&] { return order += 'b', 2.0; });
  BOOST_TEST(order == "baabba");
  BOOST_TEST(rounds.ratios() == std::vector<double>({3, 3, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_wrong_decision_ends_the_run) {
  BOOST_TEST(is_taken(Verdict::allowed, [](schema::AnswerT&) {}));
  BOOST_TEST(!is_taken(Verdict::allowed, [](auto& answer) { answer.id += 1; }));
  BOOST_TEST(!is_taken(Verdict::allowed, [](auto& answer) { answer.code = schema::Code::busy; }));
  BOOST_TEST(
      !is_taken(Verdict::allowed, [](auto& answer) { decision_of(answer).allowed = false; }));
  BOOST_TEST(!is_taken(Verdict::allowed, [](auto& answer) { decision_of(answer).grant.reset(); }));
  BOOST_TEST(!is_taken(Verdict::denied_by_grant,
                       [](auto& answer) { decision_of(answer).grant->resource += "x"; }));
  BOOST_TEST(!is_taken(Verdict::no_matching_grant, [](auto& answer) {
    decision_of(answer).reason = schema::Code::denied_by_grant;
  }));
  BOOST_TEST(!is_taken(Verdict::no_matching_grant,
                       [](auto& answer) { answer.body.AsChecked()->decisions.clear(); }));
}

BOOST_AUTO_TEST_CASE(a_missing_or_second_or_refusing_receipt_ends_the_run) {
  const CommandStream stream = make_access_switches(9, 4, 0, 2);
  const auto run_of = [&](std::initializer_list<std::pair<std::size_t, std::uint64_t>> receipts) {
    Run run;
    for (const auto& [index, seq] : receipts) add_receipt(run, stream, index, seq);
    return run;
  };
  BOOST_TEST(receipts_are_taken(stream, run_of({{0, 5}, {1, 6}, {2, 7}, {3, 8}})));
  BOOST_TEST(!receipts_are_taken(stream, run_of({{0, 5}, {0, 6}})));
  BOOST_TEST(!receipts_are_taken(stream, run_of({{0, 5}, {1, 5}})));
  Run lost = run_of({{0, 5}});
  lost.asked.push_back(1);
  BOOST_TEST(!receipts_are_taken(stream, lost));
  Run refused = run_of({{0, 5}});
  add_receipt(refused, stream, 1, 6, schema::Code::disk_low);
  BOOST_TEST(!receipts_are_taken(stream, refused));
  CommandStream other = make_access_switches(10, 4, 0, 2);
  BOOST_TEST(!receipts_are_taken(other, run_of({{0, 5}})));
}

BOOST_AUTO_TEST_CASE(an_echo_of_other_bytes_ends_the_run) {
  const Messages messages = {"question"};
  const auto echoed = [&](std::string_view bytes) {
    Run run;
    run.answers.add(bytes.data(), bytes.size());
    run.asked.push_back(0);
    try {
      check_echoes(messages, 10, run);
      return true;
    } catch (const Trouble&) {
      return false;
    }
  };
  BOOST_TEST(echoed(std::string_view("question\0\0", 10)));
  BOOST_TEST(!echoed("question"));
  BOOST_TEST(!echoed("quest10n00"));
}

BOOST_AUTO_TEST_CASE(the_same_questions_are_told_alike_in_whatever_order_they_are_answered) {
  const QuestionSet set = make_questions(8, 1, 0, 10, 7);
  const auto told_by = [&](std::initializer_list<std::size_t> order) {
    Run run;
    for (const std::size_t id : order) add(run, right_answer(set, id), id);
    std::string told;
    check_decisions(set, run, &told);
    return told;
  };
  BOOST_TEST(told_by({0, 1, 2, 3}) == told_by({2, 0, 3, 1}));
  BOOST_TEST(told_by({0, 1, 2}) != told_by({0, 1, 3}));
}

BOOST_AUTO_TEST_CASE(a_connection_by_hand_speaks_to_zeromq) {
  const TemporaryFolder folder("/var/tmp");
  const Door door{"ipc://" + (folder.path() / "echo").string(), {}, {}, {}};
  constexpr std::size_t count = 500;
  void* router = zmq_socket(context(), ZMQ_ROUTER);
  BOOST_REQUIRE(zmq_bind(router, door.address.c_str()) == 0);
  std::thread echo([router] {
    std::string bytes(100'000, '\0');
    for (std::size_t frames = 0; frames < 2 * count; ++frames) {
      const int size = zmq_recv(router, bytes.data(), bytes.size(), 0);
      if (size < 0) return;
      zmq_send(router, bytes.data(), static_cast<std::size_t>(size),
               frames % 2 == 0 ? ZMQ_SNDMORE : 0);
    }
  });
  Reel reel;
  for (const std::size_t size : {10uz, 255uz, 256uz, 70'000uz, 0uz})
    reel.messages.emplace_back(size, static_cast<char>('a' + size % 26));
  std::vector<BareDealer> dealers;
  for (int which = 0; which < 3; ++which) dealers.emplace_back(door);
  const auto ask = [&](std::size_t connections, std::size_t messages) {
    const Run run =
        ask_pipelined(std::span(dealers).first(connections), reel, 4, {.count = messages});
    BOOST_TEST(run.asked.size() == messages);
    BOOST_TEST_REQUIRE(run.answers.size() == messages);
    for (std::size_t i = 0; i < messages; ++i)
      BOOST_TEST((run.answers[i] == reel.messages[run.asked[i]]));
  };
  ask(3, count - 100);
  ask(1, 100);
  echo.join();
  zmq_close(router);
}

BOOST_AUTO_TEST_CASE(a_connection_by_hand_waits_until_the_other_side_is_ready) {
  const TemporaryFolder folder("/var/tmp");
  const std::string path = folder.path() / "socket";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  BOOST_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  BOOST_REQUIRE(::listen(listener, 2) == 0);
  // Behind its greeting one that is ready, and one that speaks before.
  std::thread peer([listener] {
    for (const char flags : {'\4', '\0'}) {
      const int made = ::accept(listener, nullptr, nullptr);
      const std::string said = std::string(64, '\0') + flags + '\1' + 'x';
      ::send(made, said.data(), said.size(), MSG_NOSIGNAL);
      ::shutdown(made, SHUT_WR);
      char byte = 0;
      while (::recv(made, &byte, 1, 0) > 0) continue;
      ::close(made);
    }
  });
  const Door door{"ipc://" + path, {}, {}, {}};
  BOOST_CHECK_NO_THROW(BareDealer{door});
  BOOST_CHECK_THROW(BareDealer{door}, Trouble);
  peer.join();
  ::close(listener);
}

BOOST_AUTO_TEST_CASE(a_picture_has_each_value_and_both_grounds) {
  const ScaleRow rows[] = {{.users = 1'000,
                            .check_p50_us = 51,
                            .check_p99_us = 117,
                            .check_cpu_us = 31,
                            .bytes_per_user = 1'250,
                            .users_loaded_per_s = 4'400,
                            .start_s = 0.125,
                            .start_from_journal_s = 0.25,
                            .snapshot_bytes = 1.5e6,
                            .journal_bytes = 2.5e6},
                           {.users = 10'000,
                            .check_p50_us = 52,
                            .check_p99_us = 118,
                            .check_cpu_us = 32,
                            .bytes_per_user = 1'240,
                            .users_loaded_per_s = 4'500,
                            .start_s = 0.5,
                            .start_from_journal_s = 0.75,
                            .snapshot_bytes = 1.6e7,
                            .journal_bytes = 2.6e7}};
  const std::string picture = scale_picture(rows);
  for (const char* text :
       {"51", "118", "31", "1.25k", "4.5k", "0.125", "0.75", "1.5M", "26M", "from the journal",
        ">users<", ">µs<", ">bytes<", ">users/s<", "prefers-color-scheme: dark", "</svg>"})
    BOOST_TEST(picture.find(text) != std::string::npos, text);
  // What a logarithm has no place for is left out.
  ScaleRow nothing;
  nothing.users = 100;
  for (const std::string& text : {picture, scale_picture({&nothing, 1})}) {
    BOOST_TEST(text.find("nan") == std::string::npos);
    BOOST_TEST(text.find("inf") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_ratio_beyond_what_is_asked_is_told) {
  Report report;
  report.add("check_rtt_over_echo", {{100, 110, 120}, {100, 100, 100}},
             {.name = "a", .unit = "us"});
  report.add("check_rate_over_echo", {{70}, {100}}, {.name = "b", .unit = "1/s"});
  BOOST_TEST(report.missed().empty());
  report.add("durable_rtt_over_sync", {{171}, {100}}, {.name = "c", .unit = "us"});
  report.add("durable_rate_over_leveldb", {{39}, {100}}, {.name = "d", .unit = "1/s"});
  BOOST_TEST(report.missed().size() == 2U);
  // A figure without a floor is asked for by itself.
  report.add({.name = "diff_seconds", .unit = "s", .value = 5});
  BOOST_TEST(report.missed().size() == 2U);
  report.add({.name = "report_seconds", .unit = "s", .value = 61});
  BOOST_TEST(report.missed().size() == 3U);
  // What is asked at a million users is asked of no fewer.
  report.add({.name = "bytes_per_user", .unit = "B", .value = 801, .details = {{"users", 20'000}}});
  BOOST_TEST(report.missed().size() == 3U);
  report.add({.name = "bytes_per_user", .unit = "B", .value = 801, .details = {{"users", 1e6}}});
  BOOST_TEST(report.missed().size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_tiny_run_measures_everything_and_every_answer_is_right) {
  const TemporaryFolder folder("/var/tmp");
  const auto output = folder.path() / "output";
  Child bench({bench_program(), "--tiny", "--json", "--scratch", folder.path().string()}, {},
              output);
  const int code = bench.wait();
  const std::string text = read_text(output);
  BOOST_REQUIRE_MESSAGE(code == 0, text);
  const auto json_begins = text.find("\n{\"environment\"");
  BOOST_REQUIRE_MESSAGE(json_begins != text.npos, text);
  const json::object result = json::parse(text.substr(json_begins)).as_object();
  const json::object& ratios = result.at("ratios").as_object();
  for (const char* name : {"check_rtt_over_echo",
                           "check_rate_over_echo",
                           "check_rate_64_connections_over_echo",
                           "batch_check_rate_over_lookup",
                           "curve_check_rate_over_curve_echo",
                           "durable_rate_over_leveldb",
                           "durable_rtt_over_sync",
                           "replay_rate_over_iteration",
                           "replay_rate_on_one_processor_over_iteration",
                           "check_p50_1m_over_1k",
                           "check_cpu_1m_over_1k",
                           "shared_client_rtt_over_client",
                           "shared_client_rate_over_clients",
                           "shared_client_rate_of_one_user_over_clients",
                           "check_p99_under_writes_over_idle",
                           "check_p99_under_passwords_over_idle",
                           "cached_authentication_over_check",
                           "cached_authentication_rate_over_check",
                           "as_of_over_reading",
                           "check_p99_under_diffs_over_idle",
                           "verify_rate_over_sha256"})
    BOOST_TEST((ratios.contains(name) && ratios.at(name).to_number<double>() > 0), name);
  const json::object& figures = result.at("figures").as_object();
  for (const char* name :
       {"bytes_per_user", "start_seconds_per_million_users",
        "start_seconds_per_million_users_from_journal", "start_seconds_million_records",
        "check_rtt", "durable_rate", "cached_authentication", "password_restart_8_users_seconds",
        "replica_check_ns", "replica_check_rate", "replica_checks_together_ns",
        "replica_checks_together_rate", "replica_told_seconds", "replica_bytes_per_user",
        "replica_revoke_to_denial_p99_ms", "as_of_ms", "as_of_p99_ms", "as_of_offline_seconds",
        "diff_seconds", "report_seconds"}) {
    BOOST_REQUIRE_MESSAGE(figures.contains(name), name);
    const json::object& figure = figures.at(name).as_object();
    BOOST_TEST(figure.at("value").to_number<double>() > 0, name);
    BOOST_TEST(!figure.at("unit").as_string().empty(), name);
  }
  BOOST_TEST(result.at("result_hash").as_string().size() == 64U);
  BOOST_TEST(result.at("environment").as_object().contains("cpu"));
}

BOOST_AUTO_TEST_CASE(the_table_of_sizes_has_a_row_for_each_and_a_picture) {
  const TemporaryFolder folder("/var/tmp");
  const auto output = folder.path() / "output";
  const auto picture = folder.path() / "scale.svg";
  Child bench({bench_program(), "--tiny", "--scale", "--up-to", "1000", "--svg", picture.string(),
               "--json", "--scratch", folder.path().string()},
              {}, output);
  const int code = bench.wait();
  const std::string text = read_text(output);
  BOOST_REQUIRE_MESSAGE(code == 0, text);
  const json::object result = json::parse(text.substr(text.find("{\"environment\""))).as_object();
  const json::array& rows = result.at("scale").as_array();
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(rows.at(0).at("users").to_number<double>() == 100);
  BOOST_TEST(rows.at(1).at("users").to_number<double>() == 1'000);
  for (const json::value& row : rows)
    for (const auto& [name, value] : row.as_object())
      BOOST_TEST(value.to_number<double>() > 0, name);
  BOOST_TEST(read_text(picture).starts_with("<svg"));
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_leaves_nothing_behind) {
  const TemporaryFolder folder("/var/tmp");
  const TemporaryFolder scratch("/var/tmp");
  const auto output = folder.path() / "output";
  Child bench({bench_program(), "--quick", "--scratch", scratch.path().string()}, {}, output);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (read_text(output).find("measuring") == std::string::npos) {
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
  BOOST_TEST(!std::filesystem::is_empty(scratch.path()));
  BOOST_TEST(bench.stop() != 0);
  BOOST_TEST(std::filesystem::is_empty(scratch.path()));
}

BOOST_AUTO_TEST_CASE(a_check_costs_what_it_did_and_takes_no_memory) {
  if (std::system("valgrind --version > /dev/null 2>&1") != 0) {
    BOOST_TEST_MESSAGE("left out: there is no valgrind");
    return;
  }
  const TemporaryFolder folder("/var/tmp");
  const auto output = folder.path() / "output";
  Child bench({bench_program(), "--tiny", "--count", "--json"}, {}, output);
  BOOST_TEST_REQUIRE(bench.wait() == 0, read_text(output));
  const std::string text = read_text(output);
  const json::object result = json::parse(text.substr(text.find("{\"environment\""))).as_object();
  const json::object& figures = result.at("figures").as_object();
  // A tenth above what was reached (tools/bench/README.md).
  for (const auto& [name, most] : {std::pair("instructions_per_check", 5'300.0),
                                   std::pair("instructions_per_batched_question", 990.0),
                                   std::pair("instructions_per_command", 11'600.0)}) {
    const json::object& figure = figures.at(name).as_object();
    BOOST_TEST(figure.at("value").to_number<double>() < most, name);
    const bool is_question = std::string_view(name) != "instructions_per_command";
    BOOST_TEST(figure.at("allocations").to_number<double>() < (is_question ? 0.1 : 3.2), name);
  }
}

BOOST_AUTO_TEST_CASE(a_profile_tells_instructions_and_who_takes_memory) {
  const ThreadCounts counts = counts_in(
      "events: Ir\n"
      "ob=(1) /usr/bin/posternd\nfl=(1) ???\nfn=(1) take(int)\n+3 40\n"
      "cob=(2) /usr/lib/libjemalloc.so.2\ncfn=(2) operator new(unsigned long)\ncalls=3 0\n* 60\n"
      "cfn=(3) malloc\ncalls=2 0\n* 20\n"
      "cfn=(4) memcpy\ncalls=7 0\n* 70\n"
      // What `operator new` takes is its caller's.
      "ob=(2)\nfn=(2)\n0 12\ncfn=(3)\ncalls=3 0\n* 30\n"
      "ob=(3) /usr/lib/libzmq.so.5\nfn=(5) zmq_msg_init_size\n0 5\ncfn=(3)\ncalls=9 0\n* 90\n"
      "totals: 12345\n");
  BOOST_TEST(counts.instructions == 12'345U);
  BOOST_TEST(counts.allocations == 5U);
  BOOST_CHECK_THROW(counts_in("events: Ir\n"), Trouble);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::bench
