// format = "postern-data " version newline
#include "daemon/platform/data_format.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/platform/files.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

constexpr std::string_view format_name = "postern-data ";
constexpr int format_version = 1;

std::filesystem::path marker_in(const std::filesystem::path& folder) { return folder / "format"; }

}  // namespace

Expected<> mark_data_folder(const std::filesystem::path& folder) {
  const std::string marker = std::string(format_name) + std::to_string(format_version) + "\n";
  return write_file(marker_in(folder), std::as_bytes(std::span(marker)));
}

Expected<> check_data_folder(const std::filesystem::path& folder) {
  const std::string shown = printable(folder.native(), 400);
  const Failure nothing{
      FailureKind::missing, "there is no Postern data in " + shown,
      "Make a data folder with 'posternd init --data DIR', or name the right one."};
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    if (error == std::errc::permission_denied)
      return std::unexpected(system_failure("open the data folder " + shown, error.value()));
    return std::unexpected(nothing);
  }
  const auto marker = read_file(marker_in(folder), 64);
  if (!marker)
    return std::unexpected(marker.error().kind == FailureKind::missing ? nothing : marker.error());
  std::string_view text(reinterpret_cast<const char*>(marker->data()), marker->size());
  if (!text.starts_with(format_name)) return std::unexpected(nothing);
  text.remove_prefix(format_name.size());
  const int version = std::atoi(std::string(text).c_str());
  if (version <= format_version && version > 0) return {};
  return std::unexpected(Failure{FailureKind::configuration,
                                 shown + " is data of a newer version of Postern",
                                 "Use the version that made it, or a newer one."});
}

}  // namespace postern::platform
