// What has changed since the lists began that are being read on (Q4): with it a view goes back to
// the moment of such a list, and comes again.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "daemon/service/letters.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by the auditor's thread. Nothing is kept while no list goes on. What is kept holds the
/// replaced entries, so it is bounded: by `changes_max`, and for each list by `kept_ns` since it
/// was read on last. An erasure ends it (U11), since what was sealed is not to be asked for again.
class RecentChanges {
 public:
  static constexpr std::size_t changes_max = 200'000;
  static constexpr std::int64_t kept_ns = 600'000'000'000;

  /// What the view has taken; `give_back` has those that nobody needs.
  template <class GiveBack>
  void take(std::unique_ptr<Published> published, std::int64_t now_ns, GiveBack give_back) {
    if (erases(*published)) needed_.clear();
    count_ += size_of(published->changes);
    kept_.push_back(std::move(published));
    release(now_ns, give_back);
  }

  static bool erases(const Published& published);
  /// How many entries they replace.
  static std::size_t size_of(const domain::Changes& changes);

  /// A list goes on that stands at the head `seq`, which the view shows or `reaches` covers.
  void needs(domain::Seq seq, std::int64_t now_ns, std::int64_t for_ns = kept_ns) {
    std::int64_t& until_ns = needed_[seq];
    until_ns = std::max(until_ns, now_ns + for_ns);
  }

  /// Whether a view of the head can go back to the moment when `seq` was the head.
  bool reaches(domain::Seq seq) const { return needed_.contains(seq); }
  void go_back(view::View& view, domain::Seq seq) const;
  void come_again(view::View& view, domain::Seq seq) const;

 private:
  /// Those that no list needs go, the oldest first.
  template <class GiveBack>
  void release(std::int64_t now_ns, GiveBack give_back) {
    std::erase_if(needed_, [&](const auto& needed) { return needed.second < now_ns; });
    if (count_ > changes_max) needed_.clear();
    while (!kept_.empty() &&
           (needed_.empty() || kept_.front()->head.seq <= needed_.begin()->first)) {
      count_ -= size_of(kept_.front()->changes);
      give_back(std::move(kept_.front()));
      kept_.pop_front();
    }
  }

  /// Until when each moment is kept, by its seq.
  std::map<domain::Seq, std::int64_t> needed_;
  /// In their order; each reaches from the one before to its head.
  std::deque<std::unique_ptr<Published>> kept_;
  std::size_t count_ = 0;
};

}  // namespace postern::service
