#include "daemon/service/recorded_calls.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_seals.h"

namespace postern::service {

namespace {

/// So many of the newest a guard looks at; where the days it looks back hold more, it is refused.
constexpr std::uint64_t calls_read_max = 2'000'000;

/// Alike are calls that every state answers alike.
std::string likeness_of(const domain::RecordedCall& call, const std::string& address) {
  std::string made(reinterpret_cast<const char*>(&call.user), sizeof call.user);
  made.append(reinterpret_cast<const char*>(&call.key), sizeof call.key);
  made += call.by_password ? 'p' : call.by_token ? 's' : '-';
  made += call.tls ? 't' : '-';
  made += call.interactive ? 'i' : '-';
  made += call.this_level_only ? 'l' : '-';
  return made + call.action + ' ' + call.resource + ' ' + address;
}

}  // namespace

void RecordedCalls::fill(const view::View& view, EvidenceLetter& letter) {
  if (!letter.calls_since_ns) return;
  std::vector<domain::RecordedCall>& found = letter.evidence.calls;
  std::unordered_map<std::string, std::size_t> places;
  calls::CallSeals seals(keys_, [&](const Uuid& user) { return view.tables().find_user(user); });
  const std::uint64_t end = ring_.next();
  const std::uint64_t begin = std::max(ring_.oldest(), end - std::min(end, calls_read_max));
  bool is_cut = begin > ring_.oldest();
  const auto read = reader_.read(begin, [&](std::uint64_t, auto stored) {
    auto entry = calls::open_entry(stored);
    if (entry && std::exchange(is_cut, false) && entry->call.time_ns >= *letter.calls_since_ns) {
      letter.too_many = true;
      return false;
    }
    if (!entry || entry->tenant != letter.tenant || !entry->call.allowed ||
        entry->call.time_ns < *letter.calls_since_ns)
      return true;
    seals.open(*entry);
    domain::RecordedCall call = domain::recorded_call_of(entry->call);
    const auto [place, is_new] =
        places.try_emplace(likeness_of(call, entry->call.address), found.size());
    if (!is_new) {
      found[place->second].time_ns = call.time_ns;
      found[place->second].seq = call.seq;
      return true;
    }
    letter.too_many = found.size() == domain::guard_calls_max;
    if (!letter.too_many) found.push_back(std::move(call));
    return !letter.too_many;
  });
  if (!read) letter.trouble = read.error();
}

}  // namespace postern::service
