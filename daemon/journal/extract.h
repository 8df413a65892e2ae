// An extract: some of a journal's records, each with the proof that it is in the tree of a
// checkpoint (H7). Its form is schema/backup.fbs.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "common_generated.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/proof.h"

namespace postern::journal {

/// Which records an extract holds.
struct ExtractRange {
  /// Of this tenant and of the installation; nothing: of all.
  std::optional<schema::Uuid> tenant;
  std::uint64_t first_seq = 1;
  std::uint64_t last_seq = 0;
  std::uint64_t record_count = 0;
};

struct ExtractHead {
  ExtractRange range;
  Checkpoint checkpoint;
  /// What the checkpoint was verified with: the extract's own word, unless the reader knows it from
  /// elsewhere.
  std::string verifier_key;
};

/// What a bundle's file begins with; nothing: it is whole. Fails as `read_extract` does.
Expected<std::optional<ExtractHead>> extract_head(const std::filesystem::path& file);

/// One that was read whole; looks single records up again. One thread.
class Extract {
 public:
  /// Reads every byte; `on_record` sees each record once, in order, proved. Fails with `missing`,
  /// `input_output`, and `damaged`, naming the first record that is not as it was written. What
  /// links the records tell is for who knows what they mean. Memory: a part.
  static Expected<Extract> read(const std::filesystem::path& file, const OnRecord& on_record);

  const ExtractHead& head() const { return head_; }

  struct Found {
    Bytes bytes;
    /// In the tree of the checkpoint.
    Proof proof;
  };
  /// A failure of kind `missing` if it does not hold the record.
  Expected<Found> find(std::uint64_t seq) const;

 private:
  /// Where a part with records begins.
  struct PartPlace {
    std::uint64_t first_seq = 0;
    std::uint64_t offset = 0;
  };

  Extract(std::filesystem::path file, ExtractHead head)
      : file_(std::move(file)), head_(std::move(head)) {}

  std::filesystem::path file_;
  ExtractHead head_;
  std::vector<PartPlace> parts_;
};

/// Proofs of many records of one tree in their order: each block is hashed once. The journal
/// outlives it.
class Prover {
 public:
  /// `size`: the tree's, at most the head's seq.
  Prover(const Journal& journal, std::uint64_t size) : journal_(journal), size_(size) {}

  Expected<Proof> prove(std::uint64_t seq);

 private:
  Expected<> load(std::uint64_t block);
  /// Of a range that the RFC's splitting comes to: records start + 1 to start + count.
  Expected<Hash> root_of(std::uint64_t start, std::uint64_t count);
  Hash root_within(std::uint64_t start, std::uint64_t count);

  const Journal& journal_;
  std::uint64_t size_;
  /// The block that is loaded: its leaves, and the roots within it that were asked for.
  std::optional<std::uint64_t> block_;
  std::vector<Hash> leaves_;
  boost::unordered_flat_map<std::uint64_t, Hash> roots_;
  /// Of the last block, if it is not complete.
  std::optional<Hash> last_;
};

}  // namespace postern::journal
