// What every program here asks of its arguments beyond CLI11: an empty one is an error and never
// "not given", a list has no empty entry, and numbers have one reader.
// For the main thread. Failure: CLI::ParseError, which names the option.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tools/arguments/options.h"

namespace postern::arguments {

/// Adds it to the program, or to a verb of it.
CLI::Option* declare(CLI::App& app, const Option& option);
void declare(CLI::App& app, const Options& options);

/// `arguments` without the program's name. An empty value is refused for every option and every
/// positional of every subcommand, as `--name ''`, as `--name=` and as a list without entries. An
/// environment variable that is empty counts as unset.
void parse(CLI::App& app, const std::vector<std::string>& arguments);

// ---- after CLI::ParseError: what nobody knows, and what may have been meant

/// " --tennant (the nearest is --tenant)": an option of the program or of what was named of it.
std::string told_unknown(const CLI::App& app, const std::string& option);
/// "; the nearest is list": a verb of the program or of what was named of it.
std::string nearest_verb(const CLI::App& app, const std::string& word);
/// A line for each unknown option and for a word that is no verb, where something is near.
std::string nearest_known(const CLI::App& app);

}  // namespace postern::arguments
