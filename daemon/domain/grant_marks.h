// By what the plain grants of one user or role are sorted out before their texts are compared.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::domain {

/// Of a place: equal texts have equal marks.
using PlaceMark = std::uint16_t;

/// What the marks of a list say together: a bit for each number of six bits that a mark begins
/// with, which every character of a place bears on.
class MarkSummary {
 public:
  bool operator==(const MarkSummary&) const = default;

  /// False: none has it.
  bool may_have(PlaceMark mark) const { return (marks_ & bit_of(mark)) != 0; }
  /// Whether something below a place of this mark may be denied; false: nothing is.
  bool may_deny_below(PlaceMark mark) const { return (above_denies_ & bit_of(mark)) != 0; }

  void add(PlaceMark mark) { marks_ |= bit_of(mark); }
  void deny_below(PlaceMark mark) { above_denies_ |= bit_of(mark); }
  /// What another says too.
  void add(const MarkSummary& other) {
    marks_ |= other.marks_;
    above_denies_ |= other.above_denies_;
  }
  void deny_below_all() { above_denies_ = ~std::uint64_t{0}; }

 private:
  static std::uint64_t bit_of(PlaceMark mark) { return std::uint64_t{1} << (mark >> 10U); }

  std::uint64_t marks_ = 0;
  /// Of the places above those that deny.
  std::uint64_t above_denies_ = 0;
};

/// Where in a list a mark stands, found by one look instead of one at each: worth making where a
/// list is asked some questions.
class MarkIndex {
 public:
  static constexpr std::size_t marks_max = 255;

  /// No more than `marks_max`, which outlive it.
  explicit MarkIndex(std::span<const PlaceMark> marks) : marks_(marks) {
    // From the last on, so that those of one row stand in their order.
    for (std::size_t place = marks.size(); place > 0; --place) {
      std::uint8_t& first = first_[row_of(marks[place - 1])];
      next_[place] = first;
      first = static_cast<std::uint8_t>(place);
    }
  }

  /// Tells the visitor each place that has it, in their order.
  template <class Visitor>
  void visit(PlaceMark mark, Visitor visit) const {
    for (std::size_t place = first_[row_of(mark)]; place != 0; place = next_[place])
      if (marks_[place - 1] == mark) visit(place - 1);
  }

 private:
  static constexpr std::size_t rows = 128;

  static std::size_t row_of(PlaceMark mark) { return mark >> 9U; }

  std::span<const PlaceMark> marks_;
  /// Of each row the first place, from 1; 0: none.
  std::array<std::uint8_t, rows> first_{};
  /// By places from 1: the next in its row.
  std::array<std::uint8_t, marks_max + 1> next_;
};

/// A bit for each of so many marks that is this one. Apart, so that its caller keeps its registers.
[[gnu::noinline]] inline std::uint64_t marked(const PlaceMark* marks, std::size_t count,
                                              PlaceMark mark) {
  std::uint64_t found = 0;
#ifdef __SSE2__
  constexpr std::size_t together = 8;
  const __m128i wanted = _mm_set1_epi16(static_cast<short>(mark));
  const auto look_at = [&](std::size_t place) {
    const __m128i each = _mm_loadu_si128(reinterpret_cast<const __m128i*>(marks + place));
    const __m128i equal = _mm_packs_epi16(_mm_cmpeq_epi16(each, wanted), _mm_setzero_si128());
    found |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(equal))} << place;
  };
  if (count >= together) {
#ifdef __clang__
#pragma clang loop unroll(disable)
#endif
    for (std::size_t place = 0; place + together < count; place += together) look_at(place);
    // The last may have been among those before.
    look_at(count - together);
    return found;
  }
#endif
  for (std::size_t place = 0; place < count; ++place)
    found |= std::uint64_t{marks[place] == mark} << place;
  return found;
}

}  // namespace postern::domain
