// Where a run took place: what its figures depend on besides the program.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace postern::bench {

/// Names and values, in the order they are shown.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// `scratch`: the folder whose disk the daemon and the floors write to.
Environment find_environment(const std::filesystem::path& daemon,
                             const std::filesystem::path& scratch);

}  // namespace postern::bench
