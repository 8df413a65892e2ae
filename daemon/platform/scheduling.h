// How the daemon's threads share the processors with each other and with the rest of the machine,
// and what they are called there.
#pragma once

#include <sys/types.h>

namespace postern::platform {

/// On Linux policy, niceness and slice are a thread's own; a thread that it makes begins with the
/// same. None is ever raised above what the process was given, so no right is needed, and each
/// keeps a share of a processor beside however many busy threads.
enum class Urgency {
  /// Runs shortly and often, and somebody waits: takes the processor as it wakes.
  prompt,
  /// 5 steps of niceness down: gives the processor to whoever wakes.
  patient,
  /// 10 steps down and a batch thread: takes the processor from nobody by waking.
  background,
};

/// What the calling thread is from now on. At most 15 characters of the name show. False: the
/// system does not let it be scheduled so (a warning, no failure); it goes on as it was.
bool begin_thread(const char* name, Urgency urgency);

/// The same for any thread of this process, without a name.
bool schedule_thread(pid_t thread, Urgency urgency);

}  // namespace postern::platform
