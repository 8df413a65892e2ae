// The form of untrusted bytes, and what reading them comes to. Pure; any thread. Its own file
// includes the generated accessors a second time under another name, so this one includes none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::service {

struct MessageLimits {
  std::size_t bytes_max;
  std::uint32_t tables_max;
  /// What all parts may come to, each counted wherever it is used.
  std::size_t unpacked_max;
};

struct MessageForm {
  enum class Verdict { well_formed, malformed, too_large };
  Verdict verdict = Verdict::malformed;
  /// As far as it was read: beyond the limit no further.
  std::size_t unpacked_bytes = 0;
};

/// `bytes` are aligned. Takes time in proportion to the limits, however parts are shared.
MessageForm form_of_command(std::span<const std::byte> bytes, const char* identifier,
                            MessageLimits limits);
MessageForm form_of_query(std::span<const std::byte> bytes, const char* identifier,
                          MessageLimits limits);
MessageForm form_of_history_request(std::span<const std::byte> bytes, const char* identifier,
                                    MessageLimits limits);

}  // namespace postern::service
