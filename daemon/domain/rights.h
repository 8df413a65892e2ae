// What grants speak of: an action on a resource, each pair once, under a number of 32 bits.
#pragma once

#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/domain/grant_marks.h"
#include "daemon/domain/ids.h"

namespace postern::domain {

/// Its texts are interned and live as long as the state. Alone in its cache line, with its
/// resource's text where that is short, so that whoever compares waits for no other.
struct alignas(64) Right {
  static constexpr std::size_t short_max = 41;

  const std::string* resource;
  const std::string* action;
  std::uint32_t resource_bytes;
  /// The resource's.
  PlaceMark mark;
  /// Some segment of the resource is `*`.
  bool wildcard;
  std::array<char, short_max> short_text;

  /// The resource's.
  std::string_view text() const {
    return resource_bytes <= short_max ? std::string_view(short_text.data(), resource_bytes)
                                       : std::string_view(*resource);
  }
};
static_assert(sizeof(Right) == 64);

using RightId = std::uint32_t;

/// Added to by the state's thread alone. Others may look up meanwhile what they were given before:
/// what is there never moves.
class Rights {
 public:
  Rights() : ids_(0, Hash{this}, Equal{this}) {}
  Rights(const Rights&) = delete;
  Rights& operator=(const Rights&) = delete;

  /// Of one that is there.
  const Right& operator[](RightId id) const {
    const Place place(id);
    return pages_[place.page][place.in_page];
  }
  std::size_t size() const { return size_; }
  /// The texts are told apart by where they lie.
  RightId intern(const std::string& resource, const std::string& action);
  /// Forgets those that came after the first so many.
  void keep_first(std::size_t count);

 private:
  /// Pages double in size, so that few of them are enough for all numbers.
  struct Place {
    static constexpr std::uint64_t first_page_size = 64;

    explicit Place(RightId id) {
      const std::uint64_t from_start = id + first_page_size;
      const auto highest_bit = 63U ^ static_cast<unsigned>(std::countl_zero(from_start));
      page = highest_bit - static_cast<unsigned>(std::countr_zero(first_page_size));
      in_page = from_start ^ (std::uint64_t{1} << highest_bit);
    }

    std::size_t page;
    std::size_t in_page;
  };
  static constexpr std::size_t page_count = 33 - 6;

  struct Texts {
    const std::string* resource;
    const std::string* action;

    bool operator==(const Texts&) const = default;
  };
  Texts texts_of(RightId id) const { return {(*this)[id].resource, (*this)[id].action}; }
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const Texts& texts) const {
      return mix(reinterpret_cast<std::uintptr_t>(texts.resource) ^
                 mix(reinterpret_cast<std::uintptr_t>(texts.action)));
    }
    std::size_t operator()(RightId id) const { return (*this)(rights->texts_of(id)); }
    const Rights* rights;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(RightId left, RightId right) const { return left == right; }
    bool operator()(const Texts& left, RightId right) const {
      return left == rights->texts_of(right);
    }
    bool operator()(RightId left, const Texts& right) const { return (*this)(right, left); }
    const Rights* rights;
  };

  std::array<std::unique_ptr<Right[]>, page_count> pages_;
  boost::unordered_flat_set<RightId, Hash, Equal> ids_;
  std::size_t size_ = 0;
};

}  // namespace postern::domain
