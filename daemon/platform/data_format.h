// What makes a folder a data folder: its marker, which says in which form the data are, and its
// parts.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// What others than the folder's owner may do with a file of it; with its folders, nothing.
enum class Guard {
  /// Nothing at all.
  alone,
  /// Read it: it is public or a cache, and the folder around it is closed. Root may have made it.
  unchanged,
};

struct FolderPart {
  std::string_view name;
  Guard guard = Guard::alone;
  /// A folder, and the guard is for the files that lie in it.
  bool holds_files = false;
  /// Only Postern makes it: where it is, there are data.
  bool tells_of_data = false;
};

/// Everything that ever lies in a data folder.
std::span<const FolderPart> folder_parts();

/// The file `format`. Written last when a data folder is made.
Expected<> mark_data_folder(const std::filesystem::path& folder);

/// The parts beside the marker that tell of data, as text ("keys, journal"); empty: none is there.
std::string data_found_in(const std::filesystem::path& folder);

/// Fails with `missing` (no such folder, nothing of ours, or data without a marker), `damaged` (the
/// marker is not as it was written), `not_permitted`, or `configuration` (a newer version's). Only
/// where nothing is does the remedy speak of making data.
Expected<> check_data_folder(const std::filesystem::path& folder);

}  // namespace postern::platform
