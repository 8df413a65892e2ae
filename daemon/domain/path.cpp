#include "daemon/domain/path.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
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

/// Marks of the places on a path, one after the other: each is of the one above it and of the words
/// of its own segment, the last of which ends with it.
class PathMarks {
 public:
  explicit PathMarks(std::string_view path) : path_(path) {}

  /// Of the place that ends after so many characters: the next below the one before.
  PlaceMark of_next(std::size_t size) {
    const char* const path = path_.data();
    if (size < word_bytes) {
      take(path_.size() < word_bytes ? word_of_few(path, size)
                                     : word_at(path) & ((Word{1} << 8 * size) - 1));
    } else {
      for (std::size_t place = begun_; place + word_bytes < size; place += word_bytes)
        take(word_at(path + place));
      take(word_at(path + size - word_bytes));
    }
    begun_ = size + 1;
    return static_cast<PlaceMark>(sum_ >> 16);
  }

 private:
  /// All characters bear on the upper half, which the next half of the sum begins with.
  void take(Word word) { sum_ = std::rotl((sum_ ^ word) * multiplier, 32); }

  static constexpr Word multiplier = 0x9e3779b97f4a7c15U;
  std::string_view path_;
  Word sum_ = 0;
  /// Where the next segment begins.
  std::size_t begun_ = 0;
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
    levels.add({marks.of_next(place), static_cast<std::uint16_t>(place)});
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
  const auto look_at = [&](std::size_t place) { return SixteenCharacters(text.data() + place); };
  // The last may have been among those before.
  const SixteenCharacters first = look_at(0);
  const SixteenCharacters last = look_at(size - together);
  Word of_paths = first.of_paths | last.of_paths << (size - together);
  Word ends = Word{1} << size;
  const Word all = ends - 1;
  ends |= first.slashes | last.slashes << (size - together);
  for (std::size_t place = together; place + together < size; place += together) {
    const SixteenCharacters more = look_at(place);
    of_paths |= more.of_paths << place;
    ends |= more.slashes << place;
  }
  if (of_paths != all) return false;
  PathMarks marks(text);
  std::size_t begun = 0;
  std::size_t count = 0;
  for (; ends != 0; ends &= ends - 1) {
    if (class_of(text[begun]) != alphanumeric || count == path_segments_max) return false;
    const auto end = static_cast<std::size_t>(std::countr_zero(ends));
    levels.set(count++, {marks.of_next(end), static_cast<std::uint16_t>(end)});
    begun = end + 1;
  }
  levels.resize(count);
  return true;
#else
  return read_path_singly(text, levels);
#endif
}

PlaceMark mark_of(std::string_view path) {
  PathMarks marks(path);
  PlaceMark mark = 0;
  for (std::size_t end = 0; end < path.size(); ++end) {
    end = std::min(path.find('/', end), path.size());
    mark = marks.of_next(end);
  }
  return mark;
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
