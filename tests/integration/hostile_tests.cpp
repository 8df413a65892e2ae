// Bad input over the socket: an answer with a code where there is someone to answer, a counter, no
// effect.
#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "schema/identifiers.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/raw_peer.h"

namespace postern::support {

namespace {

using schema::Code;
using Bytes = RawPeer::Bytes;

template <class Root, class Native>
Bytes packed(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

Bytes command_bytes(schema::CommandMessageT message) {
  message.id = std::make_unique<schema::Uuid>(client::make_uuid());
  return packed<schema::CommandMessage>(message, schema::command_message_identifier);
}

Bytes query_bytes(const schema::QueryT& query) {
  return packed<schema::Query>(query, schema::query_identifier);
}

struct Attacked : DaemonProcess {
  Attacked() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    auto client = owner();
    BOOST_REQUIRE(client.execute(create_tenant("acme"))->code == Code::ok);
    seq_before = status().seq;
  }
  schema::StatusT status() {
    auto client = owner();
    const auto got = client.ask(get_status());
    BOOST_REQUIRE(got);
    return *got->body.AsStatus();
  }
  std::uint64_t counter(const std::string& name) {
    for (const auto& counter : status().counters)
      if (counter->name == name) return counter->value;
    return 0;
  }
  /// Sends to the command socket and to the query socket; gives both codes.
  std::pair<Code, Code> codes(const Bytes& to_commands, const Bytes& to_queries) {
    RawPeer commands(ipc("commands"));
    commands.send({to_commands});
    const Bytes receipt = commands.receive();
    BOOST_REQUIRE(!receipt.empty());
    RawPeer queries(ipc("queries"));
    queries.send({to_queries});
    const Bytes answer = queries.receive();
    BOOST_REQUIRE(!answer.empty());
    return {flatbuffers::GetRoot<schema::Receipt>(receipt.data())->code(),
            flatbuffers::GetRoot<schema::Answer>(answer.data())->code()};
  }
  void both(const Bytes& to_commands, const Bytes& to_queries, Code expected) {
    const auto [command, query] = codes(to_commands, to_queries);
    BOOST_TEST((command == expected), schema::EnumNameCode(command));
    BOOST_TEST((query == expected), schema::EnumNameCode(query));
  }

  std::uint64_t seq_before = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_tests)

BOOST_FIXTURE_TEST_CASE(K6_bad_bytes_get_a_code_a_counter_and_no_effect, Attacked) {
  const Bytes command = command_bytes(create_user("acme", "x"));
  const Bytes query = query_bytes(get_status());
  const auto malformed = counter("malformed");
  both(Bytes(200, 0x5a), Bytes(200, 0x5a), Code::wrong_identifier);
  both(Bytes(3, 0x5a), Bytes(3, 0x5a), Code::malformed_message);
  both(Bytes(command.begin(), command.end() - 20), Bytes(query.begin(), query.begin() + 12),
       Code::malformed_message);
  both(query, command, Code::wrong_identifier);
  schema::CommandMessageT newer_command = create_user("acme", "x");
  newer_command.version = 2;
  schema::QueryT newer_query = get_status();
  newer_query.version = 2;
  both(command_bytes(std::move(newer_command)), query_bytes(newer_query),
       Code::version_unsupported);
  both(Bytes(4'259'841, 0x5a), Bytes(1'048'577, 0x5a), Code::too_large);
  BOOST_TEST(counter("malformed") - malformed == 12);
  BOOST_TEST(status().seq == seq_before);
}

BOOST_FIXTURE_TEST_CASE(K6_a_single_message_above_its_bound_is_too_large, Attacked) {
  schema::CreateUserT body;
  body.username = "x";
  body.note = std::string(70'000, 'n');
  auto question = check_by_name("acme", std::string(70'000, 'u'), "read", "table/a");
  both(command_bytes(command_message("acme", "", std::move(body))), query_bytes(question),
       Code::too_large);
}

BOOST_FIXTURE_TEST_CASE(K6_an_unknown_kind_is_refused, Attacked) {
  // The union's type byte stands in the vtable's place of body_type; made unknown, the verifier
  // lets it pass.
  Bytes command = command_bytes(command_message("acme", "x", schema::LockUserT()));
  const auto* root = flatbuffers::GetRoot<schema::CommandMessage>(command.data());
  const schema::Command* inner = root->commands()->Get(0);
  const auto* table = reinterpret_cast<const flatbuffers::Table*>(inner);
  const auto place = table->GetAddressOf(schema::Command::VT_BODY_TYPE) - command.data();
  command[static_cast<std::size_t>(place)] = 250;
  Bytes query = query_bytes(get_status());
  const auto* query_table = reinterpret_cast<const flatbuffers::Table*>(
      flatbuffers::GetRoot<schema::Query>(query.data()));
  query[static_cast<std::size_t>(query_table->GetAddressOf(schema::Query::VT_BODY_TYPE) -
                                 query.data())] = 250;
  both(command, query, Code::unknown_kind);
  BOOST_TEST(status().seq == seq_before);
}

BOOST_FIXTURE_TEST_CASE(K6_more_than_one_payload_frame_is_dropped_and_counted, Attacked) {
  RawPeer peer(ipc("queries"));
  const Bytes query = query_bytes(get_status());
  peer.send({query, query});
  peer.send({query});
  BOOST_TEST(!peer.receive().empty());
  BOOST_TEST(peer.receive(100).empty());
  BOOST_TEST(counter("queries_dropped_in") >= 1);
}

BOOST_FIXTURE_TEST_CASE(O2_a_strangers_key_gets_no_answer_and_is_counted, Attacked) {
  const auto denied = counter("handshakes_denied");
  client::Options options = tcp_options(client::make_key_pair());
  options.timeout = std::chrono::seconds(2);
  options.retries = 0;
  auto stranger = client::Client::make(options);
  BOOST_REQUIRE(stranger);
  BOOST_TEST(!stranger->ask(get_status()));
  // Its connection goes on knocking.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (counter("handshakes_denied") == denied && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  BOOST_TEST(counter("handshakes_denied") > denied);
  auto known = client::Client::make(tcp_options(owner_keys()));
  BOOST_TEST((known->ask(get_status())->code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K6_a_daemon_that_was_attacked_still_stops_cleanly, Attacked) {
  for (int round = 0; round < 200; ++round) {
    RawPeer peer(ipc(round % 2 == 0 ? "commands" : "history"));
    Bytes garbage(static_cast<std::size_t>(round * 37 % 4'096) + 1);
    for (std::size_t index = 0; index < garbage.size(); ++index)
      garbage[index] = static_cast<std::uint8_t>(index * 31 + static_cast<std::size_t>(round));
    peer.send({garbage});
    BOOST_REQUIRE(!peer.receive().empty());
  }
  BOOST_TEST(status().seq == seq_before);
  BOOST_TEST(stop().code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
