#include "daemon/service/command_task.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "daemon/domain/limits.h"
#include "daemon/service/personal.h"
#include "schema/signed_message.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::CommandBody;
using schema::view_of;

/// Takes the secrets of commands one by one, and wipes them in the message at the end.
class SecretTaker {
 public:
  CommandSecrets take(const schema::Command& command) {
    CommandSecrets secrets;
    schema::visit_secrets(command, [&](std::string_view field, const flatbuffers::String* text) {
      auto secret = copy_secret(text);
      if (!secret) return;
      places_.push_back(place_of_secret(*text));
      for (const auto& [name, member] : kept)
        if (field == name) secrets.*member = std::move(secret);
    });
    return secrets;
  }

  /// After the last was taken, because one may lie over what leads to another.
  bool wipe() {
    for (const std::span<std::byte> place : places_) credential::wipe(place);
    return !places_.empty();
  }

 private:
  /// Which of them the rules and the pool ask for.
  static constexpr std::pair<std::string_view, std::optional<credential::Secret> CommandSecrets::*>
      kept[] = {{"password", &CommandSecrets::password},
                {"password_confirmation", &CommandSecrets::confirmation},
                {"current_password", &CommandSecrets::current_password},
                {"password_hash", &CommandSecrets::password_hash}};

  std::vector<std::span<std::byte>> places_;
};

/// Whose password or profile a command sets.
struct Subject {
  Uuid id;
  credential::KeySlot slot;
  /// Null: the same message makes it.
  const domain::User* user = nullptr;
};

/// The user a command names, as the commands before it in its message leave the names: they may
/// create and rename. Nothing where nobody has the name; the rules refuse that.
std::optional<Subject> subject_of(const CommandTask& task, const domain::State& state,
                                  flatbuffers::uoffset_t index) {
  const auto& commands = *task.message->commands();
  const auto made_by = [&](flatbuffers::uoffset_t place) {
    const domain::Material& material = task.materials[place];
    return Subject{material.new_id, slot_of(material.key)};
  };
  const domain::Tenant* tenant = state.tables().find_tenant(view_of(task.message->tenant()));
  const auto found = [&](const domain::User* user) -> std::optional<Subject> {
    if (user == nullptr || user->tenant != tenant->id) return std::nullopt;
    return Subject{user->id, slot_of(user->key), user};
  };
  if (commands[index]->body_type() == CommandBody::CreateUser) return made_by(index);
  const schema::Command* named = commands[index];
  for (flatbuffers::uoffset_t place = index; place-- > 0 && named->user_id() == nullptr;) {
    const std::string_view name = view_of(named->user());
    if (name.size() > domain::username_bytes_max) return std::nullopt;
    if (const auto* create = commands[place]->body_as_CreateUser()) {
      if (domain::equal_names(view_of(create->username()), name)) return made_by(place);
    } else if (const auto* rename = commands[place]->body_as_RenameUser()) {
      if (domain::equal_names(view_of(rename->username()), name)) named = commands[place];
    }
  }
  if (tenant == nullptr) return std::nullopt;
  return found(named->user_id() != nullptr
                   ? state.tables().find_user(*named->user_id())
                   : state.tables().find_user(tenant->id, view_of(named->user())));
}

bool is_within_limits(const schema::PersonalT& personal, const domain::ProfileSize& size) {
  return size.bytes <= domain::profile_bytes_max && size.attributes <= domain::attributes_max &&
         personal.note.size() <= domain::note_bytes_max;
}

/// 60 random bits as 12 characters of base32 (RFC 4648) in lower case.
std::string random_name_part(platform::Entropy& entropy) {
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<std::uint8_t, 12> random{};
  entropy.fill(std::as_writable_bytes(std::span(random)));
  std::string text;
  for (const std::uint8_t byte : random) text += digits[byte % digits.size()];
  return text;
}

std::string_view reveal(const std::optional<credential::Secret>& secret) {
  return secret ? secret->reveal() : std::string_view();
}

}  // namespace

credential::ContentsHash hash_of_contents(const credential::KeyStore& keys,
                                          const CommandTask& task) {
  return credential::hash_contents(keys.own_key(credential::OwnKey::contents_hash),
                                   task.message.bytes());
}

bool CommandTask::is_plain() const {
  constexpr std::size_t plain_bytes = 4'096;
  constexpr std::size_t plain_commands = 4;
  return !is_sensitive && message.bytes().size() <= plain_bytes &&
         secrets.size() <= plain_commands && signed_message.empty() && new_keys.empty() &&
         jobs.empty() && made_keys.empty() && held_names.empty() && refusals.empty() &&
         evidence == nullptr && !trouble && places == 0;
}

void CommandTask::empty_out() {
  std::vector<std::byte> wiped = message.release();
  wiped.clear();
  message = OpenedMessage<schema::CommandMessage>(std::move(wiped));
  secrets.clear();
  materials.clear();
  owed = {};
}

bool carries_secret(const CommandTask& task) {
  return std::ranges::any_of(task.secrets, [](const CommandSecrets& secrets) {
    return secrets.password || secrets.confirmation || secrets.current_password ||
           secrets.password_hash;
  });
}

bool carries_personal_data(const schema::CommandMessage& message) {
  bool found = false;
  schema::visit_personal(message, [&](auto, const auto* text) { found |= text != nullptr; });
  return found;
}

bool carries_password(const CommandTask& task) {
  return std::ranges::any_of(
      task.secrets, [](const CommandSecrets& secrets) { return secrets.password.has_value(); });
}

bool TaskMaker::take_apart(CommandTask& task) const {
  SecretTaker taker;
  if (task.message->commands() != nullptr)
    for (const schema::Command* command : *task.message->commands())
      task.secrets.push_back(taker.take(*command));
  const bool has_secrets = taker.wipe();
  if (has_secrets && !is_well_formed<schema::CommandMessage>(
                         task.message.bytes(), schema::command_message_identifier, command_limits))
    return false;
  if (!schema::is_signed(*task.message)) return true;
  task.signed_message.assign(task.message.bytes().begin(), task.message.bytes().end());
  schema::blank_for_signature(
      *flatbuffers::GetRoot<schema::CommandMessage>(task.signed_message.data()));
  return true;
}

/// Opened profiles of one message's users, each as the commands so far leave it.
class TaskMaker::Profiles {
 public:
  Profiles(const TaskMaker& maker, const CommandTask& task, const domain::State& state)
      : maker_(maker), task_(task), state_(state) {}

  schema::PersonalT& put(const Uuid& id, schema::PersonalT personal) {
    return opened_.insert_or_assign(id, std::move(personal)).first->second;
  }

  Expected<schema::PersonalT*> of(const Subject& subject) {
    const auto place = opened_.find(subject.id);
    if (place != opened_.end()) return &place->second;
    if (subject.user == nullptr) return &put(subject.id, {});
    auto personal = open_profile(maker_.keys_, *subject.user);
    if (!personal) return std::unexpected(personal.error());
    return &put(subject.id, std::move(*personal));
  }

  /// SetProfile: what it leaves, sealed.
  Expected<> change(flatbuffers::uoffset_t index, const schema::SetProfile& body,
                    domain::Material& material) {
    const auto subject = subject_of(task_, state_, index);
    // U11: the rules refuse what is erased.
    if (!subject || (subject->user != nullptr && domain::is_erased(*subject->user))) return {};
    const auto personal = of(*subject);
    if (!personal) return std::unexpected(personal.error());
    schema::PersonalT before = **personal;
    domain::change_personal(**personal, body);
    material.profile_change.size = domain::size_of(**personal);
    material.profile_change.changes = !(before == **personal);
    // The rules refuse it; a long batch must not go on with what a short one could not make.
    if (!is_within_limits(**personal, material.profile_change.size)) {
      **personal = std::move(before);
      return {};
    }
    if (domain::is_empty(**personal)) return {};
    const auto key = maker_.keys_.user_key(subject->slot);
    if (!key) return std::unexpected(key.error());
    material.sealed_profile = seal_profile(*key, subject->id, **personal, maker_.entropy_);
    return {};
  }

  /// C1: the e-mail that a new password must not contain.
  Expected<> take_email(flatbuffers::uoffset_t index, domain::Material& material) {
    const auto subject = subject_of(task_, state_, index);
    if (!subject) return {};
    const auto personal = of(*subject);
    if (!personal) return std::unexpected(personal.error());
    if ((*personal)->profile != nullptr) material.email = (*personal)->profile->email;
    return {};
  }

 private:
  const TaskMaker& maker_;
  const CommandTask& task_;
  const domain::State& state_;
  std::unordered_map<Uuid, schema::PersonalT, domain::UuidHash> opened_;
};

Expected<> TaskMaker::prepare(CommandTask& task, const domain::State& state, std::int64_t now_ns) {
  const auto& commands = *task.message->commands();
  std::optional<Profiles> kept;
  const auto profiles = [&]() -> Profiles& {
    return kept ? *kept : kept.emplace(*this, task, state);
  };
  task.materials.resize(commands.size());
  for (flatbuffers::uoffset_t index = 0; index < commands.size(); ++index) {
    const schema::Command& command = *commands[index];
    domain::Material& material = task.materials[index];
    const CommandSecrets& secrets = task.secrets[index];
    material.password = reveal(secrets.password);
    if (secrets.confirmation) material.password_confirmation = reveal(secrets.confirmation);
    material.current_password = reveal(secrets.current_password);
    const CommandBody kind = command.body_type();
    if (kind == CommandBody::CreateTenant || kind == CommandBody::AddOperator ||
        kind == CommandBody::CreateRole)
      material.new_id = new_id(now_ns);
    Expected<> made;
    if (kind == CommandBody::CreateKey) make_key(task, state, index, now_ns);
    if (const auto* create = command.body_as_CreateUser()) {
      const auto key = take_key(task);
      if (!key) return std::unexpected(key.error());
      material.new_id = new_id(now_ns);
      material.key.file = key->slot.file;
      material.key.slot = key->slot.slot;
      std::memcpy(material.key.commitment.data(), key->commitment.data(), key->commitment.size());
      if (view_of(create->username()).empty()) material.name_part = random_name_part(entropy_);
      schema::PersonalT personal = domain::personal_of(*create);
      if (personal.profile != nullptr) material.email = personal.profile->email;
      if (!is_within_limits(personal, domain::size_of(personal))) continue;
      if (!domain::is_empty(personal)) {
        const auto opened = keys_.user_key(key->slot);
        if (!opened) return std::unexpected(opened.error());
        material.sealed_profile = seal_profile(*opened, material.new_id, personal, entropy_);
      }
      profiles().put(material.new_id, std::move(personal));
      if (secrets.password_hash) made = take_hash(*secrets.password_hash, now_ns, material);
    } else if (const auto* profile = command.body_as_SetProfile()) {
      made = profiles().change(index, *profile, material);
    } else if (secrets.password) {
      made = profiles().take_email(index, material);
    }
    if (!made) return made;
  }
  return {};
}

/// C12: what is none of the kinds that are verified here, the rules refuse.
Expected<> TaskMaker::take_hash(const credential::Secret& hash, std::int64_t now_ns,
                                domain::Material& material) const {
  using domain::HashBrought;
  material.hash_brought = HashBrought::unknown;
  const std::string_view text = hash.reveal();
  if (credential::kind_of_hash(text) == credential::HashKind::unknown) return {};
  const auto key = keys_.user_key({material.key.file, material.key.slot});
  if (!key) return std::unexpected(key.error());
  material.hash_brought = HashBrought::known;
  material.sealed_password =
      seal_imported(std::string(text), now_ns, *key, material.new_id, entropy_);
  return {};
}

/// C8. A key of nobody is made too: the rules then say what is wrong.
void TaskMaker::make_key(CommandTask& task, const domain::State& state, std::size_t index,
                         std::int64_t now_ns) const {
  domain::Material& material = task.materials[index];
  material.new_id = new_id(now_ns);
  const auto subject = subject_of(task, state, static_cast<flatbuffers::uoffset_t>(index));
  material.key_of = subject ? subject->id : Uuid();
  auto made = credential::make_api_key(keys_.own_key(credential::OwnKey::api_keys),
                                       {material.new_id, material.key_of}, entropy_);
  material.key_hash = made.hash;
  task.made_keys.push_back(std::move(made.text));
}

Expected<UnusedKey> TaskMaker::take_key(CommandTask& task) {
  if (spare_keys_.empty()) {
    const auto key = keys_.next();
    if (!key) return std::unexpected(key.error());
    spare_keys_.push_back({key->slot, key->commitment});
  }
  task.new_keys.push_back(spare_keys_.back());
  spare_keys_.pop_back();
  return task.new_keys.back();
}

void TaskMaker::give_back_keys(CommandTask& task) {
  spare_keys_.insert(spare_keys_.end(), task.new_keys.begin(), task.new_keys.end());
  task.new_keys.clear();
}

void TaskMaker::start_over(CommandTask& task) {
  give_back_keys(task);
  task.materials.clear();
  task.made_keys.clear();
  task.jobs.clear();
  task.jobs_done = 0;
  task.held_names.clear();
  task.refusals.clear();
  task.evidence.reset();
}

std::vector<HashJob> TaskMaker::hash_jobs(const CommandTask& task, const domain::State& state,
                                          std::int64_t now_ns) const {
  std::vector<HashJob> jobs;
  const auto& commands = *task.message->commands();
  for (flatbuffers::uoffset_t index = 0; index < commands.size(); ++index) {
    if (!task.secrets[index].password) continue;
    const auto subject = subject_of(task, state, index);
    if (!subject) continue;
    HashJob& job = jobs.emplace_back();
    job.index = index;
    job.user = subject->id;
    job.key = subject->slot;
    job.checks_current = commands[index]->body_type() == CommandBody::ChangePassword;
    if (subject->user == nullptr) continue;
    const domain::UserExtras& extras = domain::extras_of(*subject->user);
    job.sealed_current = subject->user->sealed_password;
    if (extras.old_password_until_ns > now_ns) job.sealed_old = extras.sealed_old_password;
    const auto* tenant = state.tables().find_tenant(subject->user->tenant);
    job.imports_ended_until_ns = imports_ended_until(tenant->policies, now_ns);
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
  const auto key = keys_.user_key(job.key);
  if (!key) return std::unexpected(key.error());
  if (job.checks_current) {
    const std::span<const std::uint8_t> sealed =
        job.sealed_current ? std::span<const std::uint8_t>(*job.sealed_current)
                           : std::span<const std::uint8_t>();
    const credential::Secret& current = secrets.current_password ? *secrets.current_password : none;
    const auto found = verify_either(
        {*key, job.user, sealed, job.sealed_old.get(), job.imports_ended_until_ns}, current);
    if (!found) return std::unexpected(found.error());
    material.current_password_right = found->may_be_used();
    if (!*material.current_password_right) return {};
  }
  material.sealed_password = hash_and_seal(*secrets.password, cost, *key, job.user, entropy_);
  return {};
}

Uuid TaskMaker::new_id(std::int64_t now_ns) const {
  std::array<std::uint64_t, 2> random{};
  entropy_.fill(std::as_writable_bytes(std::span(random)));
  return domain::uuid_v7(now_ns / 1'000'000, random);
}

}  // namespace postern::service
