// Loaded into a daemon: the clock on the wall is moved by the nanoseconds that stand in the file
// that MOVED_CLOCK names. The steady clocks are as they are.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Moved = std::atomic<std::int64_t>;

const Moved* moved() {
  const char* const file = std::getenv("MOVED_CLOCK");
  const int descriptor = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  void* const place = ::mmap(nullptr, sizeof(Moved), PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return place == MAP_FAILED ? nullptr : static_cast<const Moved*>(place);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  constexpr std::int64_t second_ns = 1'000'000'000;
  static const Moved* const by = moved();
  const auto got = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (got != 0 || clock != CLOCK_REALTIME || by == nullptr) return got;
  const std::int64_t now_ns = time->tv_sec * second_ns + time->tv_nsec + by->load();
  time->tv_sec = now_ns / second_ns;
  time->tv_nsec = now_ns % second_ns;
  return 0;
}
