// What the simulated clients send: commands and questions, each with all that is needed to judge
// what comes back. Two tenants with few users, about whom beliefs are kept; three more that random
// commands over the whole vocabulary work on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "query_generated.h"
#include "tests/property/random_commands.h"
#include "tests/simulation/beliefs.h"
#include "tests/simulation/simulated_parts.h"
#include "tests/support/simulated_clock.h"

namespace postern::simulation {

/// Of one operator; sent again with the same bytes until a receipt is final.
struct Command {
  schema::Uuid id;
  std::string identity;
  std::vector<std::byte> bytes;
  bool dry_run = false;
  Effects effects;
  /// Whose password it sets, and which; empty: nobody's.
  std::string user;
  std::string password;
  bool done = false;
  /// By the monotonic clock.
  std::int64_t next_try_ns = 0;
};

struct Question {
  enum class Kind { by_name, by_password, by_token, status };
  Kind kind = Kind::status;
  std::string identity;
  std::vector<std::byte> bytes;
  /// `tenant/name`.
  std::string user;
  property::RandomQuestion asked;
  std::string password;
  std::size_t token = 0;
  std::uint64_t at_least_seq = 0;
};

/// From an answer.
struct Token {
  std::string user;
  std::string text;
  schema::Uuid session;
  std::uint64_t made_seq = 0;
  std::int64_t expires_ns = 0;
};

inline constexpr const char* owner = "uid:1";
inline constexpr const char* administrator = "uid:2";
inline constexpr const char* services[] = {"uid:3", "uid:4"};
inline constexpr const char* address = "10.1.2.3";

class Workload {
 public:
  Workload(std::uint64_t seed, Random& random, support::SimulatedClock& clock)
      : random_(random), clock_(clock), noise_(seed) {}

  /// What there must be before the trouble begins, in order; each waits for the one before.
  std::vector<Command> beginning();
  Command command(const domain::State& state);
  /// A grant on what nobody asks about.
  Command harmless();
  Question question(const std::vector<Token>& tokens, std::uint64_t newest_receipt);
  /// A check by name, by the owner.
  Question check_of(const std::string& user);
  /// With a password that was in force once, or never.
  Question password_question(const std::string& user, const std::string& password);

  const std::vector<std::string>& users() const { return users_; }
  /// Every password that was sent for a user.
  std::map<std::string, std::vector<std::string>> passwords;

 private:
  template <class Body>
  Command made(const std::string& identity, const std::string& user, Body body);
  Command packed(schema::CommandMessageT message, const std::string& identity);
  Command on_user(const std::string& user);
  Command on_tenant(const std::string& tenant);
  Command noise(const domain::State& state);
  Command with_password(const std::string& user);
  Question packed(schema::QueryT query, Question question);
  schema::Uuid fresh_id();

  Random& random_;
  support::SimulatedClock& clock_;
  property::RandomCommands noise_;
  std::vector<std::string> users_;
  std::uint64_t count_ = 0;
};

}  // namespace postern::simulation
