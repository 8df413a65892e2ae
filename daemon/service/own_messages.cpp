#include "daemon/service/own_messages.h"

#include <utility>
#include "daemon/domain/day.h"

namespace postern::service {

namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t put_off_ns = 900'000'000'000;

OwnTask task_of(const Uuid& id, schema::CommandMessageT message) {
  std::vector<domain::Material> materials(message.commands.size());
  return {domain::OwnMessage(id, std::move(message)), std::move(materials)};
}

template <class Body>
schema::CommandT& add_command(schema::CommandMessageT& message, Body body) {
  schema::CommandT& made = *message.commands.emplace_back(std::make_unique<schema::CommandT>());
  made.body.Set(std::move(body));
  return made;
}

template <class Body>
void add_command(schema::CommandMessageT& message, const Uuid& user, Body body) {
  add_command(message, std::move(body)).user_id = std::make_unique<Uuid>(user);
}

}  // namespace

OwnTask attempt_task(const Uuid& id, Attempt& attempt, const domain::State& state) {
  const domain::Tenant* tenant = state.tables().find_tenant(attempt.tenant);
  schema::CommandMessageT message;
  message.tenant = tenant == nullptr ? "" : tenant->alias;
  schema::RecordAttemptT body;
  body.succeeded = attempt.succeeded;
  body.service = std::make_unique<Uuid>(attempt.service);
  body.password_seq = attempt.password_seq;
  add_command(message, attempt.user, std::move(body));
  OwnTask task = task_of(id, std::move(message));
  task.materials.front().sealed_password = std::move(attempt.rehashed);
  task.ticket = attempt.ticket;
  return task;
}

std::optional<OwnTask> use_task(const Uuid& id, UseLetter& letter, const domain::State& state,
                                std::int64_t now_ns) {
  const domain::Tenant* tenant = state.tables().find_tenant(letter.summaries.tenant);
  if (tenant == nullptr) return std::nullopt;
  schema::CommandMessageT message;
  message.tenant = tenant->alias;
  for (calls::UseSummaries::Part& part : letter.summaries.parts) {
    const domain::User* user = state.tables().find_user(part.user);
    if (user == nullptr || user->tenant != tenant->id) continue;
    const auto& sum = domain::extras_of(*user).use;
    if (sum != nullptr && now_ns < sum->recorded_ns + domain::day_ns) {
      part.not_before_ns = sum->recorded_ns + domain::day_ns;
      continue;
    }
    schema::RecordUseT body;
    body.use = std::make_unique<schema::UseT>(part.use->as_schema());
    add_command(message, part.user, std::move(body));
  }
  if (message.commands.empty()) return std::nullopt;
  return task_of(id, std::move(message));
}

void put_off(UseLetter& letter, std::int64_t now_ns) {
  for (calls::UseSummaries::Part& part : letter.summaries.parts)
    part.not_before_ns = now_ns + put_off_ns;
}

void RefusalCounts::note(const Uuid& operator_id, schema::Code code) {
  Count& count = counts_[operator_id];
  ++count.count;
  count.code = code;
}

std::vector<RefusalCounts::Due> RefusalCounts::take_due(std::int64_t steady_ns) {
  std::vector<Due> due;
  for (auto& [operator_id, count] : counts_) {
    if (count.count == 0 || steady_ns < count.next_ns) continue;
    due.push_back({operator_id, count.code, std::exchange(count.count, 0)});
    count.next_ns = steady_ns + minute_ns;
  }
  return due;
}

OwnTask refusals_task(const Uuid& id, const RefusalCounts::Due& due) {
  schema::CommandMessageT message;
  schema::RecordRefusalsT body;
  body.operator_id = std::make_unique<Uuid>(due.operator_id);
  body.code = due.code;
  body.count = due.count;
  add_command(message, std::move(body));
  return task_of(id, std::move(message));
}

}  // namespace postern::service
