#include "tools/text/ids.h"

#include <fmt/format.h>
#include <zmq.h>

#include <boost/endian/conversion.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <stdexcept>

namespace postern::text {
namespace {

constexpr std::size_t key_characters = 40;
constexpr std::size_t uuid_characters = 36;

}  // namespace

std::string uuid_text(const schema::Uuid& id) {
  boost::uuids::uuid bytes;
  boost::endian::store_big_u64(bytes.data, id.high());
  boost::endian::store_big_u64(bytes.data + 8, id.low());
  return boost::uuids::to_string(bytes);
}

std::string uuid_text(const std::unique_ptr<schema::Uuid>& id) {
  return id ? uuid_text(*id) : std::string();
}

std::optional<schema::Uuid> parse_uuid(std::string_view text) {
  // Other forms that the library reads have another size.
  if (text.size() != uuid_characters) return std::nullopt;
  try {
    const auto bytes = boost::uuids::string_generator()(text.begin(), text.end());
    return schema::Uuid(boost::endian::load_big_u64(bytes.data),
                        boost::endian::load_big_u64(bytes.data + 8));
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

std::string hex_text(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::string hex_text(std::span<const std::byte> bytes) {
  return hex_text({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t place = 0; place < text.size(); place += 2) {
    const auto high = digits.find(text[place]);
    const auto low = digits.find(text[place + 1]);
    if (high == digits.npos || low == digits.npos) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string key_text(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != public_key_bytes) return hex_text(bytes);
  char text[key_characters + 1];
  return ::zmq_z85_encode(text, bytes.data(), bytes.size());
}

std::optional<std::vector<std::uint8_t>> parse_key(std::string_view z85) {
  if (z85.size() != key_characters) return std::nullopt;
  std::vector<std::uint8_t> bytes(public_key_bytes);
  if (::zmq_z85_decode(bytes.data(), std::string(z85).c_str()) == nullptr) return std::nullopt;
  return bytes;
}

}  // namespace postern::text
