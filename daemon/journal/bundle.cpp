// bundle := part+
// part   := size:u32 little-endian, BundlePart[size]
#include "daemon/journal/bundle.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "backup_generated.h"
#include "daemon/journal/ledger.h"
#include "daemon/journal/tree_builder.h"
#include "daemon/platform/message_file.h"
#include "daemon/platform/require.h"
#include "schema/identifiers.h"

namespace postern::journal {

namespace {

Failure damaged(const std::filesystem::path& file, const std::string& what) {
  return {FailureKind::damaged,
          "the bundle " + printable(file.string(), 400) + " is damaged: " + what,
          "Use another copy of it, or make it anew: postern backup create."};
}

/// Reads the parts of a file one after the other.
class Parts {
 public:
  static Expected<Parts> open(const std::filesystem::path& path) {
    auto file = platform::MessageFile::open(path, bundle_part_bytes_max);
    if (!file) return std::unexpected(file.error());
    return Parts(path, std::move(*file));
  }

  std::uint64_t offset() const { return file_.offset(); }
  void seek(std::uint64_t offset) { file_.seek(offset); }

  /// Valid until the next call; null at the end.
  Expected<const schema::BundlePart*> next() {
    const std::uint64_t begin = offset();
    const auto bytes = file_.next();
    if (!bytes && bytes.error().kind == FailureKind::damaged)
      return std::unexpected(damaged(path_, bytes.error().sentence));
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return nullptr;
    flatbuffers::Verifier verifier(bytes->data(), bytes->size());
    if (!verifier.VerifyBuffer<schema::BundlePart>(schema::bundle_part_identifier))
      return std::unexpected(damaged(
          path_, "the part at byte " + std::to_string(begin) + " is not as it was written"));
    const auto* part = flatbuffers::GetRoot<schema::BundlePart>(bytes->data());
    if (part->version() != schema::protocol_version)
      return std::unexpected(Failure{FailureKind::configuration,
                                     "the bundle " + printable(path_.string(), 400) +
                                         " is of form " + std::to_string(part->version()) +
                                         ", and this version knows 1",
                                     "Use the version of Postern that wrote it, or a newer one."});
    return part;
  }

 private:
  Parts(std::filesystem::path path, platform::MessageFile file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  platform::MessageFile file_;
};

View view_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return std::as_bytes(std::span(bytes->data(), bytes->size()));
}

/// Where a part with records begins.
struct Place {
  std::uint64_t first_seq = 0;
  std::uint64_t offset = 0;
};

class BundleCursor final : public Cursor {
 public:
  BundleCursor(const std::filesystem::path& file, Place place, std::uint64_t skip,
               std::uint64_t left)
      : parts_(Parts::open(file)), skip_(skip), left_(left) {
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
  Expected<Parts> parts_;
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

struct Signed {
  Checkpoint checkpoint;
  std::string verifier_key;
};

Expected<Signed> read_first(const std::filesystem::path& file, const schema::BundlePart* part) {
  if (part == nullptr || part->checkpoint() == nullptr || part->verifier_key() == nullptr)
    return std::unexpected(damaged(file, "it does not begin with a checkpoint"));
  Signed found{{}, part->verifier_key()->str()};
  const auto verifier = parse_verifier(found.verifier_key);
  if (!verifier) return std::unexpected(damaged(file, verifier.error().sentence));
  auto checkpoint = open_note(part->checkpoint()->string_view(), *verifier);
  if (!checkpoint) return std::unexpected(damaged(file, checkpoint.error().sentence));
  found.checkpoint = std::move(*checkpoint);
  return found;
}

}  // namespace

Expected<Bundle> read_bundle(const std::filesystem::path& file, const OnRecord& on_record) {
  auto opened = Parts::open(file);
  if (!opened) return std::unexpected(opened.error());
  Parts& parts = *opened;
  auto part = parts.next();
  if (!part) return std::unexpected(part.error());
  auto first = read_first(file, *part);
  if (!first) return std::unexpected(first.error());
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
          return std::unexpected(damaged(file, "its checkpoint covers " +
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
    return std::unexpected(damaged(
        file, "it ends with record " + std::to_string(seq) + " of " + std::to_string(wanted.seq)));
  if (tree.tree().root() != wanted.root)
    return std::unexpected(
        damaged(file, "its records are not those that its checkpoint was signed for"));
  auto journal = std::make_unique<BundleJournal>(file, std::move(places), tree.built());
  return Bundle{std::move(journal), std::move(first->checkpoint), std::move(first->verifier_key)};
}

}  // namespace postern::journal
