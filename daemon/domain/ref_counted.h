// Values that lie in one block with the count of who holds them: a handle is one pointer.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <utility>

namespace postern::domain {

/// Any thread may hold one and let it go; whoever is the last frees it. A copy is held by nobody.
template <class Derived>
class RefCounted {
 public:
  constexpr RefCounted() = default;
  constexpr RefCounted(const RefCounted&) noexcept {}
  RefCounted& operator=(const RefCounted&) noexcept { return *this; }
  /// Who holds it is no part of the value.
  constexpr bool operator==(const RefCounted&) const { return true; }

  bool is_held_once() const { return holders_.load(std::memory_order_acquire) == 1; }

  friend void intrusive_ptr_add_ref(const Derived* held) {
    held->holders_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const Derived* held) {
    if (held->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete held;
  }

 private:
  mutable std::atomic<std::uint32_t> holders_{0};
};

template <class Value, class... Parts>
boost::intrusive_ptr<Value> make_counted(Parts&&... parts) {
  return boost::intrusive_ptr<Value>(new Value(std::forward<Parts>(parts)...));
}

}  // namespace postern::domain
