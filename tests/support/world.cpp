#include "tests/support/world.h"

#include <algorithm>

#include "daemon/domain/access.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/fold.h"
#include "daemon/platform/require.h"
#include "personal_generated.h"
#include "schema/cleared_text.h"
#include "schema/identifiers.h"
#include "schema/text_view.h"

namespace postern::support {

using schema::CommandBody;
using schema::view_of;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// A message as its receiver sees it, once it passed the gate.
template <class Table>
const Table& opened(std::span<const std::uint8_t> bytes, const char* identifier) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  require(verifier.VerifyBuffer<Table>(identifier));
  return *flatbuffers::GetRoot<Table>(bytes.data());
}

template <class Body>
void take_password(domain::Material& material, const Body& body) {
  material.password = view_of(body.password());
  if (body.password_confirmation() != nullptr)
    material.password_confirmation = view_of(body.password_confirmation());
}

/// C12: the world verifies nothing, so it goes by how a hash begins.
void take_hash(domain::Material& material, std::string_view hash) {
  if (hash.empty()) return;
  const bool is_known = hash.size() > 3 && (hash.starts_with("$6$") || hash.starts_with("$2y$"));
  material.hash_brought = is_known ? domain::HashBrought::known : domain::HashBrought::unknown;
  if (is_known) material.sealed_password = sealed(hash);
}

Bytes sealed_profile(const schema::PersonalT& personal) {
  if (domain::is_empty(personal)) return {};
  return packed<schema::Personal>(personal, schema::personal_identifier);
}

schema::PersonalT personal_in(const domain::User* user) {
  schema::PersonalT personal;
  if (user != nullptr && user->sealed_profile != nullptr)
    opened<schema::Personal>(*user->sealed_profile, schema::personal_identifier)
        .UnPackTo(&personal);
  return personal;
}

domain::KeyReference made_key(std::uint64_t n) {
  domain::KeyReference key{1, static_cast<std::uint16_t>(n), {}};
  key.commitment.fill(static_cast<std::uint8_t>(n));
  return key;
}

}  // namespace

Uuid made_id(std::uint64_t n) { return {0x0123'4567'89ab'7cdeU, n | std::uint64_t{1} << 63}; }

Bytes sealed(std::string_view password) {
  std::string text = "sealed:";
  text.append(password.rbegin(), password.rend());
  return {text.begin(), text.end()};
}

domain::Operator an_operator(schema::Role role) {
  domain::Operator made;
  made.id = role == schema::Role::daemon ? domain::daemon_operator
                                         : Uuid{2, static_cast<std::uint64_t>(role)};
  made.name = schema::EnumNameRole(role);
  made.role = role;
  made.all_tenants = true;
  return made;
}

Bytes canonical(const domain::State& state) {
  Bytes bytes;
  domain::write_canonical(state.tables(), [&](std::span<const std::uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "; ";
  return text;
}

/// A record in the making.
struct World::Draft {
  domain::RecordFacts facts;
  std::vector<schema::EventT> events;
  domain::Changes changes;
};

World::World() {
  schema::EventT created;
  created.body.Set(schema::JournalCreatedT());
  schema::OperatorAddedT root;
  root.operator_id = std::make_unique<Uuid>(1, 1);
  root.name = "root";
  root.role = schema::Role::owner;
  root.standing = std::make_unique<schema::OperatorStandingT>();
  root.standing->uid = 0;
  root.standing->all_tenants = true;
  schema::EventT added;
  added.body.Set(std::move(root));
  record({}, {created, added});
}

domain::Material World::material_of(const schema::Command& command,
                                    const domain::Context& context) {
  domain::Material material;
  material.new_id = made_id(++id_count_);
  material.key = made_key(id_count_);
  if (const auto* body = command.body_as_CreateUser()) {
    take_password(material, *body);
    material.name_part = "name" + std::to_string(id_count_);
    material.sealed_profile = sealed_profile(domain::personal_of(*body));
    if (body->profile() != nullptr) material.email = view_of(body->profile()->email());
    take_hash(material, view_of(body->password_hash()));
    return material;
  }
  if (const auto* body = command.body_as_ResetPassword()) take_password(material, *body);
  if (const auto* body = command.body_as_RotatePassword()) take_password(material, *body);
  if (const auto* body = command.body_as_ChangePassword()) {
    take_password(material, *body);
    material.current_password = view_of(body->current_password());
  }
  const domain::Tenant* tenant =
      domain::find_tenant_in_scope(state_, *context.asker, view_of(context.message->tenant()));
  if (tenant == nullptr) return material;
  schema::PersonalT personal = personal_in(domain::find_target(state_, *tenant, command));
  if (personal.profile != nullptr) material.email = personal.profile->email;
  if (const auto* body = command.body_as_SetProfile()) {
    const schema::PersonalT before = personal;
    domain::change_personal(personal, *body);
    material.profile_change = {domain::size_of(personal), !(before == personal)};
    material.sealed_profile = sealed_profile(personal);
  }
  if (command.body_type() == CommandBody::CreateKey && tenant != nullptr)
    if (const domain::User* user = domain::find_target(state_, *tenant, command)) {
      material.key_of = user->id;
      material.key_hash.fill(static_cast<std::uint8_t>(id_count_));
    }
  return material;
}

Decision decide(const domain::State& state, const schema::Command& command, std::uint32_t index,
                const domain::Material& material, const domain::Context& context) {
  domain::PackedEvents events;
  domain::Decision decision = domain::decide(state, command, index, material, context, events);
  return {events.unpacked(), std::move(decision.refusals)};
}

/// A command with a password is decided once without a hash; what was not refused then is checked,
/// hashed, and decided again.
Decision World::decide_one(const schema::Command& command, std::uint32_t index,
                           const domain::Context& context) {
  domain::Material material = material_of(command, context);
  const auto decide_now = [&] {
    Decision decision = decide(state_, command, index, material, context);
    if (watcher) watcher(command, index, material, context, decision);
    return decision;
  };
  Decision first = decide_now();
  const auto* attempt = command.body_as_RecordAttempt();
  const bool hashes =
      attempt == nullptr ? !material.password.empty() : rehashes && attempt->succeeded();
  if (!first.refusals.empty() || !hashes) return first;
  if (command.body_type() == CommandBody::ChangePassword) {
    const domain::Tenant& tenant = *state_.tables().find_tenant(view_of(context.message->tenant()));
    const domain::User& user = *domain::find_target(state_, tenant, command);
    const Bytes current = sealed(material.current_password);
    const domain::UserExtras& extras = domain::extras_of(user);
    const bool old_lives = extras.old_password_until_ns > context.now_ns;  // C7
    material.current_password_right =
        *user.sealed_password == current ||
        (old_lives && extras.sealed_old_password && *extras.sealed_old_password == current);
  }
  material.sealed_password = sealed(attempt == nullptr ? material.password : "hashed again");
  return decide_now();
}

void World::add(Draft& draft, const schema::EventT& event) {
  if (const auto* created = event.body.AsTenantCreated()) draft.facts.tenant = *created->tenant;
  const Bytes bytes = packed<schema::Event>(event);
  domain::apply(state_, draft.facts, *flatbuffers::GetRoot<schema::Event>(bytes.data()),
                static_cast<std::uint16_t>(draft.events.size()), draft.changes);
  draft.events.push_back(event);
}

void World::close(Draft& draft, const domain::Operator& asker, const Uuid& command_id,
                  schema::Code outcome) {
  schema::RecordT record;
  record.seq = draft.facts.seq;
  record.time_ns = now_ns_;
  if (!domain::is_zero(draft.facts.tenant)) {
    record.tenant = std::make_unique<Uuid>(draft.facts.tenant);
    record.previous_tenant_seq = state_.tenant_head(draft.facts.tenant);
  }
  record.operator_id = std::make_unique<Uuid>(asker.id);
  record.role = draft.facts.role;
  record.command_id = std::make_unique<Uuid>(command_id);
  record.outcome = outcome;
  for (const schema::EventT& event : draft.events)
    record.events.push_back(std::make_unique<schema::EventT>(event));
  records_.push_back(packed<schema::Record>(record, schema::record_identifier));
  state_.close_record(record.seq, record.time_ns, record.tenant.get());
}

Bytes message_bytes(const schema::CommandMessageT& message) {
  Bytes bytes = packed<schema::CommandMessage>(message, schema::command_message_identifier);
  schema::empty_cleared_texts(*flatbuffers::GetRoot<schema::CommandMessage>(bytes.data()));
  return bytes;
}

Outcome World::run(const schema::CommandMessageT& native, const domain::Operator& asker) {
  const Bytes bytes = message_bytes(native);
  const auto& message = opened<schema::CommandMessage>(bytes, schema::command_message_identifier);
  Outcome outcome{{}, domain::message_problems(message), false};
  if (!outcome.refusals.empty()) return outcome;

  now_ns_ += second_ns;
  const domain::Context context{now_ns_, &asker, &message};
  Draft draft{{state_.seq() + 1, asker.role, {}, now_ns_}, {}, {}};
  const domain::Tenant* tenant = state_.tables().find_tenant(native.tenant);
  if (tenant != nullptr) draft.facts.tenant = tenant->id;
  std::uint32_t index = 0;
  for (const schema::Command* command : *message.commands()) {
    const Decision decision = decide_one(*command, index++, context);
    for (const schema::ProblemT& problem : decision.refusals) outcome.refusals.push_back(problem);
    for (const schema::EventT& event : decision.events) {
      if (event.body.AsTenantCreated() != nullptr && !domain::is_zero(draft.facts.tenant))
        outcome.refusals.emplace_back().code = schema::Code::batch_spans_tenants;
      add(draft, event);
    }
  }

  const bool refusal_is_a_fact = native.commands.size() == 1 && !draft.events.empty();
  const bool stands = !native.dry_run && (outcome.refusals.empty() || refusal_is_a_fact);
  if (stands || outcome.refusals.empty()) outcome.events = draft.events;
  if (!stands) {
    state_.revert(draft.changes);
    return outcome;
  }
  if (draft.events.empty()) return outcome;
  close(draft, asker, *native.id,
        outcome.refusals.empty() ? schema::Code::ok : outcome.refusals.front().code);
  outcome.recorded = true;
  return outcome;
}

domain::CallFacts World::facts() const {
  domain::CallFacts call;
  call.now_ns = now_ns_;
  return call;
}

void World::record(const Uuid& tenant, std::vector<schema::EventT> events) {
  const domain::Operator root = an_operator(schema::Role::owner);
  now_ns_ += second_ns;
  Draft draft{{state_.seq() + 1, root.role, tenant, now_ns_}, {}, {}};
  for (const schema::EventT& event : events) add(draft, event);
  close(draft, root, {0, 2}, schema::Code::ok);
}

void World::replay_into(domain::State& state, bool tells_all) const {
  domain::RecordGate gate;
  for (const Bytes& bytes : records_) {
    domain::Changes changes{.tells_all = tells_all};
    const auto record = domain::fold(state, gate, std::as_bytes(std::span(bytes)), changes);
    if (!record) std::fputs(record.error().sentence.c_str(), stderr);
    require(record.has_value());
  }
}

}  // namespace postern::support
