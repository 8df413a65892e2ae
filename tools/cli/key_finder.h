// Finds API keys (C8) by form and checksum in bytes that come in parts of any size. Texts of keys
// are found as ASCII, so in UTF-8 and all that has it, and in UTF-16 and UTF-32 of either order.
// Thread: any, one at a time. Memory: one window, wiped at the end. Cannot fail.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/api_key.h"

namespace postern::cli {

struct FoundKey {
  schema::ApiKeyNames names;
  /// From 1.
  std::uint64_t line = 0;
  /// From 1: of the line's characters; in UTF-16 and UTF-32 of their units.
  std::uint64_t column = 0;
  /// "UTF-8", "UTF-16LE", …; of binary data what the key's own letters are.
  std::string_view encoding;
};

class KeyFinder {
 public:
  explicit KeyFinder(std::function<void(const FoundKey&)> give);
  ~KeyFinder();
  KeyFinder(const KeyFinder&) = delete;
  KeyFinder& operator=(const KeyFinder&) = delete;

  /// Where the next bytes go; never empty.
  std::span<char> room();
  /// So many were put there.
  void add(std::size_t count);
  /// There are no more; the next ones are another text's.
  void finish();

 private:
  /// Letters of so many bytes, of which the one at `phase` says something.
  struct Encoding {
    std::string_view name;
    std::size_t width;
    std::size_t phase;
  };
  static constexpr Encoding encodings_[] = {{"UTF-8", 1, 0},
                                            {"UTF-16LE", 2, 0},
                                            {"UTF-16BE", 2, 1},
                                            {"UTF-32LE", 4, 0},
                                            {"UTF-32BE", 4, 3}};
  /// Where lines are, were all of the text in one encoding.
  struct Lines {
    std::uint64_t line = 1;
    /// Of the whole text.
    std::uint64_t begin = 0;
  };

  void search(std::size_t limit);
  std::size_t look_at(std::size_t place);
  bool read_wide(std::size_t place, std::size_t width, std::span<char> letters) const;
  void count_lines(std::size_t limit);
  void count_line(std::size_t newline);
  void skip_byte_order_mark();
  void tell(std::size_t place, std::size_t width, const schema::ApiKeyNames& names);

  std::function<void(const FoundKey&)> give_;
  std::vector<char> window_;
  /// Bytes of the text before the window.
  std::uint64_t before_ = 0;
  /// Of the window: filled, looked at, and lines counted.
  std::size_t filled_ = 0;
  std::size_t searched_ = 0;
  std::size_t counted_ = 0;
  std::array<Lines, std::size(encodings_)> lines_{};
  /// Of the line in UTF-8, before `counted_`.
  std::uint64_t characters_ = 0;
};

/// Each key's text in it, but for its beginning, replaced by an ellipsis.
std::string without_keys(std::string text);
/// "pstk_0123456789A…", which says nothing of the secret.
std::string masked_key(const schema::Uuid& key);

}  // namespace postern::cli
