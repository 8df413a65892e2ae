#include "daemon/service/call_pages.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "daemon/calls/call_seals.h"
#include "daemon/service/filter_names.h"
#include "daemon/service/pages.h"

namespace postern::service {

namespace {

using schema::Code;

/// What a call takes of a page besides its texts.
constexpr std::size_t call_bytes = 256;
/// A long check is noted when it ends, with the time that it began at.
constexpr std::int64_t noted_late_max_ns = 60'000'000'000;

struct Filter {
  const domain::Operator* asker = nullptr;
  std::optional<Uuid> tenant;
  std::optional<Uuid> user;
  std::int64_t from_time_ns = 0;

  bool matches(const calls::Entry& entry) const {
    return entry.call.time_ns >= from_time_ns && domain::in_scope(*asker, entry.tenant) &&
           (!tenant || entry.tenant == *tenant) && (!user || *entry.call.user == *user);
  }
};

std::expected<Filter, schema::ProblemT> filter_of(const view::View& view,
                                                  const domain::Operator& asker,
                                                  const schema::ListCalls& wanted) {
  Filter filter;
  filter.asker = &asker;
  const auto names = filter_names(view, asker, wanted.tenant(), wanted.username(), "username");
  if (!names) return std::unexpected(names.error());
  if (names->tenant != nullptr) filter.tenant = names->tenant->id;
  if (names->user != nullptr) filter.user = names->user->id;
  filter.from_time_ns = wanted.from_time_ns();
  return filter;
}

std::size_t size_of(const schema::CallViewT& call) {
  const std::size_t question =
      call.question == nullptr ? 0 : call.question->action.size() + call.question->resource.size();
  return call_bytes + question + call.address.size() + call.client.size();
}

}  // namespace

std::expected<CallPages::FoundCalls, schema::ProblemT> CallPages::find(
    const view::View& view, const domain::Operator& asker, const schema::ListCalls& wanted,
    std::uint64_t from) {
  const auto filter = filter_of(view, asker, wanted);
  if (!filter) return std::unexpected(filter.error());
  const std::size_t count_max = read_on_count(wanted.count_max());
  // What is written while this reads is for the next page.
  const std::uint64_t head = parts_.ring.next();
  const std::uint64_t end = wanted.to() == 0 ? head : std::min(wanted.to(), head);
  FoundCalls found;
  schema::CallPageT& page = found.page;
  page.oldest = parts_.ring.oldest();
  // O2: counts of all tenants' calls.
  if (asker.all_tenants) {
    page.overwritten = parts_.ring.overwritten();
    page.dropped = parts_.dropped();
  }
  // What a crash of the machine took back is given again.
  page.next = std::clamp(from, page.oldest, std::max(page.oldest, end));
  if (wanted.from_time_ns() != 0)
    page.next = std::max(page.next, skipped_to(wanted.from_time_ns()));
  calls::CallSeals seals(parts_.keys,
                         [&](const Uuid& user) { return view.tables().find_user(user); });
  std::size_t bytes = 0;
  std::size_t scanned = 0;
  bool is_full = false;
  const auto read = reader_.read(page.next, [&](std::uint64_t position, auto stored) {
    if (position >= end) return false;
    is_full =
        page.calls.size() >= count_max || bytes >= read_on_bytes_max || scanned >= read_on_scan_max;
    if (is_full) return false;
    ++scanned;
    page.next = position + 1;
    auto entry = calls::open_entry(stored);
    if (!entry || !filter->matches(*entry)) return true;
    seals.open(*entry);
    entry->call.position = position;
    bytes += size_of(entry->call);
    page.calls.push_back(std::make_unique<schema::CallViewT>(std::move(entry->call)));
    return true;
  });
  if (!read)
    return std::unexpected(
        make_problem(Code::journal_unavailable, "", printable(read.error().sentence)));
  if (!is_full) page.next = std::max(page.next, end);
  found.at_head = !is_full && end == head;
  return found;
}

std::uint64_t CallPages::skipped_to(std::int64_t time_ns) {
  const std::vector<calls::CallRing::File> files = parts_.ring.files();
  const auto begins_before = [&](const calls::CallRing::File& file) {
    std::int64_t first_ns = time_ns;
    // What cannot be read is passed over, not over what lies before it.
    const auto read = reader_.read(file.first, [&](std::uint64_t, auto stored) {
      const auto entry = calls::open_entry(stored);
      if (entry) first_ns = entry->call.time_ns;
      return !entry;
    });
    return read && first_ns < time_ns - noted_late_max_ns;
  };
  const auto after = std::ranges::partition_point(files, begins_before);
  return after == files.begin() ? 0 : std::prev(after)->first;
}

}  // namespace postern::service
