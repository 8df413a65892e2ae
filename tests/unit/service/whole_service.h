// Every service of the daemon, wired as the daemon wires them, on one thread, over a journal in
// memory, with a clock that stands still and randomness from a seed: the same messages give the
// same bytes. Passwords alone are not from the seed; worlds that are to be alike hold none.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/running/health.h"
#include "daemon/running/services.h"
#include "tests/simulation/simulated_parts.h"
#include "tests/support/memory_journal.h"
#include "tests/support/plain_keys.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"

namespace postern::support {

/// What the status and the metrics page are told of the keys.
struct KeysOfHealth final : PlainKeys {
  bool memory_locked() const override { return locked; }
  const credential::Key* planned_server_key() const override {
    return planned ? &*planned : nullptr;
  }

  bool locked = true;
  std::optional<credential::Key> planned;
};

class WholeService {
 public:
  using Bytes = std::vector<std::uint8_t>;

  /// `uid:1` is "root", an owner of all tenants.
  explicit WholeService(service::AuditorLimits limits = {});

  /// What comes next is drawn as in any other whose randomness began here.
  void begin_randomness(std::uint64_t seed) { *random_ = simulation::SimulatedEntropy(seed); }

  /// To turn one alone.
  running::Services& services() { return *services_; }
  /// Hands the message to the writer, and turns nothing.
  void hand_over(schema::CommandMessageT message, const std::string& identity);
  /// The same with a question, to the reader.
  void hand_over(schema::QueryT query, const std::string& identity);
  /// And with a request, to the historian.
  void hand_over(schema::HistoryRequestT request, const std::string& identity);
  /// What the last answer was, if there was one since it was taken.
  Bytes take_answer() { return std::exchange(answer_, {}); }

  // Each gives the bytes of the one answer.
  Bytes send(schema::CommandMessageT message, const std::string& identity);
  Bytes ask(schema::QueryT query, const std::string& identity);
  Bytes request(schema::HistoryRequestT request, const std::string& identity);
  /// What gets no answer.
  void say_to_reader(std::vector<std::byte> bytes, const std::string& identity);

  /// Sends, and fails the test if it was refused.
  template <class Body>
  schema::ReceiptT run(const std::string& tenant, const std::string& user, Body body,
                       const std::string& identity = "uid:1") {
    schema::CommandMessageT message;
    message.tenant = tenant;
    auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user = user;
    command->body.Set(std::move(body));
    return accepted(send(std::move(message), identity));
  }
  /// `uid:UID`, of these tenants; of none: of all.
  void add_operator(const std::string& name, schema::Role role, std::uint32_t uid,
                    std::vector<std::string> tenants = {});

  schema::Uuid fresh_id();

  SimulatedClock clock;
  service::Present present{clock};
  MemoryJournal journal;
  service::Vitals vitals;
  // What else the status and the metrics page tell of.
  Config config;
  KeysOfHealth keys_of_health;
  running::Loops loops;
  TemporaryFolder folder;
  std::uint64_t handshakes_denied = 0;
  std::uint64_t connections_closed = 0;
  running::HealthSources health_sources() const;
  std::vector<service::Diagnostic> lines;
  /// A line of the level `error` fails the test.
  bool alarms_are_errors = true;

 private:
  static schema::ReceiptT accepted(const Bytes& receipt);
  void open_checkpoints();
  void make_services(domain::State state);
  void turn();
  Bytes turn_until_answered();

  std::unique_ptr<simulation::SimulatedEntropy> random_ =
      std::make_unique<simulation::SimulatedEntropy>(1);
  const service::AuditorLimits limits_;
  simulation::SimulatedKeys keys_{1};
  platform::Waker waker_;
  std::unique_ptr<journal::CheckpointKeeper> checkpoints_;
  std::unique_ptr<running::Services> services_;
  Bytes answer_;
};

}  // namespace postern::support
