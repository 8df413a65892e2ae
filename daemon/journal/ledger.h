// What every journal keeps of its records beside their bytes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "daemon/journal/journal.h"
#include "daemon/journal/published_head.h"
#include "daemon/journal/tree.h"

namespace postern::journal {

/// The tree, the roots of its complete blocks, the head, who follows it, and why writing ended.
/// `admit` and `take` belong to the thread that appends; the rest may be called from any.
/// 32 bytes for 4,096 records: 8 KiB for a million.
class Ledger {
 public:
  /// What a journal comes to with a group that is not durable yet.
  struct Group {
    Tree tree;
    /// Completed by the group.
    std::vector<Hash> blocks;
    Head head;
  };

  /// Over the records that are there.
  explicit Ledger(BlockTree records = {});

  /// Changes nothing. Fails with why writing ended, or with `conflict`.
  Expected<Group> admit(std::uint64_t expected_last, std::span<const View> records) const;
  /// The group is durable: from now on it is seen, and who follows is told.
  void take(Group group);

  /// Never waits.
  Head head() const { return head_.load(); }
  Hash block(std::uint64_t index) const;
  std::unique_ptr<Following> follow(std::uint64_t last, OnHead on_head) const;

  /// Ends writing; the first reason stays, and is what this returns.
  std::unexpected<Failure> end(Failure why);
  /// Why writing ended, if it did.
  Expected<> health() const;

 private:
  class Follower;

  Tree tree_;
  PublishedHead head_;
  mutable std::mutex mutex_;
  std::vector<Hash> blocks_;
  std::optional<Failure> ended_by_;
  /// Held while they are told, so that none is told after it ended.
  mutable std::mutex followers_mutex_;
  mutable std::vector<Follower*> followers_;
};

}  // namespace postern::journal
