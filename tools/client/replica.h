// A replica: the daemon's rules on who may do what, kept in this process and kept up to date, so
// that a check needs no call. It answers by the daemon's own code, as the daemon would have at the
// seq that each answer names.
// Thread: a Replica may be used by any; it has one thread of its own, which follows the daemon. A
//   ReplicaReader belongs to one thread at a time: make one for each. No check takes a lock, waits
//   for anybody or takes memory, unless the daemon is asked.
// Lifetime: a Replica outlives its readers. Its destructor ends the thread.
// Failure: values, no exceptions. It never answers by what is older than `age_max`. It stops
//   answering, and says why, when its operator is removed or has another role or scope, when the
//   daemon's journal is not the one it began with, when a checkpoint or a page contradicts what
//   went before. What can heal does: it begins anew by itself. A contradiction is final.
// Limits: some 0.7 KB a user with 20 grants. It is told no profile, note, hash or key; so it
//   verifies no password, and a key or token only after the daemon has.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/client/client.h"

namespace postern::client {

struct ReplicaOptions {
  /// `history` is followed, by an operator who reads or a service that vouches. `queries` is for
  /// keys and tokens, and for what the daemon is asked instead. With a `checkpoint_file` the
  /// history is held against what is remembered there (H6), also after a restart.
  Options client;
  /// An answer rests on what is known to have been so this long ago, or there is none. 100 ms to 10
  /// minutes.
  std::chrono::milliseconds age_max{5'000};
  /// Where there is no answer here, the daemon is asked; else the reader is told why not. Calls of
  /// users whose calls are recorded (L1) are always the daemon's to answer.
  bool asks_daemon = false;
};

/// How the user's call came, as in the schema's Call.
struct ReplicaCall {
  /// IPv4 or IPv6; empty: every rule on addresses fails.
  std::string_view address = {};
  bool tls = false;
  bool interactive = false;
};

struct ReplicaQuestion {
  std::string_view action;
  std::string_view resource;
  bool this_level_only = false;
};

/// One of many, of a user named by the caller.
struct ReplicaCheck {
  std::string_view tenant;
  std::string_view username;
  ReplicaCall call = {};
  ReplicaQuestion question = {};
};

/// Whom a credential must be of; empty: anybody.
struct ReplicaBeside {
  std::string_view tenant = {};
  std::string_view username = {};
};

/// A10. What it points to is valid until the reader's next call.
struct ReplicaAnswer {
  struct Grant {
    std::uint64_t seq = 0;
    std::uint16_t index = 0;
    schema::Effect effect = schema::Effect::unset;
    std::string_view action;
    std::string_view resource;
    /// Empty: the user itself.
    std::string_view role;
  };

  bool allowed = false;
  /// `ok` exactly where it is allowed.
  schema::Code reason = schema::Code::ok;
  /// What decided, where a grant did.
  std::optional<Grant> grant = std::nullopt;
  /// The state it rests on, and the daemon's time, UTC nanoseconds, as far as it is known here.
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;
  /// How long ago that was surely the daemon's newest state; 0 where the daemon was asked.
  std::chrono::nanoseconds age{0};
  bool by_daemon = false;
};

/// How a replica stands.
struct ReplicaStanding {
  /// It answers, as long as its age is within bounds.
  bool answers = false;
  /// It will not answer any more: make another once the cause is known.
  bool is_final = false;
  std::uint64_t seq = 0;
  std::chrono::nanoseconds age{0};
  /// Why it does not answer, or what the last trouble was; empty: none.
  std::optional<Error> trouble = std::nullopt;
};

class ReplicaReader;

class Replica {
 public:
  /// Begins to follow. `usage` if the options cannot be used.
  static Result<std::unique_ptr<Replica>> start(ReplicaOptions options);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  ~Replica();

  ReplicaStanding standing() const;
  /// Waits until it answers from a state at least this new; false: not in that time, or never.
  bool wait_for(std::uint64_t seq, std::chrono::milliseconds time) const;

  /// For one thread.
  ReplicaReader reader();

  struct Shared;

 private:
  explicit Replica(std::unique_ptr<Shared> shared);
  std::unique_ptr<Shared> shared_;
};

class ReplicaReader {
 public:
  ReplicaReader(ReplicaReader&&) noexcept;
  ReplicaReader& operator=(ReplicaReader&&) noexcept;
  ~ReplicaReader();

  // A denial is an answer. An Error: there is none, neither here nor, where it is asked, by the
  // daemon.

  /// Of a user named by the caller, who vouches for it (O1).
  Result<ReplicaAnswer> check(std::string_view tenant, std::string_view username,
                              const ReplicaCall& call, const ReplicaQuestion& question);
  /// Many at once, of one user or of others, each as by `check`; the answers, in their order, are
  /// valid until the reader's next call. Of many users it takes half the time, as what all of
  /// them read of memory is fetched together. Answers may rest on different states, as each names.
  std::span<const Result<ReplicaAnswer>> check(std::span<const ReplicaCheck> checks);
  /// Of whoever has the token or the API key. The daemon verifies it once; from then on it is
  /// judged here: it ends by its time, when it is revoked, and with all that ends a session (S1,
  /// S2, C8).
  Result<ReplicaAnswer> check_token(std::string_view token, const ReplicaBeside& beside,
                                    const ReplicaCall& call, const ReplicaQuestion& question);
  Result<ReplicaAnswer> check_key(std::string_view key, const ReplicaBeside& beside,
                                  const ReplicaCall& call, const ReplicaQuestion& question);

  explicit ReplicaReader(Replica::Shared& shared);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace postern::client

namespace postern {

using client::Replica;

}  // namespace postern
