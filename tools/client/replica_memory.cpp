#include "tools/client/replica_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <map>

namespace postern::client {

namespace {

constexpr std::uintptr_t page_bytes = 2UL << 20;
/// Entries in a page, so that it is in use for the most part: a quarter of what fits.
constexpr std::size_t entries_least = 2'000;
/// Fewer pages are found quickly as they are.
constexpr std::size_t pages_least = 8;
/// Since Linux 6.1.
constexpr int collapse = 25;

}  // namespace

void ReplicaMemory::note(const domain::Tables<domain::Owned>& tables) {
  std::map<std::uintptr_t, std::size_t> counts;
  auto last = counts.end();
  const auto add = [&](const void* entry) {
    const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(entry) / page_bytes;
    // Those that lie together mostly come together.
    if (last == counts.end() || last->first != page) last = counts.try_emplace(page, 0).first;
    ++last->second;
  };
  tables.for_each_user([&](const domain::User& user) {
    add(&user);
    add(user.grants.get());
  });
  pages_.clear();
  for (const auto& [page, count] : counts)
    if (count >= entries_least) pages_.push_back(page * page_bytes);
  if (pages_.size() < pages_least) pages_.clear();
}

void ReplicaMemory::turn(std::chrono::nanoseconds time) {
  const auto begun = std::chrono::steady_clock::now();
  while (!pages_.empty() && std::chrono::steady_clock::now() - begun < time) {
    const bool is_known =
        madvise(reinterpret_cast<void*>(pages_.back()), page_bytes, collapse) == 0 ||
        errno != EINVAL;
    pages_.pop_back();
    // An older kernel does it for no page. For this one alone others say that there is no room.
    if (!is_known) pages_.clear();
  }
}

}  // namespace postern::client
