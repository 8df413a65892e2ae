#include "daemon/offline/recover_owner.h"

#include <algorithm>

#include "daemon/data/data_folder.h"
#include "daemon/data/key_file.h"
#include "daemon/domain/message.h"
#include "daemon/platform/data_format.h"
#include "daemon/platform/files.h"
#include "daemon/platform/folder_guard.h"

namespace postern::offline {

namespace {

namespace fs = std::filesystem;

schema::CommandMessageT message_for(const OwnerRecovery& wanted, const credential::CurveKey& key,
                                    const domain::State& state) {
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

/// The file that is to hold the new key of the owner: one that is named must be new; the folder's
/// own is replaced, unless it holds the key of somebody else.
struct NewOwnerKey {
  data::NewKeyFile file;
  /// Where it is to go in the end; empty: it is there.
  fs::path place;
};

Failure holds_anothers(const fs::path& file, const std::string& name) {
  return {FailureKind::cannot_create,
          printable(file.native(), 4'096) + " holds the key of the operator " + printable(name, 80),
          "Move it away, or name another file with --owner-key."};
}

Expected<NewOwnerKey> begin_named_key(const fs::path& file) {
  auto made = data::NewKeyFile::create(file);
  if (!made) return std::unexpected(made.error());
  return NewOwnerKey{std::move(*made), {}};
}

Expected<NewOwnerKey> begin_own_key(const fs::path& place, const OwnerRecovery& wanted,
                                    const domain::State& state) {
  if (const auto key = data::read_public_key(place)) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(key->data());
    const domain::Operator* holder =
        state.tables().find_identity(domain::identity_of_key({bytes, key->size()}));
    if (holder != nullptr && holder->name != wanted.name)
      return std::unexpected(holds_anothers(place, holder->name));
  }
  fs::path fresh = place;
  fresh += ".new";
  std::error_code what_a_crash_left;
  fs::remove(fresh, what_a_crash_left);
  auto made = data::NewKeyFile::create(fresh);
  if (!made) return std::unexpected(made.error());
  return NewOwnerKey{std::move(*made), place};
}

/// The secret is on disk before the record is.
Expected<> record_new_key(data::OpenedData& data, const OwnerRecovery& wanted,
                          const platform::Clock& clock, platform::Entropy& entropy,
                          NewOwnerKey& key) {
  const auto pair = credential::make_curve_key_pair();
  const domain::OwnMessage message(data::fresh_id(clock, entropy),
                                   message_for(wanted, pair.public_key, data.state));
  const domain::Context context = message.context(data.state, clock.now_ns());
  domain::Material material;
  material.new_id = data::fresh_id(clock, entropy);
  domain::Draft draft = domain::decide_message(data.state, context, {&material, 1});
  if (!draft.problems.empty()) return std::unexpected(refused(draft.problems));
  const journal::Head head = data.journal->head();
  const domain::StoredRecord record = domain::seal_record(draft, data.state, context);
  if (auto written = key.file.write(pair); !written) return written;
  const journal::View view = std::as_bytes(std::span(record.data(), record.size()));
  if (auto appended = data.journal->append(head.seq, {&view, 1}); !appended) return appended;
  key.file.keep();
  if (!key.place.empty())
    if (auto placed = platform::rename_synced(key.file.path(), key.place); !placed)
      return std::unexpected(Failure{placed.error().kind, placed.error().sentence,
                                     "The new key is recorded and lies in " +
                                         printable(key.file.path().native(), 4'096) + "."});
  return data.journal->close();
}

}  // namespace

Expected<> recover_owner(const OwnerRecovery& wanted, const platform::Clock& clock,
                         platform::Entropy& entropy) {
  if (auto checked = platform::check_data_folder(wanted.folder); !checked) return checked;
  // By the caller, who may write where the folder's owner may not.
  Expected<NewOwnerKey> key = std::unexpected(Failure());
  if (!wanted.owner_key.empty()) {
    key = begin_named_key(wanted.owner_key);
    if (!key) return std::unexpected(key.error());
  }
  const auto as_owner = platform::AsOwner::of(wanted.folder);
  if (!as_owner) return std::unexpected(as_owner.error());
  data::OpenOptions options;
  options.anchor = journal::AnchorPolicy::before_acknowledgement;
  auto data = data::open_data_folder(wanted.folder, options, clock, entropy);
  if (!data) return std::unexpected(data.error());
  if (wanted.owner_key.empty())
    key = begin_own_key(data::DataPaths(wanted.folder).owner_key(), wanted, data->state);
  if (!key) return std::unexpected(key.error());
  return record_new_key(*data, wanted, clock, entropy, *key);
}

}  // namespace postern::offline
