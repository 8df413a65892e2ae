#include "daemon/service/journal_answers.h"

#include <utility>

#include "daemon/view/report.h"

namespace postern::service {

namespace {

/// Answers that are compared for one difference, and lines that are told of it.
constexpr std::size_t difference_work_max = 20'000'000;
constexpr std::size_t difference_lines_max = 200'000;
/// Of a slice: some ten milliseconds.
constexpr std::size_t slice_answers = 50'000;
/// Records that are looked for one by one.
constexpr std::size_t slice_lookups = 1'024;

}  // namespace

// ---- H2

DifferenceAnswer::DifferenceAnswer(const journal::Journal& journal, Wanted wanted,
                                   std::shared_ptr<const WholePast> earlier)
    : wanted_(std::move(wanted)),
      earlier_(std::move(earlier)),
      walk_(journal, wanted_.from.seq + 1, wanted_.to.seq) {}

LongAnswer::Step DifferenceAnswer::go_on(const At& at) {
  if (!walk_.is_done())
    return walk_.read_on(RecordWalk::slice_records,
                         [&](const schema::Record& record) { trail_.add(record); });
  if (!search_) {
    view::DifferenceScope scope{wanted_.tenant, wanted_.username};
    scope.unfold = wanted_.unfold;
    scope.work_max = difference_work_max;
    scope.lines_max = difference_lines_max;
    search_.emplace(view::Earlier{earlier_->view(), wanted_.from.seq, wanted_.from.time_ns, trail_},
                    scope);
  }
  const bool reads_causes = search_->users_seen() == search_->user_count();
  if (auto step = search_->go_on(at.inquiry, reads_causes ? slice_lookups : slice_answers); !step)
    return step;
  if (!search_->is_done()) return {};
  lines_ = search_->take();
  is_made_ = true;
  return {};
}

LongAnswer::Body DifferenceAnswer::page(const schema::HistoryRequest& request) {
  schema::DifferencePageT page = view::page_of(lines_, *request.body_as_GetDifference());
  page.from_seq = wanted_.from.seq;
  page.from_time_ns = wanted_.from.time_ns;
  more_ = page.more;
  Body body;
  body.Set(std::move(page));
  return body;
}

std::string DifferenceAnswer::how_far() const {
  std::string text = walk_.how_far() + " are read";
  if (search_)
    text += ", " + std::to_string(search_->users_seen()) + " of " +
            std::to_string(search_->user_count()) + " users compared";
  return text + ".";
}

// ---- H8

schema::ProblemT too_many_for_report(domain::Seq first, domain::Seq last) {
  return schema::make_problem(
      schema::Code::too_large, "from_seq",
      "A report looks at " + std::to_string(activity_records_max) +
          " records at most, and from there on there are " + std::to_string(last - first + 1) +
          "; name a later one, or ask postern-replay, which reads them all.");
}

LongAnswer::Step ReportAnswer::go_on(const At& at) {
  if (!walk_.is_done())
    return walk_.read_on(RecordWalk::slice_records,
                         [&](const schema::Record& record) { activity_.add(record); });
  if (needs_review_ && !activity_.last_review())
    return std::unexpected(too_many_for_report(1, at.inquiry.sources.newest));
  auto made = view::report(at.inquiry, *at.request.body_as_GetReport(), activity_);
  if (!made) return std::unexpected(std::move(made.error()));
  made_ = std::make_unique<schema::ReportT>(std::move(*made));
  return {};
}

LongAnswer::Body ReportAnswer::page(const schema::HistoryRequest&) {
  Body body;
  body.Set(std::move(*made_));
  return body;
}

// ---- H10

LongAnswer::Step UndoAnswer::go_on(const At& at) {
  auto plan = planning_.go_on(at.inquiry, slice_lookups);
  if (!plan) return std::unexpected(std::move(plan.error()));
  if (!*plan) return {};
  made_ = std::make_unique<schema::UndoPlanT>(std::move(**plan));
  return {};
}

LongAnswer::Body UndoAnswer::page(const schema::HistoryRequest&) {
  Body body;
  body.Set(std::move(*made_));
  return body;
}

}  // namespace postern::service
