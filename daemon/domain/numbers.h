// Numbers of entries, found by a key: one index for a state, which adds to it, and for all views of
// it, each of which reads it on a thread of its own.
#pragma once

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "daemon/domain/prefetch.h"
#include "daemon/domain/ref_counted.h"

namespace postern::domain {

/// Where an entry stands in the tables of its state and in those of each view; from 0.
using EntryNumber = std::uint32_t;
/// Larger than any.
inline constexpr EntryNumber no_entry = ~EntryNumber{0};

/// One part of an index. Its owner adds, any thread looks up meanwhile, without a lock. What was
/// added stays, whatever became of the entry: whoever looks up compares the key with that of the
/// entry which its own table has under the number. So a view that is behind finds what it shows.
class NumberPart : public RefCounted<NumberPart> {
 public:
  static boost::intrusive_ptr<NumberPart> of(std::uint32_t capacity, bool has_hints) {
    return boost::intrusive_ptr<NumberPart>(new (Behind{bytes_behind(capacity, has_hints)})
                                                NumberPart(capacity, has_hints));
  }

  /// The first that `is` says is meant; else `no_entry`.
  template <class Is>
  EntryNumber find(std::size_t hash, Is is) const {
    const std::uint8_t tag = tag_of(hash);
    for (std::uint32_t place = home(hash);; place = behind(place)) {
      // With the number that was written before it.
      const std::uint8_t found = tag_at(place).load(std::memory_order_acquire);
      if (found == 0) return no_entry;
      if (found != tag) continue;
      const EntryNumber number = number_at(place).load(std::memory_order_relaxed);
      if (is(number)) return number;
    }
  }
  /// The one that is almost surely meant, without a look at any entry. Where there are hints,
  /// `fetch` is told where it lies, or lay a moment ago.
  template <class Fetch>
  EntryNumber guess(std::size_t hash, Fetch fetch) const {
    const std::uint8_t tag = tag_of(hash);
    for (std::uint32_t place = home(hash);; place = behind(place)) {
      const std::uint8_t found = tag_at(place).load(std::memory_order_acquire);
      if (found == 0) return no_entry;
      if (found != tag) continue;
      if (has_hints_) tell_hint(place, fetch);
      return number_at(place).load(std::memory_order_relaxed);
    }
  }
  /// Begins to fetch what `find` and `guess` read first.
  void fetch(std::size_t hash) const {
    const std::uint32_t place = home(hash);
    fetch_ahead(&tags()[place], sizeof(std::uint8_t));
    fetch_ahead(&numbers()[place], sizeof(EntryNumber));
    if (has_hints_) fetch_ahead(&hints()[place], sizeof(Hint));
  }
  /// In no order; some may be of entries that have another key by now.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t place = 0; place < capacity_; ++place) {
      if (tag_at(place).load(std::memory_order_acquire) == 0) continue;
      const EntryNumber number = number_at(place).load(std::memory_order_relaxed);
      if (number != no_entry) visit(number);
    }
  }

  // ---- for its owner

  /// More than five sixths would be taken.
  bool is_full() const { return (taken_ + 1) * 6 > capacity_ * 5; }
  /// Five ninths full with so many: growing reads the keys of all, so it is done by half again.
  static std::uint32_t capacity_for(std::size_t count) {
    return static_cast<std::uint32_t>(count + count * 4 / 5 + 4);
  }
  /// Two thirds full with so many, give or take what chance gives one part more than another.
  static std::uint32_t capacity_expecting(std::size_t count) {
    const auto more = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(count)));
    return static_cast<std::uint32_t>((count + more) * 3 / 2 + 4);
  }
  /// Unless it is there. It is not full.
  void add(std::size_t hash, EntryNumber number) {
    std::uint32_t free = capacity_;
    std::uint32_t place = home(hash);
    for (; tags()[place] != 0; place = behind(place)) {
      if (numbers()[place] == number && tags()[place] == tag_of(hash)) return;
      if (numbers()[place] == no_entry && free == capacity_) free = place;
    }
    if (free == capacity_) {
      free = place;
      ++taken_;
    }
    number_at(free).store(number, std::memory_order_relaxed);
    tag_at(free).store(tag_of(hash), std::memory_order_release);
  }
  /// Where one lies from now on that was added, and something that is read with it. In no order
  /// with anything else: whoever reads a hint that is older or newer fetches in vain, and reads
  /// nothing by it.
  void hint(std::size_t hash, EntryNumber number, const void* entry, const void* with_it) {
    const auto address = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at); };
    for (std::uint32_t place = home(hash); tags()[place] != 0; place = behind(place)) {
      if (numbers()[place] != number || tags()[place] != tag_of(hash)) continue;
      near_.store(address(entry) & ~hint_span, std::memory_order_relaxed);
      const Hint made =
          (address(entry) & hint_span) >> 4 | (address(with_it) & hint_span) >> 4 << 32;
      return hint_at(place).store(made, std::memory_order_relaxed);
    }
  }
  /// One of which no view has heard.
  void forget(std::size_t hash, EntryNumber number) {
    for (std::uint32_t place = home(hash); tags()[place] != 0; place = behind(place))
      if (numbers()[place] == number && tags()[place] == tag_of(hash))
        return number_at(place).store(no_entry, std::memory_order_relaxed);
  }
  /// The same with another number in the place of one.
  boost::intrusive_ptr<NumberPart> with(std::size_t hash, EntryNumber instead_of,
                                        EntryNumber number) const {
    auto made = of(capacity_, has_hints_);
    made->taken_ = taken_;
    made->near_ = near_.load(std::memory_order_relaxed);
    std::memcpy(made->hints(), hints(), bytes_behind(capacity_, has_hints_));
    for (std::uint32_t place = home(hash); made->tags()[place] != 0; place = behind(place)) {
      if (made->numbers()[place] != instead_of || made->tags()[place] != tag_of(hash)) continue;
      made->numbers()[place] = number;
      break;
    }
    return made;
  }

  static void operator delete(void* block) { ::operator delete(block); }

 private:
  /// Of two addresses, each in steps of 16 bytes, what is left within `hint_span` around `near_`.
  using Hint = std::uint64_t;
  static constexpr std::uintptr_t hint_span = (std::uintptr_t{1} << 36) - 1;

  static std::size_t bytes_behind(std::size_t capacity, bool has_hints) {
    return capacity * (sizeof(EntryNumber) + sizeof(std::uint8_t) + (has_hints ? sizeof(Hint) : 0));
  }

  /// So many bytes.
  struct Behind {
    std::size_t bytes;
  };
  static void* operator new(std::size_t size, Behind behind) {
    return ::operator new(size + behind.bytes);
  }
  static void operator delete(void* block, Behind) { ::operator delete(block); }

  NumberPart(std::uint32_t capacity, bool has_hints) : capacity_(capacity), has_hints_(has_hints) {
    std::memset(hints(), 0, bytes_behind(capacity, has_hints));
  }

  template <class Fetch>
  void tell_hint(std::uint32_t place, Fetch fetch) const {
    const Hint hint = hint_at(place).load(std::memory_order_relaxed);
    const std::uintptr_t near = near_.load(std::memory_order_relaxed);
    fetch(reinterpret_cast<const void*>(near | (hint & 0xffffffffU) << 4),
          reinterpret_cast<const void*>(near | hint >> 32 << 4));
  }

  /// Of bits that choose neither part nor place; 0 is nobody's.
  static std::uint8_t tag_of(std::size_t hash) { return static_cast<std::uint8_t>(hash | 1U); }
  /// Below the capacity, in proportion to the hash's upper half.
  std::uint32_t home(std::size_t hash) const {
    return static_cast<std::uint32_t>((hash >> 32) * capacity_ >> 32);
  }
  std::uint32_t behind(std::uint32_t place) const { return place + 1 == capacity_ ? 0 : place + 1; }

  // Behind it lie the hints, if any, then the numbers, then a tag for each; 0: the place is free.
  // Const, as whoever only reads has to name them as what may change.
  Hint* hints() const { return reinterpret_cast<Hint*>(const_cast<NumberPart*>(this) + 1); }
  EntryNumber* numbers() const {
    return reinterpret_cast<EntryNumber*>(hints() + (has_hints_ ? capacity_ : 0));
  }
  std::uint8_t* tags() const { return reinterpret_cast<std::uint8_t*>(numbers() + capacity_); }
  std::atomic_ref<Hint> hint_at(std::uint32_t place) const {
    return std::atomic_ref<Hint>(hints()[place]);
  }
  std::atomic_ref<EntryNumber> number_at(std::uint32_t place) const {
    return std::atomic_ref<EntryNumber>(numbers()[place]);
  }
  std::atomic_ref<std::uint8_t> tag_at(std::uint32_t place) const {
    return std::atomic_ref<std::uint8_t>(tags()[place]);
  }

  const std::uint32_t capacity_;
  const bool has_hints_;
  /// The owner's own. With those that were forgotten.
  std::uint32_t taken_ = 0;
  /// What the addresses have in common that hints tell of.
  std::atomic<std::uintptr_t> near_{0};
};

/// Which part of which index was replaced by one with more room. `before` is null for the first.
struct PartChange {
  /// By name, not by id.
  bool is_of_names = false;
  std::uint8_t part = 0;
  boost::intrusive_ptr<NumberPart> before;
  boost::intrusive_ptr<NumberPart> after;
};

/// Split in parts, so that growth moves a small part at a time. A view has the parts that its state
/// had when it was at the same record, or later ones.
class NumberIndex {
 public:
  static constexpr std::size_t part_count = 64;

  static std::size_t part_of(std::size_t hash) { return hash >> 24 & (part_count - 1); }
  template <class Is>
  EntryNumber find(std::size_t hash, Is is) const {
    const auto& part = parts_[part_of(hash)];
    return part == nullptr ? no_entry : part->find(hash, is);
  }
  template <class Fetch>
  EntryNumber guess(std::size_t hash, Fetch fetch) const {
    const auto& part = parts_[part_of(hash)];
    return part == nullptr ? no_entry : part->guess(hash, fetch);
  }
  void fetch(std::size_t hash) const {
    const auto& part = parts_[part_of(hash)];
    if (part != nullptr) part->fetch(hash);
  }
  /// Null: nothing was ever added.
  const boost::intrusive_ptr<NumberPart>& part(std::size_t which) const { return parts_[which]; }
  void put(std::size_t which, boost::intrusive_ptr<NumberPart> part) {
    parts_[which] = std::move(part);
  }

 private:
  std::array<boost::intrusive_ptr<NumberPart>, part_count> parts_;
};

/// Handles by number. In chunks, so that growth moves none of them.
template <class Handle>
class Numbered {
 public:
  /// Beyond it there is none.
  EntryNumber end() const { return end_; }
  /// Null beyond the end; else perhaps a null handle.
  const Handle* find(EntryNumber number) const {
    return number < end_ ? &(*chunks_[number / chunk_size])[number % chunk_size] : nullptr;
  }
  /// Begins to fetch what `find` gives.
  void fetch(EntryNumber number) const {
    if (number < end_) fetch_ahead(find(number), sizeof(Handle));
  }
  /// Gives back what was there.
  Handle put(EntryNumber number, Handle handle) {
    while (chunks_.size() <= number / chunk_size) chunks_.push_back(std::make_unique<Chunk>());
    if (number >= end_) end_ = number + 1;
    return std::exchange((*chunks_[number / chunk_size])[number % chunk_size], std::move(handle));
  }
  /// Null handles at the end.
  void drop_empty_end() {
    while (end_ > 0 && *find(end_ - 1) == nullptr) --end_;
  }
  /// The same, borrowed.
  template <class Owner>
  void load(const Numbered<Owner>& owners) {
    chunks_.clear();
    chunks_.reserve(owners.chunks_.size());
    for (const auto& chunk : owners.chunks_) {
      chunks_.push_back(std::make_unique<Chunk>());
      for (std::size_t place = 0; place < chunk_size; ++place)
        (*chunks_.back())[place] = (*chunk)[place].get();
    }
    end_ = owners.end_;
  }

 private:
  template <class>
  friend class Numbered;
  /// 4 KiB.
  static constexpr std::size_t chunk_size = 512;
  using Chunk = std::array<Handle, chunk_size>;

  std::vector<std::unique_ptr<Chunk>> chunks_;
  EntryNumber end_ = 0;
};

}  // namespace postern::domain
