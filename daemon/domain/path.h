// Resource paths (A2): compared as plain text, because each thing has one spelling.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "daemon/domain/grant_marks.h"

namespace postern::domain {

inline constexpr std::size_t path_bytes_max = 512;
inline constexpr std::size_t path_segments_max = 16;
inline constexpr std::size_t path_wildcards_max = 4;
inline constexpr std::size_t action_bytes_max = 64;

/// 1 to 16 segments of [a-z0-9][a-z0-9._-]{0,63} joined by '/', 512 bytes at most.
bool is_path(std::string_view text);

/// The places on a path from its kind down to itself, each with its mark.
class PathLevels {
 public:
  struct Level {
    PlaceMark mark;
    /// Of the path, so many bytes.
    std::uint16_t size;
  };

  void add(Level level) { levels_[count_++] = level; }
  void clear() { count_ = 0; }
  /// Those before `count` are set.
  void resize(std::size_t count) { count_ = count; }
  void set(std::size_t place, Level level) { levels_[place] = level; }
  std::size_t size() const { return count_; }
  const Level& operator[](std::size_t place) const { return levels_[place]; }

 private:
  std::size_t count_ = 0;
  std::array<Level, path_segments_max> levels_;
};

/// What a path's levels have for it.
PlaceMark mark_of(std::string_view path);

/// Whether it is a path, as `is_path`; `levels`: where it is.
bool read_path(std::string_view text, PathLevels& levels);

/// The same, where `*` may stand for whole segments after the first, at most 4 times.
bool is_path_pattern(std::string_view text);

/// [a-z0-9][a-z0-9._-]{0,63}.
bool is_action(std::string_view text);

/// The first segment.
std::string_view kind_of(std::string_view path);

/// The path one segment shorter; empty for a kind.
std::string_view parent_of(std::string_view path);

/// How a path lies to the place a pattern describes.
enum class Lie {
  apart,
  /// The path is the place or below it: what is said of the place holds for the path.
  covered,
  /// The place is below the path.
  above,
};

/// Segment by segment; a pattern without `*` is a place of its own.
Lie lie_of(std::string_view path, std::string_view pattern);

}  // namespace postern::domain
