// Reads recorded calls from a position on, while the ring is appended to. Damage is passed over:
// the positions it held are missing, which whoever asked can see.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "daemon/calls/call_ring.h"

namespace postern::calls {

/// Owned by one thread. May wait for the disk.
class CallReader {
 public:
  /// The ring outlives it.
  explicit CallReader(const CallRing& ring) : files_([&ring] { return ring.files(); }) {}
  /// Of a ring that nobody appends to.
  explicit CallReader(std::vector<CallRing::File> files)
      : files_([listed = std::move(files)] { return listed; }) {}

  /// False: that is enough.
  using Visit = std::function<bool(std::uint64_t position, std::span<const std::byte> entry)>;

  /// Every entry from this position on, in order, until `visit` says so.
  Expected<> read(std::uint64_t from, const Visit& visit);

 private:
  /// A place in a file where a frame begins.
  struct Bookmark {
    std::uint64_t position = 0;
    std::uint64_t offset = 0;
  };
  using Bookmarks = std::vector<Bookmark>;

  Expected<bool> read_file(const CallRing::File& file, std::uint64_t from, const Visit& visit);

  std::function<std::vector<CallRing::File>()> files_;
  /// By a file's first position; made as files are read.
  std::map<std::uint64_t, Bookmarks> bookmarks_;
};

}  // namespace postern::calls
