#include "daemon/view/difference.h"
#include "replay/past.h"
#include "tools/text/differences.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

Failure failure_of(const schema::ProblemT& problem) {
  return {FailureKind::missing, problem.sentence,
          problem.remedy.empty() ? "Names are those of the later moment." : problem.remedy};
}

}  // namespace

Expected<int> diff(const Audit& audit, const DiffOptions& options) {
  const auto from = parse_moment(options.from);
  if (!from) return std::unexpected(from.error());
  const auto to = parse_moment(options.to);
  if (!to) return std::unexpected(to.error());
  const auto earlier = Past::read(audit, *from);
  if (!earlier) return std::unexpected(earlier.error());
  view::Trail trail;
  const auto later = Past::read(audit, *to, {[&](const Step& step) {
                                  if (step.record.seq() > (*earlier)->seq()) trail.add(step.record);
                                }});
  if (!later) return std::unexpected(later.error());
  const std::int64_t from_ns = (*earlier)->inquiry().now_ns;
  const view::Inquiry inquiry = (*later)->inquiry();
  if ((*earlier)->seq() > (*later)->seq() || from_ns > inquiry.now_ns)
    return std::unexpected(Failure{FailureKind::usage, "--from is later than --to",
                                   "Give the earlier moment with --from."});
  view::DifferenceScope scope{options.tenant, options.user};
  scope.unfold = options.unfold;
  auto lines =
      view::differences({(*earlier)->view(), (*earlier)->seq(), from_ns, trail}, inquiry, scope);
  if (!lines) return std::unexpected(failure_of(lines.error()));
  text::Listing listing(audit.streams.out, audit.format, text::difference_heads());
  for (const schema::DifferenceLineT& line : *lines)
    listing.add(line, text::difference_row(line, text::time_text_short));
  listing.finish();
  audit.streams.talk << "Record " << (*earlier)->seq() << " at " << text::time_text(from_ns)
                     << " against record " << (*later)->seq() << " at "
                     << text::time_text(inquiry.now_ns) << ": " << lines->size()
                     << (lines->size() == 1 ? " line.\n" : " lines.\n");
  return lines->empty() ? 0 : 1;
}

}  // namespace postern::replay
