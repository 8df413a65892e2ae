#include "daemon/journal/checkpoint_keeper.h"

#include <algorithm>
#include <utility>

#include "daemon/journal/proof.h"
#include "daemon/platform/files.h"
#include "daemon/platform/require.h"

namespace postern::journal {

namespace {

using std::to_string;

Failure unreadable(const std::filesystem::path& file, const std::string& why) {
  return {FailureKind::damaged, platform::printable_path(file) + " is damaged: " + why,
          "Put checkpoint, journal and keys back from one copy of the data folder. Somebody who "
          "holds a checkpoint of this journal can tell whether it is whole: postern-replay verify "
          "--checkpoint."};
}

Failure contradicted(const std::filesystem::path& file, const std::string& how) {
  return {FailureKind::damaged,
          "the journal contradicts the checkpoint that was signed for it (" +
              platform::printable_path(file) + "): " + how,
          "The journal was replaced by another or an older copy: put the newest copy of its folder "
          "back. Clients that remember the checkpoint refuse this journal too."};
}

}  // namespace

Expected<std::unique_ptr<CheckpointKeeper>> CheckpointKeeper::open(Parts parts) {
  std::unique_ptr<CheckpointKeeper> keeper(new CheckpointKeeper(std::move(parts)));
  if (auto read = keeper->read(); !read) return std::unexpected(read.error());
  return keeper;
}

Expected<> CheckpointKeeper::read() {
  const auto bytes = platform::read_file(parts_.file);
  if (!bytes && bytes.error().kind == FailureKind::missing) return {};
  if (!bytes) return std::unexpected(bytes.error());
  std::string note(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto checkpoint = open_note(note, parts_.signer);
  if (!checkpoint) return std::unexpected(unreadable(parts_.file, checkpoint.error().sentence));
  const Head& was = checkpoint->head;
  const Head now = parts_.journal.head();
  const std::uint64_t last = now.seq;
  if (was.seq > last)
    return std::unexpected(contradicted(parts_.file, "it covers " + to_string(was.seq) +
                                                         " records, and the journal ends at " +
                                                         "record " + to_string(last)));
  // What was read to its end needs no second look.
  if (was != now) {
    const auto root = root_at(parts_.journal, was.seq);
    if (!root) return std::unexpected(root.error());
    if (*root != was.root)
      return std::unexpected(contradicted(
          parts_.file, "the tree over records 1 to " + to_string(was.seq) + " has another root"));
  }
  note_ = std::move(note);
  head_ = was;
  return {};
}

Expected<bool> CheckpointKeeper::turn() {
  if (!has_grown() || due_in_ms() > 0) return false;
  return make();
}

Expected<bool> CheckpointKeeper::make() {
  const Head head = parts_.journal.head();
  require(head.seq >= head_.seq);
  if (head.seq == head_.seq) return false;
  attempted_ns_ = parts_.clock.monotonic_ns();
  std::string note =
      make_note({parts_.signer.name, head, parts_.clock.now_ns()}, parts_.signer, parts_.sign);
  if (auto kept = platform::write_file(parts_.file, std::as_bytes(std::span(note))); !kept)
    return std::unexpected(kept.error());
  note_ = std::move(note);
  head_ = head;
  return true;
}

std::int64_t CheckpointKeeper::due_in_ms() const {
  constexpr std::int64_t hour_ms = 3'600'000;
  constexpr std::int64_t millisecond_ns = 1'000'000;
  if (!has_grown()) return hour_ms;
  if (attempted_ns_ == 0) return 0;
  const std::int64_t left_ns = attempted_ns_ + interval_ns - parts_.clock.monotonic_ns();
  return std::max<std::int64_t>((left_ns + millisecond_ns - 1) / millisecond_ns, 0);
}

}  // namespace postern::journal
