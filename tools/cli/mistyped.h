// A name that the daemon does not know, in a message that it refused: which one, and what may have
// been meant.
// Functions without state. Failure: nothing is found.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "common_generated.h"
#include "tools/cli/known_names.h"

namespace postern::cli {

struct Mistyped {
  std::string typed;
  NamesWanted wanted;
};

/// By a table of codes. `message`: a CommandMessage or HistoryRequest as JSON, `index` the
/// problem's.
std::optional<Mistyped> mistyped_in(schema::Code code, std::uint32_t index,
                                    const boost::json::object& message);
/// The same of a name that is at hand: a tenant's or a user's.
std::optional<Mistyped> mistyped_bearer(schema::Code code, const std::string& tenant,
                                        const std::string& user);

}  // namespace postern::cli
