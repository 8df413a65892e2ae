#include "daemon/service/guard_desk.h"

#include <utility>

#include "daemon/domain/day.h"

namespace postern::service {

schema::ProblemT too_many_calls() {
  return make_problem(schema::Code::too_large, "guard",
                      "The limit is " + std::to_string(domain::guard_calls_max) +
                          " different recorded calls of the tenant, among the newest 2,000,000 "
                          "that are kept of all, and those days hold more, or may. Look back "
                          "fewer days.");
}

bool GuardDesk::begin(Task& task, const Asker& asker) {
  task->holder = asker.operator_id;
  task->places = places_of(task->message.bytes().size());
  if (!places_.take(task->holder, task->places)) return false;
  auto letter = std::make_unique<EvidenceLetter>();
  letter->ticket = ++tickets_;
  letter->tenant = asker.tenant;
  const std::int64_t days = task->message->guard()->days();
  if (days > 0) letter->calls_since_ns = asker.now_ns - days * domain::day_ns;
  waiting_.emplace(letter->ticket, std::move(task));
  recorder_.post(std::move(letter));
  return true;
}

GuardDesk::Task GuardDesk::take(EvidenceLetter& letter) {
  const auto place = waiting_.find(letter.ticket);
  if (place == waiting_.end()) return nullptr;
  Task task = std::move(place->second);
  waiting_.erase(place);
  places_.give_back(task->holder, task->places);
  task->evidence = std::make_unique<const domain::Evidence>(std::move(letter.evidence));
  return task;
}

}  // namespace postern::service
