// What libzmq asks of the kernel for each answer and takes back at once: to hear when a connection
// has room for output. It writes first and asks then, so that almost always there is room, and the
// kernel need not be asked. Private to this folder.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace postern::transport {

/// Owned by the one thread that asks and waits; what others add to an epoll is told to the kernel
/// as it comes. Whoever asks for output beside input is told once, without the kernel, that there
/// is room: a write that finds none says so. If it asks still at the next wait, the kernel is
/// asked. Memory: 12 bytes for each descriptor up to the highest.
class OutputAsks {
 public:
  /// True: the kernel need not hear of it. Whatever else is to be told to the kernel, and then
  /// here.
  bool put_off(int epoll, int operation, int descriptor, const epoll_event& event);
  /// The kernel knows it now.
  void told(int epoll, int operation, int descriptor, std::uint32_t events);

  /// Writes those that were not told to `events`, at most `count_max`; how many.
  int tell(int epoll, epoll_event* events, int count_max);
  /// One that was told and asks still: the kernel is to be asked; then it is forgotten here.
  struct Left {
    int descriptor;
    epoll_event event;
  };
  std::optional<Left> take_left(int epoll);

 private:
  struct Known {
    int epoll = -1;
    std::uint32_t events = 0;
    /// Its place among those that ask; -1: it asks for nothing that the kernel does not know.
    int place = -1;
  };
  struct Ask {
    int epoll;
    int descriptor;
    epoll_event event;
    bool is_told = false;
  };

  void forget(Known& known);

  /// By descriptor.
  std::vector<Known> known_;
  std::vector<Ask> asks_;
};

}  // namespace postern::transport
