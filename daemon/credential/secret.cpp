#include "daemon/credential/secret.h"

#include <sodium.h>

#include <utility>

namespace postern::credential {

void wipe(std::span<std::byte> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

Secret::Secret(std::string_view text) : bytes_(text.begin(), text.end()) {}

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe(std::as_writable_bytes(std::span(bytes_)));
  bytes_ = std::exchange(other.bytes_, {});
  return *this;
}

Secret::~Secret() { wipe(std::as_writable_bytes(std::span(bytes_))); }

std::string_view Secret::reveal() const {
  // Never a null pointer, which what takes passwords may not be given.
  if (bytes_.empty()) return "";
  return {bytes_.data(), bytes_.size()};
}

}  // namespace postern::credential
