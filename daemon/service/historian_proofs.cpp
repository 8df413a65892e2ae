// The historian's checkpoints and proofs (H6), and copies of the keys (U11).
#include <algorithm>
#include <utility>

#include "daemon/domain/checkpoint_names.h"
#include "daemon/journal/proof.h"
#include "daemon/service/historian.h"

namespace postern::service {

namespace {

using schema::Code;

constexpr std::int64_t keys_given_for_ns = 3'600'000'000'000;

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
      parts_.log(diagnostic<Line::checkpoint_failed>(made.error()));
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
  if (wanted.name() != nullptr) {
    const auto shared =
        domain::shared_with(wanted.name()->string_view(), parts_.checkpoints.signer().name,
                            view_.tables().copies().get());
    if (!shared)
      return refuse(peer, id,
                    make_problem(Code::field_malformed, "name",
                                 "No checkpoint of this journal was ever signed under it."));
    if (wanted.from_size() > *shared)
      return refuse(peer, id,
                    make_problem(Code::journal_restored, "from_size",
                                 "The copy ends at record " + std::to_string(*shared) +
                                     "; missing is what was acknowledged from record " +
                                     std::to_string(*shared + 1) + " on."));
  }
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

std::expected<credential::Recipient, schema::ProblemT> Historian::recipient_of(domain::Seq seq) {
  const auto wrong = [](std::string detail) {
    return std::unexpected(make_problem(Code::field_malformed, "seq", detail));
  };
  const auto stored = journal::read_one(parts_.journal, seq);
  if (!stored && stored.error().kind != FailureKind::missing)
    return std::unexpected(
        make_problem(Code::journal_unavailable, "", printable(stored.error().sentence)));
  if (!stored) return wrong("There is no such record.");
  const auto record = gate_.open(*stored);
  if (!record)
    return std::unexpected(
        make_problem(Code::journal_unavailable, "", printable(record.error().sentence)));
  for (const schema::Event* event : *(*record)->events()) {
    const auto* copied = event->body_as_KeysBackedUp();
    if (copied == nullptr || copied->recipient() == nullptr) continue;
    if (parts_.clock.now_ns() - (*record)->time_ns() > keys_given_for_ns)
      return wrong("It is over an hour old; record another copy.");
    credential::Recipient recipient{};
    if (copied->recipient()->size() != recipient.size()) continue;
    std::ranges::copy(*copied->recipient(), recipient.begin());
    return recipient;
  }
  return wrong("It must be a record with KeysBackedUp, which BackUpKeys makes.");
}

void Historian::give_keys(const Peer& peer, std::uint64_t id, const schema::GetKeys& wanted) {
  if (parts_.keys == nullptr) return refuse(peer, id, make_problem(Code::unknown_kind, "body"));
  const auto recipient = recipient_of(wanted.seq());
  if (!recipient) return refuse(peer, id, recipient.error());
  const std::uint32_t last = parts_.keys->file_count();
  if (wanted.part() > last)
    return refuse(
        peer, id,
        make_problem(Code::field_malformed, "part", "The last is " + std::to_string(last) + "."));
  auto part = parts_.keys->copy_part(wanted.part());
  if (!part)
    return refuse(peer, id,
                  make_problem(Code::journal_unavailable, "", printable(part.error().sentence)));
  schema::KeysPageT page;
  page.sealed = credential::seal_for(*recipient, *part);
  page.part_count = last + 1;
  credential::wipe(*part);
  if (page.sealed.empty())
    return refuse(peer, id,
                  make_problem(Code::field_malformed, "recipient", "Nobody can hold this key."));
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(page));
  give(peer, id, std::move(body));
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
