// What all verbs share that ask something for a user's call.
#pragma once

#include <CLI/CLI.hpp>

#include "query_generated.h"

namespace postern::cli {

/// N6: how the user's call reached the asker. `call` outlives the parsing.
void add_call_options(CLI::App& command, schema::CallT& call);

}  // namespace postern::cli
