// By what the plain grants of one user or role are sorted out before their texts are compared.
// Pure values; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace postern::domain {

/// Of a place: equal texts have equal marks.
using PlaceMark = std::uint16_t;

/// The marks of grants that lie side by side, 256 at most, in one block; a pointer where there are
/// none, as there is one of these for each user.
class GrantMarks {
 public:
  GrantMarks() = default;
  GrantMarks(const GrantMarks& other)
      : block_(copied(other.each())),
        summary_(other.summary_),
        above_denies_(other.above_denies_) {}
  GrantMarks(GrantMarks&&) noexcept = default;
  GrantMarks& operator=(const GrantMarks& other) { return *this = GrantMarks(other); }
  GrantMarks& operator=(GrantMarks&&) noexcept = default;
  bool operator==(const GrantMarks& other) const {
    return summary_ == other.summary_ && above_denies_ == other.above_denies_ &&
           std::ranges::equal(each(), other.each());
  }

  /// Of each, in order.
  std::span<const PlaceMark> each() const {
    return block_ == nullptr ? std::span<const PlaceMark>()
                             : std::span(block_.get() + 1, block_[0]);
  }
  /// False: none has it.
  bool may_have(PlaceMark mark) const { return (summary_ & bit_of(mark)) != 0; }
  /// Whether something below a place of this mark may be denied; false: nothing is.
  bool may_deny_below(PlaceMark mark) const { return (above_denies_ & bit_of(mark)) != 0; }

  /// Instead of what was there.
  void set(std::span<const PlaceMark> marks) {
    block_ = copied(marks);
    summary_ = 0;
    for (const PlaceMark mark : marks) summary_ |= bit_of(mark);
  }
  void deny_below(PlaceMark mark) { above_denies_ |= bit_of(mark); }
  void deny_below_all() { above_denies_ = ~std::uint64_t{0}; }

 private:
  /// How many, then each; null: there are none.
  using Block = std::unique_ptr<PlaceMark[]>;

  static std::uint64_t bit_of(PlaceMark mark) { return std::uint64_t{1} << (mark & 63U); }
  static Block copied(std::span<const PlaceMark> marks) {
    if (marks.empty()) return nullptr;
    auto made = std::make_unique_for_overwrite<PlaceMark[]>(marks.size() + 1);
    made[0] = static_cast<PlaceMark>(marks.size());
    std::ranges::copy(marks, made.get() + 1);
    return made;
  }

  Block block_;
  /// A bit for each number of six bits that a mark ends with: of the marks, and of the places above
  /// those that deny.
  std::uint64_t summary_ = 0;
  std::uint64_t above_denies_ = 0;
};

}  // namespace postern::domain
