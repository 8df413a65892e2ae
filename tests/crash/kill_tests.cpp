// K5, K1 against real crashes: SIGKILL in the middle of pipelined commands, during recovery, and
// while key files are made. Every acknowledged command is there, none is twice, and asking again
// gets the first receipt.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;
using namespace std::chrono_literals;

int rounds() {
  const char* wished = std::getenv("POSTERN_CRASH_ROUNDS");
  return wished == nullptr ? 100 : std::atoi(wished);
}

unsigned seed() {
  const char* wished = std::getenv("POSTERN_SEED");
  return wished == nullptr ? 1 : static_cast<unsigned>(std::atoi(wished));
}

/// The journal is read whole every tenth round, so a store does not grow for ever.
constexpr int rounds_of_a_store = 200;

/// A command as sent, and its receipt's seq once it was acknowledged.
struct Sent {
  schema::CommandMessageT message;
  std::uint64_t seq = 0;
};

/// Remembers everything sent over all rounds.
class Load {
 public:
  explicit Load(DaemonProcess& daemon) : daemon_(daemon) {}

  /// Sends commands and kills the daemon once `kill_after` are acknowledged, with the rest under
  /// way.
  void run_and_kill(int count, int kill_after) {
    client::Options options = daemon_.owner_options();
    options.retries = 0;
    auto made = client::Client::make(options);
    BOOST_REQUIRE(made);
    int acknowledged = 0;
    const auto collect = [&](std::chrono::milliseconds wait) {
      while (auto outcome = made->collect_receipt(wait)) {
        if (!outcome->answer || outcome->answer->code != Code::ok) continue;
        sent_.at(client::uuid_text(outcome->id)).seq = outcome->answer->seq;
        ++acknowledged;
        wait = 0ms;
      }
    };
    for (int index = 0; index < count && acknowledged < kill_after; ++index) {
      auto message = create_user("acme", "user-" + std::to_string(next_name_++));
      message.id = std::make_unique<schema::Uuid>(client::make_uuid());
      const std::string id = client::uuid_text(*message.id);
      sent_[id].message = message;
      newest_.push_back(id);
      while (made->in_flight() >= 1'000) collect(1ms);
      BOOST_REQUIRE(made->submit(std::move(message)));
      collect(0ms);
    }
    while (acknowledged < kill_after) collect(10ms);
    under_way_at_kills += made->in_flight() > 0;
    daemon_.kill();
    // What the kernel had taken over from the daemon before it died may still arrive: it was
    // acknowledged.
    collect(50ms);
    acknowledged_ += acknowledged;
  }

  /// Reads the whole journal: every acknowledged command where its receipt said, none twice.
  void check_journal() {
    auto owner = daemon_.owner();
    std::map<std::string, std::uint64_t> found;
    schema::GetRecordsT wanted;
    wanted.count_max = 10'000;
    const auto page = owner.follow(
        std::move(wanted),
        [&](const schema::RecordPageT& given, std::span<const schema::RecordT> records) {
          for (const schema::RecordT& record : records)
            BOOST_REQUIRE(found.emplace(client::uuid_text(*record.command_id), record.seq).second);
          return given.next_seq <= given.head_seq;
        });
    BOOST_REQUIRE(page);
    for (const auto& [id, sent] : sent_)
      if (sent.seq != 0) {
        BOOST_REQUIRE_MESSAGE(found.contains(id), "acknowledged and lost: " << id);
        BOOST_REQUIRE(found.at(id) == sent.seq);
      }
  }

  /// Asks the newest round's commands again: the first receipt where there was one, and one effect
  /// in any case.
  void ask_again() {
    auto owner = daemon_.owner();
    for (const std::string& id : newest_) {
      while (owner.in_flight() >= 1'000) take_repeated(owner);
      BOOST_REQUIRE(owner.submit(schema::CommandMessageT(sent_.at(id).message)));
    }
    while (owner.in_flight() > 0) take_repeated(owner);
    newest_.clear();
  }

  std::size_t acknowledged() const { return static_cast<std::size_t>(acknowledged_); }
  int under_way_at_kills = 0;
  int repeated = 0;

 private:
  void take_repeated(client::Client& owner) {
    const auto outcome = owner.collect_receipt(120s);
    BOOST_REQUIRE(outcome.has_value());
    BOOST_REQUIRE(outcome->answer);
    BOOST_REQUIRE((outcome->answer->code == Code::ok));
    Sent& sent = sent_.at(client::uuid_text(outcome->id));
    if (sent.seq != 0) {
      BOOST_REQUIRE(outcome->answer->repeated);
      BOOST_REQUIRE(outcome->answer->seq == sent.seq);
    }
    repeated += outcome->answer->repeated;
    sent.seq = outcome->answer->seq;
  }

  DaemonProcess& daemon_;
  std::map<std::string, Sent> sent_;
  std::vector<std::string> newest_;
  int next_name_ = 0;
  int acknowledged_ = 0;
};

/// Over all stores.
struct Totals {
  std::size_t acknowledged = 0;
  int repeated = 0;
  int under_way_at_kills = 0;
  int killed_in_recovery = 0;
};

/// One store from its first record on.
void kill_again_and_again(int round_count, std::mt19937& random, Totals& totals) {
  DaemonProcess daemon;
  BOOST_REQUIRE(daemon.start());
  BOOST_REQUIRE(daemon.owner().execute(create_tenant("acme"))->code == Code::ok);
  Load load(daemon);
  for (int round = 0; round < round_count; ++round) {
    // The first round is in the middle of 10,000; it uses up whole key files, so that more are
    // made.
    const int count = round == 0 ? 10'000 : 600;
    load.run_and_kill(count, round == 0 ? 5'000 : 1 + static_cast<int>(random() % 400));
    if (round % 5 == 1) {
      daemon.launch();
      const timespec moment{0, static_cast<long>(random() % 60) * 1'000'000};
      ::nanosleep(&moment, nullptr);
      daemon.kill();
      ++totals.killed_in_recovery;
    }
    BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
    load.ask_again();
    if (round % 10 == 0 || round + 1 == round_count) load.check_journal();
  }
  BOOST_TEST(daemon.stop().code == 0);
  totals.acknowledged += load.acknowledged();
  totals.repeated += load.repeated;
  totals.under_way_at_kills += load.under_way_at_kills;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kill_tests)

BOOST_AUTO_TEST_CASE(K5_what_was_acknowledged_survives_kills) {
  const unsigned used_seed = seed();
  BOOST_TEST_MESSAGE("repeat with POSTERN_SEED=" << used_seed);
  std::mt19937 random(used_seed);
  Totals totals;
  for (int done = 0; done < rounds(); done += rounds_of_a_store) {
    kill_again_and_again(std::min(rounds() - done, rounds_of_a_store), random, totals);
    BOOST_TEST_MESSAGE("after " << std::min(rounds(), done + rounds_of_a_store)
                                << " rounds: " << totals.acknowledged << " acknowledged, "
                                << totals.repeated << " receipts repeated, "
                                << totals.under_way_at_kills << " kills with commands under way, "
                                << totals.killed_in_recovery << " kills in recovery");
  }
  BOOST_TEST(totals.under_way_at_kills > 0);
  BOOST_TEST(totals.repeated > 0);
  BOOST_TEST(totals.killed_in_recovery > 0);
}

BOOST_AUTO_TEST_CASE(U11_kills_while_key_files_are_made_cost_nothing) {
  const unsigned used_seed = seed();
  BOOST_TEST_MESSAGE("repeat with POSTERN_SEED=" << used_seed);
  std::mt19937 random(used_seed);
  DaemonProcess daemon;
  BOOST_REQUIRE(daemon.start());
  BOOST_REQUIRE(daemon.owner().execute(create_tenant("acme"))->code == Code::ok);
  Load load(daemon);
  int unfinished = 0;
  for (int round = 0; round < 10; ++round) {
    // The first user of a start has key files made ahead: kill while that goes on.
    load.run_and_kill(1'000, 1 + static_cast<int>(random() % 30));
    for (const auto& entry : std::filesystem::directory_iterator(daemon.data() / "keys"))
      unfinished += entry.path().extension() == ".tmp" ||
                    entry.path().filename().string().find("tmp") != std::string::npos;
    BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
    load.ask_again();
    load.check_journal();
  }
  BOOST_TEST(daemon.stop().code == 0);
  BOOST_TEST_MESSAGE(unfinished << " kills left an unfinished key file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
