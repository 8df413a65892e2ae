#include <time.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <vector>

#include "daemon/journal/leveldb/anchor.h"
#include "daemon/journal/tree.h"
#include "tests/support/fault_env.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

using support::FaultEnv;
using support::Operation;

namespace {

constexpr std::uint64_t slot_size = 4096;
constexpr std::uint64_t slot_used = 88;

Head head_of(std::uint64_t seq) {
  Head head;
  head.seq = seq;
  head.root.fill(static_cast<std::byte>(seq));
  return head;
}

struct Fixture {
  support::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "anchor";
  Disk& disk = Disk::of_system();

  Fixture() { BOOST_REQUIRE(AnchorFile::create(path)); }

  AnchorFile open() const {
    auto file = AnchorFile::open(path, disk);
    BOOST_REQUIRE(file);
    return std::move(*file);
  }

  Head newest() const { return open().heads().back(); }

  void flip(std::uint64_t offset) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }
};

// Lets a test wait for the next write.
class WatchedDisk final : public Disk {
 public:
  int write_synced(int descriptor, View bytes, std::uint64_t offset) override {
    const int result = Disk::write_synced(descriptor, bytes, offset);
    const std::lock_guard lock(mutex_);
    ++writes_;
    changed_.notify_all();
    return result;
  }

  std::uint64_t writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

  bool wait_for_writes(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(120), [&] { return writes_ >= count; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t writes_ = 0;
};

/// Each write takes longer than the anchor may lag behind.
class SlowDisk final : public Disk {
 public:
  int write_synced(int descriptor, View bytes, std::uint64_t offset) override {
    const timespec longer{0, 25'000'000};
    ::nanosleep(&longer, nullptr);
    return Disk::write_synced(descriptor, bytes, offset);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(anchor_tests, Fixture)

BOOST_AUTO_TEST_CASE(a_new_one_says_that_the_journal_is_empty) {
  const auto file = open();
  BOOST_REQUIRE(file.heads().size() == 2U);
  for (const Head& head : file.heads()) BOOST_TEST((head == Head{0, Tree().root()}));
  BOOST_TEST(std::filesystem::file_size(path) == slot_size * 2);
  BOOST_TEST(support::mode_of(path) == 0600U);
}

BOOST_AUTO_TEST_CASE(writes_take_turns_and_the_last_two_are_read_back) {
  auto file = open();
  for (std::uint64_t seq = 1; seq <= 5; ++seq) BOOST_REQUIRE(file.write(head_of(seq)));
  const auto again = open();
  BOOST_REQUIRE(again.heads().size() == 2U);
  BOOST_TEST((again.heads().front() == head_of(4)));
  BOOST_TEST((again.heads().back() == head_of(5)));
}

BOOST_AUTO_TEST_CASE(one_torn_slot_leaves_the_other_and_is_written_next) {
  BOOST_REQUIRE(open().write(head_of(1)));
  BOOST_REQUIRE(open().write(head_of(2)));
  const auto whole = open();
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    for (std::uint64_t byte = 0; byte < slot_used; ++byte) {
      flip(slot * slot_size + byte);
      auto torn = open();
      BOOST_REQUIRE(torn.heads().size() == 1U);
      BOOST_TEST((torn.heads()[0] == whole.heads()[0] || torn.heads()[0] == whole.heads()[1]));
      flip(slot * slot_size + byte);
    }
  }
  flip(0);
  const Head left = newest();
  BOOST_REQUIRE(open().write(head_of(3)));
  BOOST_REQUIRE(open().heads().size() == 2U);
  BOOST_TEST((open().heads().front() == left));
  BOOST_TEST((newest() == head_of(3)));
}

BOOST_AUTO_TEST_CASE(a_write_cut_by_power_loss_leaves_the_newest) {
  FaultEnv env;
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    auto file = AnchorFile::open(path, env);
    BOOST_REQUIRE(file);
    BOOST_REQUIRE(file->write(head_of(seq)));
    env.cut_power_after(0);
    BOOST_TEST(!file->write(head_of(100)));
    BOOST_TEST((newest() == head_of(seq)));
    env.crash(FaultEnv::Left::written);
  }
  BOOST_TEST(env.fired() == 4U);
}

BOOST_AUTO_TEST_CASE(two_damaged_slots_are_damage) {
  flip(10);
  flip(slot_size + 10);
  const auto file = AnchorFile::open(path, disk);
  BOOST_REQUIRE(!file);
  BOOST_CHECK(file.error().kind == FailureKind::damaged);
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_is_damage_and_none_is_missing) {
  std::filesystem::resize_file(path, slot_size + slot_used);
  auto file = AnchorFile::open(path, disk);
  BOOST_REQUIRE(!file);
  BOOST_CHECK(file.error().kind == FailureKind::damaged);
  std::filesystem::remove(path);
  file = AnchorFile::open(path, disk);
  BOOST_REQUIRE(!file);
  BOOST_CHECK(file.error().kind == FailureKind::missing);
}

BOOST_AUTO_TEST_CASE(before_acknowledgement_is_on_disk_when_advance_returns) {
  const Head empty = newest();
  Anchor anchor(open(), AnchorPolicy::before_acknowledgement, empty);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    BOOST_REQUIRE(anchor.advance(head_of(seq)));
    BOOST_TEST((newest() == head_of(seq)));
  }
}

BOOST_AUTO_TEST_CASE(soon_gathers_what_comes_together) {
  WatchedDisk watched;
  auto file = AnchorFile::open(path, watched);
  BOOST_REQUIRE(file);
  Anchor anchor(std::move(*file), AnchorPolicy::soon, newest());
  const auto start = std::chrono::steady_clock::now();
  auto elapsed = start - start;
  std::uint64_t seq = 0;
  while (elapsed < std::chrono::milliseconds(50)) {
    BOOST_REQUIRE(anchor.advance(head_of(++seq)));
    elapsed = std::chrono::steady_clock::now() - start;
  }
  // One for every five milliseconds, and the one under way.
  // Counted before the time is taken, so that what comes between allows only more.
  const std::uint64_t written = watched.writes();
  elapsed = std::chrono::steady_clock::now() - start;
  const auto allowed = static_cast<std::uint64_t>(elapsed / std::chrono::milliseconds(5)) + 1;
  BOOST_TEST(written <= allowed);
  BOOST_REQUIRE(anchor.close());
  BOOST_TEST((newest() == head_of(seq)));
}

BOOST_AUTO_TEST_CASE(soon_is_within_ten_milliseconds_of_the_advance) {
  WatchedDisk watched;
  auto file = AnchorFile::open(path, watched);
  BOOST_REQUIRE(file);
  Anchor anchor(std::move(*file), AnchorPolicy::soon, newest());
  // The best of many: this machine may be busy, the promise is not about that. Even where it keeps
  // 99 of 100 from their time, all of 2,000 miss it once in half a billion runs.
  constexpr std::uint64_t tries = 2'000;
  auto best = std::chrono::steady_clock::duration::max();
  for (std::uint64_t seq = 1; seq <= tries && best >= std::chrono::milliseconds(10); ++seq) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_REQUIRE(anchor.advance(head_of(seq)));
    BOOST_REQUIRE(watched.wait_for_writes(seq));
    best = std::min(best, std::chrono::steady_clock::now() - start);
  }
  BOOST_TEST((best < std::chrono::milliseconds(10)));
}

BOOST_AUTO_TEST_CASE(soon_on_a_slow_disk_acknowledges_nothing_while_older_is_missing) {
  SlowDisk slow;
  auto file = AnchorFile::open(path, slow);
  BOOST_REQUIRE(file);
  Anchor anchor(std::move(*file), AnchorPolicy::soon, newest());
  std::vector<std::chrono::steady_clock::time_point> acknowledged;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  for (std::uint64_t seq = 1; std::chrono::steady_clock::now() < end; ++seq) {
    const auto asked = std::chrono::steady_clock::now();
    BOOST_REQUIRE(anchor.advance(head_of(seq)));
    acknowledged.push_back(std::chrono::steady_clock::now());
    // The oldest that is missing now.
    const std::uint64_t kept = newest().seq;
    if (kept < seq) BOOST_REQUIRE(asked - acknowledged[kept] < std::chrono::milliseconds(10));
  }
}

BOOST_AUTO_TEST_CASE(closing_brings_it_to_the_head) {
  {
    Anchor anchor(open(), AnchorPolicy::soon, newest());
    BOOST_REQUIRE(anchor.advance(head_of(7)));
    BOOST_REQUIRE(anchor.close());
    BOOST_TEST((newest() == head_of(7)));
    BOOST_REQUIRE(anchor.close());
  }
  {
    Anchor anchor(open(), AnchorPolicy::soon, newest());
    BOOST_REQUIRE(anchor.advance(head_of(8)));
  }
  BOOST_TEST((newest() == head_of(8)));
}

BOOST_AUTO_TEST_CASE(the_first_failed_write_ends_it) {
  for (const auto policy : {AnchorPolicy::before_acknowledgement, AnchorPolicy::soon}) {
    FaultEnv env;
    env.fail(Operation::write_synced, 1, FaultEnv::Times::once);
    auto file = AnchorFile::open(path, env);
    BOOST_REQUIRE(file);
    Anchor anchor(std::move(*file), policy, newest());
    BOOST_TEST(anchor.advance(head_of(1)).has_value() == (policy == AnchorPolicy::soon));
    // Under `soon` the failure shows when the write was tried.
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (anchor.health() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    BOOST_REQUIRE(!anchor.health());
    BOOST_CHECK(anchor.health().error().kind == FailureKind::input_output);
    BOOST_TEST(!anchor.advance(head_of(2)));
    BOOST_TEST(!anchor.close());
    BOOST_TEST(env.fired() == 1U);
    // Nothing was tried again: after a failed sync the system may take lost pages for clean.
    BOOST_TEST(env.steps().size() == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
