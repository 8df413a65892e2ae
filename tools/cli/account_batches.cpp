#include "tools/cli/account_batches.h"

#include "tools/cli/verb.h"
#include "tools/client/client.h"

namespace postern::cli {
namespace {

constexpr std::size_t commands_max = 1'000;
constexpr std::size_t batch_bytes_max = 700'000;
constexpr std::size_t batch_passwords_max = 25;
/// More than a command's tables and lengths take beside its texts.
constexpr std::size_t command_bytes = 200;

std::size_t bytes_of(const schema::NetworksT* networks) {
  std::size_t bytes = 0;
  if (networks != nullptr)
    for (const auto& entry : networks->entries) bytes += entry.size() + 16;
  return bytes;
}

std::size_t bytes_of(const schema::ProfileT& profile) {
  std::size_t bytes = command_bytes;
  for (const auto* text :
       {&profile.first_name, &profile.last_name, &profile.email, &profile.description,
        &profile.organization, &profile.department, &profile.warehouse, &profile.language,
        &profile.time_zone, &profile.phone, &profile.address, &profile.hire_date, &profile.system})
    bytes += text->size();
  for (const auto& attribute : profile.attributes)
    bytes += attribute->name.size() + attribute->value.size() + 40;
  return bytes;
}

/// At least what it takes in a message.
std::size_t bytes_of_command(const schema::CommandT& command) {
  std::size_t bytes = command_bytes + command.user.size();
  if (const auto* create = command.body.AsCreateUser()) {
    bytes += create->username.size() + create->note.size() + 2 * create->password.size() +
             create->password_hash.size();
    if (create->profile) bytes += bytes_of(*create->profile);
    if (create->settings) bytes += 40 + bytes_of(create->settings->networks.get());
  } else if (const auto* add = command.body.AsAddGrant()) {
    bytes += add->action.size() + add->resource.size();
    if (add->conditions) bytes += 60 + bytes_of(add->conditions->networks.get());
  }
  return bytes;
}

bool has_password(const schema::CommandT& command) {
  const auto* create = command.body.AsCreateUser();
  return create != nullptr && !create->password.empty();
}

}  // namespace

void wipe_passwords(AccountBatch& batch) {
  for (const auto& command : batch.commands)
    if (auto* create = command->body.AsCreateUser()) {
      client::wipe(create->password);
      client::wipe(create->password_hash);
    }
}

template <class Body>
void AccountBatches::make(const std::string& user, Body body, std::uint64_t line,
                          std::string_view field) {
  auto command = std::make_unique<schema::CommandT>();
  command->user = user;
  command->body.Set(std::move(body));
  made_.push_back({std::move(command), {line, field}, false});
}

void AccountBatches::make_commands(intake::Entry& entry) {
  const std::size_t place = accepted_++;
  if (part_ == AccountPart::rights && place >= names_.size())
    throw Stop{exit_codes::damaged, "The file has more users than were made.", ""};
  const std::string user =
      part_ == AccountPart::rights ? names_[place] : entry.account.user.username;
  if (part_ != AccountPart::rights) make_user(entry);
  if (part_ != AccountPart::users) make_rights(entry, user);
  if (part_ != AccountPart::rights) made_.back().ends_entry = true;
}

void AccountBatches::make_user(intake::Entry& entry) {
  using schema::UserStatus;
  intake::Account& account = entry.account;
  if (account.status != UserStatus::unset)
    account.user.status =
        account.status == UserStatus::new_user ? UserStatus::new_user : UserStatus::active;
  make("", std::move(account.user), entry.line, "");
}

/// Last what keeps from being changed: a lock, the status.
void AccountBatches::make_rights(intake::Entry& entry, const std::string& user) {
  using schema::UserStatus;
  intake::Account& account = entry.account;
  const std::uint64_t line = entry.line;
  for (auto& role : account.roles) {
    schema::AssignRoleT body;
    body.role = std::move(role);
    make(user, std::move(body), line, "roles");
  }
  for (auto& grant : account.grants) {
    schema::AddGrantT body;
    body.effect = grant.effect;
    body.action = std::move(grant.action);
    body.resource = std::move(grant.resource);
    body.conditions = std::move(grant.conditions);
    make(user, std::move(body), line, "grants");
  }
  if (!key_.empty()) {
    schema::CreateKeyT body;
    body.name = key_;
    make(user, std::move(body), line, "username");
  }
  if (account.locked) make(user, schema::LockUserT{}, line, "locked");
  if (account.status == UserStatus::inactive) make(user, schema::DisableUserT{}, line, "status");
  if (account.status == UserStatus::trashed) make(user, schema::TrashUserT{}, line, "status");
}

/// The commands of the next entry; false at the end.
bool AccountBatches::fill() {
  while (made_.empty()) {
    if (!source_.next(entry_)) return false;
    if (accept_(entry_)) make_commands(entry_);
  }
  return true;
}

void AccountBatches::take(AccountBatch& batch) {
  Made& made = made_.front();
  batch.commands.push_back(std::move(made.command));
  batch.origins.push_back(made.origin);
  batch.entries += made.ends_entry ? 1 : 0;
  made_.pop_front();
}

/// An account stands in one batch, unless it has more commands than that.
std::optional<AccountBatch> AccountBatches::next() {
  AccountBatch batch;
  std::size_t bytes = 0;
  std::size_t passwords = 0;
  while (fill()) {
    std::size_t more = 0;
    std::size_t more_passwords = 0;
    std::size_t count = 0;
    for (; count < std::min(made_.size(), commands_max); ++count) {
      const std::size_t size = bytes_of_command(*made_[count].command);
      if (count > 0 && more + size > batch_bytes_max) break;
      more += size;
      more_passwords += has_password(*made_[count].command) ? 1 : 0;
    }
    const bool fits = batch.commands.size() + count <= commands_max &&
                      bytes + more <= batch_bytes_max &&
                      passwords + more_passwords <= batch_passwords_max;
    if (!batch.commands.empty() && !fits) break;
    bytes += more;
    passwords += more_passwords;
    for (; count > 0; --count) take(batch);
  }
  if (batch.commands.empty()) return std::nullopt;
  return batch;
}

std::optional<AccountBatch> AccountBatches::next(std::size_t count) {
  AccountBatch batch;
  while (batch.commands.size() < count) {
    if (!fill()) return std::nullopt;
    take(batch);
  }
  return batch;
}

}  // namespace postern::cli
