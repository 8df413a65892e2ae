// The command line as data: nouns, their verbs, and what each needs. Help, and later man pages and
// completions, are made from these tables.
// Handlers run on the main thread, once. They end by returning an exit code or by throwing `Stop`.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tools/arguments/options.h"

namespace postern::cli {

using arguments::List;
using arguments::Options;

class Session;

/// Exit codes (sysexits.h). A question ends 0 for yes and 1 for no; a refused command ends 1.
namespace exit_codes {
inline constexpr int yes = 0;
inline constexpr int no = 1;
inline constexpr int usage = 64;
inline constexpr int damaged = 65;
inline constexpr int missing = 66;
inline constexpr int unreachable = 69;
inline constexpr int bug = 70;
inline constexpr int cannot_create = 73;
inline constexpr int input_output = 74;
inline constexpr int busy = 75;
inline constexpr int protocol = 76;
inline constexpr int not_permitted = 77;
}  // namespace exit_codes

/// Ends the program; thrown and caught in this folder only. An empty sentence: all is said already.
struct Stop {
  int exit_code = exit_codes::bug;
  std::string sentence;
  std::string remedy;
};

/// What the user typed makes no sense.
[[noreturn]] void stop_usage(std::string sentence, std::string remedy = "See --help.");

using Handler = std::function<int(Session&)>;

/// What a verb does, which decides the options it takes besides its own.
enum class Kind {
  /// Reads; takes --tenant where it concerns users.
  reads,
  /// Reads, and shows a list: takes --columns besides.
  lists,
  /// Takes --dry-run, --reason, --expect-version, --guard and --id.
  changes,
};

struct Verb {
  std::string_view name;
  Kind kind;
  /// One line, for help and man pages.
  std::string_view summary;
  /// What follows the program's name in an example.
  std::string_view example;
  /// Declares the verb's own options and returns what runs it with them.
  Handler (*prepare)(Options& options);
};

/// What `options` gives is what `run` takes, besides the session.
template <auto options_of, auto run>
Handler prepared_with(Options& options) {
  return [asked = options_of(options)](Session& session) { return run(session, *asked); };
}

struct Noun {
  /// Empty: the verbs stand by themselves.
  std::string_view name;
  std::string_view summary;
  std::span<const Verb> verbs;
};

/// All of them, in the order of the help.
std::span<const Noun> nouns();

// One for each file.
extern const Noun tenant_noun;
extern const Noun user_noun;
extern const Noun password_noun;
extern const Noun key_noun;
extern const Noun session_noun;
extern const Noun grant_noun;
extern const Noun role_noun;
extern const Noun catalogue_noun;
extern const Noun network_noun;
extern const Noun operator_noun;
extern const Noun events_noun;
extern const Noun calls_noun;
extern const Noun backup_noun;
extern const Noun import_noun;
extern const Noun export_verbs;
extern const Noun question_verbs;
extern const Noun report_verbs;
extern const Noun other_verbs;
extern const Noun undo_verbs;

}  // namespace postern::cli
