// Places that grants speak of (A2), with `*` for a whole segment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::view {

/// The place that lies in both; nothing: they are apart. A `*` gives way to a name.
std::optional<std::string> common_place(std::string_view left, std::string_view right);

/// The place with a name for each `*`: a path that can be asked about.
std::string with_name(std::string_view place, std::string_view name);

}  // namespace postern::view
