// H4: what commands would change of the recorded calls of late: decided in a state that is nobody's
// but the asker's, and every call asked again of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/calls/call_reader.h"
#include "daemon/calls/call_seals.h"
#include "daemon/credential/key_store.h"
#include "daemon/service/long_answer.h"
#include "daemon/service/recorded_calls.h"
#include "daemon/view/recorded.h"

namespace postern::service {

class PreviewAnswer final : public LongAnswer {
 public:
  static constexpr std::uint32_t days_max = 400;
  /// What of the recorded calls, by user and question, may be answered otherwise: some 60 MB. More
  /// is refused.
  static constexpr std::size_t flips_max = 200'000;

  /// Ring, keys and tenant outlive it. `days` is within its bound.
  PreviewAnswer(const calls::CallRing& ring, const credential::KeyStore& keys,
                const RecordedCalls::Limits& limits, const domain::Tenant& tenant,
                const view::Moment& now, std::uint32_t days);

  /// O1: whoever may not send the commands is not told what they would do.
  static std::optional<schema::ProblemT> gate(const domain::Operator& asker,
                                              const schema::CommandMessage& message);

  Step go_on(const At& at) override;
  bool is_made() const override { return is_counted_; }
  Body page(const schema::HistoryRequest& request) override;
  std::uint64_t work() const override { return looked_at_; }
  std::string how_far() const override;

 private:
  Step decide(const At& at);
  Step read_calls(const At& at);
  void add(calls::Entry& entry, calls::CallSeals& seals, const view::View& present);
  void count(const At& at);

  const credential::KeyStore& keys_;
  const RecordedCalls::Limits limits_;
  const domain::Tenant& tenant_;
  const view::Moment now_;
  const std::int64_t from_ns_;
  calls::CallReader reader_;
  /// The next call, and the first that came too late.
  std::uint64_t next_;
  const std::uint64_t end_;
  const std::uint64_t first_;
  std::uint64_t looked_at_ = 0;
  /// As it would be; null: nothing is decided yet.
  std::unique_ptr<domain::State> other_;
  view::Flips flips_;
  view::Coverage coverage_;
  schema::FlipPageT page_;
  bool is_counted_ = false;
};

}  // namespace postern::service
