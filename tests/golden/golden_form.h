// What both sides of the golden records need: a state in figures.
#pragma once

#include <fmt/format.h>

#include <string>

#include "daemon/domain/digest.h"
#include "daemon/domain/state.h"
#include "daemon/journal/sha256.h"

namespace postern::golden {

inline std::string digest_of(const domain::State& state) {
  journal::Sha256 hash;
  domain::write_canonical(state.tables(), [&](std::span<const std::uint8_t> bytes) {
    hash.add(std::as_bytes(bytes));
  });
  std::string text;
  for (const std::byte byte : hash.finish())
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace postern::golden
