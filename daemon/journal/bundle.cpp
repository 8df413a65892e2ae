#include "daemon/journal/bundle.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/journal/bundle_file.h"
#include "daemon/journal/ledger.h"
#include "daemon/journal/tree_builder.h"
#include "daemon/platform/require.h"

namespace postern::journal {

namespace {

/// Where a part with records begins.
struct Place {
  std::uint64_t first_seq = 0;
  std::uint64_t offset = 0;
};

class BundleCursor final : public Cursor {
 public:
  BundleCursor(const std::filesystem::path& file, Place place, std::uint64_t skip,
               std::uint64_t left)
      : parts_(BundleFile::open(file)), skip_(skip), left_(left) {
    if (parts_) parts_->seek(place.offset);
  }

  Expected<View> next() override {
    if (!parts_) return std::unexpected(parts_.error());
    while (left_ > 0) {
      if (records_ == nullptr || place_ == records_->size()) {
        const auto part = parts_->next();
        if (!part) return std::unexpected(part.error());
        if (*part == nullptr)
          return std::unexpected(Failure{FailureKind::damaged,
                                         "the bundle grew shorter while it was read",
                                         "Use another copy of it."});
        records_ = (*part)->records();
        place_ = 0;
        continue;
      }
      const View record = view_of(records_->Get(place_++)->bytes());
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      --left_;
      return record;
    }
    return View{};
  }

 private:
  /// A file that went since it was read shows at the first record.
  Expected<BundleFile> parts_;
  std::uint64_t skip_;
  std::uint64_t left_;
  const flatbuffers::Vector<flatbuffers::Offset<schema::StoredRecord>>* records_ = nullptr;
  flatbuffers::uoffset_t place_ = 0;
};

class BundleJournal final : public Journal {
 public:
  BundleJournal(std::filesystem::path file, std::vector<Place> places, BlockTree records)
      : file_(std::move(file)), places_(std::move(places)), ledger_(std::move(records)) {
    ledger_.end({FailureKind::not_permitted, "a bundle is never written to",
                 "Restore it into a data folder: postern backup restore."});
  }

  Expected<> append(std::uint64_t, std::span<const View>) override { return health(); }
  Head head() const override { return ledger_.head(); }
  std::unique_ptr<Cursor> read_from(std::uint64_t seq) const override {
    require(seq > 0);
    const std::uint64_t last = head().seq;
    if (seq > last) return std::make_unique<BundleCursor>(file_, Place{}, 0, 0);
    const auto after = std::ranges::upper_bound(places_, seq, {}, &Place::first_seq);
    const Place& place = *std::prev(after);
    return std::make_unique<BundleCursor>(file_, place, seq - place.first_seq, last - seq + 1);
  }
  Hash block(std::uint64_t index) const override { return ledger_.block(index); }
  std::unique_ptr<Following> follow(std::uint64_t last, OnHead on_head) const override {
    return ledger_.follow(last, std::move(on_head));
  }
  Expected<> health() const override { return ledger_.health(); }
  Expected<> close() override { return {}; }

 private:
  std::filesystem::path file_;
  std::vector<Place> places_;
  Ledger ledger_;
};

}  // namespace

Expected<Bundle> read_bundle(const std::filesystem::path& file, const OnRecord& on_record) {
  auto opened = BundleFile::open(file);
  if (!opened) return std::unexpected(opened.error());
  BundleFile& parts = *opened;
  auto part = parts.next();
  if (!part) return std::unexpected(part.error());
  auto first = read_first_part(file, *part);
  if (!first) return std::unexpected(first.error());
  if ((*part)->extract() != nullptr)
    return std::unexpected(Failure{FailureKind::usage,
                                   "the bundle " + printable(file.string(), 400) +
                                       " is an extract: it does not hold all records",
                                   "Use a whole bundle, as 'postern backup create' writes it."});
  const Head& wanted = first->checkpoint.head;
  TreeBuilder tree;
  std::vector<Place> places;
  std::uint64_t seq = 0;
  std::uint64_t offset = 0;
  while (*part != nullptr) {
    if (const auto* records = (*part)->records(); records != nullptr && records->size() > 0) {
      places.push_back({seq + 1, offset});
      for (const auto* stored : *records) {
        const View record = view_of(stored->bytes());
        if (record.empty() || ++seq > wanted.seq)
          return std::unexpected(damaged_bundle(file, "its checkpoint covers " +
                                                          std::to_string(wanted.seq) +
                                                          " records, and it holds something else"));
        tree.append(record);
        if (auto taken = on_record(seq, record); !taken) return std::unexpected(taken.error());
      }
    }
    offset = parts.offset();
    part = parts.next();
    if (!part) return std::unexpected(part.error());
  }
  if (seq < wanted.seq)
    return std::unexpected(damaged_bundle(
        file, "it ends with record " + std::to_string(seq) + " of " + std::to_string(wanted.seq)));
  if (tree.tree().root() != wanted.root)
    return std::unexpected(
        damaged_bundle(file, "its records are not those that its checkpoint was signed for"));
  auto journal = std::make_unique<BundleJournal>(file, std::move(places), tree.built());
  return Bundle{std::move(journal), std::move(first->checkpoint), std::move(first->note),
                std::move(first->verifier_key)};
}

}  // namespace postern::journal
