#include "daemon/data/folding.h"

#include <algorithm>
#include <utility>

#include "daemon/data/data_folder.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/domain/prefetch.h"
#include "daemon/platform/wiped_memory.h"

namespace postern::data {

namespace {

constexpr std::size_t batch_bytes = 256 << 10;
constexpr std::size_t batch_records = 512;
constexpr std::size_t batches_max = 4;
constexpr std::uint64_t forget_interval = 10'000;
/// Waits for memory of one record are over while others wait; what was fetched stays at hand until
/// it is used.
constexpr std::size_t together = 64;

Failure not_folded(std::uint64_t seq, const domain::Unfit& why) {
  return unfit("the journal", seq, why,
               "Restore from a backup; keep the damaged folder for inquiry.");
}

}  // namespace

Folding::Folding(const Folded& into, std::int64_t now_ms)
    : into_(into), now_ms_(now_ms), thread_([this] { work(); }) {}

Folding::~Folding() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

Expected<> Folding::take(std::uint64_t seq, journal::View bytes) {
  const auto record = filling_.gates.emplace_back().open(bytes);
  if (!record) {
    filling_.gates.pop_back();
    // One before it is the first.
    if (auto folded = finish(); !folded) return folded;
    return std::unexpected(not_folded(seq, record.error()));
  }
  filling_.records.push_back(*record);
  filling_.bytes += bytes.size();
  if (filling_.bytes < batch_bytes && filling_.records.size() < batch_records) return {};
  hand_over();
  const std::lock_guard lock(mutex_);
  return failure_ ? Expected<>(std::unexpected(*failure_)) : Expected<>();
}

Expected<> Folding::finish() {
  if (!filling_.records.empty()) hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !is_working_; });
  return failure_ ? Expected<>(std::unexpected(*failure_)) : Expected<>();
}

void Folding::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < batches_max; });
  waiting_.push_back(std::exchange(filling_, {}));
  lock.unlock();
  changed_.notify_all();
}

void Folding::work() {
  // All that is personal in records is sealed.
  platform::wipes_freed_memory = false;
  domain::Changes changes{.tells_all = false};
  std::unique_lock lock(mutex_);
  while (true) {
    is_working_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    if (is_ending_) return;
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    is_working_ = true;
    const bool is_good = !failure_;
    lock.unlock();
    changed_.notify_all();
    Expected<> folded;
    const std::span<const schema::Record* const> records(batch.records);
    for (std::size_t from = 0; is_good && folded && from < records.size(); from += together)
      folded = fold(records.subspan(from, std::min(together, records.size() - from)), changes);
    batch = {};
    lock.lock();
    if (!folded) failure_ = folded.error();
  }
}

Expected<> Folding::fold(std::span<const schema::Record* const> records, domain::Changes& changes) {
  fetch_users(records);
  for (const schema::Record* record : records)
    if (auto folded = fold(*record, changes); !folded) return folded;
  remember(records);
  return {};
}

void Folding::fetch_users(std::span<const schema::Record* const> records) const {
  for (const schema::Record* record : records)
    for (const schema::Event* event : *record->events())
      if (event->user() != nullptr)
        if (const domain::User* user = into_.state.tables().find_user(*event->user()))
          domain::fetch_ahead(user, sizeof *user);
}

Expected<> Folding::fold(const schema::Record& record, domain::Changes& changes) {
  changes.clear();
  // The place where it belongs, whatever it says of itself.
  const std::uint64_t seq = into_.state.seq() + 1;
  if (auto folded = domain::fold(into_.state, record, changes); !folded)
    return std::unexpected(not_folded(seq, folded.error()));
  domain::PastNotes notes;
  domain::note(record, changes, notes);
  into_.past.take(std::move(notes));
  if (seq == 1)
    if (const auto id = installation_of(record)) into_.installation = *id;
  return {};
}

/// K1: all are taken, and what lies before the window is dropped on the way.
void Folding::remember(std::span<const schema::Record* const> records) {
  for (const schema::Record* record : records) {
    if (record->role() != schema::Role::daemon)
      into_.ids.remember(*record->operator_id(), *record->command_id(), record->seq());
    if (record->seq() % forget_interval == 0) into_.ids.forget_before(now_ms_);
  }
}

}  // namespace postern::data
