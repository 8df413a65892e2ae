#include "daemon/view/supposition.h"

#include "daemon/domain/profile.h"
#include "schema/text_view.h"

namespace postern::view {

namespace {

using schema::view_of;

/// Ids of version 0, which nobody else gives.
domain::Uuid supposed_id(flatbuffers::uoffset_t index) {
  return {~std::uint64_t{0xf000}, std::uint64_t{index} + 1};
}

/// Stands for a hash that is never made, and for what nobody will open.
const domain::Bytes no_hash{0};

template <class Body>
void take_password(const Body* body, domain::Material& material) {
  if (body == nullptr || view_of(body->password()).empty()) return;
  material.password = view_of(body->password());
  if (body->password_confirmation() != nullptr)
    material.password_confirmation = view_of(body->password_confirmation());
  material.sealed_password = no_hash;
}

/// The user whom a key is for: one who is there, or whom a command before makes.
domain::Uuid key_owner(const domain::State& state, const Supposed& supposed,
                       flatbuffers::uoffset_t index) {
  const auto& commands = *supposed.message.commands();
  const std::string_view name = view_of(commands[index]->user());
  for (flatbuffers::uoffset_t place = index; place-- > 0;)
    if (const auto* create = commands[place]->body_as_CreateUser())
      if (domain::equal_names(view_of(create->username()), name)) return supposed_id(place);
  const auto* tenant =
      domain::find_tenant_in_scope(state, supposed.asker, view_of(supposed.message.tenant()));
  const auto* user =
      tenant == nullptr ? nullptr : domain::find_target(state, *tenant, *commands[index]);
  return user == nullptr ? domain::Uuid() : user->id;
}

domain::Material material_of(const domain::State& state, const Supposed& supposed,
                             flatbuffers::uoffset_t index) {
  const schema::Command& command = *supposed.message.commands()->Get(index);
  domain::Material material;
  material.new_id = supposed_id(index);
  material.name_part = "supposed" + std::to_string(1'000 + index);
  take_password(command.body_as_CreateUser(), material);
  take_password(command.body_as_ResetPassword(), material);
  take_password(command.body_as_RotatePassword(), material);
  take_password(command.body_as_ChangePassword(), material);
  if (const auto* change = command.body_as_ChangePassword()) {
    material.current_password = view_of(change->current_password());
    material.current_password_right = true;
  }
  if (const auto* change = command.body_as_SetProfile()) {
    schema::PersonalT personal;
    domain::change_personal(personal, *change);
    material.profile_change = {domain::size_of(personal), true};
  }
  if (command.body_type() == schema::CommandBody::CreateKey)
    material.key_of = key_owner(state, supposed, index);
  return material;
}

/// What another owns too.
template <class Entry>
domain::Owned<Entry> borrowed(const Entry& entry) {
  return domain::Owned<Entry>(&entry);
}

}  // namespace

std::expected<domain::Changes, std::vector<schema::ProblemT>> suppose(domain::State& state,
                                                                      const Supposed& supposed) {
  auto problems = domain::message_problems(supposed.message);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  std::vector<domain::Material> materials;
  for (flatbuffers::uoffset_t index = 0; index < supposed.message.commands()->size(); ++index)
    materials.push_back(material_of(state, supposed, index));
  domain::Draft draft = domain::decide_message(
      state, {supposed.now_ns, &supposed.asker, &supposed.message}, materials, supposed.place);
  if (draft.problems.empty()) return std::move(draft.changes);
  // A refusal that is itself a fact has left it.
  state.revert(draft.changes);
  return std::unexpected(std::move(draft.problems));
}

domain::State state_of(const View& view, const domain::Tenant& tenant, domain::Seq seq,
                       std::int64_t time_ns) {
  domain::State state;
  domain::Changes changes;
  const View::Tables& tables = view.tables();
  state.replace(borrowed(tenant), changes);
  tables.for_each_user([&](const domain::User& user) {
    if (user.tenant == tenant.id) state.replace(borrowed(user), changes);
  });
  tables.for_each_operator(
      [&](const domain::Operator& entry) { state.replace(borrowed(entry), changes); });
  for (const auto& ranges : tables.providers())
    if (ranges != nullptr) state.replace(domain::Owned<domain::ProviderRanges>(ranges), changes);
  state.close_record(seq, time_ns, &tenant.id);
  return state;
}

}  // namespace postern::view
