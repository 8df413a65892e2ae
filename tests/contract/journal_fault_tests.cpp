#include <leveldb/db.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <numeric>
#include <thread>

#include "daemon/journal/tree.h"
#include "tests/contract/folder_image.h"
#include "tests/contract/journal_subjects.h"

namespace postern::journal {

using support::bytes_of;
using support::FaultEnv;
using support::Operation;
using support::views;
namespace fs = std::filesystem;

namespace {

constexpr std::array<std::uint64_t, 10> groups{1, 2, 1, 3, 1, 1, 2, 1, 2, 1};
constexpr std::uint64_t first_records = 5;

// Every fourth is so large that the log, of 64 KiB, is full twice on the way.
Bytes record_of(std::uint64_t seq) {
  return bytes_of("record " + std::to_string(seq) + std::string(seq % 4 == 0 ? 40'000 : seq, 'r'));
}

std::vector<Bytes> records_of(std::uint64_t first, std::uint64_t count) {
  std::vector<Bytes> records;
  for (std::uint64_t seq = first; seq < first + count; ++seq) records.push_back(record_of(seq));
  return records;
}

Head head_of(std::uint64_t last) {
  Tree tree;
  for (std::uint64_t seq = 1; seq <= last; ++seq) tree.append(record_of(seq));
  return {last, tree.root()};
}

/// What a run came to: how far it was acknowledged, and where the group ends that was not.
struct Run {
  std::uint64_t acknowledged = first_records;
  std::uint64_t attempted = first_records;
  bool failed = false;
};

// Opens and appends until something fails, then tries on, in vain. Leaves the journal open.
Run run(const LevelDbOptions& options, std::unique_ptr<Journal>& journal) {
  Run result;
  auto opening = open_leveldb_journal(options, [](auto, auto) { return Expected<>{}; });
  if (!opening) {
    BOOST_CHECK(opening.error().kind == FailureKind::input_output);
    result.failed = true;
    return result;
  }
  journal = std::move(*opening);
  for (const std::uint64_t group : groups) {
    const auto records = records_of(result.acknowledged + 1, group);
    const auto appended = journal->append(result.acknowledged, views(records));
    if (result.failed) BOOST_REQUIRE(!appended);
    if (!result.failed) result.attempted = result.acknowledged + group;
    if (appended)
      result.acknowledged = result.attempted;
    else
      result.failed = true;
    BOOST_REQUIRE((journal->head() == head_of(result.acknowledged)));
  }
  return result;
}

/// A folder with a few records, all in the log, put back before each run.
struct Start : OnLevelDb {
  FolderImage image;

  explicit Start(AnchorPolicy policy) : OnLevelDb(policy) {
    BOOST_REQUIRE(opened_journal->append(0, views(records_of(1, first_records))));
    opened_journal.reset();
    image = image_of(options.folder);
  }

  Run run_over(FaultEnv& faults, std::unique_ptr<Journal>& journal) {
    put_back(options.folder, image);
    options.base_env = &faults;
    options.disk = &faults;
    return run(options, journal);
  }

  // What is on disk is what was acknowledged, or with the one group more that was under way.
  void check_left(const Run& result) {
    options.base_env = nullptr;
    options.disk = nullptr;
    const auto journal = open_leveldb_journal(options, [](std::uint64_t seq, View record) {
      BOOST_REQUIRE(std::ranges::equal(record, record_of(seq)));
      return Expected<>{};
    });
    BOOST_REQUIRE_MESSAGE(journal, journal.error().sentence);
    const std::uint64_t last = (*journal)->head().seq;
    BOOST_TEST((last == result.acknowledged || last == result.attempted));
    BOOST_TEST(((*journal)->head() == head_of(last)));
  }
};

std::size_t operations_of(Start& start) {
  FaultEnv faults;
  std::unique_ptr<Journal> journal;
  const Run whole = start.run_over(faults, journal);
  BOOST_REQUIRE(!whole.failed);
  journal.reset();
  return faults.steps().size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_fault_tests)

BOOST_AUTO_TEST_CASE(K5_power_cut_at_every_operation_loses_nothing_acknowledged) {
  for (const auto policy :
       {AnchorPolicy::before_acknowledgement, AnchorPolicy::soon, AnchorPolicy::off}) {
    Start start(policy);
    const std::size_t operations = operations_of(start);
    BOOST_TEST(operations > 80U);
    std::size_t cuts = 0;
    std::map<std::uint64_t, std::size_t> outcomes;
    for (std::size_t cut = 0; cut < operations; ++cut) {
      for (unsigned variant = 0; variant < 4; ++variant) {
        BOOST_TEST_CONTEXT("cut after " << cut << ", variant " << variant) {
          FaultEnv faults;
          faults.cut_power_after(cut);
          std::unique_ptr<Journal> journal;
          const Run result = start.run_over(faults, journal);
          journal.reset();
          cuts += faults.fired() > 0 ? 1 : 0;
          if (variant < 2)
            faults.crash(variant == 0 ? FaultEnv::Left::synced : FaultEnv::Left::written);
          else
            faults.crash(FaultEnv::Left::torn, cut * 2 + variant);
          start.check_left(result);
          ++outcomes[result.acknowledged];
        }
      }
    }
    // What the background gets done before the end differs from run to run.
    BOOST_TEST(cuts > operations * 4 * 3 / 4);
    BOOST_TEST(outcomes.size() > groups.size() / 2);
  }
}

BOOST_AUTO_TEST_CASE(K5_any_operation_that_fails_once_ends_writing) {
  Start start(AnchorPolicy::before_acknowledgement);
  for (const auto operation :
       {Operation::create, Operation::append, Operation::flush, Operation::sync, Operation::close,
        Operation::rename, Operation::sync_folder, Operation::write_synced}) {
    std::uint64_t fired = 0;
    for (std::uint64_t nth = 1;; ++nth) {
      BOOST_TEST_CONTEXT("operation " << static_cast<int>(operation) << ", time " << nth) {
        FaultEnv faults;
        faults.fail(operation, nth, FaultEnv::Times::once);
        std::unique_ptr<Journal> journal;
        const Run result = start.run_over(faults, journal);
        const bool in_time = faults.fired() > 0;
        // Off the append's path it shows a moment later.
        while (in_time && journal && journal->health()) std::this_thread::yield();
        journal.reset();
        if (faults.fired() == 0) {
          BOOST_TEST(!result.failed);
          start.check_left(result);
          break;
        }
        ++fired;
        start.check_left(result);
      }
    }
    BOOST_TEST(fired > 0U);
  }
}

BOOST_AUTO_TEST_CASE(what_fails_in_the_background_shows_without_another_append) {
  FaultEnv faults;
  OnLevelDb subject(AnchorPolicy::off, &faults);
  Journal& journal = *subject.opened_journal;
  BOOST_REQUIRE(journal.append(0, views({bytes_of(std::string(100'000, 'l'))})));
  // The next append finds the log full: the first file closed is that log, the second the table.
  faults.fail(Operation::close, 2, FaultEnv::Times::once);
  const auto appended = journal.append(1, views({bytes_of("small")}));
  while (journal.health()) std::this_thread::yield();
  BOOST_TEST(faults.fired() == 1U);
  BOOST_TEST(journal.head().seq == (appended ? 2U : 1U));
  BOOST_TEST(!journal.append(journal.head().seq, views({bytes_of("more")})));
}

BOOST_AUTO_TEST_CASE(a_removal_that_fails_is_in_nobodys_way) {
  Start start(AnchorPolicy::before_acknowledgement);
  FaultEnv faults;
  faults.fail(Operation::remove, 1, FaultEnv::Times::from_then_on);
  std::unique_ptr<Journal> journal;
  const Run result = start.run_over(faults, journal);
  journal.reset();
  BOOST_TEST(faults.fired() > 0U);
  BOOST_TEST(!result.failed);
  start.check_left(result);
}

BOOST_AUTO_TEST_CASE(power_cut_while_making_one_leaves_none_or_an_empty_one) {
  std::size_t made = 0;
  std::size_t not_made = 0;
  for (std::size_t cut = 0; made == 0 || cut < made; ++cut) {
    for (const auto left : {FaultEnv::Left::synced, FaultEnv::Left::written}) {
      const support::TemporaryFolder temporary;
      FaultEnv faults;
      faults.cut_power_after(cut);
      LevelDbOptions options;
      options.folder = temporary.path() / "journal";
      options.base_env = &faults;
      options.disk = &faults;
      const auto created = create_leveldb_journal(options);
      BOOST_TEST(created.has_value() == (faults.fired() == 0));
      faults.crash(left);

      options.base_env = nullptr;
      options.disk = nullptr;
      const auto journal = open_leveldb_journal(options, [](auto, auto) { return Expected<>{}; });
      if (created) BOOST_REQUIRE(journal);
      if (journal) {
        BOOST_TEST((*journal)->head().seq == 0U);
      } else {
        ++not_made;
        BOOST_CHECK(journal.error().kind == FailureKind::missing);
        const auto again = create_leveldb_journal(options);
        BOOST_REQUIRE_MESSAGE(again, again.error().sentence);
        append_from(*opened(options), 1, 3);
      }
      if (created) made = cut;
    }
  }
  BOOST_TEST(made > 10U);
  BOOST_TEST(not_made > 10U);
}

// Hard fact 4, over a whole life: opening after a crash, full logs, tables, removals.
BOOST_AUTO_TEST_CASE(folders_are_synced_in_order) {
  Start start(AnchorPolicy::off);
  FaultEnv faults;
  std::unique_ptr<Journal> journal;
  BOOST_REQUIRE(!start.run_over(faults, journal).failed);
  journal.reset();

  std::map<std::string, bool> name_durable;
  std::map<Operation, int> seen;
  Operation last_of_folder = Operation::sync_folder;
  for (const auto& [operation, name] : faults.steps()) {
    ++seen[operation];
    if (operation == Operation::create) name_durable[name] = false;
    if (operation == Operation::sync_folder)
      for (auto& entry : name_durable) entry.second = true;
    if (operation == Operation::sync) BOOST_TEST(name_durable[name]);
    if (operation == Operation::remove) BOOST_CHECK(last_of_folder == Operation::sync_folder);
    if (last_of_folder == Operation::rename && operation == Operation::remove)
      BOOST_ERROR("a removal before the rename was durable");
    if (operation == Operation::rename || operation == Operation::remove ||
        operation == Operation::sync_folder)
      last_of_folder = operation;
  }
  for (const auto operation : {Operation::create, Operation::sync, Operation::rename,
                               Operation::remove, Operation::sync_folder})
    BOOST_TEST(seen[operation] >= 2);
}

BOOST_AUTO_TEST_CASE(K5_a_full_disk_ends_writing_even_when_space_returns) {
  OnLevelDb subject(AnchorPolicy::before_acknowledgement);
  Journal& journal = *subject.opened_journal;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 20'000;
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::uint64_t last = 0;
  while (journal.append(last, views(support::records_from(last + 1, 1)))) ++last;
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  BOOST_TEST(last > 100U);
  for (int again = 0; again < 20; ++again)
    BOOST_TEST(!journal.append(last, views(support::records_from(last + 1, 1))));
  BOOST_TEST(journal.head().seq == last);
  subject.opened_journal.reset();
  const std::uint64_t left = opened(subject.options)->head().seq;
  BOOST_TEST((left == last || left == last + 1));
}

// Why all this is needed, hard fact 1: LevelDB by itself acknowledges what it loses. If this fails,
// LevelDB was mended.
BOOST_AUTO_TEST_CASE(bare_leveldb_acknowledges_and_loses_after_a_failed_write) {
  const support::TemporaryFolder temporary;
  FaultEnv faults;
  leveldb::Options options;
  options.create_if_missing = true;
  options.env = &faults;
  const auto open = [&] {
    leveldb::DB* database = nullptr;
    BOOST_REQUIRE(leveldb::DB::Open(options, (temporary.path() / "db").native(), &database).ok());
    return std::unique_ptr<leveldb::DB>(database);
  };
  leveldb::WriteOptions synced;
  synced.sync = true;
  auto database = open();
  BOOST_REQUIRE(database->Put(synced, "before", "x").ok());
  faults.fail(Operation::append, 2, FaultEnv::Times::once);
  BOOST_TEST(!database->Put(synced, "fails", std::string(100, 'x')).ok());
  BOOST_TEST(faults.fired() == 1U);
  int acknowledged = 0;
  for (int i = 0; i < 20; ++i)
    acknowledged += database->Put(synced, "after" + std::to_string(i), "x").ok() ? 1 : 0;
  BOOST_TEST(acknowledged == 20);

  database.reset();
  database = open();
  std::string value;
  BOOST_TEST(database->Get({}, "before", &value).ok());
  int found = 0;
  for (int i = 0; i < 20; ++i)
    found += database->Get({}, "after" + std::to_string(i), &value).ok() ? 1 : 0;
  BOOST_TEST(found == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
