// Events as a line of a table.
#pragma once

#include <string>

#include "event_generated.h"

namespace postern::cli {

/// "UserCreated".
std::string event_kind(const schema::EventT& event);
/// "effect=allow action=read resource=table/customer": the plain fields; no ids of users, no sealed
/// bytes.
std::string event_details(const schema::EventT& event);

}  // namespace postern::cli
