// CURVE key pairs: the server's, and those that `posternd init` makes for the first owner.
#pragma once

#include <span>

#include "daemon/credential/z85.h"

namespace postern::credential {

/// Wipes the secret when it goes; not copied.
struct CurveKeyPair {
  CurveKeyPair() = default;
  CurveKeyPair(CurveKeyPair&&) = default;
  CurveKeyPair& operator=(CurveKeyPair&&) = delete;
  ~CurveKeyPair();

  CurveKey public_key{};
  CurveKey secret_key{};
};

/// From the system's randomness.
CurveKeyPair make_curve_key_pair();

CurveKey curve_public_key(std::span<const std::byte, 32> secret_key);

}  // namespace postern::credential
