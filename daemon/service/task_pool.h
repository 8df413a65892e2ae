// Tasks whose answers have left, each used again for the next message.
#pragma once

#include <memory>
#include <vector>

#include "daemon/service/command_task.h"

namespace postern::service {

/// Owned by the writer.
class TaskPool {
 public:
  /// Null: there is none.
  std::unique_ptr<CommandTask> take() {
    if (kept_.empty()) return nullptr;
    std::unique_ptr<CommandTask> task = std::move(kept_.back());
    kept_.pop_back();
    return task;
  }

  /// One that nobody needs any more; a plain one is kept.
  void give(std::unique_ptr<CommandTask> task) {
    if (task == nullptr || kept_.size() >= kept_max || !task->is_plain()) return;
    task->empty_out();
    kept_.push_back(std::move(task));
  }

 private:
  /// Of two groups, with some 1.5 KiB each.
  static constexpr std::size_t kept_max = 2'048;

  std::vector<std::unique_ptr<CommandTask>> kept_;
};

}  // namespace postern::service
