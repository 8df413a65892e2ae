// Whose the files and folders of Postern are, and what others may do with them. One place decides,
// as PostgreSQL and OpenSSH do: refuse, name path, mode and the command that mends it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>

#include "daemon/platform/data_format.h"
#include "daemon/platform/failure.h"

namespace postern::platform {

/// The data folder must belong to this process's user and be closed to everybody else, and so must
/// its parts (`folder_parts`), links followed. Fails with `not_permitted`, naming the first that is
/// not so and how many more there are, or if one cannot be looked at. Changes nothing.
Expected<> check_folder_guards(const std::filesystem::path& folder);

/// A file with a secret outside the folder: closed to everybody but its owner.
Expected<> check_secret_file(const std::filesystem::path& file);

/// While it lives, a process that runs as root acts as the owner of `folder`, so that whatever it
/// makes there is the owner's. Nothing for everybody else, and where the folder is root's or is
/// missing. The whole process: one at a time.
class AsOwner {
 public:
  /// Fails with `not_permitted` if the system forbids it; then nothing has changed.
  static Expected<AsOwner> of(const std::filesystem::path& folder);
  AsOwner(AsOwner&& other) noexcept : acts_(std::exchange(other.acts_, false)) {}
  AsOwner& operator=(AsOwner&&) = delete;
  ~AsOwner();

 private:
  explicit AsOwner(bool acts) : acts_(acts) {}

  bool acts_;
};

/// Root's work in another's folder: `tree` and all in it become that owner's. Nothing for others.
Expected<> give_to_owner_of(const std::filesystem::path& folder, const std::filesystem::path& tree);

/// A path as a word of a shell command.
std::string shell_word(const std::filesystem::path& path);

}  // namespace postern::platform
