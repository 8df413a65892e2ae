// A data folder in the making: whole at the end, or nothing of it is left.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/data/data_folder.h"
#include "daemon/platform/descriptor.h"

namespace postern::data {

/// All is made in `making`, a folder within the one that is to be, and moved up when it is whole;
/// the marker comes last. What is not finished is removed again, with the folders that were made
/// for it; what a crash left is removed by the next. One at a time for each folder. The files
/// belong to the owner of the folder, also where root makes them.
class FolderMaking {
 public:
  /// Fails with `cannot_create` if the folder holds anything, with `in_use` if another makes it,
  /// with `configuration` if its path is too long for the sockets in it. Then nothing has changed.
  static Expected<FolderMaking> begin(const std::filesystem::path& folder);
  FolderMaking(FolderMaking&& other) noexcept;
  FolderMaking& operator=(FolderMaking&&) = delete;
  ~FolderMaking();

  /// Where to put it.
  DataPaths paths() const { return DataPaths(root_ / making_name); }
  /// It is a data folder. If it fails it is none.
  Expected<> finish();

  static constexpr const char* making_name = "making";

 private:
  explicit FolderMaking(std::filesystem::path root) : root_(std::move(root)) {}

  Expected<> make_folders();
  Expected<> hold();
  Expected<> move_up();

  /// Empty: nothing is to be undone.
  std::filesystem::path root_;
  platform::Descriptor held_;
  /// The outermost first.
  std::vector<std::filesystem::path> folders_made_;
  std::vector<std::filesystem::path> moved_;
};

}  // namespace postern::data
