// What an import made for its users, and those who are to have it: generated names, passwords, API
// keys. Thread: main. Failure: `Stop`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::cli {

class ImportNotes;
struct ImportWanted;
class Session;

struct MadeFor {
  /// Of the file that was imported.
  std::uint64_t line = 0;
  std::string user;
  std::string password;
  std::string key;
};

/// Keys whose secrets an interruption lost: a repeated receipt tells none, so they are made anew.
/// `without`: whose they are.
void renew_keys(Session& session, const std::string& key, std::vector<MadeFor>& all,
                const std::vector<std::size_t>& without);

/// What is made for users goes to a file, their names too: stops with 64 where none is named.
void require_out(const Session& session, const ImportWanted& wanted, bool names_are_generated);

enum class Lines { told, not_told };
/// To a new file, its owner's alone, which the notes name before; what it holds is wiped. `lines`:
/// with the line that each came from.
void write_receivers(Session& session, const std::string& file, std::vector<MadeFor> all,
                     Lines lines, ImportNotes& notes);

}  // namespace postern::cli
