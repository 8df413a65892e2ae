#include "daemon/domain/path.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstring>

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

using Word = std::uint64_t;
constexpr std::size_t word_bytes = sizeof(Word);
static_assert(std::endian::native == std::endian::little);

/// The eight characters from there on, the first in the lowest byte.
Word word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, word_bytes);
  return word;
}

/// Fewer, the rest 0; nothing behind them is read.
Word word_of_few(const char* at, std::size_t size) {
  Word word = 0;
  for (std::size_t place = 0; place < size; ++place)
    word |= Word{static_cast<unsigned char>(at[place])} << 8 * place;
  return word;
}

/// Marks of the places on a path, which share what whole words of it come to: each is of the words
/// in it and of its last eight characters.
class PathMarks {
 public:
  explicit PathMarks(std::string_view path) : path_(path) {}

  /// Of the first so many characters; more each time.
  PlaceMark of_first(std::size_t size) {
    const char* const path = path_.data();
    if (size < word_bytes)
      return finished(path_.size() < word_bytes ? word_of_few(path, size)
                                                : word_at(path) & ((Word{1} << 8 * size) - 1));
    for (; taken_ + word_bytes <= size; taken_ += word_bytes) {
      sum_ = (sum_ ^ word_at(path + taken_)) * multiplier;
      sum_ ^= sum_ >> 32;
    }
    return finished(word_at(path + size - word_bytes));
  }

 private:
  PlaceMark finished(Word last) const {
    return static_cast<PlaceMark>((sum_ ^ last) * multiplier >> 48);
  }

  static constexpr Word multiplier = 0x9e3779b97f4a7c15U;
  std::string_view path_;
  Word sum_ = 0;
  std::size_t taken_ = 0;
};

#ifdef __SSE2__

/// What sixteen characters are, a bit for each.
struct SixteenCharacters {
  static constexpr std::size_t count = 16;

  explicit SixteenCharacters(const char* at) {
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto each = [](char character) { return _mm_set1_epi8(character); };
    const auto between = [&](char first, char last) {
      const __m128i from_first = _mm_sub_epi8(all, each(first));
      const __m128i less = _mm_min_epu8(from_first, each(static_cast<char>(last - first)));
      return _mm_cmpeq_epi8(from_first, less);
    };
    // What may lie within segments, '/' and the digits stand in a row.
    static_assert('-' + 1 == '.' && '.' + 1 == '/' && '/' + 1 == '0');
    const __m128i known = _mm_or_si128(_mm_or_si128(between('-', '9'), between('a', 'z')),
                                       _mm_cmpeq_epi8(all, each('_')));
    of_paths = static_cast<unsigned>(_mm_movemask_epi8(known));
    slashes = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(all, each('/'))));
  }

  Word of_paths;
  Word slashes;
};

#endif

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

namespace {

/// Of any length, character by character.
[[gnu::noinline]] bool read_path_singly(std::string_view text, PathLevels& levels) {
  PathMarks marks(text);
  std::size_t begun = 0;
  for (std::size_t place = 0; place <= text.size(); ++place) {
    if (place < text.size() && text[place] != '/') {
      if (class_of(text[place]) == neither) return false;
      continue;
    }
    if (begun == place || class_of(text[begun]) != alphanumeric ||
        place - begun > segment_bytes_max || levels.size() == path_segments_max)
      return false;
    levels.add({marks.of_first(place), static_cast<std::uint16_t>(place)});
    begun = place + 1;
  }
  return true;
}

}  // namespace

bool read_path(std::string_view text, PathLevels& levels) {
  levels.clear();
  const std::size_t size = text.size();
  if (size == 0 || size > path_bytes_max || text.back() == '/') return false;
#ifdef __SSE2__
  constexpr std::size_t together = SixteenCharacters::count;
  // No segment is too long then.
  if (size < together || size >= segment_bytes_max) return read_path_singly(text, levels);
  Word of_paths = 0;
  Word ends = Word{1} << size;
  const Word all = ends - 1;
  const auto look_at = [&](std::size_t place) {
    const SixteenCharacters found(text.data() + place);
    of_paths |= found.of_paths << place;
    ends |= found.slashes << place;
  };
  for (std::size_t place = 0; place + together < size; place += together) look_at(place);
  // The last may have been among those before.
  look_at(size - together);
  if (of_paths != all) return false;
  PathMarks marks(text);
  std::size_t begun = 0;
  for (; ends != 0; ends &= ends - 1) {
    if (class_of(text[begun]) != alphanumeric || levels.size() == path_segments_max) return false;
    const auto end = static_cast<std::size_t>(std::countr_zero(ends));
    levels.add({marks.of_first(end), static_cast<std::uint16_t>(end)});
    begun = end + 1;
  }
  return true;
#else
  return read_path_singly(text, levels);
#endif
}

PlaceMark mark_of(std::string_view path) { return PathMarks(path).of_first(path.size()); }

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
