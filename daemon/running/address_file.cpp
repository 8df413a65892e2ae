#include "daemon/running/address_file.h"

#include <cstdint>

namespace postern::running {

namespace {

constexpr std::string_view ipc_scheme = "ipc://";

/// Bytes of the character that begins here; 0: none does.
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t place) { return static_cast<std::uint8_t>(text[place]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (size == 1) return 1;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  for (std::size_t place = 1; place < size; ++place)
    if (byte(place) < 0x80 || byte(place) > 0xbf) return 0;
  // Too long a form, half a pair, or beyond the last.
  const bool is_wrong = (byte(0) == 0xe0 && byte(1) < 0xa0) ||
                        (byte(0) == 0xed && byte(1) > 0x9f) ||
                        (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return is_wrong ? 0 : size;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_at(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string toml_line(std::string_view name, std::string_view value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line = std::string(name) + " = \"";
  for (const char letter : value) {
    const auto byte = static_cast<std::uint8_t>(letter);
    if (letter == '"' || letter == '\\')
      line += {'\\', letter};
    else if (byte < 0x20 || byte == 0x7f)
      line += {'\\', 'u', '0', '0', digits[byte >> 4U], digits[byte & 15U]};
    else
      line += letter;
  }
  return line + "\"\n";
}

std::string told_address(const std::string& address, const std::filesystem::path& folder) {
  if (!address.starts_with(ipc_scheme) || is_utf8(address)) return address;
  const std::filesystem::path path = address.substr(ipc_scheme.size());
  return std::string(ipc_scheme) + path.lexically_relative(folder).native();
}

}  // namespace postern::running
