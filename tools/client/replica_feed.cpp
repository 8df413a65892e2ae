#include "tools/client/replica_feed.h"

namespace postern::client {

namespace {

std::unexpected<Error> contradiction(std::string sentence) {
  return std::unexpected(
      Error{ErrorKind::contradiction, std::move(sentence),
            "Find out what became of the daemon's journal; then make the replica anew."});
}

std::unexpected<Error> malformed(const std::string& what) {
  return std::unexpected(Error{ErrorKind::protocol,
                               "The daemon told the replica what it cannot read: " + what + ".",
                               "Check that its version fits this client."});
}

}  // namespace

schema::GetAccessT ReplicaFeed::next(std::chrono::milliseconds wait) const {
  schema::GetAccessT wanted;
  wanted.form = domain::replica_form;
  wanted.next = next_;
  wanted.wait_ms = static_cast<std::uint32_t>(wait.count());
  return wanted;
}

const domain::Operator* ReplicaFeed::asker() const {
  return asker_ ? state_.tables().find_operator(*asker_) : nullptr;
}

Result<bool> ReplicaFeed::take(const schema::AccessPageT& page, std::uint64_t seq) {
  if (auto follows = follow(page, seq); !follows) return std::unexpected(follows.error());
  for (const auto& part : page.parts)
    if (auto added = add(*part); !added) return std::unexpected(added.error());
  seq_ = page.to_seq;
  next_ = page.next;
  if (!page.complete) return false;
  if (!begun_.empty()) return malformed("an entry has no end");
  if (asker() == nullptr) return malformed("it does not say who asks");
  return true;
}

Result<> ReplicaFeed::follow(const schema::AccessPageT& page, std::uint64_t seq) {
  const bool is_first = next_.empty();
  if (journal_.empty()) journal_ = page.journal;
  if (page.journal != journal_)
    return contradiction("The daemon's journal is '" + page.journal + "', and was '" + journal_ +
                         "': it was restored from a copy, or is another.");
  if (!is_first && page.from_seq != seq_)
    return contradiction("Changes are missing: they were told up to record " +
                         std::to_string(seq_) + ", and go on behind " +
                         std::to_string(page.from_seq) + ".");
  if (is_first && seq < seq_before_)
    return contradiction("The daemon's history went back: it is at record " + std::to_string(seq) +
                         ", and was at record " + std::to_string(seq_before_) + ".");
  if (page.to_seq < page.from_seq || seq < page.to_seq || (page.complete && seq != page.to_seq))
    return contradiction("The daemon's history went back: it is at record " + std::to_string(seq) +
                         ", and told of record " + std::to_string(page.to_seq) + ".");
  if (page.next.empty()) return malformed("a page does not say where to go on");
  return {};
}

Result<> ReplicaFeed::add(const schema::AccessPartT& part) {
  if (part.offset == 0) {
    begun_.clear();
    begun_size_ = part.size;
  }
  if (part.size != begun_size_ || part.offset != begun_.size() || part.size > entry_bytes_max ||
      part.bytes.empty() || part.bytes.size() > part.size - part.offset)
    return malformed("parts of an entry do not fit together");
  if (part.bytes.size() == part.size) return take_entry(part.bytes);
  begun_.insert(begun_.end(), part.bytes.begin(), part.bytes.end());
  if (begun_.size() < begun_size_) return {};
  const domain::Bytes entry = std::exchange(begun_, {});
  return take_entry(entry);
}

Result<> ReplicaFeed::take_entry(std::span<const std::uint8_t> entry) {
  auto took = reading_.take(entry, changes_);
  if (!took) return malformed(took.error());
  if (!took->asker) return {};
  if (asker_ && *asker_ != *took->asker) return malformed("another operator asks");
  asker_ = took->asker;
  return {};
}

}  // namespace postern::client
