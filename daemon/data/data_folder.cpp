#include "daemon/data/data_folder.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "daemon/credential/curve.h"
#include "daemon/credential/sealed_key_folder.h"
#include "daemon/credential/secret.h"
#include "daemon/credential/signature.h"
#include "daemon/data/folder_making.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/data/folding.h"
#include "daemon/data/key_file.h"
#include "daemon/data/server_keys.h"
#include "daemon/data/snapshot.h"
#include "daemon/domain/checkpoint_names.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/message.h"
#include "daemon/domain/prefetch.h"
#include "daemon/platform/all_processors.h"
#include "daemon/platform/data_format.h"
#include "daemon/platform/files.h"
#include "daemon/platform/folder_guard.h"
#include "daemon/platform/system_failure.h"

namespace postern::data {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t progress_interval = 250'000;
constexpr auto signing_key = snapshot_key;

/// The journal's first record: that it was made, and who owns it.
domain::StoredRecord first_record(const NewFolder& wanted, const credential::CurveKey& owner_key,
                                  const platform::Clock& clock, platform::Entropy& entropy) {
  const domain::OwnMessage message(fresh_id(clock, entropy));
  std::vector<schema::EventT> facts(2);
  schema::JournalCreatedT created;
  created.installation = std::make_unique<schema::Uuid>(fresh_id(clock, entropy));
  created.program_version = POSTERN_VERSION;
  facts.front().body.Set(std::move(created));
  schema::OperatorAddedT owner;
  owner.operator_id = std::make_unique<schema::Uuid>(fresh_id(clock, entropy));
  owner.name = "owner";
  owner.role = schema::Role::owner;
  owner.standing = std::make_unique<schema::OperatorStandingT>();
  auto& key = owner.standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>());
  const auto* data = reinterpret_cast<const std::uint8_t*>(owner_key.data());
  key->bytes.assign(data, data + owner_key.size());
  owner.standing->uid = wanted.owner_uid;
  owner.standing->all_tenants = true;
  facts.back().body.Set(std::move(owner));
  domain::State empty;
  const domain::Context context = message.context(empty, clock.now_ns());
  domain::Draft draft = domain::draft_of(empty, context, std::move(facts));
  return domain::seal_record(draft, empty, context);
}

Expected<> begin_journal(const DataPaths& paths, const domain::StoredRecord& record) {
  auto opened = make_journal(paths);
  if (!opened) return std::unexpected(opened.error());
  const journal::View view = std::as_bytes(std::span(record.data(), record.size()));
  if (auto appended = (*opened)->append(0, {&view, 1}); !appended) return appended;
  return (*opened)->close();
}

/// Of checkpoints of the journal as far as it was folded.
journal::Verifier signer_of(const OpenedData& data) {
  return {domain::checkpoint_name(data.installation, data.state.tables().copies().get()),
          credential::signing_public_key(data.keys->own_key(signing_key))};
}

/// Refuses a journal that is not the one which was signed for.
Expected<std::unique_ptr<journal::CheckpointKeeper>> open_checkpoints(
    const DataPaths& paths, const OpenedData& data, const platform::Clock& clock) {
  const credential::Key& key = data.keys->own_key(signing_key);
  return journal::CheckpointKeeper::open(
      {paths.checkpoint(), signer_of(data),
       [&key](journal::View text) { return credential::sign(key, text); }, *data.journal, clock});
}

// ---- opening

/// What a snapshot says of the journal, and what was signed about it.
journal::KnownRecords known_by(const SnapshotHead& head, const DataPaths& paths,
                               const OpenedData& data) {
  journal::KnownRecords known{head.journal, head.blocks, {}};
  const auto note = platform::read_file(paths.checkpoint());
  if (!note) return known;
  const std::string_view text(reinterpret_cast<const char*>(note->data()), note->size());
  if (const auto checkpoint = journal::open_note(text, signer_of(data)))
    known.promised.push_back(checkpoint->head);
  return known;
}

Expected<> check_first_record(const journal::Journal& journal, const schema::Uuid& installation) {
  const auto bytes = journal::read_one(journal, 1);
  if (!bytes) return std::unexpected(bytes.error());
  domain::RecordGate gate;
  const auto record = gate.open(*bytes);
  if (record && installation_of(**record).value_or(schema::Uuid()) == installation) return {};
  return std::unexpected(
      Failure{FailureKind::damaged, "the journal is another installation's", ""});
}

/// One data folder, opened from a snapshot or from the journal alone.
class Opening {
 public:
  Opening(const DataPaths& paths, const OpenOptions& options, const platform::Clock& clock,
          OpenedData& data)
      : paths_(paths), options_(options), clock_(clock), data_(data) {}

  Expected<> from_newest() {
    if (auto opened = from_any(); !opened) return opened;
    if (!options_.from_snapshot)
      if (auto sound = check_state(data_.state); !sound) return sound;
    const auto checked = check_folder_proofs(
        paths_.root,
        {data_.installation, data_.state.tables().copies().get(), signer_of(data_).key},
        *data_.journal);
    if (!checked) return std::unexpected(checked.error());
    return {};
  }

 private:
  Expected<> from_any() {
    if (options_.from_snapshot) {
      remove_unfinished_snapshots(paths_.snapshots());
      for (const fs::path& file : snapshots_in(paths_.snapshots())) {
        const auto opened = from_snapshot(file);
        if (opened) return {};
        clear();
        if (options_.passed_over)
          options_.passed_over(
              {opened.error().kind,
               printable(file.filename().native(), 80) + ": " + opened.error().sentence,
               opened.error().remedy});
      }
    }
    return from_journal(nullptr);
  }

  Expected<> from_snapshot(const fs::path& file) {
    const auto signer = credential::signing_public_key(data_.keys->own_key(signing_key));
    auto snapshot = read_snapshot(file, folding_program(), signer);
    if (!snapshot) return std::unexpected(snapshot.error());
    SnapshotHead& head = snapshot->head;
    // K1: of an id that may come now it could not tell whether it acted. So it is too where the
    // clock that made it was ahead of this one.
    if (head.ids_since_ms > now_ms_ + options_.window.ahead_ms - options_.window.behind_ms)
      return std::unexpected(Failure{FailureKind::configuration,
                                     "it remembers command ids for less long than is asked", ""});
    if (clock_.now_ns() - head.read_whole_ns > read_whole_again_ns)
      return std::unexpected(
          Failure{FailureKind::configuration,
                  "for a week not every byte of the journal was read, which is done now", ""});
    data_.state = std::move(snapshot->state);
    data_.past.take(std::move(head.past));
    data_.installation = head.installation;
    data_.ids.begin_at(head.ids_since_ms);
    for (const auto& [operator_id, id, seq] : snapshot->ids)
      data_.ids.remember(operator_id, id, seq);
    data_.snapshot_seq = head.journal.seq;
    data_.read_whole_ns = head.read_whole_ns;
    const journal::KnownRecords known = known_by(head, paths_, data_);
    return from_journal(&known);
  }

  /// Whatever a failed one has left.
  void clear() {
    data_.checkpoints.reset();
    data_.journal.reset();
    data_.state = {};
    data_.past = {};
    data_.ids = domain::CommandIds(options_.window);
    data_.snapshot_seq = 0;
  }

  Expected<> from_journal(const journal::KnownRecords* known) {
    if (known == nullptr) data_.read_whole_ns = clock_.now_ns();
    Folding folding({data_.state, data_.past, data_.ids, data_.installation}, now_ms_);
    auto opened = journal::open_journal(
        {paths_.journal(), options_.anchor},
        [&](std::uint64_t seq, journal::View bytes) {
          if (options_.progress && seq % progress_interval == 0) options_.progress(seq);
          return folding.take(seq, bytes);
        },
        known);
    // What is wrong with an earlier record is told first.
    if (auto folded = folding.finish(); !folded) return folded;
    if (!opened) return std::unexpected(opened.error());
    data_.journal = std::move(*opened);
    data_.ids.forget_before(now_ms_);
    if (data_.journal->head().seq == 0)
      return std::unexpected(Failure{
          FailureKind::damaged, "the journal is empty, though every journal begins with its owner",
          "Restore from a backup; keep the damaged folder for inquiry."});
    if (known != nullptr)
      if (auto same = check_first_record(*data_.journal, data_.installation); !same) return same;
    if (auto confirmed = confirm_keys(data_.state, *data_.keys); !confirmed) return confirmed;
    auto checkpoints = open_checkpoints(paths_, data_, clock_);
    if (!checkpoints) return std::unexpected(checkpoints.error());
    data_.checkpoints = std::move(*checkpoints);
    return {};
  }

  const DataPaths& paths_;
  const OpenOptions& options_;
  const platform::Clock& clock_;
  OpenedData& data_;
  const std::int64_t now_ms_ = clock_.now_ns() / 1'000'000;
};

}  // namespace

schema::Uuid fresh_id(const platform::Clock& clock, platform::Entropy& entropy) {
  std::array<std::uint64_t, 2> random{};
  entropy.fill(std::as_writable_bytes(std::span(random)));
  return domain::uuid_v7(clock.now_ns() / 1'000'000, random);
}

/// Of a folder whose marker is there: what is missing in it was there.
Failure lacking(Failure failure) {
  if (failure.kind == FailureKind::missing) failure.kind = FailureKind::damaged;
  return failure;
}

Expected<std::unique_ptr<journal::Journal>> make_journal(const DataPaths& paths) {
  const journal::JournalOptions options{paths.journal(),
                                        journal::AnchorPolicy::before_acknowledgement};
  if (auto made = journal::create_journal(options); !made) return std::unexpected(made.error());
  return journal::open_journal(options, [](std::uint64_t, journal::View) { return Expected<>(); });
}

Failure unfit(std::string_view what, std::uint64_t seq, const domain::Unfit& why,
              std::string remedy) {
  return {
      why.newer ? FailureKind::configuration : FailureKind::damaged,
      std::string(what) + " cannot be folded at record " + std::to_string(seq) + ": " +
          why.sentence,
      why.newer ? "Use the version of Postern that wrote it, or a newer one." : std::move(remedy)};
}

namespace {

/// What confirming the keys of some users came to.
struct Confirmed {
  /// Of erased users whose keys are there.
  std::vector<credential::KeySlot> unfinished;
  /// The first by its place.
  std::optional<std::pair<credential::KeySlot, Failure>> wrong;

  void take(const domain::User& user, credential::KeyStore& keys) {
    const credential::KeySlot slot{user.key.file, user.key.slot};
    credential::Commitment commitment;
    std::memcpy(commitment.data(), user.key.commitment.data(), commitment.size());
    const auto found = [&]() -> Expected<> {
      if (!domain::is_erased(user)) return keys.confirm_used(slot, commitment);
      const auto is_there = keys.confirm_erased(slot, commitment);
      if (!is_there) return std::unexpected(is_there.error());
      if (*is_there) unfinished.push_back(slot);
      return {};
    }();
    if (!found && (!wrong || slot < wrong->first)) wrong.emplace(slot, found.error());
  }
  void take(Confirmed other) {
    unfinished.insert(unfinished.end(), other.unfinished.begin(), other.unfinished.end());
    if (other.wrong && (!wrong || other.wrong->first < wrong->first))
      wrong = std::move(other.wrong);
  }
};

}  // namespace

Expected<> confirm_keys(const domain::State& state, credential::KeyStore& keys) {
  std::vector<const domain::User*> users;
  users.reserve(state.tables().live_user_count());
  state.tables().for_each_user([&](const domain::User& user) { users.push_back(&user); });
  constexpr std::size_t step = 4'096;
  // Far enough ahead that a user has come when it is looked at.
  constexpr std::size_t ahead = 16;
  std::vector<Confirmed> confirmed((users.size() + step - 1) / step);
  platform::do_pieces(confirmed.size(), [&](std::size_t piece) {
    const std::size_t end = std::min((piece + 1) * step, users.size());
    for (std::size_t place = piece * step; place < end; ++place) {
      if (place + ahead < users.size())
        domain::fetch_ahead(users[place + ahead], sizeof(domain::User));
      confirmed[piece].take(*users[place], keys);
    }
  });
  Confirmed all;
  for (Confirmed& one : confirmed) all.take(std::move(one));
  if (all.wrong) return std::unexpected(all.wrong->second);
  std::ranges::sort(all.unfinished);
  return all.unfinished.empty() ? Expected<>() : keys.erase(all.unfinished);
}

Expected<> make_data_folder(const NewFolder& wanted, const platform::Clock& clock,
                            platform::Entropy& entropy) {
  auto making = FolderMaking::begin(wanted.folder);
  if (!making) return std::unexpected(making.error());
  const DataPaths paths = making->paths();
  auto owner_file =
      NewKeyFile::create(wanted.owner_key.empty() ? paths.owner_key() : wanted.owner_key);
  if (!owner_file) return std::unexpected(owner_file.error());
  const auto owner = credential::make_curve_key_pair();
  if (auto made = credential::KeyStore::create(paths.keys(), entropy); !made) return made;
  if (auto made = begin_journal(paths, first_record(wanted, owner.public_key, clock, entropy));
      !made)
    return made;
  auto keys = credential::KeyStore::open(paths.keys(), entropy);
  if (!keys) return std::unexpected(keys.error());
  if (auto made = write_server_key(paths, **keys); !made) return made;
  if (auto made = owner_file->write(owner); !made) return made;
  if (auto made = making->finish(); !made) return made;
  owner_file->keep();
  return {};
}

Expected<OpenedData> open_data_folder(const fs::path& folder, const OpenOptions& options,
                                      const platform::Clock& clock, platform::Entropy& entropy) {
  const DataPaths paths(folder);
  if (auto checked = platform::check_data_folder(folder); !checked)
    return std::unexpected(checked.error());
  if (auto guarded = platform::check_folder_guards(folder); !guarded)
    return std::unexpected(guarded.error());
  auto lock = platform::FolderLock::take(folder);
  if (!lock) return std::unexpected(lock.error());
  platform::Reserve reserve(paths.reserve(), options.disk_reserve_bytes);
  if (const auto free = reserve.free(); !free || *free < options.disk_floor_bytes)
    if (auto given = reserve.give_up(); !given) return std::unexpected(given.error());
  auto keys = credential::KeyStore::open(paths.keys(), entropy);
  if (!keys) return std::unexpected(lacking(keys.error()));
  OpenedData data{
      std::move(*lock),   std::move(*keys), nullptr, {}, domain::CommandIds(options.window), {},
      std::move(reserve), nullptr};
  if (auto opened = Opening(paths, options, clock, data).from_newest(); !opened)
    return std::unexpected(lacking(opened.error()));
  data.keys->end_confirming();
  if (auto sealed = credential::seal_root(paths.keys(), entropy); !sealed)
    return std::unexpected(sealed.error());
  return data;
}

}  // namespace postern::data
