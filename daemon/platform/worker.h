// One thread beside another: it runs what it is handed, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "daemon/platform/scheduling.h"

namespace postern::platform {

/// `run` from any thread; never waits. Destroying it waits for all that was handed over. What is
/// run must not throw. Unbounded: whoever hands over keeps a bound on what is under way.
class Worker {
 public:
  /// Its thread is as the one that makes it.
  Worker();
  Worker(const char* name, Urgency urgency);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run(std::move_only_function<void()> work);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable handed_over_;
  std::deque<std::move_only_function<void()>> line_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace postern::platform
