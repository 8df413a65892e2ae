// The marker that makes a folder a data folder, and says which form of data it holds.
#pragma once

#include <filesystem>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// The file, `format` in the folder. Written last when a data folder is made.
Expected<> mark_data_folder(const std::filesystem::path& folder);

/// Fails with `missing` (no such folder, or not ours), `not_permitted`, or `configuration` (a newer
/// version's).
Expected<> check_data_folder(const std::filesystem::path& folder);

}  // namespace postern::platform
