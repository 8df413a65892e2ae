#include "daemon/journal/extract.h"

#include <algorithm>
#include <bit>

#include "daemon/journal/bundle_file.h"
#include "daemon/journal/tree.h"
#include "daemon/platform/require.h"

namespace postern::journal {

namespace {

constexpr std::size_t proof_hashes_max = 64;

Expected<ExtractHead> read_head(const std::filesystem::path& file, const schema::BundlePart* part) {
  auto first = read_first_part(file, part);
  if (!first) return std::unexpected(first.error());
  ExtractHead head{{}, std::move(first->checkpoint), std::move(first->verifier_key)};
  const schema::Extract& extract = *part->extract();
  if (extract.tenant() != nullptr) head.range.tenant = *extract.tenant();
  head.range.first_seq = extract.first_seq();
  head.range.last_seq = extract.last_seq();
  head.range.record_count = extract.record_count();
  const bool possible = extract.first_seq() >= 1 && extract.first_seq() <= extract.last_seq() &&
                        extract.last_seq() <= head.checkpoint.head.seq && part->ends_with_digest();
  if (!possible)
    return std::unexpected(damaged_bundle(file, "what it says it holds cannot be in an extract"));
  return head;
}

Failure bad_record(const std::filesystem::path& file, std::uint64_t seq, const std::string& what) {
  return damaged_bundle(file, "record " + std::to_string(seq) + " " + what);
}

/// Of a whole number of hashes.
Proof proof_of(const schema::ProvedRecord& record) {
  const View hashes = view_of(record.proof());
  Proof proof(hashes.size() / sizeof(Hash));
  for (std::size_t place = 0; place < proof.size(); ++place)
    std::ranges::copy(hashes.subspan(place * sizeof(Hash), sizeof(Hash)), proof[place].begin());
  return proof;
}

/// Checks one record after the other.
class Checker {
 public:
  Checker(const std::filesystem::path& file, const ExtractHead& head) : file_(file), head_(head) {}

  Expected<> take(const schema::ProvedRecord& record, const OnRecord& on_record) {
    const std::uint64_t seq = record.seq();
    if (seq <= newest_ || seq < head_.range.first_seq || seq > head_.range.last_seq)
      return std::unexpected(bad_record(file_, seq, "stands where it does not belong"));
    if (!head_.range.tenant && newest_ + 1 != seq && newest_ != 0)
      return std::unexpected(bad_record(file_, newest_ + 1, "is missing"));
    newest_ = seq;
    ++count_;
    const View bytes = view_of(record.bytes());
    const std::size_t proof_size = view_of(record.proof()).size();
    if (bytes.empty() || proof_size % sizeof(Hash) != 0 ||
        proof_size > proof_hashes_max * sizeof(Hash))
      return std::unexpected(bad_record(file_, seq, "has a proof of no possible form"));
    if (!proves_inclusion(proof_of(record), seq, leaf_hash(bytes), head_.checkpoint.head))
      return std::unexpected(
          bad_record(file_, seq, "is not the one that the checkpoint was signed for"));
    return on_record(seq, bytes);
  }

  Expected<> finish() const {
    const ExtractRange& range = head_.range;
    const bool whole = range.tenant || count_ == range.last_seq - range.first_seq + 1;
    if (count_ == range.record_count && whole) return {};
    return std::unexpected(damaged_bundle(
        file_, "it holds " + std::to_string(count_) + " of " + std::to_string(range.record_count) +
                   " records, the newest of them " + std::to_string(newest_)));
  }

 private:
  const std::filesystem::path& file_;
  const ExtractHead& head_;
  std::uint64_t newest_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace

Expected<std::optional<ExtractHead>> extract_head(const std::filesystem::path& file) {
  auto parts = BundleFile::open(file);
  if (!parts) return std::unexpected(parts.error());
  const auto part = parts->next();
  if (!part) return std::unexpected(part.error());
  if (*part == nullptr || (*part)->extract() == nullptr) return std::nullopt;
  auto head = read_head(file, *part);
  if (!head) return std::unexpected(head.error());
  return *std::move(head);
}

Expected<Extract> Extract::read(const std::filesystem::path& file, const OnRecord& on_record) {
  auto parts = BundleFile::open(file);
  if (!parts) return std::unexpected(parts.error());
  auto part = parts->next();
  if (!part) return std::unexpected(part.error());
  if (*part == nullptr || (*part)->extract() == nullptr)
    return std::unexpected(damaged_bundle(file, "it is no extract"));
  auto head = read_head(file, *part);
  if (!head) return std::unexpected(head.error());
  Extract extract(file, *std::move(head));
  Checker checker(file, extract.head_);
  std::uint64_t offset = 0;
  for (bool first = true; *part != nullptr; first = false) {
    if ((*part)->records() != nullptr || (!first && (*part)->extract() != nullptr))
      return std::unexpected(damaged_bundle(file, "a part of it is not of an extract's form"));
    if (const auto* proved = (*part)->proved(); proved != nullptr && proved->size() > 0) {
      extract.parts_.push_back({proved->Get(0)->seq(), offset});
      for (const auto* record : *proved)
        if (auto taken = checker.take(*record, on_record); !taken)
          return std::unexpected(taken.error());
    }
    offset = parts->offset();
    part = parts->next();
    if (!part) return std::unexpected(part.error());
  }
  if (auto finished = checker.finish(); !finished) return std::unexpected(finished.error());
  return extract;
}

Expected<Extract::Found> Extract::find(std::uint64_t seq) const {
  const auto after = std::ranges::upper_bound(parts_, seq, {}, &PartPlace::first_seq);
  if (after != parts_.begin()) {
    auto parts = BundleFile::open(file_);
    if (!parts) return std::unexpected(parts.error());
    parts->seek(std::prev(after)->offset);
    const auto part = parts->next();
    if (!part) return std::unexpected(part.error());
    if (*part != nullptr && (*part)->proved() != nullptr)
      for (const auto* record : *(*part)->proved()) {
        if (record->seq() != seq) continue;
        const View bytes = view_of(record->bytes());
        return Found{{bytes.begin(), bytes.end()}, proof_of(*record)};
      }
  }
  return std::unexpected(Failure{FailureKind::missing,
                                 "the extract does not hold record " + std::to_string(seq),
                                 "Ask the whole journal, or a bundle of it."});
}

Expected<> Prover::load(std::uint64_t block) {
  if (block_ == block) return {};
  const std::uint64_t start = block * Tree::block_size;
  const std::uint64_t count = std::min<std::uint64_t>(Tree::block_size, size_ - start);
  block_.reset();
  leaves_.clear();
  roots_.clear();
  const auto cursor = journal_.read_from(start + 1);
  for (std::uint64_t index = 0; index < count; ++index) {
    const auto record = cursor->next();
    if (!record) return std::unexpected(record.error());
    require(!record->empty());
    leaves_.push_back(leaf_hash(*record));
  }
  block_ = block;
  return {};
}

Hash Prover::root_within(std::uint64_t start, std::uint64_t count) {
  if (count == 1) return leaves_.at(start % Tree::block_size);
  const std::uint64_t key = start % Tree::block_size * 2 * Tree::block_size + count;
  if (const auto known = roots_.find(key); known != roots_.end()) return known->second;
  const std::uint64_t half = std::bit_floor(count - 1);
  const Hash root = node_hash(root_within(start, half), root_within(start + half, count - half));
  roots_.emplace(key, root);
  return root;
}

Expected<Hash> Prover::root_of(std::uint64_t start, std::uint64_t count) {
  if (count == Tree::block_size) return journal_.block(start / Tree::block_size);
  if (count > Tree::block_size) {
    const std::uint64_t half = std::bit_floor(count - 1);
    const auto left = root_of(start, half);
    if (!left) return left;
    const auto right = root_of(start + half, count - half);
    if (!right) return right;
    return node_hash(*left, *right);
  }
  if (block_ == start / Tree::block_size) return root_within(start, count);
  // Beside the block that is loaded nothing less than a block is asked for, but the last one.
  if (!last_) {
    Tree tree;
    const auto cursor = journal_.read_from(start + 1);
    for (std::uint64_t index = 0; index < count; ++index) {
      const auto record = cursor->next();
      if (!record) return std::unexpected(record.error());
      tree.append(*record);
    }
    last_ = tree.root();
  }
  return *last_;
}

Expected<Proof> Prover::prove(std::uint64_t seq) {
  require(seq >= 1 && seq <= size_);
  if (const auto loaded = load((seq - 1) / Tree::block_size); !loaded)
    return std::unexpected(loaded.error());
  Proof downwards;
  std::uint64_t start = 0;
  for (std::uint64_t size = size_; size > 1;) {
    const std::uint64_t half = std::bit_floor(size - 1);
    const bool left = seq <= start + half;
    const auto aside = left ? root_of(start + half, size - half) : root_of(start, half);
    if (!aside) return std::unexpected(aside.error());
    downwards.push_back(*aside);
    if (!left) start += half;
    size = left ? half : size - half;
  }
  return Proof(downwards.rbegin(), downwards.rend());
}

}  // namespace postern::journal
