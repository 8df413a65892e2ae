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

std::span<const std::byte> Folding::Batch::add(journal::View record) {
  constexpr std::size_t unit = 8;
  const std::size_t place = (bytes.size() + unit - 1) / unit * unit;
  if (bytes.empty()) bytes.reserve(std::max(batch_bytes, record.size()));
  if (place + record.size() > bytes.capacity()) return {};
  bytes.resize(place);
  bytes.insert(bytes.end(), record.begin(), record.end());
  return std::span(bytes).subspan(place);
}

void Folding::Batch::empty_out() {
  bytes.clear();
  records.clear();
}

Expected<> Folding::take(std::uint64_t seq, journal::View bytes) {
  std::span<const std::byte> copy = filling_.add(bytes);
  if (copy.empty()) {
    if (auto handed_over = hand_over(); !handed_over) return handed_over;
    copy = filling_.add(bytes);
  }
  const auto record = domain::open_record(copy);
  if (!record) {
    // One before it is the first.
    if (auto folded = finish(); !folded) return folded;
    return std::unexpected(not_folded(seq, record.error()));
  }
  filling_.records.push_back(*record);
  return filling_.records.size() < batch_records ? Expected<>() : hand_over();
}

Expected<> Folding::finish() {
  // What has failed is told once all is over.
  if (!filling_.records.empty()) static_cast<void>(hand_over());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !is_working_; });
  return folded();
}

/// Under the lock.
Expected<> Folding::folded() const {
  return failure_ ? Expected<>(std::unexpected(*failure_)) : Expected<>();
}

/// Fails with what could not be folded of those before.
Expected<> Folding::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < batches_max; });
  waiting_.push_back(std::exchange(filling_, {}));
  if (!spares_.empty()) {
    filling_ = std::move(spares_.back());
    spares_.pop_back();
  }
  auto folded_before = folded();
  lock.unlock();
  changed_.notify_all();
  return folded_before;
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
    batch.empty_out();
    lock.lock();
    // One that was made larger holds a record that few are as large as.
    if (batch.bytes.capacity() <= batch_bytes) spares_.push_back(std::move(batch));
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
