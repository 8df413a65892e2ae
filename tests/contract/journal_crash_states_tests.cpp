// K5: every moment of hundreds of appends at which the power may go, and at each of them what a
// disk may have kept: by sectors, in any order. What was acknowledged is there; what was not is
// whole or absent.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>

#include "daemon/journal/leveldb/log_form.h"
#include "tests/contract/folder_image.h"
#include "tests/contract/journal_subjects.h"

namespace postern::journal {

using support::FaultEnv;
using support::Operation;
using support::views;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t last = 4'000;

std::size_t states_wished() {
  const char* wished = std::getenv("POSTERN_CRASH_STATES");
  return wished == nullptr ? 20'000 : std::stoull(wished);
}

/// What may be on the disk, and how far the journal had got.
struct State {
  FaultEnv::Image files;
  std::uint64_t acknowledged;
  std::uint64_t attempted;
};

struct Counts {
  std::size_t moments = 0;
  std::size_t states = 0;
  /// With something written that was not synced, or a name that was not.
  std::size_t torn = 0;
  /// States whose log or manifest has a hole in what was written last.
  std::size_t holed = 0;
  std::size_t bad = 0;
  std::string first_bad;
};

/// Runs the appends once, and stops at each operation to look what a crash would leave.
class Crashes {
 public:
  Crashes(AnchorPolicy policy, std::uint64_t seed, std::size_t seeds_at_each, bool syncs_lie)
      : policy_(policy), random_(seed), seeds_(seeds_at_each) {
    faults_.syncs_lie = syncs_lie;
  }

  Counts run() {
    OnLevelDb subject(policy_, &faults_);
    folder_ = subject.options.folder;
    faults_.before_step = [this](const support::Step& step) { look(step); };
    while (acknowledged_ < last) {
      // Now and then a group that lies in many sectors.
      const std::uint64_t wished = 1 + random_() % (random_() % 16 == 0 ? 400 : 4);
      const std::uint64_t count = std::min(wished, last - acknowledged_);
      attempted_ = acknowledged_ + count;
      append_from(*subject.opened_journal, acknowledged_ + 1, count);
      acknowledged_ = attempted_.load();
      check_seen();
      // Now and then what a table, a manifest and a new log come from.
      if (random_() % 100 == 0) subject.reopen();
    }
    subject.opened_journal.reset();
    faults_.before_step = nullptr;
    check_seen();
    return counts_;
  }

 private:
  void look(const support::Step& step) {
    // What is appended or flushed is no more than what a sync may lose.
    if (step.operation == Operation::append || step.operation == Operation::flush) return;
    const std::lock_guard lock(mutex_);
    ++counts_.moments;
    const auto synced = faults_.left_now(FaultEnv::Left::synced);
    const auto written = faults_.left_now(FaultEnv::Left::written);
    seen_.push_back({synced, acknowledged_, attempted_});
    if (synced == written) return;
    ++counts_.torn;
    seen_.push_back({written, acknowledged_, attempted_});
    for (std::size_t place = 0; place < seeds_; ++place) {
      const auto left = place % 4 < 2 ? FaultEnv::Left::torn : FaultEnv::Left::scattered;
      seen_.push_back({faults_.left_now(left, torn_random_(), place % 2 == 0 ? 512 : 4'096),
                       acknowledged_, attempted_});
    }
  }

  /// Not where they were seen: LevelDB has one background thread for all that is open.
  void check_seen() {
    std::vector<State> seen;
    {
      const std::lock_guard lock(mutex_);
      seen.swap(seen_);
    }
    for (const State& state : seen) {
      ++counts_.states;
      const std::string found = what_is_wrong(state);
      if (!found.empty() && counts_.bad++ == 0)
        counts_.first_bad = "state " + std::to_string(counts_.states) + " of seq " +
                            std::to_string(state.acknowledged) + " to " +
                            std::to_string(state.attempted) + ": " + found;
    }
  }

  std::string what_is_wrong(const State& state) {
    FolderImage image;
    bool has_hole = false;
    for (const auto& [name, bytes] : state.files) {
      const auto own = fs::path(name).lexically_relative(folder_).native();
      if (own.ends_with(".log") || own.starts_with("db/MANIFEST"))
        has_hole = has_hole || end_before_torn_write(bytes) < bytes.size();
      image[own] = bytes;
    }
    if (has_hole) ++counts_.holed;
    LevelDbOptions options;
    options.folder = after_.path() / "journal";
    options.anchor = policy_;
    fs::create_directories(options.folder / "db");
    put_back(options.folder, image);
    bool altered = false;
    const auto journal = open_leveldb_journal(options, [&](std::uint64_t seq, View record) {
      altered = altered || !std::ranges::equal(record, support::record_at(seq));
      return Expected<>{};
    });
    if (!journal) return journal.error().sentence;
    const std::uint64_t head = (*journal)->head().seq;
    if (altered) return "a record is another";
    if (head != state.acknowledged && head != state.attempted)
      return "it ends at " + std::to_string(head);
    return {};
  }

  const AnchorPolicy policy_;
  std::mt19937_64 random_;
  std::mt19937_64 torn_random_{random_()};
  const std::size_t seeds_;
  FaultEnv faults_;
  fs::path folder_;
  const support::TemporaryFolder after_;
  // LevelDB's own thread and the anchor's look too.
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> attempted_{0};
  std::mutex mutex_;
  std::vector<State> seen_;
  Counts counts_;
};

void tell(const Counts& counts) {
  BOOST_TEST_MESSAGE(counts.states << " states at " << counts.moments << " moments, " << counts.torn
                                   << " of them with something not synced; " << counts.holed
                                   << " states with a hole");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_crash_states_tests)

BOOST_AUTO_TEST_CASE(K5_no_state_that_a_crash_may_leave_loses_what_was_acknowledged) {
  // The long form goes on from the everyday one's.
  constexpr std::uint64_t seed = 1;
  BOOST_TEST_MESSAGE("seeds from " << seed);
  std::size_t states = 0;
  for (std::uint64_t run = 0; states < states_wished(); ++run) {
    const auto policy = run % 2 == 0 ? AnchorPolicy::soon : AnchorPolicy::before_acknowledgement;
    BOOST_TEST_CONTEXT("seed " << seed + run) {
      const Counts counts = Crashes(policy, seed + run, 12, false).run();
      tell(counts);
      BOOST_TEST(counts.bad == 0U, counts.bad << " bad ones, the first: " << counts.first_bad);
      // The faults are real: most moments had something to lose.
      BOOST_TEST(counts.torn > 100U);
      BOOST_TEST(counts.holed > 10U);
      BOOST_TEST(counts.states > 1'000U);
      states += counts.states;
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_with_syncs_that_lie_the_same_harness_finds_losses) {
  const Counts counts = Crashes(AnchorPolicy::soon, 1, 2, true).run();
  tell(counts);
  BOOST_TEST(counts.bad > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
