#include "daemon/calls/recorder.h"

#include <utility>

#include "daemon/calls/call_entry.h"

namespace postern::calls {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t sync_interval_ns = 5 * second_ns;
constexpr std::int64_t collect_interval_ns = 60 * second_ns;
/// No storm: at most four summaries a second.
constexpr std::int64_t hand_over_interval_ns = second_ns / 4;
/// While calls come; a wake for each would cost the reader more than its note.
constexpr std::int64_t pace_ms = 50;
constexpr std::int64_t longest_ms = 1'000;
constexpr int quiet_turns_max = 20;
/// Written together.
constexpr std::uint64_t entries_together = 1'024;

}  // namespace

void Recorder::turn() {
  take_notes();
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (now_ns >= next_sync_ns_) {
    next_sync_ns_ = now_ns + sync_interval_ns;
    if (const auto synced = parts_.ring.sync(); !synced) outlets_.failed(synced.error());
  }
  if (now_ns >= next_collect_ns_) {
    next_collect_ns_ = now_ns + collect_interval_ns;
    counters_.collect_due(parts_.clock.now_ns());
    seen_.forget_expired(parts_.clock.now_ns());
  }
  hand_over_due();
}

void Recorder::take_notes() {
  LastKey last;
  bool any = false;
  while (const CallNote* note = parts_.line.front()) {
    any = true;
    if (!counters_.add(*note)) dropped_.fetch_add(1, std::memory_order_relaxed);
    seen_.add(*note);
    if (note->logged) record(*note, last);
    parts_.line.pop();
    if (parts_.ring.waiting() >= entries_together) write();
  }
  last.key.reset();
  write();
  quiet_turns_ = any ? 0 : quiet_turns_ + 1;
}

void Recorder::record(const CallNote& note, LastKey& last) {
  if (!outlets_.may_write()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (last.user != note.user) {
    last = {note.user, std::nullopt};
    if (const auto key = parts_.keys.user_key({note.key_file, note.key_slot})) last.key = *key;
  }
  const credential::Key* key = last.key ? &last.key->bytes() : nullptr;
  parts_.ring.append(pack_entry(note, key, parts_.entropy));
}

void Recorder::write() {
  const std::uint64_t waiting = parts_.ring.waiting();
  if (waiting == 0) return;
  const auto written = parts_.ring.write();
  (written ? recorded_ : dropped_).fetch_add(waiting, std::memory_order_relaxed);
  if (!written && !write_failed_) outlets_.failed(written.error());
  write_failed_ = !written;
  if (written) outlets_.written();
}

void Recorder::hand_over_due() {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (under_way_ || now_ns < next_hand_over_ns_) return;
  UseSummaries summaries = counters_.take_collected();
  if (summaries.parts.empty()) return;
  next_hand_over_ns_ = now_ns + hand_over_interval_ns;
  under_way_ = true;
  outlets_.hand_over(std::move(summaries));
}

void Recorder::take_back(UseSummaries summaries) {
  under_way_ = false;
  counters_.take_back(std::move(summaries));
}

std::optional<Recorder::Unrecorded> Recorder::unrecorded(const Uuid& tenant) {
  take_notes();
  if (under_way_) return std::nullopt;
  return counters_.of_tenant(tenant);
}

void Recorder::hand_over_all() {
  take_notes();
  counters_.collect_all();
  while (true) {
    UseSummaries summaries = counters_.take_collected();
    if (summaries.parts.empty()) return;
    outlets_.hand_over(std::move(summaries));
  }
}

void Recorder::close() {
  take_notes();
  if (const auto synced = parts_.ring.sync(); !synced) outlets_.failed(synced.error());
}

std::int64_t Recorder::idle_ms() {
  if (quiet_turns_ < quiet_turns_max) return pace_ms;
  parts_.line.await_wake();
  return longest_ms;
}

}  // namespace postern::calls
