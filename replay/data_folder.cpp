#include "replay/data_folder.h"

#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/data_format.h"
#include "replay/talk.h"

namespace postern::replay {

namespace {

Failure no_beginning(const std::filesystem::path& file, const journal::ExtractHead& head) {
  return {FailureKind::usage,
          "the extract " + printable(file.string(), 400) + " begins with record " +
              std::to_string(head.range.first_seq) +
              ", and what there was comes of all records from the first on",
          "Have an extract made without --from."};
}

/// Records folded one after the other: all of them, or those of a part.
class Folding {
 public:
  Folding(domain::State& state, const std::optional<domain::Uuid>& tenant, bool tells_all)
      : state_(state) {
    changes_.tells_all = tells_all;
    if (tenant) scope_.emplace(domain::TenantScope{{*tenant}});
  }

  std::expected<void, domain::Unfit> take(std::uint64_t seq, const schema::Record& record) {
    changes_.clear();
    if (!scope_) return domain::fold(state_, record, changes_);
    // In the whole, that no seq is missing tells as much.
    if (record.seq() != seq)
      return std::unexpected(domain::Unfit{
          false, "record " + std::to_string(record.seq()) + " stands where it does not belong"});
    return domain::fold_part(state_, record, *scope_, changes_);
  }
  const domain::Changes& changes() const { return changes_; }

 private:
  domain::State& state_;
  std::optional<domain::TenantScope> scope_;
  domain::Changes changes_;
};

}  // namespace

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
    say(talk, "the snapshot " + printable(file.filename().string()) +
                  " is passed over: " + made.error().sentence);
  }
  return nullptr;
}

Expected<std::optional<journal::ExtractHead>> DataFolder::extract_head() const {
  if (!is_bundle()) return std::nullopt;
  return journal::extract_head(path_);
}

std::uint64_t DataFolder::Proved::last_seq() const {
  return extract ? extract->head().range.last_seq : head.seq;
}

Expected<journal::Bytes> DataFolder::Proved::record(std::uint64_t seq) const {
  if (!extract) return journal::read_one(*journal, seq);
  auto found = extract->find(seq);
  if (!found) return std::unexpected(found.error());
  return std::move(found->bytes);
}

Expected<DataFolder::Proved> DataFolder::read_journal(const Take& take,
                                                      const data::SnapshotHead* head) const {
  const auto known = head == nullptr
                         ? std::nullopt
                         : std::optional(journal::KnownRecords{head->journal, head->blocks, {}});
  auto opened = journal::read_journal(path_ / "journal", take, known ? &*known : nullptr);
  if (!opened) return std::unexpected(opened.error());
  Proved proved;
  proved.journal = std::move(*opened);
  proved.head = proved.journal->head();
  return proved;
}

Expected<DataFolder::Proved> DataFolder::read_bundle(const Take& take) const {
  auto bundle = journal::read_bundle(path_, take);
  if (!bundle) return std::unexpected(bundle.error());
  Proved proved;
  proved.journal = std::move(bundle->journal);
  proved.head = proved.journal->head();
  proved.checkpoint = std::move(bundle->checkpoint);
  proved.note = std::move(bundle->note);
  proved.verifier_key = std::move(bundle->verifier_key);
  return proved;
}

Expected<DataFolder::Proved> DataFolder::read_extract(const Take& take) const {
  auto extract = journal::Extract::read(path_, take);
  if (!extract) return std::unexpected(extract.error());
  Proved proved;
  proved.head = extract->head().checkpoint.head;
  proved.checkpoint = extract->head().checkpoint;
  proved.verifier_key = extract->head().verifier_key;
  proved.extract = std::move(*extract);
  return proved;
}

Expected<std::optional<DataFolder::Proved>> DataFolder::read(domain::State& state,
                                                             Progress& progress,
                                                             const Reading& reading) const {
  std::optional<journal::ExtractHead> extract;
  // Damage in its first part is told by what reads all of it.
  if (reading.takes_extract)
    if (auto head = extract_head(); head) extract = std::move(*head);
  if (extract && extract->range.first_seq != 1)
    return std::unexpected(no_beginning(path_, *extract));
  const std::uint64_t last = anchored_seq().value_or(0);
  domain::RecordGate gate;
  Folding folding(state, extract ? extract->range.tenant : std::nullopt, reading.tells_all);
  Rest rest = Rest::fold;
  const auto take = [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
    progress.at(seq, last);
    if (rest == Rest::read && !reading.is_wanted) return {};
    const auto record = gate.open(bytes);
    if (!record) return std::unexpected(unfit(record.error(), seq));
    if (reading.is_wanted && !reading.is_wanted(**record)) rest = Rest::read;
    if (rest == Rest::read) return {};
    if (const auto folded = folding.take(seq, **record); !folded)
      return std::unexpected(unfit(folded.error(), seq));
    rest = reading.on_step({**record, state, folding.changes()});
    if (rest == Rest::leave) return std::unexpected(Failure{});
    return {};
  };
  auto proved = extract       ? read_extract(take)
                : is_bundle() ? read_bundle(take)
                              : read_journal(take, reading.known);
  if (rest == Rest::leave) return std::nullopt;
  if (!proved) return std::unexpected(proved.error());
  if (proved->head.seq == 0)
    return std::unexpected(Failure{
        FailureKind::damaged, "the journal is empty, though every journal begins with its owner",
        "Restore from a backup; keep the damaged folder for inquiry."});
  if (reading.on_whole && proved->journal) reading.on_whole(*proved->journal);
  return std::move(*proved);
}

}  // namespace postern::replay
