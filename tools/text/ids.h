// Ids, bytes and public keys as text. Functions without state, for any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common_generated.h"

namespace postern::text {

/// The 8-4-4-4-12 form, lower case.
std::string uuid_text(const schema::Uuid& id);
/// Empty for none.
std::string uuid_text(const std::unique_ptr<schema::Uuid>& id);
/// Upper or lower case.
std::optional<schema::Uuid> parse_uuid(std::string_view text);

/// Lower case.
std::string hex_text(std::span<const std::uint8_t> bytes);
std::string hex_text(std::span<const std::byte> bytes);
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);

inline constexpr std::size_t public_key_bytes = 32;
/// A public key in Z85 (ZeroMQ RFC 32); hexadecimal if it is none.
std::string key_text(std::span<const std::uint8_t> bytes);
/// 40 characters of Z85.
std::optional<std::vector<std::uint8_t>> parse_key(std::string_view z85);

}  // namespace postern::text
