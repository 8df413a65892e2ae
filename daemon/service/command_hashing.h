// The passwords of commands on their way through the pool and back.
#pragma once

#include <memory>

#include "daemon/service/command_task.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// Owned by the writer; the pool's threads use `TaskMaker::run` and the mailbox alone.
class CommandHashing {
 public:
  using Task = std::unique_ptr<CommandTask>;

  /// All outlive it.
  struct Parts {
    const TaskMaker& maker;
    credential::HashPool& pool;
    platform::Waker& waker;
    const Vitals& vitals;
  };
  struct Settings {
    credential::PasswordCost cost;
    /// Places of the large messages; the pool bounds the others.
    std::size_t places_max;
  };
  CommandHashing(Parts parts, Settings settings)
      : parts_(parts), settings_(settings), places_(settings.places_max), done_(parts.waker) {}

  /// Runs the task's jobs, at least one. False, and the task stays: its holder has no place left.
  [[nodiscard]] bool begin(Task& task, const credential::Turn& turn);
  bool empty() const { return count_ == 0; }

  /// Hands over what has come back.
  template <class Visitor>
  void drain(Visitor visit) {
    done_.drain([&](Task task) {
      --count_;
      places_.give_back(task->holder, task->places);
      visit(std::move(task));
    });
  }

 private:
  void run_next_job(const credential::Turn& turn, std::shared_ptr<Task> holder);

  Parts parts_;
  Settings settings_;
  FairPlaces places_;
  std::size_t count_ = 0;
  Mailbox<CommandTask> done_;
};

}  // namespace postern::service
