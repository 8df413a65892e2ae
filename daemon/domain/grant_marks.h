// By what the plain grants of one user or role are sorted out before their texts are compared.
#pragma once

#include <cstdint>

namespace postern::domain {

/// Of a place: equal texts have equal marks.
using PlaceMark = std::uint16_t;

/// What the marks of a list say together: a bit for each number of six bits that a mark ends with.
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
  static std::uint64_t bit_of(PlaceMark mark) { return std::uint64_t{1} << (mark & 63U); }

  std::uint64_t marks_ = 0;
  /// Of the places above those that deny.
  std::uint64_t above_denies_ = 0;
};

}  // namespace postern::domain
