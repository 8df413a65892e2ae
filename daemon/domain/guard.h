// H11: what a guarded message may not take away: what was used, and what recorded calls need.
// Pure: what is known of calls comes with the context.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "command_generated.h"
#include "daemon/domain/recorded_call.h"
#include "daemon/domain/use.h"

namespace postern::domain {

struct Context;

/// What of calls no state holds. Of one tenant.
struct Evidence {
  /// D1: what the daemon has counted since the last record of use; by user.
  std::unordered_map<Uuid, UseSum, UuidHash> unrecorded = {};
  /// Allowed ones of the days that the guard looks back; of several alike the newest.
  std::vector<RecordedCall> calls = {};
};

inline constexpr std::uint16_t guard_days_max = 400;
/// Different calls that one guard may look at.
inline constexpr std::size_t guard_calls_max = 20'000;

/// Looks at the state before the message and after it. Lives while the message is decided; the
/// context outlives it.
class GuardWatch {
 public:
  /// Before the first command. Without a guard in the message it does nothing.
  GuardWatch(const State& before, const Context& context);

  /// After the last: what the guard forbids, at most 100; empty: nothing. `changes`: all that the
  /// message did.
  std::vector<schema::ProblemT> problems(const State& after, const Changes& changes) const;
  /// What was looked at so far.
  std::size_t work() const { return work_; }

 private:
  /// A call that would be allowed before the message.
  struct Open {
    const RecordedCall* call;
    Seq password_seq;
    /// S2: it came by a session that may be open still, of the epochs that these were.
    bool has_session;
    Seq user_epoch;
    Seq tenant_epoch;
    /// S3: the one of the user's that was ended alone last; zero: none.
    Uuid ended;
  };

  static bool is_session_ended(const Open& open, const State& after, const User& user);
  void find_denied(const State& after, std::vector<schema::ProblemT>& problems) const;
  void find_used(const State& after, const Changes& changes,
                 std::vector<schema::ProblemT>& problems) const;

  const Context& context_;
  const schema::Guard* guard_;
  std::vector<Open> open_;
  mutable std::size_t work_ = 0;
};

}  // namespace postern::domain
