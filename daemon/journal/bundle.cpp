// bundle := part+
// part   := size:u32 little-endian, BundlePart[size]
#include "daemon/journal/bundle.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "backup_generated.h"
#include "daemon/journal/tree_builder.h"
#include "daemon/platform/require.h"
#include "schema/identifiers.h"

namespace postern::journal {

namespace {

constexpr std::size_t prefix_bytes = 4;

Failure damaged(const std::filesystem::path& file, const std::string& what) {
  return {FailureKind::damaged,
          "the bundle " + printable(file.string(), 400) + " is damaged: " + what,
          "Use another copy of it, or make it anew: postern backup create."};
}

/// Reads the parts of a file one after the other.
class Parts {
 public:
  explicit Parts(const std::filesystem::path& file)
      : file_(file), stream_(file, std::ios::binary) {}

  bool is_open() const { return stream_.is_open(); }
  std::uint64_t offset() const { return offset_; }
  void seek(std::uint64_t offset) {
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    offset_ = offset;
  }

  /// Valid until the next call; null at the end.
  Expected<const schema::BundlePart*> next() {
    std::array<unsigned char, prefix_bytes> prefix{};
    const std::size_t found = read(prefix.data(), prefix.size());
    if (stream_.bad()) return std::unexpected(unreadable());
    if (found == 0) return nullptr;
    std::size_t size = 0;
    for (std::size_t i = prefix_bytes; i > 0; --i) size = size << 8U | prefix[i - 1];
    const std::string place = "the part at byte " + std::to_string(offset_);
    if (found < prefix_bytes) return std::unexpected(damaged(file_, place + " is cut short"));
    if (size > bundle_part_bytes_max)
      return std::unexpected(damaged(file_, place + " has an impossible size"));
    bytes_.resize(size);
    if (read(bytes_.data(), size) < size) {
      if (stream_.bad()) return std::unexpected(unreadable());
      return std::unexpected(damaged(file_, place + " is cut short"));
    }
    flatbuffers::Verifier verifier(bytes_.data(), bytes_.size());
    if (!verifier.VerifyBuffer<schema::BundlePart>(schema::bundle_part_identifier))
      return std::unexpected(damaged(file_, place + " is not as it was written"));
    const auto* part = flatbuffers::GetRoot<schema::BundlePart>(bytes_.data());
    if (part->version() != schema::protocol_version)
      return std::unexpected(Failure{FailureKind::configuration,
                                     "the bundle " + printable(file_.string(), 400) +
                                         " is of form " + std::to_string(part->version()) +
                                         ", and this version knows 1",
                                     "Use the version of Postern that wrote it, or a newer one."});
    offset_ += prefix_bytes + size;
    return part;
  }

 private:
  template <class Byte>
  std::size_t read(Byte* to, std::size_t size) {
    stream_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(stream_.gcount());
  }
  Failure unreadable() const {
    return {FailureKind::input_output, "cannot read " + printable(file_.string(), 400),
            "Find the cause, and try again."};
  }

  std::filesystem::path file_;
  std::ifstream stream_;
  std::uint64_t offset_ = 0;
  std::vector<std::uint8_t> bytes_;
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
      : parts_(file), skip_(skip), left_(left) {
    parts_.seek(place.offset);
  }

  Expected<View> next() override {
    while (left_ > 0) {
      if (records_ == nullptr || place_ == records_->size()) {
        const auto part = parts_.next();
        if (!part) return std::unexpected(part.error());
        require(*part != nullptr);
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
  Parts parts_;
  std::uint64_t skip_;
  std::uint64_t left_;
  const flatbuffers::Vector<flatbuffers::Offset<schema::StoredRecord>>* records_ = nullptr;
  flatbuffers::uoffset_t place_ = 0;
};

class BundleJournal final : public Journal {
 public:
  BundleJournal(std::filesystem::path file, std::vector<Place> places, Head head,
                std::vector<Hash> blocks)
      : file_(std::move(file)),
        places_(std::move(places)),
        head_(head),
        blocks_(std::move(blocks)) {}

  Expected<> append(std::uint64_t, std::span<const View>) override { return closed(); }
  Head head() const override { return head_; }
  std::unique_ptr<Cursor> read_from(std::uint64_t seq) const override {
    require(seq > 0);
    if (seq > head_.seq) return std::make_unique<BundleCursor>(file_, Place{}, 0, 0);
    const auto after = std::ranges::upper_bound(places_, seq, {}, &Place::first_seq);
    const Place& place = *std::prev(after);
    return std::make_unique<BundleCursor>(file_, place, seq - place.first_seq, head_.seq - seq + 1);
  }
  Hash block(std::uint64_t index) const override { return blocks_.at(index); }
  Expected<> health() const override { return closed(); }
  Expected<> close() override { return {}; }

 private:
  static Expected<> closed() {
    return std::unexpected(Failure{FailureKind::not_permitted, "a bundle is never written to",
                                   "Restore it into a data folder: postern backup restore."});
  }

  std::filesystem::path file_;
  std::vector<Place> places_;
  Head head_;
  std::vector<Hash> blocks_;
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
  Parts parts(file);
  if (!parts.is_open())
    return std::unexpected(Failure{FailureKind::missing,
                                   "cannot open the bundle " + printable(file.string(), 400),
                                   "Name a file that postern backup create wrote."});
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
  auto journal = std::make_unique<BundleJournal>(file, std::move(places), wanted, tree.blocks());
  return Bundle{std::move(journal), std::move(first->checkpoint), std::move(first->verifier_key)};
}

}  // namespace postern::journal
