// The remembered checkpoint within an event loop: nobody is told of an answer before the checkpoint
// that it brings was examined.
#include <poll.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tests/support/reflected_event.h"
#include "tests/unit/client/signed_journal.h"
#include "tools/client/guarded_history.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using support::FakeDaemon;
using support::packed;

/// A daemon that shows its newest checkpoint with each page and status, and proves it.
struct Proving {
  FakeDaemon daemon;
  SignedJournal honest;
  SignedJournal rewritten;
  SignedJournal* shown = &honest;
  /// Requests for the newest checkpoint that are not answered.
  std::atomic<int> silent_checkpoints = 0;
  std::optional<Client> client;

  Proving() {
    honest.grow(5);
    auto records = support::records_from(1, 9);
    records[2] = support::bytes_of("another past");
    rewritten.add(records);
    daemon.on_history = [this](const auto& request) {
      const bool newest = request.body.AsGetCheckpoint() != nullptr;
      if (newest && silent_checkpoints > 0 && silent_checkpoints-- > 0)
        return FakeDaemon::Replies{};
      return FakeDaemon::Replies{packed(page_to(request))};
    };
    daemon.on_query = [this](const auto& query) {
      auto answer = FakeDaemon::answer_to(query);
      schema::StatusT status;
      status.checkpoint = shown->note();
      answer.body.Set(std::move(status));
      return FakeDaemon::Replies{packed(answer)};
    };
    daemon.start();
    Options options = daemon.options();
    options.checkpoint_file = daemon.folder / "seen";
    auto made = Client::make(std::move(options));
    BOOST_REQUIRE(made);
    client.emplace(std::move(*made));
  }

  schema::HistoryPageT page_to(const schema::HistoryRequestT& request) const {
    auto answer = FakeDaemon::page_to(request);
    if (const auto* wanted = request.body.AsGetConsistency()) {
      schema::ProofPageT proof;
      proof.size = wanted->to_size;
      proof.hashes = shown->proof(wanted->from_size, wanted->to_size);
      answer.body.Set(std::move(proof));
    } else if (request.body.AsGetCheckpoint() != nullptr) {
      schema::CheckpointPageT given;
      given.checkpoint = shown->note();
      given.verifier_key = shown->verifier_key();
      answer.body.Set(std::move(given));
    } else {
      schema::RecordPageT page;
      page.checkpoint = shown->note();
      answer.body.Set(std::move(page));
    }
    return answer;
  }

  /// Whatever `collect` waits for, without waiting in the client.
  template <class Collect>
  auto run(Collect collect) {
    for (;;) {
      const auto due = client->turn();
      if (auto outcome = collect()) return std::move(outcome->answer);
      pollfd item{client->descriptor(), POLLIN, 0};
      ::poll(&item, 1, due ? static_cast<int>(due->count()) : -1);
    }
  }
  Result<schema::HistoryPageT> page() {
    schema::HistoryRequestT request;
    request.body.Set(schema::GetRecordsT{});
    BOOST_REQUIRE(client->submit(std::move(request)));
    return run([this] { return client->collect_page(0ms); });
  }
  Result<schema::AnswerT> status() {
    schema::QueryT query;
    query.body.Set(schema::GetStatusT{});
    BOOST_REQUIRE(client->submit(std::move(query)));
    return run([this] { return client->collect_answer(0ms); });
  }
};

BOOST_FIXTURE_TEST_SUITE(guarded_history_tests, Proving)

BOOST_AUTO_TEST_CASE(H6_an_event_loops_pages_are_held_to_the_remembered_checkpoint) {
  BOOST_TEST(page().has_value());
  BOOST_TEST(std::filesystem::exists(daemon.folder / "seen"));
  honest.grow(2);
  BOOST_TEST(page().has_value());
  BOOST_TEST(status().has_value());
  BOOST_TEST(client->in_flight() == 0u);
  shown = &rewritten;
  const auto contradicting = page();
  BOOST_REQUIRE(!contradicting);
  BOOST_TEST((contradicting.error().kind == ErrorKind::contradiction));
  const auto status_too = status();
  BOOST_REQUIRE(!status_too);
  BOOST_TEST((status_too.error().kind == ErrorKind::contradiction));
  BOOST_TEST(!client->check_history().has_value());
}

BOOST_AUTO_TEST_CASE(H6_a_page_that_is_cancelled_while_it_is_examined_has_no_end) {
  silent_checkpoints = 1;
  schema::HistoryRequestT request;
  request.body.Set(schema::GetRecordsT{});
  const auto id = client->submit(std::move(request));
  BOOST_REQUIRE(id);
  while (silent_checkpoints > 0) {
    client->turn();
    pollfd item{client->descriptor(), POLLIN, 0};
    ::poll(&item, 1, 10);
  }
  BOOST_TEST(client->in_flight() == 1u);
  BOOST_TEST(client->cancel(*id));
  BOOST_TEST(client->in_flight() == 0u);
  // The examination goes on by itself, and its end is nobody's.
  BOOST_TEST(client->check_history().has_value());
  BOOST_TEST(!client->collect_page(0ms).has_value());
  BOOST_TEST(std::filesystem::exists(daemon.folder / "seen"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(waiting_requests_tests)

/// By the schema's own table of requests: of one that is added later, too.
BOOST_AUTO_TEST_CASE(every_request_that_waits_is_granted_its_time) {
  int waiting = 0;
  for (const schema::HistoryBody kind : schema::EnumValuesHistoryBody()) {
    if (kind == schema::HistoryBody::NONE) continue;
    const auto* table = support::reflected::type_of(*schema::HistoryBodyTypeTable(),
                                                    static_cast<std::size_t>(kind));
    flatbuffers::FlatBufferBuilder builder;
    const auto start = builder.StartTable();
    std::int64_t granted_ms = 500;
    for (std::size_t field = 0; field < table->num_elems; ++field) {
      if (std::string_view(table->names[field]) != "wait_ms") continue;
      const auto place = static_cast<flatbuffers::voffset_t>(field);
      builder.AddElement<std::uint32_t>(flatbuffers::FieldIndexToOffset(place), 4'294'967'295u, 0);
      granted_ms += 4'294'967'295;
      ++waiting;
    }
    const flatbuffers::Offset<void> body(builder.EndTable(start));
    schema::HistoryRequestBuilder request(builder);
    request.add_body_type(kind);
    request.add_body(body);
    request.add_wait_ms(500);
    builder.Finish(request.Finish());
    schema::HistoryRequestT made;
    flatbuffers::GetRoot<schema::HistoryRequest>(builder.GetBufferPointer())->UnPackTo(&made);
    BOOST_TEST(time_to_wait(made).count() == granted_ms, schema::EnumNameHistoryBody(kind));
  }
  BOOST_TEST(waiting >= 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
