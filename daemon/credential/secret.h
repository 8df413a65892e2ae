// A secret in memory: wiped when it goes, impossible to print, copied only by name.
// Threads: owned by one at a time, handed over by moving.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace postern::credential {

/// Overwrites bytes in a way no compiler removes. For secrets inside received messages.
void wipe(std::span<std::byte> bytes);

/// Wipes bytes that held keys when it goes out of scope.
struct WipeAtEnd {
  std::span<std::byte> bytes;
  ~WipeAtEnd() { wipe(bytes); }
};

/// Move-only; holds up to a few KiB. A moved-from secret is empty.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  bool empty() const { return bytes_.empty(); }
  /// Valid while this lives and is not moved from.
  std::string_view reveal() const;

  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  std::vector<char> bytes_;
};

}  // namespace postern::credential
