#include "daemon/transport/z85.h"

#include <zmq.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "daemon/platform/require.h"

namespace postern::transport {

namespace {

constexpr std::size_t text_length = 40;

}  // namespace

std::string z85_encode(std::span<const std::byte, 32> key) {
  std::string text(text_length + 1, '\0');
  require(zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()),
                         key.size()) != nullptr);
  text.resize(text_length);
  return text;
}

Expected<CurveKey> z85_decode(std::string_view text) {
  std::array<char, text_length + 1> terminated{};
  CurveKey key{};
  const bool right_length = text.size() == text_length && text.find('\0') == text.npos;
  if (right_length) std::ranges::copy(text, terminated.data());
  const bool decoded = right_length && zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()),
                                                      terminated.data()) != nullptr;
  explicit_bzero(terminated.data(), terminated.size());
  if (!decoded)
    return std::unexpected(Failure{FailureKind::usage, "a key is not 40 characters of Z85",
                                   "give the key exactly as it was printed"});
  return key;
}

}  // namespace postern::transport
