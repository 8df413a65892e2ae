// A folder's files as bytes: to compare, to put back, to damage.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace postern::journal {

/// By name from the folder, without LevelDB's empty LOCK.
using FolderImage = std::map<std::string, std::string>;

FolderImage image_of(const std::filesystem::path& folder);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);
/// Makes the folder hold these files and no others.
void put_back(const std::filesystem::path& folder, const FolderImage& image);

}  // namespace postern::journal
