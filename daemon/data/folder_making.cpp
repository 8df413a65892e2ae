#include "daemon/data/folder_making.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "daemon/platform/data_format.h"
#include "daemon/platform/files.h"
#include "daemon/platform/folder_guard.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/socket_path.h"
#include "daemon/platform/system_failure.h"

namespace postern::data {

namespace {

namespace fs = std::filesystem;
using platform::system_failure;

/// What may be there before: a file system's own folder, and what a crash left.
bool is_nobodys(const fs::path& name) {
  return name == "lost+found" || name == FolderMaking::making_name;
}

Failure not_empty(const fs::path& root) {
  const std::string found = platform::data_found_in(root);
  if (found.empty())
    return {FailureKind::cannot_create,
            "the folder " + platform::printable_path(root) + " is not empty",
            "Name a folder that is empty or does not exist."};
  return {FailureKind::cannot_create,
          "the folder " + platform::printable_path(root) + " holds Postern data already: " + found,
          "Nothing in it was changed. Start it with: posternd --data " +
              platform::shell_word(root) +
              "; for another one name a folder that is empty or does not exist."};
}

Expected<> check_empty(const fs::path& root) {
  std::error_code error;
  fs::directory_iterator entry(root, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (!is_nobodys(entry->path().filename())) return std::unexpected(not_empty(root));
  if (!error || error == std::errc::no_such_file_or_directory) return {};
  Failure failure =
      system_failure("make a data folder of " + platform::printable_path(root), error.value());
  if (failure.kind == FailureKind::missing) failure.kind = FailureKind::cannot_create;
  return std::unexpected(std::move(failure));
}

}  // namespace

Expected<FolderMaking> FolderMaking::begin(const fs::path& folder) {
  // Those of the running daemon, which names them so.
  const DataPaths paths(fs::absolute(folder));
  for (const char* name : socket_names)
    if (auto fits = platform::check_socket_path(paths.sockets() / name); !fits)
      return std::unexpected(Failure{fits.error().kind,
                                     "the data folder " + platform::printable_path(folder) +
                                         " cannot hold its sockets: " + fits.error().sentence,
                                     "Name a data folder with a shorter path."});
  if (auto empty = check_empty(folder); !empty) return std::unexpected(empty.error());
  FolderMaking making(folder);
  if (auto made = making.make_folders(); !made) return std::unexpected(made.error());
  if (auto held = making.hold(); !held) {
    // It is another's.
    if (held.error().kind == FailureKind::in_use) making.root_.clear();
    return std::unexpected(held.error());
  }
  return making;
}

FolderMaking::FolderMaking(FolderMaking&& other) noexcept
    : root_(std::exchange(other.root_, {})),
      held_(std::move(other.held_)),
      folders_made_(std::move(other.folders_made_)),
      moved_(std::move(other.moved_)) {}

FolderMaking::~FolderMaking() {
  if (root_.empty()) return;
  std::error_code what_stays_is_in_nobodys_way;
  for (const fs::path& path : moved_) fs::remove_all(path, what_stays_is_in_nobodys_way);
  fs::remove_all(root_ / making_name, what_stays_is_in_nobodys_way);
  for (const fs::path& path : std::views::reverse(folders_made_))
    fs::remove(path, what_stays_is_in_nobodys_way);
}

Expected<> FolderMaking::make_folders() {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path path = fs::absolute(root_).lexically_normal(); !fs::exists(path, error);
       path = path.parent_path()) {
    if (path.has_filename()) missing.push_back(path);
    if (path == path.root_path()) break;
  }
  for (const fs::path& path : std::views::reverse(missing)) {
    if (auto made = platform::make_folder(path); !made) return made;
    folders_made_.push_back(path);
  }
  return {};
}

Expected<> FolderMaking::hold() {
  held_ = platform::Descriptor(
      platform::retried([&] { return ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!held_.valid())
    return std::unexpected(system_failure("open " + platform::printable_path(root_), errno));
  if (::flock(held_.number(), LOCK_EX | LOCK_NB) != 0)
    return std::unexpected(errno == EWOULDBLOCK
                               ? Failure{FailureKind::in_use,
                                         "another process makes a data folder of " +
                                             platform::printable_path(root_) + " now",
                                         "Wait for its end, or name another folder."}
                               : system_failure("lock " + platform::printable_path(root_), errno));
  std::error_code error;
  fs::remove_all(root_ / making_name, error);
  if (error)
    return std::unexpected(
        system_failure("remove " + platform::printable_path(root_ / making_name), error.value()));
  return platform::make_folder(root_ / making_name);
}

Expected<> FolderMaking::move_up() {
  std::error_code error;
  for (fs::directory_iterator entry(root_ / making_name, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path place = root_ / entry->path().filename();
    if (fs::exists(fs::symlink_status(place, error))) return std::unexpected(not_empty(root_));
    moved_.push_back(place);
    fs::rename(entry->path(), place, error);
    if (error) break;
  }
  if (!error) fs::remove(root_ / making_name, error);
  if (error)
    return std::unexpected(
        system_failure("move the new data into " + platform::printable_path(root_), error.value()));
  return {};
}

Expected<> FolderMaking::finish() {
  const fs::path made = root_ / making_name;
  if (auto given = platform::give_to_owner_of(root_, made); !given) return given;
  std::error_code error;
  fs::permissions(root_, fs::perms::owner_all, error);
  if (error)
    return std::unexpected(
        system_failure("close " + platform::printable_path(root_), error.value()));
  if (auto moved = move_up(); !moved) return moved;
  moved_.push_back(root_ / "format");
  if (auto marked = platform::mark_data_folder(root_); !marked) return marked;
  if (auto given = platform::give_to_owner_of(root_, root_ / "format"); !given) return given;
  root_.clear();
  return {};
}

}  // namespace postern::data
