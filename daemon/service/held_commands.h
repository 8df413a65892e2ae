// Commands whose passwords are being hashed, and those that wait behind them: the same message once
// more, and whatever is about the same user. Behind one whose guard waits for its evidence the same
// message waits, and nothing else.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_set>

#include "daemon/domain/state.h"
#include "daemon/service/command_task.h"
#include "daemon/service/fair_places.h"

namespace postern::service {

/// Owned by the writer.
class HeldCommands {
 public:
  using Task = std::unique_ptr<CommandTask>;

  /// Places of those that wait, shared among operators.
  explicit HeldCommands(std::size_t places_max) : places_(places_max) {}

  /// Others wait behind this one until it is released.
  void hold(const domain::State& state, CommandTask& task);
  /// Its copies alone do, and nobody else.
  void hold_copies(const CommandTask& task) { ids_.insert(task.id()); }
  void release(const CommandTask& task);

  /// K1: a copy of it is being hashed.
  bool holds_copy_of(const CommandTask& task) const;
  /// One about a user that this is about is being hashed.
  bool holds_user_of(const domain::State& state, const CommandTask& task) const;

  /// False, and the task stays: the operator has no place left.
  [[nodiscard]] bool wait(Task& task, const Uuid& operator_id);
  bool nobody_waits() const { return waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }

  /// Each that waits behind nothing any more, in the order they came. `admit` may hold and wait.
  template <class Admit>
  void let_go(const domain::State& state, Admit admit) {
    for (std::size_t count = waiting_.size(); count > 0; --count) {
      Task task = std::move(waiting_.front());
      waiting_.pop_front();
      if (holds_copy_of(*task) || holds_user_of(state, *task)) {
        waiting_.push_back(std::move(task));
        continue;
      }
      places_.give_back(task->holder, task->places);
      admit(std::move(task));
    }
  }

 private:
  struct UuidHash {
    std::size_t operator()(const Uuid& id) const { return domain::hash_of(id); }
  };

  std::unordered_set<std::string> names_;
  std::unordered_set<Uuid, UuidHash> ids_;
  std::deque<Task> waiting_;
  FairPlaces places_;
};

}  // namespace postern::service
