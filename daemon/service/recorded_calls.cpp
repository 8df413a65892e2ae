#include "daemon/service/recorded_calls.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_seals.h"

namespace postern::service {

namespace {

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

RecordedCalls::Letter RecordedCalls::go_on(const view::View& view) {
  Letter letter = std::move(letters_.front());
  letters_.pop_front();
  if (read_on(view, *letter)) return letter;
  letters_.push_back(std::move(letter));
  return nullptr;
}

bool RecordedCalls::read_on(const view::View& view, EvidenceLetter& letter) {
  if (!letter.calls_since_ns || letter.too_many || letter.trouble) return true;
  const std::uint64_t end = ring_.next();
  const bool is_first = letter.next_call == 0;
  if (is_first) letter.next_call = std::max(ring_.oldest(), end - std::min(end, limits_.calls_max));
  // Of what lies before nobody knows whether it is of those days.
  bool is_cut = is_first && letter.next_call > 1;
  const std::uint64_t stop = std::min(end, letter.next_call + limits_.slice_calls);
  calls::CallSeals seals(keys_, [&](const Uuid& user) { return view.tables().find_user(user); });
  const auto read = reader_.read(letter.next_call, [&](std::uint64_t position, auto stored) {
    if (position >= stop) return false;
    auto entry = calls::open_entry(stored);
    if (!entry) return true;
    if (std::exchange(is_cut, false) && entry->call.time_ns >= *letter.calls_since_ns) {
      letter.too_many = true;
      return false;
    }
    if (entry->tenant != letter.tenant || !entry->call.allowed ||
        entry->call.time_ns < *letter.calls_since_ns)
      return true;
    seals.open(*entry);
    return visit(*entry, letter);
  });
  if (!read) letter.trouble = read.error();
  letter.next_call = stop;
  ++letter.slices;
  return stop >= end || letter.too_many || letter.trouble;
}

/// False: there are too many.
bool RecordedCalls::visit(calls::Entry& entry, EvidenceLetter& letter) {
  std::vector<domain::RecordedCall>& found = letter.evidence.calls;
  domain::RecordedCall call = domain::recorded_call_of(entry.call);
  const auto [place, is_new] =
      letter.places.try_emplace(likeness_of(call, entry.call.address), found.size());
  if (!is_new) {
    found[place->second].time_ns = call.time_ns;
    found[place->second].seq = call.seq;
    return true;
  }
  letter.too_many = found.size() == limits_.different_max;
  if (!letter.too_many) found.push_back(std::move(call));
  return !letter.too_many;
}

}  // namespace postern::service
