// The historian's checkpoints and proofs (H6).
#include <utility>

#include "daemon/journal/proof.h"
#include "daemon/service/historian.h"

namespace postern::service {

namespace {

using schema::Code;

schema::ProblemT beyond(std::string_view field, std::uint64_t found, std::uint64_t most) {
  return make_problem(
      Code::seq_beyond_journal, field,
      "It is " + std::to_string(found) + ", and may be " + std::to_string(most) + " at most.");
}

}  // namespace

void Historian::tell(const Expected<bool>& made) {
  if (!made) {
    // Once: it is tried again every second.
    if (!std::exchange(checkpoints_fail_, true))
      parts_.alarm("no checkpoint can be made, the one before stands: " + made.error().sentence);
    return;
  }
  if (!*made) return;
  checkpoints_fail_ = false;
  parts_.vitals.checkpoint_seq = parts_.checkpoints.newest_seq();
  auto letter = std::make_unique<CheckpointMade>();
  letter->note = parts_.checkpoints.newest();
  parts_.mail.reader_checkpoints.post(std::move(letter));
}

void Historian::give_checkpoint(const Peer& peer, std::uint64_t id) {
  const auto made = parts_.checkpoints.make();
  tell(made);
  // The one before is as good as ever.
  if (!made && parts_.checkpoints.newest().empty())
    return refuse(peer, id,
                  make_problem(Code::journal_unavailable, "", printable(made.error().sentence)));
  schema::CheckpointPageT page;
  page.checkpoint = parts_.checkpoints.newest();
  page.verifier_key = journal::verifier_text(parts_.checkpoints.signer());
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(page));
  give(peer, id, std::move(body));
}

void Historian::give_consistency(const Peer& peer, std::uint64_t id,
                                 const schema::GetConsistency& wanted) {
  const std::uint64_t head_seq = parts_.journal.head().seq;
  const std::uint64_t to = wanted.to_size() == 0 ? head_seq : wanted.to_size();
  if (to > head_seq) return refuse(peer, id, beyond("to_size", to, head_seq));
  if (wanted.from_size() == 0)
    return refuse(peer, id, make_problem(Code::field_missing, "from_size", "It is from 1."));
  if (wanted.from_size() > to) return refuse(peer, id, beyond("from_size", wanted.from_size(), to));
  give_proof(peer, id, journal::consistency_proof(parts_.journal, wanted.from_size(), to), to);
}

void Historian::give_inclusion(const Peer& peer, std::uint64_t id,
                               const schema::GetInclusion& wanted) {
  const std::uint64_t head_seq = parts_.journal.head().seq;
  const std::uint64_t size = wanted.size() == 0 ? head_seq : wanted.size();
  if (size > head_seq) return refuse(peer, id, beyond("size", size, head_seq));
  if (wanted.seq() == 0)
    return refuse(peer, id, make_problem(Code::field_missing, "seq", "It is from 1."));
  if (wanted.seq() > size) return refuse(peer, id, beyond("seq", wanted.seq(), size));
  give_proof(peer, id, journal::inclusion_proof(parts_.journal, wanted.seq(), size), size);
}

void Historian::give_proof(const Peer& peer, std::uint64_t id,
                           const Expected<journal::Proof>& proof, std::uint64_t size) {
  if (!proof)
    return refuse(peer, id,
                  make_problem(Code::journal_unavailable, "", printable(proof.error().sentence)));
  schema::ProofPageT page;
  page.size = size;
  for (const journal::Hash& hash : *proof) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(hash.data());
    page.hashes.insert(page.hashes.end(), bytes, bytes + hash.size());
  }
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(page));
  give(peer, id, std::move(body));
}

}  // namespace postern::service
