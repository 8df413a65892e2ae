#include "daemon/journal/opening_check.h"

#include <string>
#include <utility>

#include "daemon/journal/damage.h"

namespace postern::journal {

namespace {

Failure not_as_known(const Head& known, const std::string& why) {
  return {FailureKind::damaged,
          "what is known of records 1 to " + std::to_string(known.seq) +
              " is not to be relied on: " + why,
          restore_remedy};
}

}  // namespace

OpeningCheck::OpeningCheck(std::vector<Head> promised, const OnRecord& on_record,
                           const KnownRecords* known)
    : promised_(std::move(promised)),
      on_record_(on_record),
      known_(known),
      builder_(known == nullptr ? std::vector<Hash>() : known->blocks),
      seq_(builder_.tree().size()),
      proven_(seq_) {
  if (known != nullptr)
    promised_.insert(promised_.end(), known->promised.begin(), known->promised.end());
}

Expected<> OpeningCheck::take(View record) {
  builder_.append(record);
  ++seq_;
  if (known_ != nullptr && seq_ == known_->head.seq && builder_.tree().root() != known_->head.root)
    return std::unexpected(not_as_known(known_->head, "their tree has another root"));
  for (const Head& head : promised_) {
    if (head.seq != seq_) continue;
    if (head.root != builder_.tree().root())
      return std::unexpected(not_acknowledged(proven_ + 1, seq_));
    proven_ = seq_;
  }
  if (known_ != nullptr && seq_ <= known_->head.seq) return {};
  return on_record_(seq_, record);
}

Expected<BlockTree> OpeningCheck::finish() {
  for (const Head& head : promised_)
    if (head.seq > seq_) return std::unexpected(cut_off(seq_, head.seq));
  if (known_ != nullptr)
    if (auto confirmed = confirm_known(); !confirmed) return std::unexpected(confirmed.error());
  return builder_.built();
}

/// All that was promised was met: whether any of it says what is known.
Expected<> OpeningCheck::confirm_known() const {
  if (seq_ < known_->head.seq)
    return std::unexpected(
        not_as_known(known_->head, "the journal ends at record " + std::to_string(seq_)));
  for (const Head& head : promised_)
    if (head.seq >= known_->head.seq) return {};
  return std::unexpected(not_as_known(known_->head, "neither anchor nor checkpoint goes as far"));
}

}  // namespace postern::journal
