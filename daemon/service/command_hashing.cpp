#include "daemon/service/command_hashing.h"

#include "daemon/platform/require.h"

namespace postern::service {

bool CommandHashing::begin(Task& task, const credential::Turn& turn) {
  require(!task->jobs.empty());
  task->holder = turn.service;
  task->places = task->message.bytes().size() / place_bytes;
  if (!places_.take(task->holder, task->places)) return false;
  ++count_;
  run_next_job(turn, std::make_shared<Task>(std::move(task)));
  return true;
}

/// One job a turn, so that a long batch does not keep a thread from others.
void CommandHashing::run_next_job(const credential::Turn& turn, std::shared_ptr<Task> holder) {
  const bool accepted = parts_.pool.submit(turn, [this, turn, holder] {
    CommandTask& task = **holder;
    // What has not begun when the daemon stops never does.
    task.abandoned = task.jobs_done == 0 && parts_.vitals.stopping;
    if (task.abandoned) return done_.post(std::move(*holder));
    if (const auto ran = parts_.maker.run(task, task.jobs[task.jobs_done], settings_.cost); !ran)
      task.trouble = ran.error();
    ++task.jobs_done;
    if (task.jobs_done == task.jobs.size() || task.trouble) return done_.post(std::move(*holder));
    run_next_job(turn, holder);
  });
  if (accepted) return;
  (*holder)->pool_was_full = true;
  done_.post(std::move(*holder));
}

}  // namespace postern::service
