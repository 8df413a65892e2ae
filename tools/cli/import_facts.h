// What an import is made of besides its file, as it is when it begins, so that one that goes on is
// the same. Thread: main. Failure: `Stop`.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "tools/cli/seeded_passwords.h"

namespace postern::cli {

class Session;
struct ImportWanted;

/// What must be the same for an import to go on.
struct ImportFacts {
  std::string sha256;
  std::string tenant;
  /// What changes the commands: columns, keys, passwords.
  std::string options;
  std::string reason;
  /// Of the file, without those left out.
  std::uint64_t entries = 0;
  /// What generated passwords are made from, in hexadecimal.
  std::string seed;
  /// Of the tenant's policies when it began, for those.
  std::uint16_t password_length_min = 0;
  std::string password_forbidden_characters;
  /// Lines of entries that are passed over.
  std::set<std::uint64_t> left_out;
  /// U2: the tenant makes the names.
  bool names_are_generated = false;
  /// The newest record when it began.
  std::uint64_t began_at_seq = 0;
};

/// What changes the commands: columns, keys, passwords.
std::string options_of(const ImportWanted& wanted);
/// Of one that begins: with its tenant's policies as they are, and a new seed.
ImportFacts facts_now(Session& session, const ImportWanted& wanted, std::string sha256);
/// Nothing where none are made.
std::optional<SeededPasswords> passwords_of(const ImportFacts& facts, const ImportWanted& wanted);

}  // namespace postern::cli
