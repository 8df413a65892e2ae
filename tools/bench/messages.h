// Prebuilt messages of the protocol and what the answers to them say. Nothing but messages.cpp
// knows FlatBuffers. Thread: any. Failure: Trouble, naming what is wrong with an answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/population.h"
#include "tools/bench/wire.h"

namespace postern::bench {

// ---- questions

/// Questions in messages, and what must come back.
struct QuestionSet {
  Reel reel;
  /// Those of message m are m * per_message to (m + 1) * per_message - 1.
  std::vector<ExpectedAnswer> asked;
  /// Whom each message is about.
  std::vector<std::string> usernames;
  std::size_t per_message = 1;
};

/// `messages` questions or lists of questions, each about one user of [first_user, last_user).
QuestionSet make_questions(std::size_t messages, std::size_t per_message, std::size_t first_user,
                           std::size_t last_user, std::uint64_t seed);

/// Each answer against what is known of its question: id, code, decisions and deciding grants.
/// Adds ids, decisions and deciding grants as text to `told`, in the order of the ids: what two
/// runs of the same questions were told is the same text.
void check_decisions(const QuestionSet& questions, const Run& run, std::string* told = nullptr);

/// Authentications of users that nobody has: each costs the daemon one hash, and none is
/// remembered.
Reel make_password_guesses(std::size_t count);
/// Each must have been refused as a wrong credential.
void check_guesses_refused(const Run& run);

/// One of each user of [0, users), with its right password.
Reel make_authentications(std::size_t users);
/// Each must have been allowed, be about its own user, and have a token.
void check_authenticated(const Run& run);

// ---- commands

/// Message n of a stream has an id that names both.
struct CommandStream {
  std::uint32_t number = 0;
  Reel reel;
  std::size_t commands_per_message = 1;
};

CommandStream make_tenants(std::uint32_t stream, std::size_t user_count);
/// One user and one command a message; over and over off and on, so that `count` must be a multiple
/// of twice the users for all to end as they were.
CommandStream make_access_switches(std::uint32_t stream, std::size_t count, std::size_t first_user,
                                   std::size_t last_user);
/// One message for each user of [0, users).
CommandStream make_password_resets(std::uint32_t stream, std::size_t users);
/// Users with their grants, as many whole users in a message as fit in 1,000 commands.
CommandStream make_users(std::uint32_t stream, std::size_t first_user, std::size_t last_user,
                         bool with_passwords);

/// Each message of the run was acknowledged exactly once, with a record of its own. Returns the
/// newest record's seq, 0 of nothing.
std::uint64_t check_receipts(const CommandStream& stream, const Run& run);

}  // namespace postern::bench
