// Where the running daemon listens, as `addresses` in its data folder says: lines of TOML.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace postern::running {

/// One line, `name = "value"`, of any value that is UTF-8: what TOML may not hold is escaped.
std::string toml_line(std::string_view name, std::string_view value);

bool is_utf8(std::string_view text);

/// An ipc address as the file says it. TOML is UTF-8, and a path may be any bytes: such an address
/// is told relative to the folder that holds the file.
std::string told_address(const std::string& address, const std::filesystem::path& folder);

}  // namespace postern::running
