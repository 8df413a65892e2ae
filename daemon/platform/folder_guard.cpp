#include "daemon/platform/folder_guard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "daemon/platform/files.h"
#include "daemon/platform/require.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

namespace fs = std::filesystem;

constexpr mode_t of_others = 077;
constexpr mode_t written_by_others = 022;

std::string octal(mode_t mode) {
  std::string text = "0000";
  for (std::size_t place = 0; place < text.size(); ++place)
    text[text.size() - 1 - place] = static_cast<char>('0' + (mode >> 3 * place & 7));
  return text;
}

/// Whose all of it is to be.
struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What is not as it should be with one path; nothing: it is.
std::optional<Failure> fault_of(const fs::path& path, const struct stat& about, Guard guard,
                                const Owner& owner) {
  const bool is_ours =
      about.st_uid == owner.uid || (guard == Guard::unchanged && about.st_uid == 0);
  if (!is_ours)
    return Failure{FailureKind::not_permitted,
                   printable_path(path) + " belongs to user " + std::to_string(about.st_uid) +
                       ", and the data folder to user " + std::to_string(owner.uid),
                   "Find out who made it, then: chown " + std::to_string(owner.uid) + ":" +
                       std::to_string(owner.gid) + " " + shell_word(path)};
  const mode_t mode = about.st_mode & 07777;
  if ((mode & (guard == Guard::alone ? of_others : written_by_others)) == 0) return std::nullopt;
  const bool folder = S_ISDIR(about.st_mode);
  return Failure{FailureKind::not_permitted,
                 "others than its owner may " +
                     std::string(guard == Guard::alone ? "use " : "change ") +
                     printable_path(path) + ": its mode is " + octal(mode),
                 "Close it: chmod " + std::string(folder ? "0700 " : "0600 ") + shell_word(path)};
}

/// All faults of a folder, of which one is told.
class Faults {
 public:
  explicit Faults(Owner owner) : owner_(owner) {}

  void look_at(const fs::path& path, Guard guard) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) {
      if (errno == ENOENT) return;
      return take(system_failure("look at " + printable_path(path), errno));
    }
    if (S_ISDIR(about.st_mode)) guard = Guard::alone;
    if (auto fault = fault_of(path, about, guard, owner_)) take(std::move(*fault));
  }
  void look_into(const fs::path& folder, Guard guard) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      look_at(entry->path(), guard);
      std::error_code what_is_no_folder;
      if (entry->is_directory(what_is_no_folder)) look_into(entry->path(), guard);
    }
    // What is missing or no folder is told by whoever needs it.
    if (error && error != std::errc::no_such_file_or_directory &&
        error != std::errc::not_a_directory)
      take(system_failure("look into " + printable_path(folder), error.value()));
  }

  Expected<> verdict(const fs::path& folder) {
    if (!first_) return {};
    if (count_ > 1) {
      first_->sentence += "; and " + std::to_string(count_ - 1) + " more in this folder";
      first_->remedy += "; all of them: chmod -R go= " + shell_word(folder);
    }
    return std::unexpected(*first_);
  }

 private:
  void take(Failure fault) {
    if (count_++ == 0) first_ = std::move(fault);
  }

  Owner owner_;
  std::optional<Failure> first_;
  std::size_t count_ = 0;
};

}  // namespace

std::string shell_word(const fs::path& path) {
  const std::string& text = path.native();
  const auto is_plain = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || std::string_view("/._-+,@:").contains(letter);
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  const std::string shown = printable(text, 4 * text.size() + 1);
  // A terminal is not to act on what is in it.
  const bool is_safe = shown == text;
  std::string word = is_safe ? "'" : "$'";
  for (const char letter : shown)
    word += letter != '\'' ? std::string(1, letter) : is_safe ? "'\\''" : "\\x27";
  return word + "'";
}

Expected<> check_folder_guards(const fs::path& folder) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0)
    return std::unexpected(
        system_failure("look at the data folder " + printable_path(folder), errno));
  if (about.st_uid != ::geteuid())
    return std::unexpected(Failure{FailureKind::not_permitted,
                                   "the data folder " + printable_path(folder) +
                                       " belongs to user " + std::to_string(about.st_uid) +
                                       ", and this is run by user " + std::to_string(::geteuid()),
                                   "Run it as the folder's owner: setpriv --reuid " +
                                       std::to_string(about.st_uid) + " --regid " +
                                       std::to_string(about.st_gid) +
                                       " --clear-groups posternd --data " + shell_word(folder)});
  Faults faults({about.st_uid, about.st_gid});
  faults.look_at(folder, Guard::alone);
  for (const FolderPart& part : folder_parts()) {
    faults.look_at(folder / part.name, part.guard);
    if (part.holds_files) faults.look_into(folder / part.name, part.guard);
  }
  return faults.verdict(folder);
}

Expected<> check_secret_file(const fs::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0)
    return std::unexpected(system_failure("read " + printable_path(file), errno));
  const mode_t mode = about.st_mode & 07777;
  if ((mode & of_others) == 0) return {};
  return std::unexpected(Failure{FailureKind::not_permitted,
                                 "others than its owner may use the key file " +
                                     printable_path(file) + ": its mode is " + octal(mode),
                                 "Close it: chmod 0600 " + shell_word(file)});
}

Expected<AsOwner> AsOwner::of(const fs::path& folder) {
  struct stat about {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &about) != 0 || about.st_uid == 0)
    return AsOwner(false);
  AsOwner owner(true);
  if (::setegid(about.st_gid) == 0 && ::seteuid(about.st_uid) == 0) return owner;
  return std::unexpected(system_failure(
      "act as the owner of " + printable_path(folder) + ", user " + std::to_string(about.st_uid),
      errno));
}

AsOwner::~AsOwner() {
  if (!acts_) return;
  require(::seteuid(::getuid()) == 0);
  require(::setegid(::getgid()) == 0);
}

Expected<> give_to_owner_of(const fs::path& folder, const fs::path& tree) {
  struct stat about {};
  if (::geteuid() != 0) return {};
  if (::stat(folder.c_str(), &about) != 0)
    return std::unexpected(system_failure("look at " + printable_path(folder), errno));
  if (about.st_uid == 0) return {};
  const auto give = [&](const fs::path& path) -> Expected<> {
    if (::lchown(path.c_str(), about.st_uid, about.st_gid) == 0) return {};
    return std::unexpected(
        system_failure("give " + printable_path(path) + " to the folder's owner", errno));
  };
  std::error_code error;
  for (fs::recursive_directory_iterator entry(tree, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (auto given = give(entry->path()); !given) return given;
  if (error && error != std::errc::not_a_directory)
    return std::unexpected(system_failure("look into " + printable_path(tree), error.value()));
  return give(tree);
}

}  // namespace postern::platform
