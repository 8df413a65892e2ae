// The import of accounts from a file: a report of all that is wrong, then batches, several on their
// way, gone on with where an interruption ended it.
// Thread: main. Lifetime: one command line. Failure: `Stop`; nothing was sent where the report
// found something.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <string>

#include "tools/intake/account_source.h"

namespace postern::cli {

class Session;

struct ImportWanted {
  std::filesystem::path file;
  /// Opens the file's form on its bytes.
  std::function<std::unique_ptr<intake::AccountSource>(std::istream&)> open;
  /// What else changes the commands, so that an import is not gone on with under others.
  std::string form;
  /// Who has no password gets one that is made.
  bool makes_passwords = false;
  /// Each gets an API key of this name; empty: none.
  std::string key;
  /// Where names with passwords and keys go, a new file; empty: nothing is made.
  std::string out;
  /// Where entries go that are refused, a new file, while the others are imported; empty: one that
  /// is refused stops all.
  std::string rejects;
};

int import_accounts(Session& session, const ImportWanted& wanted);

}  // namespace postern::cli
