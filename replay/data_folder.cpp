#include "replay/data_folder.h"

#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/data_format.h"

namespace postern::replay {

Failure unfit(const domain::Unfit& why, std::uint64_t seq) {
  return {why.newer ? FailureKind::configuration : FailureKind::damaged,
          "the journal cannot be folded at record " + std::to_string(seq) + ": " + why.sentence,
          why.newer ? "Use the version of Postern that wrote it, or a newer one."
                    : "Restore from a backup; keep the damaged folder for inquiry."};
}

Expected<DataFolder> DataFolder::open(std::filesystem::path path) {
  if (const auto checked = platform::check_data_folder(path); !checked)
    return std::unexpected(checked.error());
  auto lock = platform::FolderLock::share(path);
  if (!lock) return std::unexpected(lock.error());
  return DataFolder(std::move(path), *std::move(lock));
}

std::optional<std::uint64_t> DataFolder::anchored_seq() const {
  if (is_bundle()) return std::nullopt;
  return journal::anchored_seq(path_ / "journal");
}

std::unique_ptr<data::Snapshot> DataFolder::snapshot(const Reaches& reaches,
                                                     std::ostream& talk) const {
  std::error_code error;
  if (is_bundle() || !std::filesystem::exists(keys(), error)) return nullptr;
  const auto files = data::snapshots_in(path_ / "snapshots");
  if (files.empty()) return nullptr;
  platform::SystemEntropy entropy;
  const auto store = credential::KeyStore::open(keys(), entropy);
  if (!store) return nullptr;
  const auto signer =
      credential::signing_public_key((*store)->own_key(credential::OwnKey::checkpoint_signing));
  for (const auto& file : files) {
    const auto head = data::read_snapshot_head(file, signer);
    if (head && !reaches(head->journal.seq, head->place.time_ns)) continue;
    auto made = head ? data::read_snapshot(file, data::folding_program(), signer)
                     : std::unexpected(head.error());
    if (made) return std::make_unique<data::Snapshot>(std::move(*made));
    talk << "postern-replay: the snapshot " << printable(file.filename().string())
         << " is passed over: " << made.error().sentence << '\n';
  }
  return nullptr;
}

Expected<std::optional<DataFolder::Proved>> DataFolder::read(domain::State& state,
                                                             Progress& progress,
                                                             const Reading& reading) const {
  const std::uint64_t last = anchored_seq().value_or(0);
  domain::RecordGate gate;
  domain::Changes changes;
  Rest rest = Rest::fold;
  const auto take = [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
    progress.at(seq, last);
    if (rest == Rest::read && !reading.is_wanted) return {};
    const auto record = gate.open(bytes);
    if (!record) return std::unexpected(unfit(record.error(), seq));
    if (reading.is_wanted && !reading.is_wanted(**record)) rest = Rest::read;
    if (rest == Rest::read) return {};
    changes = {};
    if (const auto folded = domain::fold(state, **record, changes); !folded)
      return std::unexpected(unfit(folded.error(), seq));
    rest = reading.on_step({**record, state, changes});
    if (rest == Rest::leave) return std::unexpected(Failure{});
    return {};
  };
  Proved proved;
  if (is_bundle()) {
    auto bundle = journal::read_bundle(path_, take);
    if (rest == Rest::leave) return std::nullopt;
    if (!bundle) return std::unexpected(bundle.error());
    proved.journal = std::move(bundle->journal);
    proved.checkpoint = std::move(bundle->checkpoint);
    proved.note = std::move(bundle->note);
    proved.verifier_key = std::move(bundle->verifier_key);
  } else {
    const auto known = reading.known == nullptr
                           ? std::nullopt
                           : std::optional(journal::KnownRecords{
                                 reading.known->journal, reading.known->blocks, {}});
    auto opened = journal::read_journal(path_ / "journal", take, known ? &*known : nullptr);
    if (rest == Rest::leave) return std::nullopt;
    if (!opened) return std::unexpected(opened.error());
    proved.journal = std::move(*opened);
  }
  proved.head = proved.journal->head();
  if (proved.head.seq == 0)
    return std::unexpected(Failure{
        FailureKind::damaged, "the journal is empty, though every journal begins with its owner",
        "Restore from a backup; keep the damaged folder for inquiry."});
  if (reading.on_whole) reading.on_whole(*proved.journal);
  return proved;
}

}  // namespace postern::replay
