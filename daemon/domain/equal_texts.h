// Whether two short texts are the same: names and paths mostly, for which calling the C library's
// comparison takes longer than comparing.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace postern::domain {

inline bool equal_texts(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  const auto differ_at = [&]<class Word>(std::size_t place, Word) {
    Word of_left;
    Word of_right;
    std::memcpy(&of_left, left.data() + place, sizeof(Word));
    std::memcpy(&of_right, right.data() + place, sizeof(Word));
    return of_left ^ of_right;
  };
  const std::size_t size = left.size();
  if (size >= 8) {
    // The last eight may have been among those before.
    for (std::size_t place = 0; place + 8 < size; place += 8)
      if (differ_at(place, std::uint64_t{}) != 0) return false;
    return differ_at(size - 8, std::uint64_t{}) == 0;
  }
  if (size >= 4) return (differ_at(0, std::uint32_t{}) | differ_at(size - 4, std::uint32_t{})) == 0;
  for (std::size_t place = 0; place < size; ++place)
    if (left[place] != right[place]) return false;
  return true;
}

struct EqualTo {
  std::string_view wanted;
  bool operator()(std::string_view text) const { return equal_texts(text, wanted); }
};

}  // namespace postern::domain
