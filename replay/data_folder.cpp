#include "replay/data_folder.h"

#include <string>

#include "daemon/journal/anchor.h"
#include "daemon/platform/data_format.h"

namespace postern::replay {

namespace {

Failure unfit(const domain::Unfit& why, std::uint64_t seq) {
  return {why.newer ? FailureKind::configuration : FailureKind::damaged,
          "the journal cannot be folded at record " + std::to_string(seq) + ": " + why.sentence,
          why.newer ? "Use the version of Postern that wrote it, or a newer one."
                    : "Restore from a backup; keep the damaged folder for inquiry."};
}

}  // namespace

Expected<DataFolder> DataFolder::open(std::filesystem::path path) {
  if (const auto checked = platform::check_data_folder(path); !checked)
    return std::unexpected(checked.error());
  auto lock = platform::FolderLock::share(path);
  if (!lock) return std::unexpected(lock.error());
  return DataFolder(std::move(path), *std::move(lock));
}

std::optional<std::uint64_t> DataFolder::anchored_seq() const {
  const auto heads = journal::AnchorFile::read(path_ / "journal" / "anchor");
  if (!heads) return std::nullopt;
  return heads->back().seq;
}

Expected<std::optional<journal::Head>> DataFolder::read(
    domain::State& state, Progress& progress, const std::function<Rest(const Step&)>& on_step,
    const std::function<void(const journal::Journal&)>& on_whole) const {
  const std::uint64_t last = anchored_seq().value_or(0);
  domain::RecordGate gate;
  domain::Changes changes;
  Rest rest = Rest::fold;
  const auto take = [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
    progress.at(seq, last);
    if (rest == Rest::read) return {};
    changes = {};
    const auto record = domain::fold(state, gate, bytes, changes);
    if (!record) return std::unexpected(unfit(record.error(), seq));
    rest = on_step({**record, state, changes});
    if (rest == Rest::leave) return std::unexpected(Failure{});
    return {};
  };
  const auto journal = journal::read_leveldb_journal(path_ / "journal", take);
  if (rest == Rest::leave) return std::nullopt;
  if (!journal) return std::unexpected(journal.error());
  const journal::Head head = (*journal)->head();
  if (head.seq == 0)
    return std::unexpected(Failure{
        FailureKind::damaged, "the journal is empty, though every journal begins with its owner",
        "Restore from a backup; keep the damaged folder for inquiry."});
  if (on_whole) on_whole(**journal);
  return head;
}

}  // namespace postern::replay
