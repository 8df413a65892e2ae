// One thread beside another: it runs what it is handed, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace postern::platform {

/// `run` from any thread; never waits. Destroying it waits for all that was handed over. What is
/// run must not throw. Unbounded: whoever hands over keeps a bound on what is under way.
class Worker {
 public:
  Worker();
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
