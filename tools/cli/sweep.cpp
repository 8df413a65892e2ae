#include "tools/cli/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/text/ids.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

using schema::CommandBody;

enum class When { always, of_several_users };

std::string user_of(const schema::CommandT& command) {
  return command.user_id ? text::uuid_text(command.user_id) : command.user;
}

std::string key_of(const schema::CommandT& command) { return command.body.AsRevokeKey()->name; }

struct Row {
  CommandBody kind;
  When when;
  /// "This … acme."
  const char* verb;
  /// What it concerns; empty: the tenant.
  std::string (*name)(const schema::CommandT& command) = user_of;
};

/// What no command takes back (daemon/view/undo.cpp has those), but for what asks for a new
/// password or ends one session; and what concerns many at once.
constexpr Row rows[] = {
    {CommandBody::DisableTenant, When::always, "denies everything to, and locks, every user of"},
    {CommandBody::EndTenantSessions, When::always, "ends every session of every user of"},
    {CommandBody::DeleteUser, When::always, "deletes for ever"},
    {CommandBody::EraseUser, When::always,
     "makes profile, note and password unreadable for ever, of"},
    {CommandBody::RevokeKey, When::always, "ends for ever, with the sessions that it opened, key",
     key_of},
    {CommandBody::DisableUser, When::of_several_users, "disables"},
    {CommandBody::TrashUser, When::of_several_users, "moves to the trash"},
    {CommandBody::LockUser, When::of_several_users, "locks"},
    {CommandBody::EndSessions, When::of_several_users, "ends every session of"},
    {CommandBody::ResetPassword, When::of_several_users, "sets new passwords of"},
    {CommandBody::SetApiAccess, When::of_several_users, "switches API access of"},
    {CommandBody::UnassignRole, When::of_several_users, "takes a role from"},
};

const Row* row_of(CommandBody kind) {
  const auto* found = std::ranges::find(rows, kind, &Row::kind);
  return found == std::end(rows) ? nullptr : found;
}

using Targets = std::vector<std::string>;

void add_once(Targets& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::string shown(const Targets& names) {
  constexpr std::size_t shown_max = 10;
  if (names.size() <= shown_max) return text::joined(names);
  const Targets first(names.begin(), names.begin() + shown_max);
  return fmt::format("{} and {} more", text::joined(first), names.size() - shown_max);
}

}  // namespace

std::optional<Sweep> sweep_of(const schema::CommandMessageT& message) {
  // In the order of the table.
  std::map<const Row*, Targets> occurring;
  Targets all;
  for (const auto& command : message.commands) {
    const Row* row = row_of(command->body.type);
    if (row == nullptr) continue;
    const auto name = row->name(*command);
    add_once(occurring[row], name.empty() ? "tenant " + message.tenant : name);
    add_once(all, name);
  }
  const bool sweeps = all.size() > 1 || std::ranges::any_of(occurring, [](const auto& one) {
                        return one.first->when == When::always;
                      });
  if (!sweeps) return std::nullopt;
  std::string told;
  for (const auto& [row, names] : occurring)
    told += fmt::format("{}This {} {}.", told.empty() ? "" : " ", row->verb, shown(names));
  const bool is_one = all.size() == 1 && !all[0].empty();
  return Sweep{text::printable(told), is_one ? all[0] : message.tenant};
}

}  // namespace postern::cli
