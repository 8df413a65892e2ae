#include "daemon/transport/kernel_guard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>

#include "daemon/transport/output_asks.h"

namespace postern::transport {

namespace {

constexpr std::int64_t telling_step_s = 60;

std::atomic<std::size_t> descriptors_end = std::numeric_limits<std::size_t>::max();
std::atomic<void (*)(std::uint64_t)> tell_closed = nullptr;
std::atomic<std::uint64_t> closed_count = 0;
std::atomic<std::int64_t> tell_again_s = 0;

std::int64_t seconds_since_start_of_system() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

void count_closed() {
  const std::uint64_t closed = closed_count.fetch_add(1, std::memory_order_relaxed) + 1;
  const auto tell = tell_closed.load(std::memory_order_acquire);
  std::int64_t again_s = tell_again_s.load(std::memory_order_relaxed);
  const std::int64_t now_s = seconds_since_start_of_system();
  if (tell != nullptr && now_s >= again_s &&
      tell_again_s.compare_exchange_strong(again_s, now_s + telling_step_s))
    tell(closed);
}

int accept_one(int listener, sockaddr* address, socklen_t* size, int flags) {
  return static_cast<int>(::syscall(SYS_accept4, listener, address, size, flags));
}

/// Room for one more when there is none: a connection that cannot be accepted stays in the
/// listener's queue, and the listener readable for ever.
class Spare {
 public:
  /// Takes the connection that waits and closes it; false if not even that can be.
  bool turn_away(int listener) {
    const std::lock_guard lock(mutex_);
    if (descriptor_ >= 0) ::close(descriptor_);
    const int made = accept_one(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (made >= 0) ::close(made);
    descriptor_ = open();
    return made >= 0;
  }

 private:
  static int open() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

  std::mutex mutex_;
  int descriptor_ = open();
};

Spare& spare() {
  static Spare made;
  return made;
}

bool is_out_of_descriptors(int error) { return error == EMFILE || error == ENFILE; }

/// What libzmq takes for a connection that went before it was accepted, or for its own mistake;
/// all else (the network's trouble, a firewall's no, no memory) would end the process over ipc.
bool is_for_libzmq(int error) {
  switch (error) {
    case EAGAIN:
    case EINTR:
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
      return true;
    default:
      return false;
  }
}

/// As accept4, but that it leaves descriptors to the program and fails as libzmq expects.
int accept_within_bounds(int listener, sockaddr* address, socklen_t* size, int flags) {
  const int made = accept_one(listener, address, size, flags);
  if (made >= 0 && static_cast<std::size_t>(made) < descriptors_end) return made;
  const int error = errno;
  if (made < 0 && is_for_libzmq(error)) return made;
  bool closed = made >= 0;
  if (closed)
    ::close(made);
  else if (is_out_of_descriptors(error))
    closed = spare().turn_away(listener);
  if (closed) count_closed();
  errno = ECONNABORTED;
  return -1;
}

OutputAsks& output_asks() {
  static thread_local OutputAsks asks;
  return asks;
}

/// Unless the kernel need not hear of it.
int ask_epoll(int epoll, int operation, int descriptor, epoll_event* event) {
  OutputAsks& asks = output_asks();
  if (event != nullptr && asks.put_off(epoll, operation, descriptor, *event)) return 0;
  const auto result =
      static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
  if (result == 0) asks.told(epoll, operation, descriptor, event == nullptr ? 0 : event->events);
  return result;
}

}  // namespace

void bound_connections(std::size_t descriptors, void (*tell)(std::uint64_t closed)) {
  spare();
  tell_closed.store(tell, std::memory_order_release);
  descriptors_end = descriptors;
}

std::uint64_t connections_closed() { return closed_count.load(std::memory_order_relaxed); }

}  // namespace postern::transport

extern "C" {

int accept4(int listener, sockaddr* address, socklen_t* size, int flags) {
  return postern::transport::accept_within_bounds(listener, address, size, flags);
}

int accept(int listener, sockaddr* address, socklen_t* size) {
  return postern::transport::accept_within_bounds(listener, address, size, 0);
}

/// A connection that asks for nothing still hears that its peer is gone. Once is enough: the end
/// shows again, as input, when input is asked for.
int epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) noexcept {
  constexpr std::uint32_t asked_for = EPOLLIN | EPOLLOUT;
  epoll_event once{};
  if (operation != EPOLL_CTL_DEL && (event->events & asked_for) == 0) {
    once = *event;
    once.events |= EPOLLET;
    event = &once;
  }
  return postern::transport::ask_epoll(epoll, operation, descriptor, event);
}

/// The end of a connection is told as input or room for output alone, to who asked for these:
/// whoever reads or writes then finds it. libzmq takes the other two for input that it may have
/// stopped, and asserts afterwards that it has not.
int epoll_wait(int epoll, epoll_event* events, int count_max, int timeout_ms) {
  postern::transport::OutputAsks& asks = postern::transport::output_asks();
  if (const int told = asks.tell(epoll, events, count_max); told > 0) return told;
  while (auto left = asks.take_left(epoll))
    ::syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, left->descriptor, &left->event);
  const auto count = static_cast<int>(
      ::syscall(SYS_epoll_pwait, epoll, events, count_max, timeout_ms, nullptr, 0));
  for (int index = 0; index < count; ++index)
    events[index].events &= ~static_cast<std::uint32_t>(EPOLLERR | EPOLLHUP);
  return count;
}

/// libzmq asks several times a turn whether it has been forked.
pid_t getpid() noexcept {
  static std::atomic<pid_t> number = 0;
  static const bool is_noted = [] {
    number = static_cast<pid_t>(::syscall(SYS_getpid));
    return ::pthread_atfork(nullptr, nullptr,
                            [] { number = static_cast<pid_t>(::syscall(SYS_getpid)); }) == 0;
  }();
  return is_noted ? number.load(std::memory_order_relaxed)
                  : static_cast<pid_t>(::syscall(SYS_getpid));
}

/// libzmq asks each of its threads to be scheduled as it is, and ends the process where a system
/// call filter forbids to ask.
int pthread_setschedparam(pthread_t thread, int policy, const sched_param* wanted) noexcept {
  int present_policy = 0;
  sched_param present{};
  if (::pthread_getschedparam(thread, &present_policy, &present) == 0 && present_policy == policy &&
      present.sched_priority == wanted->sched_priority)
    return 0;
  using Set = int (*)(pthread_t, int, const sched_param*);
  static const auto real = reinterpret_cast<Set>(::dlsym(RTLD_NEXT, "pthread_setschedparam"));
  return real(thread, policy, wanted);
}

/// libzmq looks among the names of interfaces for what it binds to, and ends the process where the
/// kernel's list of them (netlink) is forbidden. Addresses here are numbers: it is told that there
/// is no such list, which it knows.
int getifaddrs(ifaddrs**) noexcept {
  errno = EINVAL;
  return -1;
}

}  // extern "C"
