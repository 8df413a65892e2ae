#include "daemon/journal/ledger.h"

#include <string>
#include <utility>

#include "daemon/platform/require.h"

namespace postern::journal {

class Ledger::Follower final : public Following {
 public:
  Follower(const Ledger& ledger, std::uint64_t last, OnHead on_head)
      : ledger_(ledger), last_(last), on_head_(std::move(on_head)) {}
  ~Follower() override {
    const std::lock_guard lock(ledger_.followers_mutex_);
    std::erase(ledger_.followers_, this);
  }

  void tell(const Head& head) {
    if (head.seq <= last_) return;
    last_ = head.seq;
    on_head_(head);
  }

 private:
  const Ledger& ledger_;
  /// What it was told of.
  std::uint64_t last_;
  const OnHead on_head_;
};

Ledger::Ledger(BlockTree records)
    : tree_(records.tree),
      head_({tree_.size(), tree_.root()}),
      blocks_(std::move(records.blocks)) {}

Expected<Ledger::Group> Ledger::admit(std::uint64_t expected_last,
                                      std::span<const View> records) const {
  require(!records.empty());
  if (auto healthy = health(); !healthy) return std::unexpected(healthy.error());
  if (expected_last != tree_.size())
    return std::unexpected(Failure{FailureKind::conflict,
                                   "the journal ends at record " + std::to_string(tree_.size()) +
                                       ", not at record " + std::to_string(expected_last) +
                                       ": somebody else appended first",
                                   "read the records that came, and append behind them"});
  BlockTree grown{tree_, {}};
  for (const View record : records) {
    require(!record.empty());
    grown.append(record);
  }
  return Group{grown.tree, std::move(grown.blocks), {grown.tree.size(), grown.tree.root()}};
}

void Ledger::take(Group group) {
  tree_ = group.tree;
  {
    const std::lock_guard lock(mutex_);
    blocks_.insert(blocks_.end(), group.blocks.begin(), group.blocks.end());
  }
  // After the blocks: whoever sees it may ask for them.
  head_.store(group.head);
  const std::lock_guard lock(followers_mutex_);
  for (Follower* follower : followers_) follower->tell(group.head);
}

Hash Ledger::block(std::uint64_t index) const {
  const std::lock_guard lock(mutex_);
  require(index < blocks_.size());
  return blocks_[index];
}

std::unique_ptr<Following> Ledger::follow(std::uint64_t last, OnHead on_head) const {
  auto follower = std::make_unique<Follower>(*this, last, std::move(on_head));
  const std::lock_guard lock(followers_mutex_);
  followers_.push_back(follower.get());
  follower->tell(head());
  return follower;
}

std::unexpected<Failure> Ledger::end(Failure why) {
  const std::lock_guard lock(mutex_);
  if (!ended_by_) ended_by_ = std::move(why);
  return std::unexpected(*ended_by_);
}

Expected<> Ledger::health() const {
  const std::lock_guard lock(mutex_);
  if (ended_by_) return std::unexpected(*ended_by_);
  return {};
}

}  // namespace postern::journal
