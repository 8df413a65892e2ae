#include "daemon/platform/worker.h"

#include <utility>

namespace postern::platform {

Worker::Worker() : thread_([this] { work(); }) {}

Worker::Worker(const char* name, Urgency urgency)
    : thread_([this, name, urgency] {
        begin_thread(name, urgency);
        work();
      }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  handed_over_.notify_one();
  thread_.join();
}

void Worker::run(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    line_.push_back(std::move(work));
  }
  handed_over_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    handed_over_.wait(lock, [this] { return ending_ || !line_.empty(); });
    if (line_.empty()) return;
    auto next = std::move(line_.front());
    line_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

}  // namespace postern::platform
