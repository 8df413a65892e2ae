#include "tests/contract/folder_image.h"

#include <fstream>
#include <iterator>

#include "daemon/platform/require.h"

namespace postern::journal {

namespace fs = std::filesystem;

FolderImage image_of(const fs::path& folder) {
  FolderImage image;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    image[entry.path().lexically_relative(folder).native()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return image;
}

void write_bytes(const fs::path& file, const std::string& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(stream.good());
}

void put_back(const fs::path& folder, const FolderImage& image) {
  for (const auto& [name, bytes] : image_of(folder))
    if (!image.contains(name)) fs::remove(folder / name);
  for (const auto& [name, bytes] : image) write_bytes(folder / name, bytes);
}

}  // namespace postern::journal
