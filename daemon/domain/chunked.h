// A sequence that shares with the one it was made of all that did not change: adding to ten
// thousand copies a few hundred. A plain vector while it is short.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace postern::domain {

/// An immutable value; copying shares. Iterators and references live as long as any sequence that
/// holds the same chunk.
template <class T>
class Chunked {
  using Chunk = std::vector<T>;
  using Root = std::vector<std::shared_ptr<const Chunk>>;
  using Next = const std::shared_ptr<const Chunk>*;

 public:
  /// Of one chunk: about 6 KiB of them.
  static constexpr std::size_t chunk_max = std::max<std::size_t>(16, 6'144 / sizeof(T));

  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using reference = const T&;
    using pointer = const T*;

    Iterator() = default;
    reference operator*() const { return *at_; }
    pointer operator->() const { return at_; }
    Iterator& operator++() {
      if (++at_ == stop_ && next_ != last_) enter(next_);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const {
      return at_ == other.at_ && next_ == other.next_;
    }

   private:
    friend class Chunked;
    Iterator(const T* at, const T* stop, Next next, Next last)
        : at_(at), stop_(stop), next_(next), last_(last) {}
    void enter(Next chunk) {
      at_ = (*chunk)->data();
      stop_ = at_ + (*chunk)->size();
      next_ = chunk + 1;
    }

    const T* at_ = nullptr;
    /// The end of its chunk.
    const T* stop_ = nullptr;
    /// The chunk behind its own.
    Next next_ = nullptr;
    Next last_ = nullptr;
  };

  Chunked() = default;
  explicit Chunked(std::vector<T> items) {
    if (items.size() > chunk_max) {
      many_ = divided(items);
    } else {
      few_ = std::move(items);
      few_.shrink_to_fit();
    }
  }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return many_ == nullptr ? few_.size() : many_->size; }
  Iterator begin() const {
    if (many_ == nullptr) return {few_.data(), few_.data() + few_.size(), nullptr, nullptr};
    Iterator made;
    made.last_ = many_->root.data() + many_->root.size();
    made.enter(many_->root.data());
    return made;
  }
  Iterator end() const {
    Iterator made = begin();
    if (many_ != nullptr) made.enter(made.last_ - 1);
    made.at_ = made.stop_;
    return made;
  }
  const T& front() const { return *begin(); }
  /// The first of all, which lie side by side; null where they do not, or there are none.
  const T* in_one_chunk() const {
    return many_ == nullptr && !few_.empty() ? few_.data() : nullptr;
  }
  /// As far as there are chunks before it.
  Iterator nth(std::size_t place) const {
    Iterator made = begin();
    while (static_cast<std::size_t>(made.stop_ - made.at_) <= place && made.next_ != made.last_) {
      place -= static_cast<std::size_t>(made.stop_ - made.at_);
      made.enter(made.next_);
    }
    made.at_ += place;
    return made;
  }
  const T& operator[](std::size_t place) const { return *nth(place); }

  /// The first in the range that is not `before`, of which all stand before the others.
  template <class Before>
  Iterator partition_point(Iterator from, Iterator to, Before before) const {
    if (from.next_ != to.next_) {
      Next stop = to.next_;
      if (stop[-1]->data() == to.at_) --stop;
      const Next found = std::partition_point(
          from.next_, stop, [&](const auto& chunk) { return before(chunk->front()); });
      if (found != from.next_) from.enter(found - 1);
    }
    const T* end = from.next_ == to.next_ ? to.at_ : from.stop_;
    from.at_ = std::partition_point(from.at_, end, before);
    if (from.at_ == from.stop_ && from.next_ != from.last_) from.enter(from.next_);
    return from;
  }
  template <class Before>
  Iterator partition_point(Before before) const {
    return partition_point(begin(), end(), before);
  }

  /// With it before `place`.
  Chunked with(Iterator place, T item) const {
    const auto changed = [&](const Chunk& chunk) {
      Chunk made;
      made.reserve(chunk.size() + 1);
      made.assign(chunk.data(), place.at_);
      made.push_back(std::move(item));
      made.insert(made.end(), place.at_, chunk.data() + chunk.size());
      return made;
    };
    if (many_ == nullptr) return Chunked(changed(few_));
    return replaced(place, changed(**(place.next_ - 1)), size() + 1);
  }
  /// Without the one at `place`.
  Chunked without(Iterator place) const {
    const auto changed = [&](const Chunk& chunk) {
      Chunk made;
      made.reserve(chunk.size() - 1);
      made.assign(chunk.data(), place.at_);
      made.insert(made.end(), place.at_ + 1, chunk.data() + chunk.size());
      return made;
    };
    if (many_ == nullptr) return Chunked(changed(few_));
    // Short enough to be one again, with room to grow.
    if (size() <= chunk_max / 2) {
      Chunk all;
      for (Iterator each = begin(); each != end(); ++each)
        if (each != place) all.push_back(*each);
      return Chunked(std::move(all));
    }
    return replaced(place, changed(**(place.next_ - 1)), size() - 1);
  }

 private:
  struct Many {
    Root root;
    std::size_t size = 0;
  };

  static std::shared_ptr<const Many> divided(const std::vector<T>& items) {
    auto made = std::make_shared<Many>();
    const std::size_t count = items.size() / (chunk_max / 2);
    for (std::size_t part = 0; part < count; ++part) {
      const auto at = [&](std::size_t place) {
        return items.begin() + static_cast<std::ptrdiff_t>(items.size() * place / count);
      };
      made->root.push_back(std::make_shared<const Chunk>(at(part), at(part + 1)));
    }
    made->size = items.size();
    return made;
  }

  /// With this in the place of the chunk that `place` is in.
  Chunked replaced(Iterator place, Chunk chunk, std::size_t size) const {
    const auto at = static_cast<std::size_t>(place.next_ - 1 - many_->root.data());
    auto made = std::make_shared<Many>();
    made->size = size;
    made->root.reserve(many_->root.size() + 1);
    made->root.assign(many_->root.data(), many_->root.data() + at);
    if (chunk.size() > chunk_max) {
      const auto half = chunk.begin() + static_cast<std::ptrdiff_t>(chunk.size() / 2);
      made->root.push_back(std::make_shared<const Chunk>(half, chunk.end()));
      chunk.erase(half, chunk.end());
      made->root.insert(made->root.end() - 1, std::make_shared<const Chunk>(std::move(chunk)));
    } else if (!chunk.empty()) {
      made->root.push_back(std::make_shared<const Chunk>(std::move(chunk)));
    }
    made->root.insert(made->root.end(), many_->root.data() + at + 1,
                      many_->root.data() + many_->root.size());
    Chunked result;
    result.many_ = std::move(made);
    return result;
  }

  /// All, while they are few.
  Chunk few_;
  /// Null: they are few.
  std::shared_ptr<const Many> many_;
};

}  // namespace postern::domain
