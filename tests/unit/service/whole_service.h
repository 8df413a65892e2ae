// Every service of the daemon on one thread, over a journal in memory, with a clock that stands
// still and randomness from a seed: the same messages give the same bytes. Passwords alone are not
// from the seed; worlds that are to be alike hold none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/calls/recorder.h"
#include "daemon/service/auditor.h"
#include "daemon/service/historian.h"
#include "daemon/service/reader.h"
#include "daemon/service/writer.h"
#include "tests/simulation/simulated_parts.h"
#include "tests/support/memory_journal.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"

namespace postern::support {

class WholeService {
 public:
  using Bytes = std::vector<std::uint8_t>;

  /// `uid:1` is "root", an owner of all tenants.
  WholeService();
  ~WholeService();

  /// What comes next is drawn as in any other whose randomness began here.
  void begin_randomness(std::uint64_t seed) { *random_ = simulation::SimulatedEntropy(seed); }

  // Each gives the bytes of the one answer.
  Bytes send(schema::CommandMessageT message, const std::string& identity);
  Bytes ask(schema::QueryT query, const std::string& identity);
  Bytes request(schema::HistoryRequestT request, const std::string& identity);

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

 private:
  static schema::ReceiptT accepted(const Bytes& receipt);
  void turn();
  Bytes turn_until_answered();

  TemporaryFolder folder_;
  std::unique_ptr<simulation::SimulatedEntropy> random_ =
      std::make_unique<simulation::SimulatedEntropy>(1);
  simulation::SimulatedKeys keys_{1};
  platform::Waker waker_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  calls::CallLine line_{waker_};
  std::unique_ptr<calls::CallRing> ring_;
  std::unique_ptr<calls::Recorder> recorder_;
  std::unique_ptr<service::CallPages> pages_;
  std::unique_ptr<journal::CheckpointKeeper> checkpoints_;
  std::unique_ptr<credential::HashPool> pool_;
  std::unique_ptr<service::PasswordDesk> desk_;
  std::unique_ptr<service::Writer> writer_;
  std::unique_ptr<service::Reader> reader_;
  std::unique_ptr<service::Historian> historian_;
  std::unique_ptr<service::Auditor> auditor_;
  Bytes answer_;
};

}  // namespace postern::support
