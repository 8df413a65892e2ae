// H11: guarded commands that wait for what is known of calls: what the recorder has not yet handed
// to the journal, and what the ring of recorded calls holds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "daemon/service/command_task.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/letters.h"

namespace postern::service {

/// Owned by the writer. Every call whose answer left before `begin` is in what comes back.
class GuardDesk {
 public:
  using Task = std::unique_ptr<CommandTask>;

  /// Places are shared among operators; the mailbox is the recorder's and outlives it.
  GuardDesk(Mailbox<EvidenceLetter>& recorder, std::size_t places_max)
      : recorder_(recorder), places_(places_max) {}

  struct Asker {
    Uuid operator_id;
    Uuid tenant;
    std::int64_t now_ns = 0;
  };
  /// False, and the task stays: its operator has no place left.
  [[nodiscard]] bool begin(Task& task, const Asker& asker);
  /// The task that the letter is for, with its evidence; null: it was given up.
  Task take(EvidenceLetter& letter);
  /// All that wait, to be answered otherwise.
  template <class Visitor>
  void give_up(Visitor visit) {
    for (auto& [ticket, task] : std::exchange(waiting_, {})) {
      places_.give_back(task->holder, task->places);
      visit(std::move(task));
    }
  }

  bool empty() const { return waiting_.empty(); }

 private:
  Mailbox<EvidenceLetter>& recorder_;
  FairPlaces places_;
  /// By ticket, so in the order they came.
  std::map<std::uint64_t, Task> waiting_;
  std::uint64_t tickets_ = 0;
};

/// Of a guard whose evidence has no room.
schema::ProblemT too_many_calls();

}  // namespace postern::service
