// CURVE keys as people see them: 40 characters of Z85 (ZeroMQ RFC 32).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "daemon/platform/failure.h"

namespace postern::credential {

using CurveKey = std::array<std::byte, 32>;

std::string z85_encode(std::span<const std::byte, 32> key);

/// Fails with `usage` for anything but 40 characters of Z85. The failure never quotes the text: it
/// may be a secret.
Expected<CurveKey> z85_decode(std::string_view text);

}  // namespace postern::credential
