#include "tests/fuzz/desk.h"

#include <algorithm>
#include <cstring>

#include "daemon/domain/fold.h"
#include "daemon/platform/require.h"
#include "daemon/service/permissions.h"
#include "daemon/service/personal.h"
#include "daemon/service/receipts.h"
#include "tests/fuzz/walk.h"
#include "tests/support/messages.h"
#include "tests/support/restored.h"
#include "tests/support/world.h"

namespace postern::fuzz {

namespace {

using domain::Draft;
using domain::State;
using service::CommandTask;
using support::canonical;

constexpr credential::PasswordCost least_cost{8, 1};
constexpr std::int64_t second_ns = 1'000'000'000;

std::vector<std::byte> first_record() {
  schema::RecordT record;
  record.seq = 1;
  record.operator_id = std::make_unique<schema::Uuid>(domain::daemon_operator);
  record.role = schema::Role::daemon;
  record.command_id = std::make_unique<schema::Uuid>(support::made_id(0));
  schema::OperatorAddedT owner;
  owner.operator_id = std::make_unique<schema::Uuid>(1, 1);
  owner.name = "root";
  owner.role = schema::Role::owner;
  owner.standing = std::make_unique<schema::OperatorStandingT>();
  owner.standing->uid = 0;
  owner.standing->all_tenants = true;
  record.events.emplace_back(std::make_unique<schema::EventT>())->body.Set(std::move(owner));
  const auto bytes = support::packed<schema::Record>(record, schema::record_identifier);
  const auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

/// What a second look at the same gives.
bool same(const Draft& left, const Draft& right) {
  return left.events.unpacked() == right.events.unpacked() && left.problems == right.problems &&
         left.tenant == right.tenant;
}

}  // namespace

void CountingEntropy::fill(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(domain::mix(++count_));
}

credential::Key CountedKeys::key_at(std::uint32_t place) {
  credential::Key key;
  key.fill(static_cast<std::byte>(place));
  std::memcpy(key.data(), &place, sizeof(place));
  return key;
}

Expected<credential::NewKey> CountedKeys::next() {
  credential::NewKey made;
  made.slot = {++count_, 1};
  made.key = key_at(count_);
  made.commitment = credential::commitment_to(made.key);
  return made;
}

Expected<credential::UserKey> CountedKeys::user_key(const credential::KeySlot& slot) const {
  return key_at(slot.file);
}

Desk::Desk() {
  records_.push_back(first_record());
  domain::RecordGate gate;
  domain::Changes changes;
  require(domain::fold(state_, gate, records_.back(), changes).has_value());
  for (const schema::CommandMessageT& message : first_messages())
    require(take(packed(message), owner()) == Outcome::recorded);
  // Moved, because grants point at texts that the state they were made in keeps.
  made_ = std::move(state_);
  made_ns_ = now_ns_;
  made_keys_ = keys_.count();
  rewind();
}

void Desk::rewind() {
  state_ = support::copied(made_);
  now_ns_ = made_ns_;
  keys_.go_back_to(made_keys_);
  entropy_.begin_anew();
  maker_.emplace(keys_, entropy_);
  records_.resize(made_.seq());
}

const domain::Operator& Desk::owner() const { return *state_.tables().find_operator("root"); }

Outcome Desk::take(std::span<const std::byte> payload, const domain::Operator& asker) {
  auto opened = service::open_message<schema::CommandMessage>(
      payload, schema::command_message_identifier, service::command_limits);
  if (!opened) return Outcome::malformed;
  CommandTask task(std::move(*opened));
  if (!maker_->take_apart(task)) return Outcome::malformed;
  // Whoever reads on reads what is left after the secrets were wiped.
  walk_as<schema::CommandMessage>(task.message.bytes());
  if (!passes(*task.message, asker)) return Outcome::refused;
  now_ns_ += second_ns;
  if (!maker_->prepare(task, state_, now_ns_)) return Outcome::refused;
  return decide(task, asker);
}

bool Desk::passes(const schema::CommandMessage& message, const domain::Operator& asker) const {
  if (!domain::message_problems(message).empty()) return false;
  return std::ranges::all_of(*message.commands(), [&](const schema::Command* command) {
    return command->body() != nullptr && !service::refusal(asker, command->body_type());
  });
}

Outcome Desk::decide(CommandTask& task, const domain::Operator& asker) {
  const State before = support::copied(state_);
  const auto bytes_before = canonical(before);
  const domain::Context context{now_ns_, &asker, &*task.message};
  Draft draft = domain::decide_message(state_, context, task.materials);
  State other = support::copied(before);
  require(same(domain::decide_message(other, context, task.materials), draft));
  const bool refused = !draft.is_fact() && !draft.problems.empty();
  if (refused || task.message->dry_run()) {
    if (!refused) state_.revert(draft.changes);
    maker_->give_back_keys(task);
    require(canonical(state_) == bytes_before);
    require(domain::check_invariants(state_).empty());
    return refused ? Outcome::refused : Outcome::would_be;
  }
  if (task.jobs.empty() && carries_password(task)) {
    state_.revert(draft.changes);
    require(canonical(state_) == bytes_before);
    task.jobs = maker_->hash_jobs(task, state_, now_ns_);
    require(!task.jobs.empty());
    for (const service::HashJob& job : task.jobs)
      if (!maker_->run(task, job, least_cost)) return Outcome::refused;
    return decide(task, asker);
  }
  if (!draft.is_fact()) return Outcome::refused;
  return record(task, std::move(draft), context, before);
}

Outcome Desk::record(CommandTask& task, Draft draft, const domain::Context& context,
                     const State& before) {
  const domain::StoredRecord sealed = domain::seal_record(
      draft, state_, context, {service::hash_of_contents(keys_, task), task.signed_message});
  const auto bytes = std::as_bytes(std::span(sealed.data(), sealed.size()));
  State replayed = support::copied(before);
  domain::RecordGate gate;
  domain::Changes changes;
  const auto folded = domain::fold(replayed, gate, bytes, changes);
  if (!folded) std::fprintf(stderr, "%s\n", folded.error().sentence.c_str());
  require(folded.has_value());
  require(canonical(replayed) == canonical(state_));
  require(replayed.seq() == state_.seq() && replayed.time_ns() == state_.time_ns());
  require(replayed.owner_count() == state_.owner_count() && state_.owner_count() > 0);
  require(domain::check_invariants(state_).empty());
  require(domain::check_invariants(replayed).empty());
  check_seals(draft.changes);
  const service::Message receipt =
      service::receipt_of({sealed.data(), sealed.size()}, task.made_keys);
  require(receipt.size() > 0);
  records_.emplace_back(bytes.begin(), bytes.end());
  return Outcome::recorded;
}

/// U11: what was sealed for a user opens with that user's key, and goes when it is erased.
void Desk::check_seals(const domain::Changes& changes) const {
  for (const domain::Change<domain::User>& change : changes.users) {
    const domain::User& user = *state_.tables().find_user(change.after->id);
    if (domain::is_erased(user)) {
      require(user.sealed_profile == nullptr && user.sealed_password == nullptr);
      continue;
    }
    require(service::open_profile(keys_, user).has_value());
    if (user.sealed_password == nullptr) continue;
    const auto key = keys_.user_key(service::slot_of(user.key));
    require(service::open_password_hash(*key, user.id, *user.sealed_password).has_value());
  }
}

const Desk& prepared() {
  static const Desk desk;
  return desk;
}

std::vector<std::byte> packed(const schema::CommandMessageT& message) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CommandMessage::Pack(builder, &message),
                 schema::command_message_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::vector<schema::CommandMessageT> first_messages() {
  using namespace support;
  std::vector<schema::CommandMessageT> messages;
  const auto add = [&](schema::CommandMessageT message) {
    message.id = std::make_unique<schema::Uuid>(made_id(1'000 + messages.size()));
    messages.push_back(std::move(message));
  };
  for (const char* alias : {"acme", "other"}) add(create_tenant(alias));
  for (const char* name : {"bob", "eve", "dan", "cid"}) add(create_user("acme", name));
  add(create_user("other", "bob"));
  for (const char* name : {"bob", "eve"}) add(reset_password("acme", name, "s3cret-one"));
  add(add_grant("acme", "bob", schema::Effect::allow, "read", "table/a"));
  add(add_grant("acme", "bob", schema::Effect::deny, "*", "table/a/*/c"));
  add(command_message("acme", "dan", schema::TrashUserT()));
  add(command_message("acme", "cid", schema::LockUserT()));
  const std::vector<std::uint8_t> key(32, 9);
  add(add_operator("ann", schema::Role::administrator, key));
  return messages;
}

}  // namespace postern::fuzz
