#include "daemon/service/held_commands.h"

#include <algorithm>

#include "schema/text_view.h"

namespace postern::service {

namespace {

/// The user a command is about.
std::string name_of(const domain::State& state, const schema::CommandMessage& message,
                    const schema::Command& command) {
  std::string_view name = schema::view_of(command.user());
  if (const auto* create = command.body_as_CreateUser()) name = schema::view_of(create->username());
  if (command.user_id() != nullptr)
    if (const domain::User* user = state.tables().find_user(*command.user_id()))
      name = user->username;
  return std::string(schema::view_of(message.tenant())) + '/' + domain::fold_name(name);
}

}  // namespace

void HeldCommands::hold(const domain::State& state, CommandTask& task) {
  ids_.insert(task.id());
  for (const schema::Command* command : *task.message->commands())
    task.held_names.push_back(name_of(state, *task.message, *command));
  names_.insert(task.held_names.begin(), task.held_names.end());
}

void HeldCommands::release(const CommandTask& task) {
  ids_.erase(task.id());
  for (const std::string& name : task.held_names) names_.erase(name);
}

bool HeldCommands::holds_copy_of(const CommandTask& task) const {
  return task.message->id() != nullptr && ids_.contains(task.id());
}

bool HeldCommands::holds_user_of(const domain::State& state, const CommandTask& task) const {
  // A copy of what is hashed waits before it has come to the gate.
  if (names_.empty() || task.message->commands() == nullptr) return false;
  return std::ranges::any_of(*task.message->commands(), [&](const schema::Command* command) {
    return names_.contains(name_of(state, *task.message, *command));
  });
}

bool HeldCommands::wait(Task& task, const Uuid& operator_id) {
  task->holder = operator_id;
  task->places = places_of(task->message.bytes().size());
  if (!places_.take(task->holder, task->places)) return false;
  waiting_.push_back(std::move(task));
  return true;
}

}  // namespace postern::service
