// Small files, read and written whole: keys, settings, markers. Functions without state, for any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// Bytes that this process may still write on the disk that holds `path`.
Expected<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// The whole of a regular file. Fails with `missing`, `not_permitted`, or `configuration` if it is
/// longer than `bytes_max`. The bytes are read into their place once: wiping the result leaves no
/// copy.
Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                           std::size_t bytes_max = 1'048'576);

/// Replaces or makes `path`, mode 0600, all or nothing, on disk when it returns. One writer at a
/// time for each path. If it fails the old file stands, save when only the last sync of the folder
/// failed.
Expected<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace postern::platform
