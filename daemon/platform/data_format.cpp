// format = "postern-data " version newline
#include "daemon/platform/data_format.h"

#include <charconv>
#include <string>

#include "daemon/platform/files.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

constexpr std::string_view format_name = "postern-data ";
constexpr unsigned format_version = 1;
constexpr std::size_t marker_bytes_max = 4'096;

constexpr FolderPart parts[] = {
    {"format", Guard::unchanged},
    {"lock", Guard::alone, false, true},
    {"keys", Guard::alone, true, true},
    {"journal", Guard::alone, true, true},
    {"checkpoint", Guard::unchanged, false, true},
    {"clock", Guard::unchanged, false, true},
    {"snapshots", Guard::unchanged, true, true},
    {"calls", Guard::unchanged, true, true},
    {"reserve"},
    {"sockets"},
    {"server.key", Guard::unchanged, false, true},
    {"owner.key", Guard::alone, false, true},
    {"seen-checkpoint", Guard::unchanged},
    {"addresses", Guard::unchanged},
};

std::filesystem::path marker_in(const std::filesystem::path& folder) { return folder / "format"; }

Failure marker_failure(const std::filesystem::path& folder, const std::string& how) {
  return {FailureKind::damaged,
          printable_path(marker_in(folder)) + " " + how +
              ": it is the marker of the data in this folder",
          "Put it back from a copy of the folder, or restore a backup; the folder's other files "
          "are to stay as they are."};
}

Failure nothing_here(const std::filesystem::path& folder) {
  std::error_code error;
  const bool is_empty =
      !std::filesystem::exists(folder, error) || std::filesystem::is_empty(folder, error);
  return {FailureKind::missing, "there is no Postern data in " + printable_path(folder),
          is_empty ? "Make a data folder with 'posternd init --data DIR', or name the right one."
                   : "It holds something else: name the right folder."};
}

Expected<> check_version(const std::filesystem::path& folder, std::string_view text) {
  const Failure damaged = marker_failure(folder, text.empty() ? "is empty" : "is damaged");
  if (!text.starts_with(format_name) && data_found_in(folder).empty())
    return std::unexpected(nothing_here(folder));
  if (!text.starts_with(format_name) || !text.ends_with('\n')) return std::unexpected(damaged);
  text = text.substr(format_name.size(), text.size() - format_name.size() - 1);
  unsigned version = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, version);
  if (read.ec != std::errc() || read.ptr != end || version == 0) return std::unexpected(damaged);
  if (version <= format_version) return {};
  return std::unexpected(Failure{FailureKind::configuration,
                                 printable_path(folder) + " is data of a newer version of Postern",
                                 "Use the version that made it, or a newer one."});
}

}  // namespace

std::span<const FolderPart> folder_parts() { return parts; }

std::string data_found_in(const std::filesystem::path& folder) {
  std::string found;
  std::error_code error;
  for (const FolderPart& part : parts)
    if (part.tells_of_data && std::filesystem::exists(folder / part.name, error))
      found += (found.empty() ? "" : ", ") + std::string(part.name);
  return found;
}

Expected<> mark_data_folder(const std::filesystem::path& folder) {
  const std::string marker = std::string(format_name) + std::to_string(format_version) + "\n";
  return write_file(marker_in(folder), std::as_bytes(std::span(marker)));
}

Expected<> check_data_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    if (!error || system_failure("", error.value()).kind == FailureKind::missing)
      return std::unexpected(nothing_here(folder));
    return std::unexpected(
        system_failure("open the data folder " + printable_path(folder), error.value()));
  }
  const auto marker = read_file(marker_in(folder), marker_bytes_max);
  if (marker)
    return check_version(folder, {reinterpret_cast<const char*>(marker->data()), marker->size()});
  const std::string found = data_found_in(folder);
  if (marker.error().kind == FailureKind::configuration && !found.empty())
    return std::unexpected(marker_failure(folder, "is damaged"));
  if (marker.error().kind == FailureKind::configuration)
    return std::unexpected(nothing_here(folder));
  if (marker.error().kind != FailureKind::missing) return std::unexpected(marker.error());
  if (found.empty()) return std::unexpected(nothing_here(folder));
  Failure failure = marker_failure(folder, "is missing, beside " + found);
  failure.kind = FailureKind::missing;
  return std::unexpected(std::move(failure));
}

}  // namespace postern::platform
