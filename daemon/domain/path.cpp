#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

constexpr std::size_t segment_bytes_max = 64;

enum CharacterClass : std::uint8_t { neither, within, alphanumeric };

/// Of segments; by the character.
constexpr std::array<CharacterClass, 256> classes = [] {
  std::array<CharacterClass, 256> made{};
  for (const unsigned char character : {'.', '_', '-'}) made[character] = within;
  for (unsigned char character = 'a'; character <= 'z'; ++character) made[character] = alphanumeric;
  for (unsigned char character = '0'; character <= '9'; ++character) made[character] = alphanumeric;
  return made;
}();

CharacterClass class_of(char character) { return classes[static_cast<unsigned char>(character)]; }

bool is_segment(std::string_view text) {
  if (text.empty() || text.size() > segment_bytes_max || class_of(text.front()) != alphanumeric)
    return false;
  for (const char character : text)
    if (class_of(character) == neither) return false;
  return true;
}

/// FNV-1a, so that a path goes on from the place above.
constexpr std::uint32_t first_mark = 0x811c9dc5U;
constexpr std::uint32_t next_mark(std::uint32_t mark, char character) {
  return (mark ^ static_cast<unsigned char>(character)) * 0x01000193U;
}

constexpr PlaceMark mark_at_end(std::uint32_t mark) {
  return static_cast<PlaceMark>(mark ^ mark >> 16);
}

/// Takes the first segment off `rest`; a trailing '/' leaves an empty segment to be found.
std::string_view take_segment(std::string_view& rest, bool& more) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return segment;
}

bool is_well_formed(std::string_view text, std::size_t wildcards_max) {
  if (text.size() > path_bytes_max) return false;
  std::size_t wildcards = 0;
  bool more = true;
  for (std::size_t count = 0; more; ++count) {
    const std::string_view segment = take_segment(text, more);
    if (count == path_segments_max) return false;
    if (segment == "*" && count > 0 && ++wildcards <= wildcards_max) continue;
    if (!is_segment(segment)) return false;
  }
  return true;
}

}  // namespace

bool is_path(std::string_view text) {
  PathLevels levels;
  return read_path(text, levels);
}

bool read_path(std::string_view text, PathLevels& levels) {
  levels.clear();
  if (text.size() > path_bytes_max) return false;
  std::uint32_t mark = first_mark;
  const char* at = text.data();
  for (const char* const end = at + text.size(); levels.size() < path_segments_max; ++at) {
    const char* const begun = at;
    if (at == end || class_of(*at) != alphanumeric) return false;
    for (; at != end && class_of(*at) != neither; ++at) mark = next_mark(mark, *at);
    if (static_cast<std::size_t>(at - begun) > segment_bytes_max) return false;
    levels.add({mark_at_end(mark), static_cast<std::uint16_t>(at - text.data())});
    if (at == end) return true;
    if (*at != '/') return false;
    mark = next_mark(mark, '/');
  }
  return false;
}

PlaceMark mark_of(std::string_view path) {
  std::uint32_t mark = first_mark;
  for (const char character : path) mark = next_mark(mark, character);
  return mark_at_end(mark);
}

bool is_path_pattern(std::string_view text) { return is_well_formed(text, path_wildcards_max); }

bool is_action(std::string_view text) { return is_segment(text); }

std::string_view kind_of(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Lie lie_of(std::string_view path, std::string_view pattern) {
  bool path_more = true;
  bool pattern_more = true;
  while (path_more && pattern_more) {
    const std::string_view wanted = take_segment(pattern, pattern_more);
    const std::string_view found = take_segment(path, path_more);
    if (wanted != "*" && wanted != found) return Lie::apart;
  }
  return pattern_more ? Lie::above : Lie::covered;
}

}  // namespace postern::domain
