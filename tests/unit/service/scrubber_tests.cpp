#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "daemon/journal/journal.h"
#include "daemon/platform/system_failure.h"
#include "daemon/service/scrubber.h"
#include "tests/support/forwarding_journal.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/journal_folder.h"
#include "tests/support/memory_journal.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

struct Scrubbing {
  SimulatedClock clock;
  service::Vitals vitals;
  std::vector<std::string> alarms;

  service::Scrubber over(const journal::Journal& journal) {
    return service::Scrubber({journal, clock, vitals, [this](const service::Diagnostic& told) {
                                alarms.push_back(told.sentence());
                              }});
  }

  /// Until a pass is done or damage was found.
  void one_pass(service::Scrubber& scrubber) {
    for (const auto before = vitals.scrub_passes.load();
         vitals.scrub_passes == before && !vitals.degraded; clock.advance_ms(1'000))
      scrubber.turn();
  }
};

/// Another journal, which cannot be read while `error` is not 0.
struct HinderedJournal final : ForwardingJournal {
  HinderedJournal(journal::Journal& whole, bool by_record)
      : ForwardingJournal(whole), by_record(by_record) {}

  struct Hindered final : journal::Cursor {
    explicit Hindered(Failure failure) : failure(std::move(failure)) {}
    Expected<journal::View> next() override { return std::unexpected(failure); }
    Failure failure;
  };

  Failure failure() const {
    ++fired;
    return platform::system_failure("read the journal", error);
  }
  std::unique_ptr<journal::Cursor> read_from(std::uint64_t seq) const override {
    if (error != 0 && by_record) return std::make_unique<Hindered>(failure());
    return ForwardingJournal::read_from(seq);
  }
  Expected<> check_files() const override {
    if (error != 0) return std::unexpected(failure());
    return {};
  }

  const bool by_record;
  int error = 0;
  mutable std::uint64_t fired = 0;
};

void append(journal::Journal& journal, std::uint64_t count) {
  const auto records = records_from(journal.head().seq + 1, count);
  BOOST_REQUIRE(journal.append(journal.head().seq, views(records)).has_value());
}

char flipped(char byte, std::size_t place) { return static_cast<char>(byte ^ (1 << place % 8)); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scrubber_tests, Scrubbing)

BOOST_AUTO_TEST_CASE(every_record_is_read_once_a_day_a_page_a_second) {
  MemoryJournal journal;
  append(journal, 1'000);
  auto scrubber = over(journal);
  scrubber.turn();
  BOOST_TEST(vitals.scrubbed_records == 0U);
  clock.advance_ms(1'000);
  scrubber.turn();
  scrubber.turn();
  BOOST_TEST(vitals.scrubbed_records == 256U);
  // What comes in meanwhile is read by the next pass.
  append(journal, 1);
  one_pass(scrubber);
  BOOST_TEST(vitals.scrubbed_records == 1'000U);
  clock.advance_ms(3'600'000);
  scrubber.turn();
  BOOST_TEST(vitals.scrubbed_records == 1'000U);
  clock.advance_ms(86'400'000);
  one_pass(scrubber);
  BOOST_TEST(vitals.scrubbed_records == 2'001U);
  BOOST_TEST(alarms.empty());
}

BOOST_AUTO_TEST_CASE(large_records_make_a_page_of_few) {
  MemoryJournal journal;
  const std::vector<journal::Bytes> large(8, bytes_of(std::string(600'000, 'x')));
  BOOST_REQUIRE(journal.append(0, views(large)).has_value());
  auto scrubber = over(journal);
  clock.advance_ms(1'000);
  scrubber.turn();
  BOOST_TEST(vitals.scrubbed_records == 2U);
  one_pass(scrubber);
  BOOST_TEST(vitals.scrubbed_records == 8U);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_another_stops_commands_and_is_told_once) {
  for (const std::uint64_t seq : {1U, 4'096U, 4'097U, 8'192U, 8'300U}) {
    Scrubbing fresh;
    MemoryJournal journal;
    append(journal, 8'300);
    auto scrubber = fresh.over(journal);
    fresh.one_pass(scrubber);
    BOOST_TEST(!fresh.vitals.degraded);
    journal.damage(seq);
    fresh.clock.advance_ms(86'400'000);
    for (int turns = 0; turns < 100; ++turns, fresh.clock.advance_ms(1'000)) scrubber.turn();
    BOOST_TEST(fresh.vitals.degraded);
    BOOST_REQUIRE(fresh.alarms.size() == 1U);
    const std::string range = seq <= 4'096   ? "records 1 to 4096 "
                              : seq <= 8'192 ? "records 4097 to 8192 "
                                             : "records 8193 to 8300 ";
    BOOST_TEST(fresh.alarms[0].find(range) != std::string::npos, fresh.alarms[0]);
  }
}

BOOST_AUTO_TEST_CASE(H6_what_decays_in_a_table_is_found_by_one_pass_or_the_next_opening) {
  const TemporaryFolder folder;
  const JournalFolder stored({folder.path() / "journal"});
  append(**stored.open(), 200);
  const auto opened = stored.open();  // Writes the log's records into a table.
  BOOST_REQUIRE(opened.has_value());

  fs::path table;
  for (const auto& entry : fs::directory_iterator(stored.path() / "db"))
    if (entry.path().extension() == ".ldb") table = entry.path();
  BOOST_REQUIRE(!table.empty());
  const auto size = fs::file_size(table);
  std::size_t by_pass = 0;
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  const auto put = [&](std::size_t place, char byte) {
    file.seekp(static_cast<std::streamoff>(place));
    file.put(byte).flush();
    BOOST_REQUIRE(file.good());
  };
  for (std::size_t place = 0; place < size; ++place) {
    file.seekg(static_cast<std::streamoff>(place));
    const char byte = static_cast<char>(file.get());
    put(place, flipped(byte, place));
    Scrubbing fresh;
    auto scrubber = fresh.over(**opened);
    fresh.one_pass(scrubber);
    if (fresh.vitals.degraded) {
      ++by_pass;
    } else {
      const fs::path copy = folder.path() / "copy";
      fs::copy(stored.path(), copy, fs::copy_options::recursive);
      const auto again = journal::open_journal({copy}, [](auto, auto) { return Expected<>{}; });
      BOOST_TEST((!again || (*again)->head() == (*opened)->head()),
                 "byte " << place << " is lost silently");
      fs::remove_all(copy);
    }
    put(place, byte);
  }
  // All but the table's index and its end, which LevelDB keeps in memory.
  BOOST_TEST(by_pass > size * 9 / 10);
}

BOOST_AUTO_TEST_CASE(H6_a_file_that_is_gone_or_cut_under_a_running_daemon_is_named_by_one_pass) {
  const TemporaryFolder folder;
  const JournalFolder stored({folder.path() / "journal"});
  append(**stored.open(), 200);
  const auto opened = stored.open();
  BOOST_REQUIRE(opened.has_value());
  append(**opened, 10);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(stored.path()))
    if (entry.is_regular_file() && entry.path().filename() != "LOCK") files.push_back(entry.path());
  BOOST_TEST(files.size() == 5U);
  const auto alarm_after_a_pass = [&] {
    Scrubbing fresh;
    auto scrubber = fresh.over(**opened);
    fresh.one_pass(scrubber);
    return fresh.alarms.empty() ? std::string() : fresh.alarms.front();
  };
  BOOST_TEST(alarm_after_a_pass() == "");
  for (const fs::path& file : files) {
    BOOST_TEST_CONTEXT(file) {
      fs::rename(file, folder.path() / "kept");
      const std::string name = file.extension() == ".log" ? "*.log" : file.filename().string();
      BOOST_TEST(alarm_after_a_pass().find(name) != std::string::npos, alarm_after_a_pass());
      if (file.extension() == ".ldb") {
        fs::copy_file(folder.path() / "kept", file);
        fs::resize_file(file, fs::file_size(file) - 1);
        BOOST_TEST(alarm_after_a_pass().find(name) != std::string::npos, alarm_after_a_pass());
      }
      fs::rename(folder.path() / "kept", file);
    }
  }
  BOOST_TEST(alarm_after_a_pass() == "");
}

BOOST_AUTO_TEST_CASE(H6_what_cannot_be_looked_at_is_told_once_and_tried_again) {
  for (const int error : {EMFILE, ENFILE, EACCES, EPERM, ENOMEM, EINTR, EIO, ELOOP, ENAMETOOLONG}) {
    for (const bool by_record : {true, false}) {
      Scrubbing fresh;
      MemoryJournal whole;
      append(whole, 600);
      HinderedJournal journal(whole, by_record);
      journal.error = error;
      auto scrubber = fresh.over(journal);
      for (int turns = 0; turns < 600; ++turns, fresh.clock.advance_ms(1'000)) scrubber.turn();
      BOOST_TEST_CONTEXT(std::strerror(error)) {
        BOOST_TEST(journal.fired >= 8U);
        BOOST_TEST(!fresh.vitals.degraded);
        BOOST_TEST(fresh.vitals.scrub_hindered);
        BOOST_TEST(fresh.vitals.scrub_passes == 0U);
        BOOST_REQUIRE(fresh.alarms.size() == 1U);
        BOOST_TEST(fresh.alarms[0].find(std::strerror(error)) != std::string::npos);
        BOOST_TEST(fresh.alarms[0].find("is damaged") == std::string::npos);
        // No page is counted twice, and none is left out.
        journal.error = 0;
        fresh.one_pass(scrubber);
        BOOST_TEST(!fresh.vitals.scrub_hindered);
        BOOST_TEST(fresh.vitals.scrubbed_records == 600U);
        BOOST_TEST(fresh.alarms.size() == 2U);
        // What is damage is still found.
        whole.damage(500);
        fresh.clock.advance_ms(86'400'000);
        for (int turns = 0; turns < 10; ++turns, fresh.clock.advance_ms(1'000)) scrubber.turn();
        BOOST_TEST(fresh.vitals.degraded);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(H6_without_descriptors_nothing_of_the_journal_is_called_damaged) {
  const TemporaryFolder folder;
  const JournalFolder stored({folder.path() / "journal"});
  append(**stored.open(), 200);
  const auto opened = stored.open();
  BOOST_REQUIRE(opened.has_value());
  auto scrubber = over(**opened);
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const Expected<> unseen = (*opened)->check_files();
  for (int turns = 0; turns < 200; ++turns, clock.advance_ms(1'000)) scrubber.turn();
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_REQUIRE(!unseen);
  BOOST_TEST((unseen.error().kind == FailureKind::input_output), unseen.error().sentence);
  BOOST_TEST(unseen.error().remedy.find("open file limit") != std::string::npos);
  BOOST_TEST(!vitals.degraded);
  BOOST_TEST(vitals.scrub_hindered);
  BOOST_TEST(alarms.size() == 1U);
  clock.advance_ms(60'000);
  one_pass(scrubber);
  BOOST_TEST(vitals.scrub_passes == 1U);
  BOOST_TEST(!vitals.degraded);
  BOOST_TEST(!vitals.scrub_hindered);
}

BOOST_AUTO_TEST_CASE(H6_after_a_start_from_a_snapshot_the_first_pass_reads_all) {
  constexpr std::uint64_t last = 2 * journal::Tree::block_size + 100;
  const TemporaryFolder folder;
  const JournalFolder stored({folder.path() / "journal"});
  journal::KnownRecords known;
  {
    const auto whole = stored.open();
    append(**whole, last);
    known = {(*whole)->head(), journal::blocks_before(**whole, last), {}};
  }
  {
    const auto opened = stored.open(&known);
    BOOST_REQUIRE(opened.has_value());
    auto scrubber = over(**opened);
    one_pass(scrubber);
    BOOST_TEST(vitals.scrubbed_records == last);
    BOOST_TEST(!vitals.degraded);
    BOOST_TEST(vitals.read_whole_ns > 0);
  }
  {
    // Another record under the right checksum: only the tree can tell.
    const auto record = journal::read_one(**stored.open(), 0x1234);
    BOOST_REQUIRE(record.has_value());
    put_row(stored.path(), row_key(0x1234),
            std::string(reinterpret_cast<const char*>(record->data()), record->size()) + "x");
  }
  BOOST_TEST(!stored.open().has_value());
  const auto opened = stored.open(&known);
  BOOST_REQUIRE(opened.has_value());
  Scrubbing fresh;
  auto scrubber = fresh.over(**opened);
  fresh.one_pass(scrubber);
  BOOST_TEST(fresh.vitals.degraded);
  BOOST_TEST(fresh.vitals.read_whole_ns == 0);
  BOOST_REQUIRE(fresh.alarms.size() == 1U);
  BOOST_TEST(fresh.alarms[0].find("records 4097 to 8192 ") != std::string::npos, fresh.alarms[0]);
}

BOOST_AUTO_TEST_CASE(H6_a_flipped_byte_of_an_old_record_is_found_after_a_start_from_a_snapshot) {
  constexpr std::uint64_t last = 3 * journal::Tree::block_size;
  const TemporaryFolder folder;
  const JournalFolder stored({folder.path() / "journal"});
  journal::KnownRecords known;
  for (int turn = 0; turn < 2; ++turn) {  // The second writes the log's records into a table.
    const auto whole = stored.open();
    while (turn == 0 && (*whole)->head().seq < last) append(**whole, 512);
    known = {(*whole)->head(), journal::blocks_before(**whole, last), {}};
  }
  std::size_t found = 0;
  for (const auto& entry : fs::directory_iterator(stored.path() / "db")) {
    if (entry.path().extension() != ".ldb") continue;
    const auto flip = [&] {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      const auto place = static_cast<std::streamoff>(entry.file_size() / 2);
      file.seekg(place);
      const char byte = static_cast<char>(file.get());
      file.seekp(place);
      file.put(flipped(byte, 3));
    };
    flip();
    // None: it lies in the newest block, which every opening reads.
    if (const auto opened = stored.open(&known)) {
      Scrubbing fresh;
      auto scrubber = fresh.over(**opened);
      fresh.one_pass(scrubber);
      BOOST_TEST(fresh.vitals.degraded);
      ++found;
    }
    flip();
  }
  BOOST_TEST(found > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
