// Every record that was ever durable, and what it means: to the domain's fold, and to the naive
// oracle. What is here must stay for ever, whatever the power does.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "tests/support/oracle.h"

namespace postern::simulation {

/// Where violations go: what was found wrong, in sentences.
using Findings = std::vector<std::string>;

class Ledger {
 public:
  explicit Ledger(Findings& findings) : findings_(findings) {}

  /// Takes what has become durable.
  void follow(const journal::Journal& journal);
  /// The daemon has started over what a crash left: nothing durable may be gone or another.
  void compare(const journal::Journal& journal);

  std::uint64_t seq() const { return records_.size(); }
  /// The record a command became; none: it is not durable.
  std::optional<std::uint64_t> seq_of(const schema::Uuid& command) const;

  /// State and oracle as after this record, which is durable; never an earlier one than before.
  void hear_until(std::uint64_t seq);
  std::uint64_t heard() const { return state_.seq(); }
  const domain::State& state() const { return state_; }
  const support::Oracle& oracle() const { return oracle_; }
  /// Each record when it is heard.
  std::function<void(const schema::Record&)> on_record;
  /// C5: wrong passwords of a user that are on the disk.
  std::uint64_t failures_of(const schema::Uuid& user) const;

 private:
  using Id = std::pair<std::uint64_t, std::uint64_t>;
  static Id id_of(const schema::Uuid& id) { return {id.high(), id.low()}; }

  Findings& findings_;
  std::deque<journal::Bytes> records_;
  std::map<Id, std::uint64_t> commands_;
  domain::State state_;
  domain::RecordGate reading_;
  domain::RecordGate folding_;
  support::Oracle oracle_;
  std::map<Id, std::uint64_t> failures_;
};

}  // namespace postern::simulation
