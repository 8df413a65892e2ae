#include "daemon/offline/restore.h"

#include <algorithm>

#include "backup_generated.h"
#include "daemon/credential/key_copy.h"
#include "daemon/credential/secret.h"
#include "daemon/credential/signature.h"
#include "daemon/data/data_folder.h"
#include "daemon/data/folder_making.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/data/key_file.h"
#include "daemon/data/server_keys.h"
#include "daemon/domain/checkpoint_names.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/message.h"
#include "daemon/journal/bundle.h"
#include "daemon/platform/message_file.h"
#include "daemon/platform/require.h"
#include "schema/identifiers.h"

namespace postern::offline {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t keys_part_bytes_max = std::size_t{2} << 20U;
constexpr std::size_t group_records = 1'000;
constexpr std::size_t group_bytes = std::size_t{4} << 20U;

/// The opened parts of a copy of the keys; wiped when they go.
struct KeyParts {
  std::vector<std::vector<std::byte>> opened;

  KeyParts() = default;
  KeyParts(KeyParts&&) = default;
  KeyParts& operator=(KeyParts&&) = delete;
  ~KeyParts() {
    for (auto& part : opened) credential::wipe(part);
  }
};

Failure bad_keys(const fs::path& file, const std::string& what) {
  return {FailureKind::damaged,
          "the copy of the keys " + printable(file.string(), 400) + " is damaged: " + what,
          "Use another copy, or make it anew: postern backup keys."};
}

Expected<KeyParts> read_key_parts(const fs::path& file, const credential::Key& identity) {
  auto messages = platform::MessageFile::open(file, keys_part_bytes_max);
  if (!messages) return std::unexpected(messages.error());
  const credential::Recipient holder = credential::recipient_of(identity);
  KeyParts parts;
  std::uint32_t count = 1;
  for (std::uint32_t place = 0; place < count; ++place) {
    const std::string part_name = "part " + std::to_string(place);
    const auto bytes = messages->next();
    if (!bytes && bytes.error().kind == FailureKind::damaged)
      return std::unexpected(bad_keys(file, bytes.error().sentence));
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return std::unexpected(bad_keys(file, part_name + " is missing"));
    flatbuffers::Verifier verifier(bytes->data(), bytes->size());
    if (!verifier.VerifyBuffer<schema::KeysPart>(schema::keys_part_identifier))
      return std::unexpected(bad_keys(file, part_name + " is not as it was written"));
    const auto* part = flatbuffers::GetRoot<schema::KeysPart>(bytes->data());
    if (part->part() != place || part->sealed() == nullptr || part->recipient() == nullptr)
      return std::unexpected(bad_keys(file, part_name + " is not in its place"));
    if (!std::ranges::equal(*part->recipient(), holder))
      return std::unexpected(Failure{FailureKind::usage,
                                     "the copy of the keys was made for another recipient",
                                     "Give the key file of the recipient it was made for."});
    auto opened =
        credential::open_sealed(identity, {part->sealed()->data(), part->sealed()->size()});
    if (!opened) return std::unexpected(bad_keys(file, part_name + " cannot be opened"));
    parts.opened.push_back(std::move(*opened));
    count = std::max(count, part->part_count());
  }
  return parts;
}

/// What the bundle holds, folded.
struct Copy {
  journal::Bundle bundle;
  domain::State state;
  schema::Uuid installation;
};

Expected<Copy> read_copy(const RestoreOrder& order) {
  Copy copy{};
  domain::RecordGate gate;
  auto bundle =
      journal::read_bundle(order.bundle, [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
        domain::Changes changes{.tells_all = false};
        const auto record = domain::fold(copy.state, gate, bytes, changes);
        if (!record)
          return std::unexpected(
              data::unfit("the bundle", seq, record.error(), "Use another copy of it."));
        if (seq == 1)
          if (const auto id = data::installation_of(**record)) copy.installation = *id;
        return {};
      });
  if (!bundle) return std::unexpected(bundle.error());
  if (!order.verifier_key.empty() && order.verifier_key != bundle->verifier_key)
    return std::unexpected(Failure{
        FailureKind::damaged,
        "the bundle is signed with " + bundle->verifier_key + ", not with the key that was named",
        "Find out whose bundle it is before you trust it."});
  copy.bundle = std::move(*bundle);
  return copy;
}

/// Where keys lie: those that come back, and how many files there are.
struct KeyPlaces {
  std::vector<credential::KeySlot> used;
  std::uint32_t file_count = 0;
};

KeyPlaces places_of(const domain::State& state) {
  KeyPlaces places;
  state.tables().for_each_user([&](const domain::User& user) {
    places.file_count = std::max(places.file_count, user.key.file);
    if (!domain::is_erased(user)) places.used.push_back({user.key.file, user.key.slot});
  });
  return places;
}

Failure appended_not(const Failure& why) {
  return {why.kind, why.sentence, "Nothing is left of it: mend the cause, and restore again."};
}

/// Writes the copy's records as they are, in groups.
Expected<> write_records(const RestoreOrder& order, const journal::Journal& from,
                         journal::Journal& to) {
  const std::uint64_t all = from.head().seq;
  const auto cursor = from.read_from(1);
  std::vector<journal::Bytes> group;
  std::size_t bytes = 0;
  const auto flush = [&]() -> Expected<> {
    if (group.empty()) return {};
    const std::vector<journal::View> views(group.begin(), group.end());
    if (auto appended = to.append(to.head().seq, views); !appended)
      return std::unexpected(appended_not(appended.error()));
    group.clear();
    bytes = 0;
    if (order.progress) order.progress(to.head().seq, all);
    return {};
  };
  for (;;) {
    const auto record = cursor->next();
    if (!record) return std::unexpected(record.error());
    if (record->empty()) return flush();
    group.emplace_back(record->begin(), record->end());
    bytes += record->size();
    if (group.size() == group_records || bytes >= group_bytes)
      if (auto flushed = flush(); !flushed) return flushed;
  }
}

/// The records behind the copy's, each decided on the state that those before it left.
class RestorationRecords {
 public:
  RestorationRecords(domain::State& state, const platform::Clock& clock, platform::Entropy& entropy)
      : state_(state), clock_(clock), entropy_(entropy) {}

  void add_restored() {
    std::vector<schema::EventT> facts(1);
    schema::JournalRestoredT restored;
    restored.restoration = std::make_unique<schema::Uuid>(data::fresh_id(clock_, entropy_));
    facts.front().body.Set(std::move(restored));
    const domain::OwnMessage message(data::fresh_id(clock_, entropy_));
    const domain::Context context = message.context(state_, clock_.now_ns());
    domain::Draft draft = domain::draft_of(state_, context, std::move(facts));
    records_.push_back(domain::seal_record(draft, state_, context));
  }

  /// U11: the copy of the keys no longer has this user's, so it was erased after the records were
  /// copied, and stays so.
  void add_erased(const domain::User& user) {
    schema::CommandMessageT erase;
    erase.tenant = state_.tables().find_tenant(user.tenant)->alias;
    erase.reason = "erased after the copy was made";
    auto& command = erase.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user_id = std::make_unique<schema::Uuid>(user.id);
    command->body.Set(schema::EraseUserT());
    const domain::OwnMessage message(data::fresh_id(clock_, entropy_), std::move(erase));
    const domain::Context context = message.context(state_, clock_.now_ns());
    const domain::Material none;
    domain::Draft draft = domain::decide_message(state_, context, {&none, 1});
    require(draft.problems.empty());
    records_.push_back(domain::seal_record(draft, state_, context));
  }

  Expected<> append_to(journal::Journal& journal) const {
    std::vector<journal::View> views;
    for (const domain::StoredRecord& record : records_)
      views.push_back(std::as_bytes(std::span(record.data(), record.size())));
    if (auto appended = journal.append(journal.head().seq, views); !appended)
      return std::unexpected(appended_not(appended.error()));
    return {};
  }

 private:
  domain::State& state_;
  const platform::Clock& clock_;
  platform::Entropy& entropy_;
  std::vector<domain::StoredRecord> records_;
};

/// By id, so that a restoration is the same each time but for its own id.
std::vector<schema::Uuid> erased_since(const domain::State& state,
                                       const credential::KeyStore& keys) {
  std::vector<schema::Uuid> found;
  state.tables().for_each_user([&](const domain::User& user) {
    if (domain::is_erased(user)) return;
    const auto key = keys.user_key({user.key.file, user.key.slot});
    if (!key && key.error().kind == FailureKind::missing) found.push_back(user.id);
  });
  std::ranges::sort(found, domain::less);
  return found;
}

Expected<> write_journal(const RestoreOrder& order, const data::DataPaths& paths, const Copy& copy,
                         const RestorationRecords& behind) {
  auto opened = data::make_journal(paths);
  if (!opened) return std::unexpected(opened.error());
  journal::Journal& journal = **opened;
  if (auto written = write_records(order, *copy.bundle.journal, journal); !written) return written;
  if (journal.head() != copy.bundle.checkpoint.head)
    return std::unexpected(Failure{FailureKind::damaged, "the bundle changed while it was restored",
                                   "Nothing is left of it: restore again."});
  if (auto appended = behind.append_to(journal); !appended) return appended;
  return journal.close();
}

/// The one that checkpoints are signed with must be the one in the copy of the keys.
Expected<> check_signer(const Copy& copy, const credential::KeyStore& keys) {
  const auto signer = journal::parse_verifier(copy.bundle.verifier_key);
  require(signer.has_value());
  if (credential::signing_public_key(keys.own_key(credential::OwnKey::checkpoint_signing)) ==
      signer->key)
    return {};
  return std::unexpected(Failure{FailureKind::damaged,
                                 "the copy of the keys is of another installation than the bundle",
                                 "Give a bundle and a copy of the keys of one installation."});
}

}  // namespace

Expected<Restored> restore(const RestoreOrder& order, const platform::Clock& clock,
                           platform::Entropy& entropy) {
  auto identity = data::read_secret_key(order.identity);
  if (!identity) return std::unexpected(identity.error());
  const credential::WipeAtEnd wiping{*identity};
  const auto parts = read_key_parts(order.keys, *identity);
  if (!parts) return std::unexpected(parts.error());
  auto copy = read_copy(order);
  if (!copy) return std::unexpected(copy.error());
  auto making = data::FolderMaking::begin(order.folder);
  if (!making) return std::unexpected(making.error());
  const data::DataPaths paths = making->paths();
  const KeyPlaces places = places_of(copy->state);
  if (auto made = credential::restore_key_store(paths.keys(), parts->opened, places.used,
                                                places.file_count, entropy);
      !made)
    return std::unexpected(made.error());
  auto keys = credential::KeyStore::open(paths.keys(), entropy);
  if (!keys) return std::unexpected(keys.error());
  if (auto signs = check_signer(*copy, **keys); !signs) return std::unexpected(signs.error());
  const auto lost = erased_since(copy->state, **keys);
  RestorationRecords behind(copy->state, clock, entropy);
  behind.add_restored();
  for (const schema::Uuid& id : lost) behind.add_erased(*copy->state.tables().find_user(id));
  if (auto fit = data::confirm_keys(copy->state, **keys); !fit) return std::unexpected(fit.error());
  if (auto written = write_journal(order, paths, *copy, behind); !written)
    return std::unexpected(written.error());
  if (auto written = data::write_server_key(paths, **keys); !written)
    return std::unexpected(written.error());
  if (auto finished = making->finish(); !finished) return std::unexpected(finished.error());
  Restored done;
  done.erased_since = lost.size();
  done.copied_seq = copy->bundle.checkpoint.head.seq;
  done.time_ns = copy->bundle.checkpoint.time_ns;
  copy->state.tables().for_each_user([&](const domain::User& user) {
    ++done.users;
    done.erased += domain::is_erased(user);
  });
  done.verifier_key = journal::verifier_text(
      {domain::checkpoint_name(copy->installation, copy->state.tables().copies().get()),
       credential::signing_public_key((*keys)->own_key(credential::OwnKey::checkpoint_signing))});
  return done;
}

}  // namespace postern::offline
