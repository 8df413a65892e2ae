// When the state is due to be written for a quick start, and that what is being written stays as it
// was meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "daemon/domain/digest.h"
#include "daemon/domain/past_index.h"
#include "daemon/journal/journal.h"
#include "daemon/service/letters.h"
#include "daemon/view/view.h"

namespace postern::service {

/// The state at one record, as the views had it; immutable, and there until the keeper is told that
/// it was written.
struct SnapshotMoment {
  journal::Head head;
  std::int64_t time_ns = 0;
  domain::EntryList entries;
  /// In no order.
  std::vector<domain::TenantHead> tenant_heads;
  domain::PastNotes past;
};

/// The auditor's, on its thread: the last that hears of changes, so that what it holds back nobody
/// frees. Writer and reader notice nothing. Beside the views, 8 bytes for each user while one is
/// written, and what was replaced meanwhile; of that no more than `changes_max`.
class SnapshotKeeper {
 public:
  static constexpr std::size_t changes_max = 250'000;
  /// A start that had to fold more has one written at once, so that it took long once.
  static constexpr std::uint64_t folded_records_max = 250'000;

  /// Has it written on another thread, which calls `is_wanted` now and then, and `written` at the
  /// end, whatever came of it.
  using Write = std::function<void(std::unique_ptr<SnapshotMoment>)>;

  /// How it begins: the newest snapshot's record (0: there is none), and the state's place.
  struct Start {
    std::uint64_t snapshot_seq = 0;
    std::uint64_t records_step = 0;
    domain::JournalPlace place = {};
  };

  SnapshotKeeper(platform::Waker& waker, Start start, Write write);

  // ---- any thread
  /// So many records after one the next is due; 0: none is.
  void set_records_step(std::uint64_t records) { records_step_ = records; }
  /// False: too much has changed meanwhile.
  bool is_wanted() const { return !is_too_much_; }
  void written();

  // ---- the auditor's thread
  /// What the view has taken.
  void note(const Published& published);
  /// Null if it is held back.
  std::unique_ptr<Published> pass_on(std::unique_ptr<Published> taken);
  /// Begins one if it is due; what was held back for one that is written is given to `give_back`.
  template <class GiveBack>
  void turn(const view::View& view, const journal::Head& head, const domain::PastIndex& index,
            GiveBack give_back) {
    if (is_written_.exchange(false)) {
      is_writing_ = false;
      for (auto& held : std::exchange(held_, {})) give_back(std::move(held));
      held_changes_ = 0;
    }
    if (is_due(head)) begin(view, head, index);
  }

 private:
  bool is_due(const journal::Head& head) const;
  void begin(const view::View& view, const journal::Head& head, const domain::PastIndex& index);

  platform::Waker& waker_;
  const Write write_;
  std::atomic<std::uint64_t> records_step_;
  std::atomic<bool> is_written_{false};
  std::atomic<bool> is_too_much_{false};
  bool is_writing_ = false;
  /// Of the newest that was begun.
  std::uint64_t newest_seq_;
  bool is_first_due_;
  std::int64_t time_ns_;
  boost::unordered_flat_map<domain::Uuid, domain::Seq, domain::UuidHash> tenant_heads_;
  std::vector<std::unique_ptr<Published>> held_;
  std::size_t held_changes_ = 0;
};

}  // namespace postern::service
