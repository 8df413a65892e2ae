// What is seen of a command message that is not opened, whatever its bytes are. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "daemon/domain/ids.h"

namespace postern::service {

/// Zero where the bytes say nothing.
struct Glimpse {
  domain::Uuid id;
  std::size_t commands = 0;
};
Glimpse glimpse(std::span<const std::byte> payload);

/// What the receipt of a message may have: it tells what each command caused, with a warning, or
/// what was wrong with it.
std::size_t receipt_bytes_at_most(std::span<const std::byte> payload);

}  // namespace postern::service
