// What lies in a process's memory and in a folder's files, piece by piece, for tests that look for
// what must be nowhere. Such a test also looks for something that must be there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::support {

/// A range of a process's memory with one set of rights.
struct MemoryRegion {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool readable = false;
  /// The kernel's two-letter names: "lo" locked, "dd" not in a core image; a space around each.
  std::string flags;
  /// A file, "[heap]", "[stack]"; or empty.
  std::string name;
};

/// Of a hardened process this and the next are root's alone.
std::vector<MemoryRegion> memory_regions(pid_t process);

/// All that a region holds; what lies across two pieces is in the first whole.
using TakePiece = std::function<void(std::string_view)>;
void read_region(pid_t process, const MemoryRegion& region, const TakePiece& take);

/// Everything a process can read of itself.
void read_memory(pid_t process, const TakePiece& take);

/// Every file below the folder.
void read_files(const std::filesystem::path& folder,
                const std::function<void(const std::filesystem::path&, std::string_view)>& take);

}  // namespace postern::support
