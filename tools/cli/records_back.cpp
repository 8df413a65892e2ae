#include "tools/cli/records_back.h"

#include <algorithm>
#include <iterator>

#include "tools/cli/session.h"

namespace postern::cli {

namespace {

/// What the daemon looks at for one page.
constexpr std::uint64_t window_max = 50'000;

[[noreturn]] void stop_older() {
  throw Stop{exit_codes::protocol, "The daemon is older than this program, and cannot do this.",
             "Leave out --since and --newest-first, or give --from-seq."};
}

std::vector<schema::RecordT> records_in(const schema::RecordPageT& page) {
  auto records = client::read_records(page);
  if (!records)
    throw Stop{client::exit_code(records.error()), records.error().sentence,
               records.error().remedy};
  return std::move(*records);
}

schema::RecordPageT page_of(Session& session, const schema::GetRecordsT& wanted) {
  auto page = session.page(request(schema::GetRecordsT(wanted)));
  return std::move(Session::part(page.body.AsRecordPage()));
}

/// Those that match from one record to another.
std::vector<schema::RecordT> records_between(Session& session, schema::GetRecordsT wanted,
                                             std::uint64_t from_seq, std::uint64_t to_seq) {
  std::vector<schema::RecordT> all;
  wanted.to_seq = to_seq;
  wanted.count_max = page_count;
  for (wanted.from_seq = from_seq; wanted.from_seq <= to_seq;) {
    const auto page = page_of(session, wanted);
    std::ranges::move(records_in(page), std::back_inserter(all));
    if (!all.empty() && all.back().seq > to_seq) stop_older();
    if (page.next_seq <= wanted.from_seq) Session::stop_unexpected();
    wanted.from_seq = page.next_seq;
  }
  return all;
}

}  // namespace

BackWindow::BackWindow(std::uint64_t count)
    : size_(std::clamp<std::uint64_t>(count, 1, page_count)) {}

void BackWindow::passed(std::uint64_t count) {
  size_ = count * 2 < size_ ? std::min(size_ * 4, window_max) : page_count;
}

std::uint64_t newest_seq(Session& session) {
  schema::GetRecordsT newest;
  newest.count_max = 1;
  return page_of(session, newest).head_seq;
}

/// Asked for the first record alone, it answers where it would begin.
std::uint64_t first_seq_since(Session& session, std::int64_t since_ns) {
  schema::GetRecordsT first;
  first.from_time_ns = since_ns;
  first.to_seq = 1;
  first.count_max = 1;
  const auto page = page_of(session, first);
  if (page.records.empty()) return page.next_seq;
  if (records_in(page).front().time_ns < since_ns) stop_older();
  return 1;
}

void read_back(Session& session, const schema::GetRecordsT& wanted, std::uint64_t count,
               const std::function<bool(const std::vector<schema::RecordT>&)>& take) {
  const std::uint64_t first = std::max<std::uint64_t>(wanted.from_seq, 1);
  const std::uint64_t newest = newest_seq(session);
  // Beyond the journal: the daemon refuses it as it does forwards.
  if (first > newest + 1) page_of(session, wanted);
  BackWindow window(count);
  for (std::uint64_t end = newest + 1; end > first;) {
    const std::uint64_t begin = end - std::min(end - first, window.size());
    const auto records = records_between(session, wanted, begin, end - 1);
    if (!take(records)) return;
    end = begin;
    window.passed(records.size());
  }
}

}  // namespace postern::cli
