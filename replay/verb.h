// A verb of the command line as data: what it takes, and what runs it with that.
#pragma once

#include <functional>
#include <span>

#include "replay/verbs.h"
#include "tools/arguments/options.h"

namespace postern::replay {

using Run = std::function<Expected<int>(const Audit&)>;

struct Verb {
  /// Empty: the verb stands by itself.
  const char* noun;
  const char* name;
  /// One line, for help.
  const char* summary;
  /// What follows the program's name in an example.
  const char* example;
  /// Declares the verb's own options and gives what runs it with them.
  Run (*prepare)(arguments::Options& options);
};

/// What a user may do, and why: `check` to `who-can`.
std::span<const Verb> question_verbs();
/// Users, roles, tenants, grants.
std::span<const Verb> entry_verbs();
/// Records in a file that proves them.
std::span<const Verb> export_verbs();
/// H5: receipts held against the journal.
std::span<const Verb> receipt_verbs();
/// Another build on the same records.
std::span<const Verb> rehearsal_verbs();

}  // namespace postern::replay
