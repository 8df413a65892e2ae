#include "daemon/service/command_task.h"

#include "daemon/service/personal.h"

namespace postern::service {

namespace {

using schema::CommandBody;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

CommandSecrets take_secrets(const schema::Command& command) {
  CommandSecrets secrets;
  if (const auto* create = command.body_as_CreateUser()) {
    secrets.password = take_secret(create->password());
    secrets.confirmation = take_secret(create->password_confirmation());
  } else if (const auto* reset = command.body_as_ResetPassword()) {
    secrets.password = take_secret(reset->password());
    secrets.confirmation = take_secret(reset->password_confirmation());
  } else if (const auto* rotate = command.body_as_RotatePassword()) {
    secrets.password = take_secret(rotate->password());
    secrets.confirmation = take_secret(rotate->password_confirmation());
  } else if (const auto* change = command.body_as_ChangePassword()) {
    secrets.current_password = take_secret(change->current_password());
    secrets.password = take_secret(change->password());
    secrets.confirmation = take_secret(change->password_confirmation());
  }
  return secrets;
}

schema::PersonalT personal_of(const schema::CreateUser& body) {
  schema::PersonalT personal;
  if (body.profile() != nullptr) personal.profile.reset(body.profile()->UnPack());
  if (body.note() != nullptr) personal.note = body.note()->str();
  return personal;
}

/// The user that a command gives a new password; null if there is none.
const domain::User* target_with_password(const domain::State& state, const domain::Tenant* tenant,
                                         const schema::Command& command,
                                         const CommandSecrets& secrets) {
  return secrets.password && tenant != nullptr ? domain::find_target(state, *tenant, command)
                                               : nullptr;
}

/// Whose password a command sets.
struct Subject {
  Uuid id;
  credential::KeySlot slot;
  std::shared_ptr<const domain::Bytes> sealed_password;
  std::shared_ptr<const domain::Bytes> sealed_old;
  std::int64_t old_until_ns = 0;
};

/// A user of the state, or one that the same message makes.
std::optional<Subject> subject_of(const CommandTask& task, const domain::State& state,
                                  flatbuffers::uoffset_t index) {
  const auto& commands = *task.message->commands();
  const auto made_by = [&](flatbuffers::uoffset_t place) {
    const domain::Material& material = task.materials[place];
    return Subject{material.new_id, slot_of(material.key), nullptr, nullptr};
  };
  if (commands[index]->body_type() == CommandBody::CreateUser) return made_by(index);
  const domain::Tenant* tenant = state.tables().find_tenant(view(task.message->tenant()));
  const domain::User* user =
      tenant == nullptr ? nullptr : domain::find_target(state, *tenant, *commands[index]);
  if (user != nullptr) {
    const domain::UserExtras& extras = domain::extras_of(*user);
    return Subject{user->id, slot_of(user->key), user->sealed_password,
                   extras.sealed_old_password, extras.old_password_until_ns};
  }
  for (flatbuffers::uoffset_t place = 0; place < index; ++place)
    if (const auto* create = commands[place]->body_as_CreateUser())
      if (domain::equal_names(view(create->username()), view(commands[index]->user())))
        return made_by(place);
  return std::nullopt;
}

std::string_view reveal(const std::optional<credential::Secret>& secret) {
  return secret ? secret->reveal() : std::string_view();
}

}  // namespace

void TaskMaker::take_apart(CommandTask& task) const {
  if (task.message->commands() != nullptr)
    for (const schema::Command* command : *task.message->commands())
      task.secrets.push_back(take_secrets(*command));
  task.contents_hash =
      credential::hash_contents(keys_.own_key("contents-hash"), task.message.bytes());
}

Expected<> TaskMaker::prepare(CommandTask& task, const domain::State& state, std::int64_t now_ns) {
  const auto& commands = *task.message->commands();
  const domain::Tenant* tenant =
      task.message->tenant() == nullptr
          ? nullptr
          : state.tables().find_tenant(task.message->tenant()->string_view());
  task.materials.resize(commands.size());
  for (flatbuffers::uoffset_t index = 0; index < commands.size(); ++index) {
    const schema::Command& command = *commands[index];
    domain::Material& material = task.materials[index];
    const CommandSecrets& secrets = task.secrets[index];
    material.password = reveal(secrets.password);
    if (secrets.confirmation) material.password_confirmation = reveal(secrets.confirmation);
    material.current_password = reveal(secrets.current_password);
    const CommandBody kind = command.body_type();
    if (kind == CommandBody::CreateTenant || kind == CommandBody::AddOperator)
      material.new_id = new_id(now_ns);
    if (kind == CommandBody::CreateKey) make_key(task, state, index, now_ns);
    if (const auto* create = command.body_as_CreateUser()) {
      if (spare_keys_.empty()) {
        auto key = keys_.next();
        if (!key) return std::unexpected(key.error());
        spare_keys_.push_back(*key);
      }
      const credential::NewKey key = spare_keys_.back();
      spare_keys_.pop_back();
      task.new_keys.push_back(key);
      material.new_id = new_id(now_ns);
      material.key.file = key.slot.file;
      material.key.slot = key.slot.slot;
      std::memcpy(material.key.commitment.data(), key.commitment.data(), key.commitment.size());
      const schema::PersonalT personal = personal_of(*create);
      if (personal.profile != nullptr) material.email = personal.profile->email;
      if (personal.profile != nullptr || !personal.note.empty())
        material.sealed_profile = seal_profile(key.key, material.new_id, personal, entropy_);
    } else if (const domain::User* user = target_with_password(state, tenant, command, secrets)) {
      const auto personal = open_profile(keys_, *user);
      if (!personal) return std::unexpected(personal.error());
      if (personal->profile != nullptr) material.email = personal->profile->email;
    }
  }
  return {};
}

/// C8. A key of nobody is made too: the rules then say what is wrong.
void TaskMaker::make_key(CommandTask& task, const domain::State& state, std::size_t index,
                         std::int64_t now_ns) const {
  domain::Material& material = task.materials[index];
  material.new_id = new_id(now_ns);
  const auto subject = subject_of(task, state, static_cast<flatbuffers::uoffset_t>(index));
  material.key_of = subject ? subject->id : Uuid();
  auto made = credential::make_api_key(keys_.own_key("api-keys"),
                                       {material.new_id, material.key_of}, entropy_);
  material.key_hash = made.hash;
  task.made_keys.push_back(std::move(made.text));
}

void TaskMaker::give_back_keys(CommandTask& task) {
  spare_keys_.insert(spare_keys_.end(), task.new_keys.begin(), task.new_keys.end());
  task.new_keys.clear();
}

Expected<std::vector<HashJob>> TaskMaker::hash_jobs(const CommandTask& task,
                                                    const domain::State& state,
                                                    std::int64_t now_ns) const {
  std::vector<HashJob> jobs;
  const auto& commands = *task.message->commands();
  for (flatbuffers::uoffset_t index = 0; index < commands.size(); ++index) {
    if (!task.secrets[index].password) continue;
    const auto subject = subject_of(task, state, index);
    if (!subject) continue;
    const auto key = keys_.user_key(subject->slot);
    if (!key) return std::unexpected(key.error());
    HashJob& job = jobs.emplace_back();
    job.index = index;
    job.user = subject->id;
    job.key = *key;
    job.checks_current = commands[index]->body_type() == CommandBody::ChangePassword;
    job.sealed_current = subject->sealed_password;
    if (subject->old_until_ns > now_ns) job.sealed_old = subject->sealed_old;
  }
  return jobs;
}

Expected<> TaskMaker::run(CommandTask& task, const HashJob& job,
                          credential::PasswordCost cost) const {
  const CommandSecrets& secrets = task.secrets[job.index];
  domain::Material& material = task.materials[job.index];
  const credential::Secret none;
  if (job.for_time_alone) {
    credential::verify_nothing(secrets.current_password ? *secrets.current_password : none, cost);
    return {};
  }
  if (job.checks_current) {
    const std::span<const std::uint8_t> sealed =
        job.sealed_current ? std::span<const std::uint8_t>(*job.sealed_current)
                           : std::span<const std::uint8_t>();
    const credential::Secret& current = secrets.current_password ? *secrets.current_password : none;
    const auto found = verify_either({job.key, job.user, sealed, job.sealed_old.get()}, current);
    if (!found) return std::unexpected(found.error());
    material.current_password_right = found->right();
    if (!*material.current_password_right) return {};
  }
  material.sealed_password = hash_and_seal(*secrets.password, cost, job.key, job.user, entropy_);
  return {};
}

Uuid TaskMaker::new_id(std::int64_t now_ns) const {
  std::array<std::uint64_t, 2> random{};
  entropy_.fill(std::as_writable_bytes(std::span(random)));
  return domain::uuid_v7(now_ns / 1'000'000, random);
}

}  // namespace postern::service
