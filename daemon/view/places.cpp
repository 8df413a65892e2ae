#include "daemon/view/places.h"

#include <algorithm>

namespace postern::view {

std::optional<std::string> common_place(std::string_view left, std::string_view right) {
  const auto take_segment = [](std::string_view& path) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    return segment;
  };
  std::string common;
  while (!left.empty() || !right.empty()) {
    const std::string_view one = take_segment(left);
    const std::string_view other = take_segment(right);
    const bool is_any = one.empty() || one == "*";
    const bool other_is_any = other.empty() || other == "*";
    if (!is_any && !other_is_any && one != other) return std::nullopt;
    if (!common.empty()) common += '/';
    common += is_any && !other.empty() ? other : one;
  }
  return common;
}

std::string with_name(std::string_view place, std::string_view name) {
  std::string path;
  path.reserve(place.size() + name.size());
  for (const char letter : place)
    if (letter == '*')
      path.append(name);
    else
      path.push_back(letter);
  return path;
}

}  // namespace postern::view
