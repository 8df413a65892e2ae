// What the clients may rely on, from receipts alone: who can not be let in any more. It knows
// nothing of the daemon but what was sent to it and what it acknowledged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace postern::simulation {

/// Each stands alone: a user is let in only if none denies.
enum class Cause { lock, status, access, tenant, tenant_lock };

/// What a command does if it is accepted; scope: a tenant, or a user as `tenant/name`.
struct Effect {
  enum class Kind {
    denies,
    frees,
    /// S2: sessions that are older.
    ends_sessions,
  };
  Kind kind;
  Cause cause;
  std::string scope;
};

using Effects = std::vector<Effect>;

class Beliefs {
 public:
  /// A copy of the command has reached the daemon: it may act from now on.
  void took(const Effects& effects);
  /// What became of one copy: the record it is known by, 0 for none.
  void learned(const Effects& effects, std::uint64_t seq);
  /// The command has this record, whoever was told.
  void found(const Effects& effects, std::uint64_t seq);

  bool is_surely_denied(const std::string& user) const;
  /// Grows with each command that might let the user in.
  std::uint64_t frees(const std::string& user) const;
  /// A session made in the state after a record is over for ever.
  bool is_session_over(const std::string& user, std::uint64_t made_seq) const;

 private:
  struct Standing {
    std::uint64_t denied = 0;
    std::uint64_t freed = 0;
    std::uint64_t under_way = 0;
    std::uint64_t frees = 0;
  };

  const Standing& standing(Cause cause, const std::string& scope) const;

  std::map<std::pair<Cause, std::string>, Standing> standings_;
  std::map<std::string, std::uint64_t> sessions_ended_;
};

}  // namespace postern::simulation
