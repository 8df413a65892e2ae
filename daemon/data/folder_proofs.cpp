#include "daemon/data/folder_proofs.h"

#include <vector>

#include "daemon/data/snapshot.h"
#include "daemon/domain/checkpoint_names.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/proof.h"
#include "daemon/platform/files.h"

namespace postern::data {

namespace {

namespace fs = std::filesystem;
using std::to_string;

constexpr std::size_t note_file_bytes_max = 65'536;

struct Proof {
  fs::path file;
  /// Under which it was signed.
  std::string name;
  journal::Head head;
};

std::string text_of(const fs::path& file) {
  const auto bytes = platform::read_file(file, note_file_bytes_max);
  if (!bytes) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

/// As the daemon keeps it: a note alone.
std::optional<Proof> kept_note(const fs::path& file, const Signer& signer) {
  const std::string note = text_of(file);
  auto checkpoint = journal::read_note(note);
  if (checkpoint && signer.key)
    checkpoint = journal::open_note(note, {checkpoint->origin, *signer.key});
  if (!checkpoint) return std::nullopt;
  return Proof{file, checkpoint->origin, checkpoint->head};
}

/// As a client keeps it: the verifier key, and a note.
std::optional<Proof> seen_note(const fs::path& file, const Signer& signer) {
  const std::string text = text_of(file);
  const std::size_t end = text.find('\n');
  const auto verifier = journal::parse_verifier(text.substr(0, end));
  if (!verifier || (signer.key && verifier->key != *signer.key)) return std::nullopt;
  const auto checkpoint = journal::open_note(text.substr(end + 1), *verifier);
  if (!checkpoint) return std::nullopt;
  return Proof{file, checkpoint->origin, checkpoint->head};
}

std::vector<Proof> proofs_in(const fs::path& folder, const Signer& signer,
                             const std::string& present) {
  std::vector<Proof> proofs;
  const auto take = [&](std::optional<Proof> proof) {
    if (proof) proofs.push_back(std::move(*proof));
  };
  take(kept_note(folder / "checkpoint", signer));
  std::error_code what_is_not_there_proves_nothing;
  for (const auto& entry : fs::directory_iterator(folder, what_is_not_there_proves_nothing))
    if (entry.path().filename() == "seen-checkpoint" || entry.path().extension() == ".checkpoint")
      take(seen_note(entry.path(), signer));
  for (const fs::path& file : snapshots_in(folder / "snapshots"))
    if (const auto head = read_snapshot_head(file, signer.key);
        head && head->installation == signer.installation)
      proofs.push_back({file, present, head->journal});
  return proofs;
}

Failure contradicted(const Proof& proof, const std::string& how) {
  return {FailureKind::damaged,
          "the journal contradicts what this installation signed (" +
              printable(proof.file.native(), 4'096) + "): " + how,
          "The journal was replaced by an older or another copy: put the newest copy of its folder "
          "back, and keep this one for inquiry. If records are lost for good, make a data folder "
          "of a backup with 'posternd restore', which records what is missing. Removing the proof "
          "brings nothing back."};
}

Expected<> check(const Proof& proof, const journal::Journal& journal) {
  const journal::Head now = journal.head();
  // What was read to its end needs no second look.
  if (proof.head == now) return {};
  const std::uint64_t last = now.seq;
  const std::uint64_t seq = proof.head.seq;
  if (seq > last)
    return std::unexpected(contradicted(
        proof, "it stands for " + to_string(seq) + " records, and the journal ends at record " +
                   to_string(last) + ": records " + to_string(last + 1) + " to " + to_string(seq) +
                   " are missing"));
  const auto root = journal::root_at(journal, seq);
  if (!root) return std::unexpected(root.error());
  if (*root == proof.head.root) return {};
  return std::unexpected(
      contradicted(proof, "the tree over records 1 to " + to_string(seq) + " has another root"));
}

}  // namespace

std::optional<schema::Uuid> installation_of(const schema::Record& first) {
  for (const schema::Event* event : *first.events())
    if (const auto* created = event->body_as_JournalCreated())
      if (created->installation() != nullptr) return *created->installation();
  return std::nullopt;
}

Expected<std::size_t> check_folder_proofs(const fs::path& folder, const Signer& signer,
                                          const journal::Journal& journal) {
  std::size_t count = 0;
  const std::string present = domain::checkpoint_name(signer.installation, signer.copies);
  for (const Proof& proof : proofs_in(folder, signer, present)) {
    const auto shared = domain::shared_with(proof.name, present, signer.copies);
    if (!shared || proof.head.seq > *shared || proof.head.seq == 0) continue;
    ++count;
    if (auto checked = check(proof, journal); !checked) return std::unexpected(checked.error());
  }
  return count;
}

Expected<> check_state(const domain::State& state) {
  const auto problems = domain::check_invariants(state);
  if (problems.empty()) return {};
  std::string sentence = "the records give a state that no daemon should have made";
  for (const std::string& problem : problems) sentence += "; " + printable(problem, 200);
  return std::unexpected(Failure{FailureKind::bug, std::move(sentence),
                                 "Report these sentences; the records are as they were written."});
}

}  // namespace postern::data
