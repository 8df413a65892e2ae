// System calls that a signal interrupts are made again: the one place that knows EINTR.
#pragma once

#include <cerrno>

namespace postern::platform {

/// In a row, of one call. No storm of signals comes so often between two of them; a call that never
/// gets through fails then, and its caller does not hang.
inline constexpr int interruptions_max = 100'000;

/// The result of `call`, which tells failure by a negative number and `errno`. For calls that may
/// be made again: not for `close`.
template <class Call>
auto retried(Call call) {
  for (int left = interruptions_max;; --left) {
    const auto result = call();
    if (result >= 0 || errno != EINTR || left == 0) return result;
  }
}

}  // namespace postern::platform
