// Which public keys somebody can hold alone.
#pragma once

#include <cstdint>
#include <span>

namespace postern::domain {

/// False for Curve25519 points of small order, zero among them: with such a one every secret agrees
/// on the same, so that it names nobody.
bool names_somebody(std::span<const std::uint8_t> key);

}  // namespace postern::domain
