// Every service of the daemon over a real data folder, wired as the daemon wires them, all on one
// thread, with a clock that only moves when it is told: so a year passes in minutes. Where
// something cannot go on it throws std::runtime_error with a sentence.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "daemon/data/data_folder.h"
#include "daemon/running/services.h"
#include "tests/support/simulated_clock.h"

namespace postern::year {

class FolderService {
 public:
  /// Makes the folder and its first owner, who is `uid:UID` of this process's user.
  FolderService(const std::filesystem::path& folder, support::SimulatedClock& clock);

  /// The one receipt, whatever it says.
  schema::ReceiptT send(schema::CommandMessageT message, const std::string& identity);
  schema::AnswerT ask(const schema::QueryT& query, const std::string& identity);

  /// Time passes; whatever it makes due is done, summaries of use among them.
  void pass_ms(std::int64_t ms);

  /// As a clean stop: what was counted is recorded, a checkpoint made, a snapshot kept. Nothing may
  /// be asked afterwards.
  void close();

  std::string owner() const;
  const domain::State& state() const { return services_->writer().state(); }
  std::uint64_t recorded_calls() const { return services_->calls().recorded(); }
  std::uint64_t dropped_calls() const { return services_->calls().dropped(); }

 private:
  using Bytes = std::vector<std::uint8_t>;

  void make_services();
  void turn();
  /// Without the recorder.
  void turn_services();
  Bytes turn_until_answered();
  schema::Uuid fresh_id();

  support::SimulatedClock& clock_;
  data::DataPaths paths_;
  platform::SystemEntropy entropy_;
  service::Present present_;
  data::OpenedData data_;
  service::Vitals vitals_;
  platform::Waker waker_;
  std::unique_ptr<running::Services> services_;
  Bytes answer_;
};

}  // namespace postern::year
