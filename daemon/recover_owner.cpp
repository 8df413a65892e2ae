#include "daemon/recover_owner.h"

#include <algorithm>

#include "daemon/credential/sealing.h"
#include "daemon/data_folder.h"
#include "daemon/key_file.h"
#include "daemon/service/draft.h"
#include "schema/identifiers.h"

namespace postern {

namespace {

schema::CommandMessageT message_for(const OwnerRecovery& wanted, const transport::CurveKey& key,
                                    const domain::State& state, const schema::Uuid& id) {
  auto standing = std::make_unique<schema::OperatorStandingT>();
  const auto* data = reinterpret_cast<const std::uint8_t*>(key.data());
  standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
      ->bytes.assign(data, data + key.size());
  const domain::Operator* known = state.tables().find_operator(wanted.name);
  const domain::Operator* holder =
      state.tables().find_identity(domain::identity_of_uid(wanted.uid));
  if (holder == nullptr || holder == known) standing->uid = wanted.uid;
  standing->all_tenants = true;
  schema::CommandMessageT message;
  message.id = std::make_unique<schema::Uuid>(id);
  message.reason = "recovered offline";
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  const auto fill = [&](auto body) {
    body.name = wanted.name;
    body.role = schema::Role::owner;
    body.standing = std::move(standing);
    command->body.Set(std::move(body));
  };
  if (known != nullptr)
    fill(schema::ChangeOperatorT());
  else
    fill(schema::AddOperatorT());
  return message;
}

Failure refused(const std::vector<schema::ProblemT>& problems) {
  std::string sentence = "the owner cannot be recovered:";
  for (const schema::ProblemT& problem : problems)
    sentence += " " + printable(problem.field + ": " + problem.sentence, 300);
  return {FailureKind::usage, std::move(sentence), problems.front().remedy};
}

}  // namespace

Expected<> recover_owner(const OwnerRecovery& wanted, const platform::Clock& clock,
                         platform::Entropy& entropy) {
  OpenOptions options;
  options.anchor = journal::AnchorPolicy::before_acknowledgement;
  auto data = open_data_folder(wanted.folder, options, clock, entropy);
  if (!data) return std::unexpected(data.error());
  const auto pair = transport::make_curve_key_pair();
  const schema::Uuid id = fresh_id(clock, entropy);
  const schema::CommandMessageT native = message_for(wanted, pair.public_key, data->state, id);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateCommandMessage(builder, &native),
                 schema::command_message_identifier);
  domain::Operator recorder;
  recorder.id = domain::daemon_operator;
  recorder.role = schema::Role::daemon;
  recorder.all_tenants = true;
  const domain::Context context{
      std::max(clock.now_ns(), data->state.time_ns()), &recorder,
      flatbuffers::GetRoot<schema::CommandMessage>(builder.GetBufferPointer())};
  domain::Material material;
  material.new_id = fresh_id(clock, entropy);
  service::Draft draft = service::decide_message(data->state, context, {&material, 1});
  if (!draft.problems.empty()) return std::unexpected(refused(draft.problems));
  const auto hash = credential::hash_contents(
      data->keys->own_key("contents-hash"),
      std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  const journal::Head head = data->journal->head();
  const service::Message record = service::seal_record(draft, data->state, context, {hash});
  const DataPaths paths(wanted.folder);
  if (auto written =
          write_key_file(wanted.owner_key.empty() ? paths.owner_key() : wanted.owner_key, pair);
      !written)
    return written;
  const journal::View view = std::as_bytes(std::span(record.data(), record.size()));
  if (auto appended = data->journal->append(head.seq, {&view, 1}); !appended) return appended;
  return data->journal->close();
}

}  // namespace postern
