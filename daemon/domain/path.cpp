#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

constexpr std::size_t segment_bytes_max = 64;

bool is_alphanumeric(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

bool is_segment(std::string_view text) {
  if (text.empty() || text.size() > segment_bytes_max || !is_alphanumeric(text.front()))
    return false;
  for (const char character : text) {
    const bool known =
        is_alphanumeric(character) || character == '.' || character == '_' || character == '-';
    if (!known) return false;
  }
  return true;
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

bool is_path(std::string_view text) { return is_well_formed(text, 0); }

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
