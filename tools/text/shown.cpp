#include "tools/text/shown.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <cstdio>

namespace postern::text {
namespace {

struct Character {
  /// Bytes it takes; 0: no UTF-8.
  std::size_t size = 0;
  char32_t code = 0;
};

/// The character at the front; overlong forms, surrogates and what lies beyond U+10FFFF are none.
Character first_character(std::string_view text) {
  namespace utf = boost::locale::utf;
  const char* end = text.data();
  const auto code = utf::utf_traits<char>::decode(end, text.data() + text.size());
  if (code == utf::illegal || code == utf::incomplete) return {};
  return {static_cast<std::size_t>(end - text.data()), static_cast<char32_t>(code)};
}

struct Range {
  char32_t first;
  char32_t last;
};

/// Controls; what Unicode calls Default_Ignorable (nothing is seen of it); marks of direction; ends
/// of lines; anchors of annotations; the fillers that look like a blank.
constexpr Range deceiving[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool deceives(char32_t code) {
  const auto* found = std::ranges::lower_bound(deceiving, code, {}, &Range::last);
  return found != std::end(deceiving) && code >= found->first;
}

bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

/// While it lives, this thread's C library knows every character, whatever the environment says.
class InUnicode {
 public:
  InUnicode() : before_(::uselocale(unicode())) {}
  ~InUnicode() { ::uselocale(before_); }
  InUnicode(const InUnicode&) = delete;
  InUnicode& operator=(const InUnicode&) = delete;

 private:
  /// A part of the C library; null, which changes nothing, where it is another.
  static locale_t unicode() {
    static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made;
  }

  locale_t before_;
};

/// `take` gets each character's columns and bytes, until it says false.
template <class Take>
void visit(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    // Of what it does not know, a terminal shows a box.
    const int columns = character.size == 0 ? 1 : ::wcwidth(static_cast<wchar_t>(character.code));
    if (!take(static_cast<std::size_t>(columns < 0 ? 1 : columns), size)) return;
    text.remove_prefix(size);
  }
}

template <class... Numbers>
std::string formatted(const char* form, Numbers... numbers) {
  char text[16];
  std::snprintf(text, sizeof text, form, static_cast<unsigned>(numbers)...);
  return text;
}

/// Takes text apart; `take` gets each character with its bytes; one byte where it is no UTF-8.
template <class Take>
std::string replaced(std::string_view text, Take take) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto bytes = text.substr(0, std::max<std::size_t>(character.size, 1));
    result += take(character, bytes);
    text.remove_prefix(bytes.size());
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) {
  return replaced(text, [](const Character& character, std::string_view bytes) {
    const bool broken = character.size == 0;
    if (!broken && !deceives(character.code)) return std::string(bytes);
    if (bytes.size() == 1) return formatted("\\x%02x", static_cast<unsigned char>(bytes[0]));
    return formatted(character.code > 0xffff ? "\\u{%x}" : "\\u%04x", character.code);
  });
}

std::string valid_utf8(std::string_view text) {
  return replaced(text, [](const Character& character, std::string_view bytes) {
    return character.size == 0 ? std::string("\xef\xbf\xbd") : std::string(bytes);
  });
}

std::string shown_json(std::string_view json) {
  return replaced(json, [](const Character& character, std::string_view bytes) {
    // What is ASCII, the serializer has escaped, but for U+007F.
    const bool stays = bytes.size() == 1 && bytes[0] != '\x7f';
    if (stays || !deceives(character.code)) return std::string(bytes);
    if (character.code <= 0xffff) return formatted("\\u%04x", character.code);
    const auto above = character.code - 0x10000;
    return formatted("\\u%04x\\u%04x", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
  });
}

std::size_t width_of(std::string_view printable_text) {
  if (std::ranges::all_of(printable_text, is_ascii)) return printable_text.size();
  const InUnicode unicode;
  std::size_t columns = 0;
  visit(printable_text, [&](std::size_t width, std::size_t) {
    columns += width;
    return true;
  });
  return columns;
}

std::size_t bytes_within(std::string_view printable_text, std::size_t columns) {
  const InUnicode unicode;
  std::size_t taken = 0;
  std::size_t bytes = 0;
  visit(printable_text, [&](std::size_t width, std::size_t size) {
    if (taken + width > columns) return false;
    taken += width;
    bytes += size;
    return true;
  });
  return bytes;
}

}  // namespace postern::text
