// Words of a line, taken apart and put together. Functions without state, for any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::text {

/// Between the commas, the empty ones too.
std::vector<std::string> split_list(std::string_view text);

std::string joined(const std::vector<std::string>& parts, std::string_view between = ", ");

/// Without blanks and line ends at both ends.
std::string trimmed(std::string_view text);

}  // namespace postern::text
