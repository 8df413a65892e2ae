// The grants of one user or role: an immutable value, packed. Four bytes a grant, or eight, and two
// for its mark, in one block with the count of who holds it; long lists are parts that copies
// share.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/chunked.h"
#include "daemon/domain/grant_marks.h"
#include "daemon/domain/ids.h"
#include "daemon/domain/network.h"
#include "daemon/domain/packed_grant.h"
#include "daemon/domain/ref_counted.h"
#include "daemon/domain/rights.h"
#include "event_generated.h"

namespace postern::domain {

/// A9.
struct Conditions {
  std::optional<std::int64_t> not_before_ns;
  std::optional<std::int64_t> not_after_ns;
  /// Null: any.
  Networks networks;
  bool secure_transport = false;
};

/// Of one grant, that is named by its place.
struct ConditionsOfGrant {
  Seq seq = 0;
  std::uint16_t index = 0;
  Conditions conditions;
};

class Grants;
using SharedGrants = boost::intrusive_ptr<const Grants>;
/// The one list of none.
SharedGrants no_grants();

/// Where a grant lies: like a pointer to it, and valid as long as its list is held.
class GrantPointer {
 public:
  GrantPointer() = default;
  GrantPointer(std::nullptr_t) {}
  GrantPointer(const Grants& part, std::size_t place)
      : part_(&part), place_(static_cast<std::uint32_t>(place)) {}

  inline Grant operator*() const;
  class Arrow;
  inline Arrow operator->() const;
  inline const Right& right() const;
  // ---- of the grant, without reading the rest of it
  inline bool denies() const;
  inline bool is_conditional() const;
  inline GrantOrigin origin() const;
  /// In its part of the list.
  std::size_t place() const { return place_; }
  bool operator==(const GrantPointer&) const = default;
  /// In no order but for sorting what is the same together.
  auto operator<=>(const GrantPointer&) const = default;
  bool operator==(std::nullptr_t) const { return part_ == nullptr; }

 private:
  const Grants* part_ = nullptr;
  std::uint32_t place_ = 0;
};

class GrantPointer::Arrow {
 public:
  explicit Arrow(const Grant& grant) : grant_(grant) {}
  const Grant* operator->() const { return &grant_; }

 private:
  Grant grant_;
};

inline GrantPointer::Arrow GrantPointer::operator->() const { return Arrow(**this); }

/// The grants of a list one after the other, each as an `Item`: a Grant, or a GrantPointer to it.
template <class Item>
class GrantSequence {
  using Next = const SharedGrants*;

 public:
  class Iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using reference = Item;
    using pointer = GrantPointer::Arrow;

    Iterator() = default;
    Item operator*() const;
    GrantPointer::Arrow operator->() const { return GrantPointer::Arrow(*to_pointer()); }
    GrantPointer to_pointer() const { return {*part_, at_}; }
    inline Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const {
      return at_ == other.at_ && part_ == other.part_;
    }

   private:
    friend class GrantSequence;
    friend class Grants;
    inline void enter(Next part);

    const Grants* part_ = nullptr;
    std::size_t at_ = 0;
    /// The end of its part.
    std::size_t stop_ = 0;
    /// The part behind its own.
    Next next_ = nullptr;
    Next last_ = nullptr;
  };

  explicit GrantSequence(const Grants& grants) : grants_(&grants) {}

  inline std::size_t size() const;
  bool empty() const { return size() == 0; }
  inline Iterator begin() const;
  inline Iterator end() const;
  Item front() const { return *begin(); }
  /// As far as there are parts before it.
  Iterator nth(std::size_t place) const;
  Item operator[](std::size_t place) const { return *nth(place); }

  /// The first in the range that is not `before`, of which all stand before the others.
  template <class Before>
  Iterator partition_point(Iterator from, Iterator to, Before before) const;
  template <class Before>
  Iterator partition_point(Before before) const {
    return partition_point(begin(), end(), before);
  }

 private:
  const Grants* grants_;
};

using GrantPlace = GrantSequence<Grant>::Iterator;

/// What grants without `*` are marked by, by the numbers of their rights: worked out once where
/// many lists are made.
class RightMarks {
 public:
  /// The next.
  void add(const Right& right);
  std::size_t size() const { return marks_.size(); }
  PlaceMark of(RightId right) const { return marks_[right]; }
  /// Of the places above it, if it is denied.
  const MarkSummary& above_denied(RightId right) const { return above_denied_[right]; }

 private:
  std::vector<PlaceMark> marks_;
  std::vector<MarkSummary> above_denied_;
};

/// In the order of their resource's plain text, so that a path's grants, and those of all below it,
/// each lie together; those with a `*` segment at the end.
class Grants : public RefCounted<Grants> {
 public:
  /// A list this long, or longer, is in parts of their own.
  static constexpr std::size_t part_max = 255;
  /// Most users' block is no larger.
  static constexpr std::size_t bytes_of_most = 192;

  /// None.
  Grants() = default;
  Grants(const Grants&) = delete;
  Grants& operator=(const Grants&) = delete;
  ~Grants() {
    if (has_more_) std::destroy_at(more_place());
  }

  /// Each in its place already, texts that `rights` knows or learns; conditions by seq and index.
  static SharedGrants of(std::span<const Grant> sorted, Rights& rights,
                         Chunked<ConditionsOfGrant> conditions = {});
  /// No more than `part_max`, as they lie, each in its place, the first `plain_count` without `*`.
  /// `origins`: their seqs, each once, ascending.
  struct Lying {
    std::span<const PackedGrant> sorted;
    std::size_t plain_count = 0;
    std::span<const Seq> origins;
  };
  static SharedGrants of(const Lying& grants, const Rights& rights, const RightMarks& marks,
                         Chunked<ConditionsOfGrant> conditions);
  /// With one more before `place`, and these conditions.
  SharedGrants with(const GrantPlace& place, const Grant& grant, Rights& rights,
                    Chunked<ConditionsOfGrant> conditions) const;
  /// Without the one at `place`, and with these conditions.
  SharedGrants without(const GrantPlace& place, Chunked<ConditionsOfGrant> conditions) const;

  std::size_t size() const { return in_parts_ ? more().size : count_; }
  std::size_t plain_count() const { return in_parts_ ? more().plain_count : plain_count_; }
  GrantSequence<Grant> sorted() const { return GrantSequence<Grant>(*this); }
  GrantSequence<GrantPointer> pointers() const { return GrantSequence<GrantPointer>(*this); }
  /// Of the conditional ones, by seq and index.
  const Chunked<ConditionsOfGrant>& conditions() const {
    return has_more_ ? more().conditions : no_conditions();
  }
  /// Where the texts come from; null: there are no grants.
  const Rights* rights() const { return rights_; }

  // ---- of those that lie in one block

  bool in_one_part() const { return !in_parts_; }
  Grant at(std::size_t place) const {
    const Packed packed = packed_at(place);
    const Right& right = (*rights_)[packed.right];
    Grant grant;
    grant.resource = right.resource;
    grant.action = right.action;
    grant.seq = seq_at(packed.origin);
    grant.index = packed.index;
    grant.conditional = packed.conditional;
    grant.deny = packed.deny;
    grant.wildcard = right.wildcard;
    return grant;
  }
  const Right& right_at(std::size_t place) const {
    return (*rights_)[narrow_ ? narrow_grants()[place].right : packed_grants()[place].right];
  }
  bool denies_at(std::size_t place) const {
    return narrow_ ? narrow_grants()[place].deny : packed_grants()[place].deny;
  }
  bool is_conditional_at(std::size_t place) const {
    return narrow_ ? narrow_grants()[place].conditional : packed_grants()[place].conditional;
  }
  GrantOrigin origin_at(std::size_t place) const {
    const Packed packed = packed_at(place);
    return {seq_at(packed.origin), packed.index};
  }
  /// Of the plain ones; none where the list is in parts.
  std::span<const PlaceMark> marks() const { return {mark_at(0), has_marks_ ? plain_count_ : 0U}; }
  const MarkSummary& mark_summary() const { return summary_; }
  /// As if they were made now; for checks.
  bool has_true_marks() const;

  static void* operator new(std::size_t size) { return ::operator new(size); }
  static void operator delete(void* block) { ::operator delete(block); }

 private:
  template <class Item>
  friend class GrantSequence;

  using Packed = PackedGrant;
  /// Between two packings.
  struct Loose {
    Packed packed;
    Seq seq;
  };
  /// What few lists have.
  struct More {
    Chunked<ConditionsOfGrant> conditions = {};
    /// Empty: all lie in one.
    std::vector<SharedGrants> parts = {};
    std::size_t size = 0;
    std::size_t plain_count = 0;
  };
  using MoreHandle = std::unique_ptr<const More>;
  /// What lies behind the head, in this order: grants, offsets of all seqs but the least, marks,
  /// and aligned what few lists have.
  struct Form {
    std::size_t count = 0;
    std::size_t plain_count = 0;
    std::size_t origin_count = 0;
    bool wide = false;
    bool has_marks = false;
    bool narrow = false;
    bool has_more = false;

    std::size_t grant_bytes() const { return narrow ? sizeof(NarrowGrant) : sizeof(Packed); }
    std::size_t offset_bytes() const {
      return (origin_count - (origin_count > 0)) *
             (wide ? sizeof(std::uint64_t) : sizeof(std::uint32_t));
    }
    std::size_t more_begins() const {
      const std::size_t end = count * grant_bytes() + offset_bytes() +
                              (has_marks ? plain_count * sizeof(PlaceMark) : 0);
      return has_more ? (end + alignof(MoreHandle) - 1) / alignof(MoreHandle) * alignof(MoreHandle)
                      : end;
    }
    std::size_t bytes() const { return more_begins() + (has_more ? sizeof(MoreHandle) : 0); }
  };

  static void* operator new(std::size_t size, const Form& form) {
    return ::operator new(size + form.bytes());
  }
  static void operator delete(void* block, const Form&) { ::operator delete(block); }

  Grants(const Form& form, const Rights& rights, Seq first_seq);

  static const Chunked<ConditionsOfGrant>& no_conditions();
  static Loose packed_of(const Grant& grant, Rights& rights);
  /// Null for none.
  static MoreHandle with_conditions(Chunked<ConditionsOfGrant> conditions);
  static boost::intrusive_ptr<Grants> in_form(Form form, const Rights& rights, Seq first,
                                              MoreHandle more);
  static boost::intrusive_ptr<Grants> part_of(std::span<const Loose> sorted, const Rights& rights,
                                              bool stands_alone, MoreHandle more = nullptr);
  static SharedGrants of(std::span<const Loose> sorted, const Rights& rights,
                         Chunked<ConditionsOfGrant> conditions);
  static SharedGrants in_parts(MoreHandle more, const Rights& rights);
  /// Null: it does not go so simply, and the conditions are still there.
  boost::intrusive_ptr<Grants> with_newest(std::size_t place, const Loose& grant,
                                           const Rights& rights,
                                           Chunked<ConditionsOfGrant>& conditions) const;
  std::vector<Loose> unpacked() const;
  void unpack_into(std::vector<Loose>& all) const;
  /// With these in the place of the part that `place` is in.
  SharedGrants replaced(const GrantPlace& place, std::span<const Loose> part,
                        Chunked<ConditionsOfGrant> conditions) const;
  void mark(std::size_t place, const Right& right, bool deny);
  Form form() const {
    return {count_,          plain_count_, origin_count_, wide_ != 0,
            has_marks_ != 0, narrow_ != 0, has_more_ != 0};
  }

  // ---- what lies behind the head

  const Packed* packed_grants() const { return reinterpret_cast<const Packed*>(this + 1); }
  const NarrowGrant* narrow_grants() const {
    return reinterpret_cast<const NarrowGrant*>(this + 1);
  }
  Packed packed_at(std::size_t place) const {
    if (!narrow_) return packed_grants()[place];
    const NarrowGrant narrow = narrow_grants()[place];
    return {narrow.right, narrow.index, narrow.origin, narrow.conditional, narrow.deny};
  }
  void put(std::size_t place, const Packed& packed);
  std::byte* behind_head() { return reinterpret_cast<std::byte*>(this + 1); }
  const std::byte* behind_head() const { return reinterpret_cast<const std::byte*>(this + 1); }
  const std::byte* offsets() const { return behind_head() + count_ * form().grant_bytes(); }
  std::byte* offsets() { return behind_head() + count_ * form().grant_bytes(); }
  Seq seq_at(std::size_t origin) const {
    if (origin == 0) return first_seq_;
    if (wide_) return first_seq_ + reinterpret_cast<const std::uint64_t*>(offsets())[origin - 1];
    return first_seq_ + reinterpret_cast<const std::uint32_t*>(offsets())[origin - 1];
  }
  /// Of any but the first.
  void set_offset(std::size_t origin, std::uint64_t offset) {
    if (wide_)
      reinterpret_cast<std::uint64_t*>(offsets())[origin - 1] = offset;
    else
      reinterpret_cast<std::uint32_t*>(offsets())[origin - 1] = static_cast<std::uint32_t>(offset);
  }
  const PlaceMark* mark_at(std::size_t place) const {
    return reinterpret_cast<const PlaceMark*>(offsets() + form().offset_bytes()) + place;
  }
  PlaceMark* mark_at(std::size_t place) {
    return const_cast<PlaceMark*>(std::as_const(*this).mark_at(place));
  }
  MoreHandle* more_place() {
    return reinterpret_cast<MoreHandle*>(behind_head() + form().more_begins());
  }
  const More& more() const { return **const_cast<Grants*>(this)->more_place(); }

  std::uint8_t count_ = 0;
  std::uint8_t plain_count_ = 0;
  std::uint8_t origin_count_ = 0;
  /// Seqs lie further apart than 32 bits say.
  std::uint8_t wide_ : 1 = 0;
  std::uint8_t has_marks_ : 1 = 0;
  std::uint8_t in_parts_ : 1 = 0;
  std::uint8_t narrow_ : 1 = 0;
  std::uint8_t has_more_ : 1 = 0;
  const Rights* rights_ = nullptr;
  MarkSummary summary_;
  /// The least of all; others are so much more.
  Seq first_seq_ = 0;
};
static_assert(sizeof(Grants) == 40);

inline Grant GrantPointer::operator*() const { return part_->at(place_); }
inline const Right& GrantPointer::right() const { return part_->right_at(place_); }
inline bool GrantPointer::denies() const { return part_->denies_at(place_); }
inline bool GrantPointer::is_conditional() const { return part_->is_conditional_at(place_); }
inline GrantOrigin GrantPointer::origin() const { return part_->origin_at(place_); }

/// Before many questions of one list: has the processor fetch what the grants speak of, which lies
/// scattered, so that no question waits for it.
void fetch_ahead(const Grants& grants);

template <class Item>
Item GrantSequence<Item>::Iterator::operator*() const {
  if constexpr (std::is_same_v<Item, Grant>)
    return part_->at(at_);
  else
    return to_pointer();
}

template <class Item>
void GrantSequence<Item>::Iterator::enter(Next part) {
  part_ = part->get();
  at_ = 0;
  stop_ = part_->count_;
  next_ = part + 1;
}

template <class Item>
auto GrantSequence<Item>::Iterator::operator++() -> Iterator& {
  if (++at_ == stop_ && next_ != last_) enter(next_);
  return *this;
}

template <class Item>
std::size_t GrantSequence<Item>::size() const {
  return grants_->size();
}

template <class Item>
auto GrantSequence<Item>::begin() const -> Iterator {
  Iterator made;
  made.part_ = grants_;
  made.stop_ = grants_->count_;
  if (grants_->in_one_part()) return made;
  const auto& parts = grants_->more().parts;
  made.last_ = parts.data() + parts.size();
  made.enter(parts.data());
  return made;
}

template <class Item>
auto GrantSequence<Item>::end() const -> Iterator {
  Iterator made = begin();
  if (!grants_->in_one_part()) made.enter(made.last_ - 1);
  made.at_ = made.stop_;
  return made;
}

template <class Item>
auto GrantSequence<Item>::nth(std::size_t place) const -> Iterator {
  Iterator made = begin();
  while (made.stop_ - made.at_ <= place && made.next_ != made.last_) {
    place -= made.stop_ - made.at_;
    made.enter(made.next_);
  }
  made.at_ += place;
  return made;
}

template <class Item>
template <class Before>
auto GrantSequence<Item>::partition_point(Iterator from, Iterator to, Before before) const
    -> Iterator {
  const auto is_before = [&](const Grants& part, std::size_t at) {
    Iterator place;
    place.part_ = &part;
    place.at_ = at;
    return before(*place);
  };
  if (from.next_ != to.next_) {
    Next stop = to.next_;
    if (to.at_ == 0) --stop;
    const Next found = std::partition_point(
        from.next_, stop, [&](const SharedGrants& part) { return is_before(*part, 0); });
    if (found != from.next_) from.enter(found - 1);
  }
  std::size_t end = from.next_ == to.next_ ? to.at_ : from.stop_;
  while (from.at_ < end) {
    const std::size_t middle = from.at_ + (end - from.at_) / 2;
    if (is_before(*from.part_, middle))
      from.at_ = middle + 1;
    else
      end = middle;
  }
  if (from.at_ == from.stop_ && from.next_ != from.last_) from.enter(from.next_);
  return from;
}

}  // namespace postern::domain

template <class Item>
inline constexpr bool std::ranges::enable_borrowed_range<postern::domain::GrantSequence<Item>> =
    true;
