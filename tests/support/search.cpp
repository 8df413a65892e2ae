#include "tests/support/search.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace postern::support {

std::vector<MemoryRegion> memory_regions(pid_t process) {
  std::ifstream lines("/proc/" + std::to_string(process) + "/smaps");
  BOOST_REQUIRE(lines);
  std::vector<MemoryRegion> regions;
  constexpr std::string_view flags = "VmFlags:";
  for (std::string line; std::getline(lines, line);) {
    MemoryRegion region;
    char mode = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %c", &region.begin, &region.end, &mode) == 3) {
      region.readable = mode == 'r';
      if (const auto name = line.find_first_of("/["); name != line.npos)
        region.name = line.substr(name);
      regions.push_back(region);
    } else if (line.starts_with(flags)) {
      BOOST_REQUIRE(!regions.empty());
      regions.back().flags = line.substr(flags.size()) + " ";
    }
  }
  return regions;
}

void read_region(pid_t process, const MemoryRegion& region, const TakePiece& take) {
  std::ifstream memory("/proc/" + std::to_string(process) + "/mem", std::ios::binary);
  BOOST_REQUIRE(memory);
  constexpr std::size_t piece_max = 16U << 20U;
  constexpr std::size_t overlap = 256;
  for (std::uint64_t at = region.begin; at < region.end; at += piece_max) {
    std::string piece(std::min<std::uint64_t>(region.end - at, piece_max + overlap), '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(at));
    memory.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    take(std::string_view(piece.data(), static_cast<std::size_t>(memory.gcount())));
  }
}

void read_memory(pid_t process, const TakePiece& take) {
  for (const MemoryRegion& region : memory_regions(process))
    if (region.readable) read_region(process, region, take);
}

void read_files(const std::filesystem::path& folder,
                const std::function<void(const std::filesystem::path&, std::string_view)>& take) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    take(entry.path(), bytes);
  }
}

}  // namespace postern::support
