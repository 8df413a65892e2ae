#include "daemon/platform/failure.h"

namespace postern {

std::string printable(std::string_view text, std::size_t length_max) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char character : text) {
    if (out.size() >= length_max) return out + "...";
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f && byte != '\\')
      out += character;
    else
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

}  // namespace postern
