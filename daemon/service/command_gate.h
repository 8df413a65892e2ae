// The writer's gate: who may send what, which ids may still act, and whether anything may be
// recorded now.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/domain/command_ids.h"
#include "daemon/domain/state.h"
#include "daemon/service/command_task.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/present.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// Owned by the writer.
class CommandGate {
 public:
  /// All outlive it.
  struct Parts {
    Present& clock;
    Vitals& vitals;
    Log log;
  };
  CommandGate(Parts parts, domain::CommandIds ids)
      : parts_(std::move(parts)), ids_(std::move(ids)) {}

  // ---- now

  /// To be done at each turn and message: a clock that is not believed refuses commands. Gives
  /// `Present::believed_ns`.
  std::int64_t watch_clock();
  /// Why nothing can be recorded now; `ok`: it can.
  schema::Code cannot_now() const { return cannot_record(parts_.vitals); }

  // ---- ids (K1)

  enum class IdStanding {
    /// It became no record that is remembered.
    fresh,
    /// It became one, and its receipt may be repeated.
    recorded,
    /// It never acts again, and nothing more is told of it.
    expired,
  };
  struct Standing {
    IdStanding id = IdStanding::fresh;
    /// If it became one.
    domain::Seq seq = 0;
  };
  // `believed_ns`: by the clock, which tells what may still come.
  Standing standing_of(const CommandTask& task, const domain::Operator& asker,
                       std::int64_t believed_ns) const;
  bool is_in_window(const Uuid& id, std::int64_t believed_ns) const;
  void forget_old_ids() { ids_.forget_before(parts_.clock.believed_ns() / 1'000'000); }
  domain::CommandIds& ids() { return ids_; }
  const domain::CommandIds& ids() const { return ids_; }

  // ---- who may send what

  /// What is wrong with the message whatever its commands would do; empty: nothing.
  std::vector<schema::ProblemT> problems(const CommandTask& task, const domain::Operator& asker,
                                         const domain::State& state) const;

 private:
  void tell_of_clock(const Present::Standing& clock);

  Parts parts_;
  domain::CommandIds ids_;
  bool clock_is_suspect_ = false;
};

}  // namespace postern::service
