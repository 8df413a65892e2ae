// Floods against the real daemon: its memory stays bounded, an honest client is served meanwhile.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>

#include "history_generated.h"
#include "schema/identifiers.h"
#include "tests/support/bare_connection.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/sanitized.h"

namespace postern::support {

namespace {

using namespace std::chrono_literals;
using schema::Code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t mib = 1'048'576;
const std::array<std::string, 3> socket_names{"commands", "queries", "history"};

struct Flooded : DaemonProcess {
  Flooded() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    honest.emplace(owner());
    BOOST_REQUIRE(honest->execute(create_tenant("acme"))->code == Code::ok);
    rss_before = memory("VmRSS");
    peak_before = memory("VmHWM");
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  /// Bytes, as the kernel counts them.
  std::size_t memory(const std::string& what) const {
    std::ifstream status("/proc/" + std::to_string(process()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with(what + ":")) return std::stoul(line.substr(what.size() + 1)) * 1'024;
    return 0;
  }
  std::uint64_t counter(const std::string& name) {
    const auto got = honest->ask(get_status());
    BOOST_REQUIRE(got);
    for (const auto& counter : got->body.AsStatus()->counters)
      if (counter->name == name) return counter->value;
    return 0;
  }
  /// On the connection that is there and on a new one, over tcp and ipc, both well in time.
  void serves_the_honest() {
    const auto began = Clock::now();
    BOOST_TEST((honest->ask(get_status())->code == Code::ok));
    BOOST_TEST((owner().ask(get_status())->code == Code::ok));
    auto remote = client::Client::make(tcp_options(owner_keys()));
    BOOST_REQUIRE(remote);
    BOOST_TEST((remote->ask(get_status())->code == Code::ok));
    BOOST_TEST(
        (honest->execute(create_user("acme", "user" + std::to_string(++users)))->code == Code::ok));
    BOOST_TEST((Clock::now() - began < 60s));
  }
  /// A sanitizer's memory is not the daemon's.
  void grew_less_than(std::size_t bytes) {
    const std::size_t now = memory("VmRSS");
    BOOST_TEST_MESSAGE("grew from " << rss_before / mib << " to " << now / mib << " MiB");
    if (!sanitized) BOOST_TEST(now < rss_before + bytes);
  }
  void never_grew_more_than(std::size_t bytes) {
    const std::size_t peak = memory("VmHWM");
    BOOST_TEST_MESSAGE("at most " << peak / mib << " MiB, " << peak_before / mib << " before");
    if (!sanitized) BOOST_TEST(peak < peak_before + bytes);
  }

  std::optional<client::Client> honest;
  std::size_t rss_before = 0;
  std::size_t peak_before = 0;
  int users = 0;
};

/// A frame that says that more of its message follows.
std::string part(const std::string& payload) {
  std::string header{'\3'};
  for (int shift = 56; shift >= 0; shift -= 8)
    header += static_cast<char>(payload.size() >> shift & 0xff);
  return header + payload;
}

/// A DEALER on an ipc socket that sends and does not read.
class Deaf {
 public:
  Deaf(void* context, const std::string& address) : socket_(::zmq_socket(context, ZMQ_DEALER)) {
    const int none = 0;
    const int one = 1;
    const int small = 4'096;
    const int brief_ms = 100;
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    ::zmq_setsockopt(socket_, ZMQ_RCVHWM, &one, sizeof one);
    ::zmq_setsockopt(socket_, ZMQ_RCVBUF, &small, sizeof small);
    ::zmq_setsockopt(socket_, ZMQ_SNDTIMEO, &brief_ms, sizeof brief_ms);
    BOOST_REQUIRE(::zmq_connect(socket_, address.c_str()) == 0);
  }
  Deaf(Deaf&& from) noexcept : socket_(std::exchange(from.socket_, nullptr)) {}
  Deaf& operator=(Deaf&&) = delete;
  ~Deaf() {
    if (socket_ != nullptr) ::zmq_close(socket_);
  }
  void* socket() const { return socket_; }
  /// False if the daemon takes no more.
  bool send(const flatbuffers::FlatBufferBuilder& message) const {
    return ::zmq_send(socket_, message.GetBufferPointer(), message.GetSize(), 0) >= 0;
  }

 private:
  void* socket_;
};

flatbuffers::FlatBufferBuilder packed(schema::GetRecordsT wanted) {
  schema::HistoryRequestT request;
  request.body.Set(std::move(wanted));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateHistoryRequest(builder, &request),
                 schema::history_request_identifier);
  return builder;
}

/// A DEALER that sends all it has to ask, and reads when everything was taken.
class Pipeline {
 public:
  Pipeline(void* context, const std::string& address) : deaf_(context, address) {}

  void send(const flatbuffers::FlatBufferBuilder& message) const {
    const auto end = Clock::now() + 60s;
    while (!deaf_.send(message)) BOOST_REQUIRE(Clock::now() < end);
  }
  /// Answers until there are so many, or none comes for long.
  std::vector<std::vector<std::uint8_t>> read(std::size_t count) const {
    std::vector<std::vector<std::uint8_t>> answers;
    const int patience_ms = 30'000;
    ::zmq_setsockopt(deaf_.socket(), ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    while (answers.size() < count) {
      zmq_msg_t message;
      ::zmq_msg_init(&message);
      const bool got = ::zmq_msg_recv(&message, deaf_.socket(), 0) >= 0;
      const auto* data = static_cast<const std::uint8_t*>(::zmq_msg_data(&message));
      if (got) answers.emplace_back(data, data + ::zmq_msg_size(&message));
      ::zmq_msg_close(&message);
      if (!got) break;
    }
    return answers;
  }

 private:
  Deaf deaf_;
};

struct ClientContext {
  ~ClientContext() { ::zmq_ctx_term(handle); }
  void* handle = ::zmq_ctx_new();
};

/// A flood whose sender asks at least `count` times, until answers to it are dropped.
struct FloodedByTheDeaf : Flooded {
  void flood_without_reading(const std::string& name,
                             const flatbuffers::FlatBufferBuilder& question, int count) {
    rss_before = memory("VmRSS");
    const std::string dropped = name + "_dropped_out";
    deaf.emplace(context.handle, ipc(name));
    const auto end = Clock::now() + 120s;
    for (int sent = 0; sent < count && Clock::now() < end;) sent += deaf->send(question);
    while (counter(dropped) < 50 && Clock::now() < end)
      for (int index = 0; index < 50; ++index) deaf->send(question);
    BOOST_TEST(counter(dropped) >= 50);
  }

  ClientContext context;
  /// Still there when the memory is looked at.
  std::optional<Deaf> deaf;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flood_tests)

BOOST_FIXTURE_TEST_CASE(fact_13_a_thousand_half_handshakes_are_closed_and_cost_little, Flooded) {
  const std::string curve = zmtp_greeting("CURVE");
  const std::string hello = "\4\xc8\5HELLO\1";
  const std::vector<std::string> halves{"", curve.substr(0, 1), curve.substr(0, 17), curve,
                                        curve + hello};
  const std::vector<std::string> halves_over_ipc{
      "", zmtp_greeting("NULL"), zmtp_greeting("NULL") + zmtp_ready().substr(0, 10)};
  std::vector<BareConnection> flood;
  const auto began = Clock::now();
  for (std::size_t index = 0; index < 750; ++index)
    flood.emplace_back(port_base() + 1 + static_cast<int>(index % 3))
        .send(halves[index % halves.size()]);
  for (std::size_t index = 0; index < 250; ++index)
    flood.emplace_back(ipc(socket_names[index % 3]))
        .send(halves_over_ipc[index % halves_over_ipc.size()]);
  serves_the_honest();
  grew_less_than(96 * mib);
  for (const BareConnection& made : flood) BOOST_REQUIRE(made.closes_before(began + 120s));
  serves_the_honest();
}

BOOST_FIXTURE_TEST_CASE(fact_13_a_thousand_idle_peers_cost_little, Flooded) {
  const ClientContext context;
  ::zmq_ctx_set(context.handle, ZMQ_MAX_SOCKETS, 2'000);
  schema::GetRecordsT one;
  one.count_max = 1;
  const flatbuffers::FlatBufferBuilder builder = packed(std::move(one));
  const auto before = counter("history_requests");
  std::vector<Deaf> flood;
  for (int index = 0; index < 1'000; ++index)
    // One question, so that it is known to be let in; then silence.
    BOOST_REQUIRE(flood.emplace_back(context.handle, ipc("history")).send(builder));
  const auto end = Clock::now() + 120s;
  while (counter("history_requests") < before + 1'000 && Clock::now() < end) continue;
  BOOST_TEST(counter("history_requests") == before + 1'000);
  serves_the_honest();
  grew_less_than(128 * mib);
}

BOOST_FIXTURE_TEST_CASE(fact_13_who_does_not_read_loses_answers_and_holds_little,
                        FloodedByTheDeaf) {
  for (int index = 0; index < 200; ++index) {
    schema::CreateUserT body;
    body.username = "reader" + std::to_string(index);
    body.note = std::string(4'000, 'n');
    BOOST_REQUIRE(honest->execute(command_message("acme", "", std::move(body)))->code == Code::ok);
  }
  rss_before = memory("VmRSS");
  flood_without_reading("history", packed(schema::GetRecordsT()), 200);
  serves_the_honest();
  schema::HistoryRequestT asked;
  asked.body.Set(schema::GetRecordsT());
  const auto page = honest->history(std::move(asked));
  BOOST_REQUIRE(page);
  BOOST_TEST((page->code == Code::ok));
  grew_less_than(192 * mib);
}

BOOST_FIXTURE_TEST_CASE(fact_13_answers_to_questions_that_nobody_reads_hold_little,
                        FloodedByTheDeaf) {
  BOOST_REQUIRE(honest->execute(create_user("acme", "bob"))->code == Code::ok);
  std::string resource = "table";
  for (int segment = 0; segment < 7; ++segment) resource += '/' + std::string(60, 'r');
  BOOST_REQUIRE(
      honest->execute(add_grant("acme", "bob", schema::Effect::allow, "read", resource))->code ==
      Code::ok);
  auto question = check_by_name("acme", "bob", "read", resource);
  auto& questions = question.body.AsCheck()->questions;
  while (questions.size() < 256)
    questions.push_back(std::make_unique<schema::QuestionT>(*questions.front()));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateQuery(builder, &question), schema::query_identifier);
  // About 150 KB each: the mark of messages alone would let 300 MB wait.
  flood_without_reading("queries", builder, 2'000);
  serves_the_honest();
  grew_less_than(160 * mib);
}

BOOST_FIXTURE_TEST_CASE(fact_13_receipts_that_nobody_reads_hold_little, FloodedByTheDeaf) {
  // A thousand commands of no kind: each is a problem of its receipt.
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  for (int index = 0; index < 1'000; ++index) commands.push_back(schema::CreateCommand(builder));
  const schema::Uuid id = client::make_uuid();
  const auto list = builder.CreateVector(commands);
  builder.Finish(
      schema::CreateCommandMessage(builder, schema::protocol_version, &id, 0, 0, false, 0, list),
      schema::command_message_identifier);
  flood_without_reading("commands", builder, 2'000);
  serves_the_honest();
  grew_less_than(160 * mib);
}

namespace {

/// What one socket is asked a thousand times before anything is read, and how its answers are told
/// apart.
struct Asked {
  std::string socket;
  std::string counter;
  std::function<flatbuffers::FlatBufferBuilder(std::uint64_t)> make;
  std::function<std::uint64_t(const std::uint8_t*)> id_of;
  std::function<Code(const std::uint8_t*)> code_of;
};

flatbuffers::FlatBufferBuilder page_request(std::uint64_t id) {
  schema::HistoryRequestT request;
  request.id = id;
  request.body.Set(schema::GetRecordsT());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateHistoryRequest(builder, &request),
                 schema::history_request_identifier);
  return builder;
}

flatbuffers::FlatBufferBuilder many_questions(std::uint64_t id, const std::string& resource) {
  auto question = check_by_name("acme", "bob", "read", resource);
  question.id = id;
  auto& questions = question.body.AsCheck()->questions;
  while (questions.size() < 256)
    questions.push_back(std::make_unique<schema::QuestionT>(*questions.front()));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateQuery(builder, &question), schema::query_identifier);
  return builder;
}

/// A thousand commands of no kind: each is a problem of its receipt.
flatbuffers::FlatBufferBuilder many_problems(std::uint64_t id) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  for (int index = 0; index < 1'000; ++index) commands.push_back(schema::CreateCommand(builder));
  const schema::Uuid made = client::make_uuid();
  const schema::Uuid named(made.high(), (made.low() & ~std::uint64_t{0xffff}) | id);
  const auto list = builder.CreateVector(commands);
  builder.Finish(
      schema::CreateCommandMessage(builder, schema::protocol_version, &named, 0, 0, false, 0, list),
      schema::command_message_identifier);
  return builder;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(fact_13_what_was_taken_is_answered_once_to_who_reads_late, Flooded) {
  for (int index = 0; index < 250; ++index) {
    schema::CreateUserT body;
    body.username = index == 0 ? "bob" : "reader" + std::to_string(index);
    body.note = std::string(4'000, 'n');
    BOOST_REQUIRE(honest->execute(command_message("acme", "", std::move(body)))->code == Code::ok);
  }
  std::string resource = "table";
  for (int segment = 0; segment < 7; ++segment) resource += '/' + std::string(60, 'r');
  BOOST_REQUIRE(
      honest->execute(add_grant("acme", "bob", schema::Effect::allow, "read", resource))->code ==
      Code::ok);
  const Asked all[] = {
      {"history", "history_requests", page_request,
       [](const std::uint8_t* data) {
         return flatbuffers::GetRoot<schema::HistoryPage>(data)->id();
       },
       [](const std::uint8_t* data) {
         return flatbuffers::GetRoot<schema::HistoryPage>(data)->code();
       }},
      {"queries", "queries",
       [&](std::uint64_t id) { return many_questions(id, resource); },
       [](const std::uint8_t* data) { return flatbuffers::GetRoot<schema::Answer>(data)->id(); },
       [](const std::uint8_t* data) { return flatbuffers::GetRoot<schema::Answer>(data)->code(); }},
      {"commands", "commands", many_problems,
       [](const std::uint8_t* data) {
         return flatbuffers::GetRoot<schema::Receipt>(data)->id()->low() & 0xffffU;
       },
       [](const std::uint8_t* data) {
         return flatbuffers::GetRoot<schema::Receipt>(data)->code();
       }},
  };
  for (const Asked& asked : all)
    for (const std::uint64_t count : {100U, 1'000U}) {
      const auto before = counter(asked.counter);
      const ClientContext context;
      {
        const Pipeline pipeline(context.handle, ipc(asked.socket));
        for (std::uint64_t id = 1; id <= count; ++id) pipeline.send(asked.make(id));
        const auto end = Clock::now() + 60s;
        while (counter(asked.counter) < before + count && Clock::now() < end) continue;
        std::vector<int> answered(count + 1);
        std::size_t busy = 0;
        for (const auto& answer : pipeline.read(count)) {
          const std::uint64_t id = asked.id_of(answer.data());
          BOOST_REQUIRE((id >= 1 && id <= count));
          ++answered[id];
          busy += asked.code_of(answer.data()) == Code::busy;
        }
        BOOST_TEST(std::count(answered.begin() + 1, answered.end(), 1) ==
                       static_cast<std::ptrdiff_t>(count),
                   asked.socket << ' ' << count);
        BOOST_TEST_MESSAGE(asked.socket << ": " << count << " asked, " << busy << " told busy");
        BOOST_TEST(busy < count);
      }
      BOOST_TEST(counter(asked.socket + "_dropped_out") == 0U);
    }
  serves_the_honest();
}

BOOST_FIXTURE_TEST_CASE(fact_13_a_flood_of_huge_batches_is_held_back, Flooded) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  for (int index = 0; index < 1'000; ++index) {
    const auto name = builder.CreateString("user" + std::to_string(index));
    const auto note = builder.CreateString(std::string(850, 'n'));
    schema::CreateUserBuilder body(builder);
    body.add_username(name);
    body.add_note(note);
    const auto made = body.Finish();
    commands.push_back(schema::CreateCommand(builder, 0, nullptr, 0,
                                             schema::CommandBody::CreateUser, made.Union()));
  }
  const schema::Uuid id = client::make_uuid();
  const auto list = builder.CreateVector(commands);
  const bool dry_run = true;
  builder.Finish(schema::CreateCommandMessage(builder, schema::protocol_version, &id,
                                              builder.CreateString("acme"), 0, dry_run, 0, list),
                 schema::command_message_identifier);
  constexpr int messages = 300;
  const auto before = counter("commands");
  const ClientContext context;
  const Deaf sender(context.handle, ipc("commands"));
  for (int index = 0; index < messages; ++index) BOOST_REQUIRE(sender.send(builder));
  const auto end = Clock::now() + 120s;
  while (counter("commands") < before + messages && Clock::now() < end) continue;
  BOOST_TEST(counter("commands") >= before + messages);
  serves_the_honest();
  never_grew_more_than(224 * mib);
}

BOOST_FIXTURE_TEST_CASE(fact_11_an_endless_message_goes_with_its_peer, Flooded) {
  const std::string endless = part(std::string(16'384, 'p'));
  const auto dropped = counter("commands_dropped_in");
  for (int round = 0; round < 8; ++round) {
    const auto before = memory("VmRSS");
    std::vector<BareConnection> flood;
    for (const std::string& name : socket_names) flood.push_back(handmade_peer(ipc(name)));
    for (int index = 0; index < 2'000; ++index)
      for (const BareConnection& peer : flood) peer.send(endless);
    // No mark holds it back: it is in the daemon's memory, 94 MiB of it.
    const auto end = Clock::now() + 120s;
    while (round == 0 && memory("VmRSS") < before + 64 * mib && Clock::now() < end) continue;
    BOOST_TEST((round > 0 || memory("VmRSS") >= before + 64 * mib));
    serves_the_honest();
  }
  // Of 750 MiB.
  grew_less_than(384 * mib);
  BOOST_TEST(counter("commands_dropped_in") == dropped);
}

BOOST_FIXTURE_TEST_CASE(fact_11_a_message_of_many_frames_is_dropped_and_counted, Flooded) {
  const auto dropped = counter("queries_dropped_in");
  const BareConnection peer = handmade_peer(ipc("queries"));
  for (int index = 0; index < 1'000; ++index) peer.send(part("p"));
  peer.send(std::string("\0\1l", 3));
  const auto end = Clock::now() + 120s;
  while (counter("queries_dropped_in") == dropped && Clock::now() < end) continue;
  BOOST_TEST(counter("queries_dropped_in") == dropped + 1);
  serves_the_honest();
}

BOOST_FIXTURE_TEST_CASE(K6_a_batch_that_unpacks_to_gigabytes_costs_little, Flooded) {
  flatbuffers::FlatBufferBuilder builder;
  const auto note = builder.CreateString(std::string(900'000, 'n'));
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  for (int index = 0; index < 1'000; ++index) {
    schema::CreateUserBuilder body(builder);
    body.add_note(note);
    const auto made = body.Finish();
    commands.push_back(schema::CreateCommand(builder, 0, nullptr, 0,
                                             schema::CommandBody::CreateUser, made.Union()));
  }
  const schema::Uuid id = client::make_uuid();
  const auto list = builder.CreateVector(commands);
  builder.Finish(schema::CreateCommandMessage(builder, schema::protocol_version, &id,
                                              builder.CreateString("acme"), 0, false, 0, list),
                 schema::command_message_identifier);
  const auto malformed = counter("malformed");
  const ClientContext context;
  const Deaf sender(context.handle, ipc("commands"));
  for (int index = 0; index < 20; ++index) sender.send(builder);
  const auto end = Clock::now() + 120s;
  while (counter("malformed") < malformed + 20 && Clock::now() < end) continue;
  BOOST_TEST(counter("malformed") == malformed + 20);
  serves_the_honest();
  never_grew_more_than(96 * mib);
}

BOOST_FIXTURE_TEST_CASE(O3_a_removed_operator_is_not_answered_on_its_open_connection, Flooded) {
  const client::KeyPair first = client::make_key_pair();
  const client::KeyPair second = client::make_key_pair();
  auto adding = add_operator("shop", schema::Role::service, first.public_key);
  adding.commands[0]
      ->body.AsAddOperator()
      ->standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
      ->bytes.assign(second.public_key.begin(), second.public_key.end());
  BOOST_REQUIRE(honest->execute(std::move(adding))->code == Code::ok);
  // O3: both keys of an operator come in.
  std::vector<client::Client> open;
  for (const client::KeyPair& keys : {first, second}) {
    auto made = client::Client::make(tcp_options(keys));
    BOOST_REQUIRE(made);
    open.push_back(std::move(*made));
    BOOST_REQUIRE(open.back().ask(get_status()));
  }
  schema::RemoveOperatorT body;
  body.name = "shop";
  BOOST_REQUIRE(honest->execute(command_message("", "", std::move(body)))->code == Code::ok);
  const auto strangers = counter("strangers");
  for (client::Client& client : open) BOOST_REQUIRE(client.submit(get_status()));
  const auto end = Clock::now() + 120s;
  while (counter("strangers") < strangers + 2 && Clock::now() < end) continue;
  BOOST_TEST(counter("strangers") >= strangers + 2);
  for (client::Client& client : open) BOOST_TEST(!client.collect_answer(100ms).has_value());
}

// A sanitizer's runtime must be the first library of a process.
BOOST_AUTO_TEST_CASE(fact_9_the_death_of_the_authenticator_stops_the_daemon,
                     *boost::unit_test::enable_if<!sanitized>()) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "fail";
  ::setenv("FAILING_POLL", file.c_str(), 1);
  ::setenv("LD_PRELOAD", FAILING_POLL, 1);
  DaemonProcess daemon;
  const bool started = daemon.start();
  ::unsetenv("LD_PRELOAD");
  BOOST_REQUIRE_MESSAGE(started, daemon.ended().said);
  BOOST_TEST((daemon.owner().ask(get_status())->code == Code::ok));
  std::ofstream(file).put('x');
  const Ended ended = daemon.wait_for_end();
  BOOST_TEST(ended.code != 0);
  BOOST_TEST(ended.code < 128);
  BOOST_TEST(ended.said.find("authenticator") != std::string::npos, ended.said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
