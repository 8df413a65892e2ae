// Whole tenants as they were at a moment (Q9): folded from the first record on, a slice at a time.
#pragma once

#include <deque>
#include <expected>
#include <memory>
#include <vector>

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "daemon/service/past_reader.h"

namespace postern::service {

/// Which tenants, as of which record.
struct WholeMoment {
  /// In id order.
  std::vector<domain::Uuid> tenants;
  domain::Seq seq = 0;

  bool operator==(const WholeMoment&) const = default;
};

/// One fold under way or done.
class WholePast {
 public:
  /// Users of these tenants at the moment; more are refused, so that memory is bounded.
  static constexpr std::size_t users_max = 200'000;

  WholePast(const journal::Journal& journal, WholeMoment moment)
      : journal_(journal), moment_(std::move(moment)) {}

  const WholeMoment& moment() const { return moment_; }
  domain::Seq read() const { return read_; }
  bool is_done() const { return read_ >= moment_.seq; }
  const view::View& view() const { return past_.view; }

  /// It goes on to a later moment of the same tenants.
  void go_on_to(domain::Seq seq);
  /// Reads so many records more. Fails with what the asker is told.
  std::expected<void, schema::ProblemT> read_on(std::size_t records);
  /// All of it is read: the view shows it, whoever is erased in `present` as erased (U11).
  void show(const view::View& present);

 private:
  const journal::Journal& journal_;
  WholeMoment moment_;
  domain::RecordGate gate_;
  Past past_;
  domain::Seq read_ = 0;
};

/// The few that were made last, and the one that is being made. Owned by the auditor's thread.
class WholePasts {
 public:
  /// Records of a slice: some ten milliseconds.
  static constexpr std::size_t slice_records = 4'096;
  static constexpr std::size_t made_max = 2;

  explicit WholePasts(const journal::Journal& journal) : journal_(journal) {}

  /// Null: it is not made yet.
  WholePast* find(const WholeMoment& moment);
  /// One slice of it; gives whether it is made. Where another is being made that is dropped.
  std::expected<bool, schema::ProblemT> make(const WholeMoment& moment, const view::View& present);
  /// Somebody is erased: what was made shows more than may be shown.
  void clear();
  /// Null: none is being made.
  const WholePast* making() const { return making_.get(); }

 private:
  std::unique_ptr<WholePast> begin(const WholeMoment& moment);

  const journal::Journal& journal_;
  std::unique_ptr<WholePast> making_;
  /// The one asked for last in front.
  std::deque<std::unique_ptr<WholePast>> made_;
};

}  // namespace postern::service
