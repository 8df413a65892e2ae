// What may stand at the cursor of a command line that is being typed: the completion scripts of the
// shells ask for it (`--complete WORD…`, which no help shows), where they do not know it
// themselves. Thread: main. Lifetime: one command line. Failure: nothing stands there. The daemon
// is asked for names; whoever calls sees to it that this has an end.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/cli/known_names.h"
#include "tools/cli/verb.h"

namespace postern::cli {

/// How long a shell is kept waiting, whatever hangs: 300 ms, or what POSTERN_COMPLETION_TIMEOUT
/// says in seconds, up to 60.
std::chrono::milliseconds completion_deadline();

/// The place that is being typed at.
struct Cursor {
  /// "key revoke"
  std::string path;
  /// "USER", "--tenant"; empty: a verb or an option stands there.
  std::string place;
  /// Of the place: what it takes, where that is said.
  std::vector<std::string> choices;
  /// What is typed there so far; and of the word what stands before, as "--tenant=" or "a,b,".
  std::string typed;
  std::string before;
  /// By place, what is typed at others.
  std::map<std::string, std::vector<std::string>> given;
};

/// The options that every verb of a kind takes.
using OptionsOfKinds = std::map<Kind, Options>;

/// Of words as the shell has them, the last one being typed; `common` are the options that every
/// verb takes.
Cursor cursor_of(const std::vector<std::string>& words, const Options& common,
                 const OptionsOfKinds& of_kinds);

/// What is known at a place of this verb; nothing: no names are, or new ones stand there.
std::optional<NameKind> names_at(const std::string& path, const std::string& place);

/// Whether something may be known of the place; else it may be a file's name.
bool is_completed(const Cursor& cursor);

/// Whole words, in order. Names with letters that a shell may take for anything else are left out:
/// who chose them must not choose what is typed.
std::vector<std::string> completions(Session& session, const Cursor& cursor);

}  // namespace postern::cli
