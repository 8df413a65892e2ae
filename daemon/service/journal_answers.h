// The auditor's answers that read many records: what differs between two moments (H2), the report
// of a tenant (H8), the plan of an undo (H10).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/service/long_answer.h"
#include "daemon/service/record_walk.h"
#include "daemon/service/whole_past.h"
#include "daemon/view/activity.h"
#include "daemon/view/difference.h"
#include "daemon/view/undo.h"

namespace postern::service {

/// Records between two moments that are read for one answer.
inline constexpr domain::Seq trail_records_max = 1'000'000;
/// Records that one report looks at.
inline constexpr domain::Seq activity_records_max = 2'000'000;

/// A report would have to tell of records before those that it may look at.
schema::ProblemT too_many_for_report(domain::Seq first, domain::Seq last);

class DifferenceAnswer final : public LongAnswer {
 public:
  struct Wanted {
    std::string tenant;
    std::string username;
    bool unfold = false;
    view::Moment from;
    view::Moment to;
  };

  DifferenceAnswer(const journal::Journal& journal, Wanted wanted,
                   std::shared_ptr<const WholePast> earlier);

  Step go_on(const At& at) override;
  bool is_made() const override { return is_made_; }
  Body page(const schema::HistoryRequest& request) override;
  bool goes_on() const override { return more_; }
  std::uint64_t work() const override { return walk_.read() + (search_ ? search_->work() : 0); }
  std::string how_far() const override;

 private:
  const Wanted wanted_;
  const std::shared_ptr<const WholePast> earlier_;
  RecordWalk walk_;
  view::Trail trail_;
  std::optional<view::DifferenceSearch> search_;
  std::vector<view::DifferenceLine> lines_;
  bool is_made_ = false;
  bool more_ = false;
};

class ReportAnswer final : public LongAnswer {
 public:
  /// Records from `first` to `last`, of which those from `from_seq` on are told (0: those since the
  /// tenant's last review, else all); `is_cut`: the tenant has older ones, which are not read.
  ReportAnswer(const journal::Journal& journal, const domain::Uuid& tenant, domain::Seq first,
               domain::Seq last, domain::Seq from_seq, bool is_cut)
      : walk_(journal, first, last),
        activity_(tenant, from_seq),
        needs_review_(is_cut && from_seq == 0) {}

  Step go_on(const At& at) override;
  bool is_made() const override { return made_ != nullptr; }
  Body page(const schema::HistoryRequest& request) override;
  std::uint64_t work() const override { return walk_.read(); }
  std::string how_far() const override { return walk_.how_far() + " are read."; }

 private:
  RecordWalk walk_;
  view::Activity activity_;
  const bool needs_review_;
  std::unique_ptr<schema::ReportT> made_;
};

class UndoAnswer final : public LongAnswer {
 public:
  explicit UndoAnswer(domain::Seq seq) : planning_(seq) {}

  /// H10: only who may send each of the commands is told them.
  Step go_on(const At& at) override;
  bool is_made() const override { return made_ != nullptr; }
  Body page(const schema::HistoryRequest& request) override;
  std::uint64_t work() const override { return planning_.read(); }
  std::string how_far() const override {
    return std::to_string(planning_.read()) + " records are read.";
  }

 private:
  view::UndoPlanning planning_;
  std::unique_ptr<schema::UndoPlanT> made_;
};

}  // namespace postern::service
