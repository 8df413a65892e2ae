// Opens stored records, checks what links them, and folds them into a state: for every start and
// every audit.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

#include "daemon/domain/apply.h"

namespace postern::domain {

/// Why stored bytes cannot be folded.
struct Unfit {
  /// Written by a newer version; else damaged.
  bool newer = false;
  std::string sentence;
};

/// The gate for stored bytes: form, identifier, kinds of events.
class RecordGate {
 public:
  /// The record is valid until the next call. `bytes` may lie at any alignment.
  std::expected<const schema::Record*, Unfit> open(std::span<const std::byte> bytes);

 private:
  std::vector<std::byte> aligned_;
};

/// Opens a record, checks that seq, time and links follow on the state, and applies it.
/// On failure the state is as before.
std::expected<const schema::Record*, Unfit> fold(State& state, RecordGate& gate,
                                                 std::span<const std::byte> bytes,
                                                 Changes& changes);

}  // namespace postern::domain
