// Commands as JSON, in the forms that json.h writes. Functions without state, for any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "command_generated.h"

namespace postern::text {

/// A batch of commands as `postern send` reads it; else what is wrong with it.
std::expected<schema::CommandMessageT, std::string> message_from_json(std::string_view text);

}  // namespace postern::text
