// What all verbs share that ask something for a user's call.
#pragma once

#include "query_generated.h"
#include "tools/arguments/options.h"

namespace postern::cli {

/// N6: how the user's call reached the asker. `call` outlives the parsing.
void add_call_options(arguments::Options& options, schema::CallT& call);

}  // namespace postern::cli
