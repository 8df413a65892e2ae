// Every file of a folder, and of the folders below it, opened one after the other in the order of
// their names. Links are not followed, but for the path that was named; pipes and devices within a
// folder are passed over. Thread: any. Memory: the names of the folders that are entered.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace postern::cli {

/// What is told of each; none may throw away what it is told lightly.
struct FileWalk {
  using Path = std::filesystem::path;

  /// Before a folder is entered or a file opened.
  std::function<void(const Path&)> name;
  /// The descriptor is closed afterwards.
  std::function<void(const Path&, int descriptor)> file;
  /// What could not be opened or listed: the number of the error.
  std::function<void(const Path&, int error)> trouble;
};

/// The path itself may be whatever can be read.
void walk_files(const std::filesystem::path& path, const FileWalk& walk);

}  // namespace postern::cli
