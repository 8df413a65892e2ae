#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "daemon/journal/proof.h"
#include "daemon/journal/tree.h"
#include "tests/contract/folder_image.h"
#include "tests/contract/journal_subjects.h"
#include "tests/support/journal_folder.h"

namespace postern::journal {

using support::mode_of;
using support::record_at;
using support::row_key;
namespace fs = std::filesystem;

namespace {

Expected<> ignore(std::uint64_t, View) { return {}; }

FailureKind refusal_of(const LevelDbOptions& options) {
  const auto journal = open_leveldb_journal(options, ignore);
  BOOST_REQUIRE(!journal);
  BOOST_TEST(!journal.error().sentence.empty());
  BOOST_TEST(!journal.error().remedy.empty());
  return journal.error().kind;
}

fs::path largest_table(const fs::path& folder) {
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(folder / "db"))
    if (entry.path().extension() == ".ldb" &&
        (largest.empty() || entry.file_size() > fs::file_size(largest)))
      largest = entry.path();
  BOOST_REQUIRE(!largest.empty());
  return largest;
}

void overwrite(const fs::path& file, std::uintmax_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream << "overwritten";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(leveldb_journal_tests)

BOOST_AUTO_TEST_CASE(making_one_refuses_a_folder_that_holds_something) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 3);
  subject.opened_journal.reset();
  const auto before = image_of(subject.options.folder);
  const auto created = create_leveldb_journal(subject.options);
  BOOST_REQUIRE(!created);
  BOOST_CHECK(created.error().kind == FailureKind::cannot_create);
  BOOST_TEST((image_of(subject.options.folder) == before));

  // Not even where the database is gone: its anchor says that there was one.
  fs::remove_all(subject.options.folder / "db");
  BOOST_TEST(!create_leveldb_journal(subject.options));
}

BOOST_AUTO_TEST_CASE(making_one_takes_an_empty_folder_and_needs_its_parent) {
  const support::TemporaryFolder temporary;
  LevelDbOptions options;
  options.folder = temporary.path() / "journal";
  fs::create_directory(options.folder);
  BOOST_TEST(create_leveldb_journal(options).has_value());
  BOOST_TEST(opened(options)->head().seq == 0U);

  options.folder = temporary.path() / "no" / "parent";
  const auto created = create_leveldb_journal(options);
  BOOST_REQUIRE(!created);
  BOOST_CHECK(created.error().kind == FailureKind::missing);
}

BOOST_AUTO_TEST_CASE(everything_belongs_to_its_owner_alone) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 3000);
  subject.reopen();
  append_from(*subject.opened_journal, 3001, 1);
  std::size_t files = 0;
  BOOST_TEST(mode_of(subject.options.folder) == 0700U);
  for (const auto& entry : fs::recursive_directory_iterator(subject.options.folder)) {
    BOOST_TEST_CONTEXT(entry.path())
    BOOST_TEST(mode_of(entry.path()) == (entry.is_directory() ? 0700U : 0600U));
    ++files;
  }
  BOOST_TEST(files > 6U);
}

BOOST_AUTO_TEST_CASE(H6_the_roots_of_blocks_are_there_after_an_opening) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 2 * Tree::block_size + 7);
  const Hash second = subject.opened_journal->block(1);
  subject.reopen();
  BOOST_TEST((subject.opened_journal->block(1) == second));
  append_from(*subject.opened_journal, 2 * Tree::block_size + 8, Tree::block_size);
  const Head head = subject.opened_journal->head();
  BOOST_TEST((*root_at(*subject.opened_journal, head.seq) == head.root));
  subject.reopen();
  BOOST_TEST((*root_at(*subject.opened_journal, head.seq) == head.root));
}

BOOST_AUTO_TEST_CASE(no_folder_and_no_database_are_missing) {
  const support::TemporaryFolder temporary;
  LevelDbOptions options;
  options.folder = temporary.path() / "journal";
  BOOST_CHECK(refusal_of(options) == FailureKind::missing);
  fs::create_directory(options.folder);
  BOOST_CHECK(refusal_of(options) == FailureKind::missing);
  BOOST_TEST(fs::is_empty(options.folder));
}

BOOST_AUTO_TEST_CASE(a_second_opening_is_refused_and_lets_the_first_be) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 3);
  for (int again = 0; again < 2; ++again)
    BOOST_CHECK(refusal_of(subject.options) == FailureKind::in_use);
  append_from(*subject.opened_journal, 4, 3);
  subject.reopen();
  BOOST_TEST(subject.opened_journal->head().seq == 6U);
}

BOOST_AUTO_TEST_CASE(another_process_holds_it) {
  OnLevelDb subject;
  subject.opened_journal.reset();
  int ready[2];
  int leave[2];
  BOOST_REQUIRE(::pipe(ready) == 0 && ::pipe(leave) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::close(leave[1]);
    const auto journal = open_leveldb_journal(subject.options, ignore);
    char byte = journal ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    // Until the parent closes its end.
    ::_exit(::read(leave[0], &byte, 1) == 0 ? 0 : 1);
  }
  ::close(leave[0]);
  char byte = 0;
  BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
  BOOST_TEST(byte == 'y');
  BOOST_CHECK(refusal_of(subject.options) == FailureKind::in_use);
  ::close(leave[1]);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  ::close(ready[0]);
  ::close(ready[1]);
  subject.opened_journal = opened(subject.options);
}

BOOST_AUTO_TEST_CASE(opening_shows_every_record_once_in_order) {
  for (const auto policy :
       {AnchorPolicy::soon, AnchorPolicy::before_acknowledgement, AnchorPolicy::off}) {
    OnLevelDb subject(policy);
    constexpr std::uint64_t count = 5000;
    for (std::uint64_t seq = 1; seq <= count; seq += 100)
      append_from(*subject.opened_journal, seq, 100);
    const Head head = subject.opened_journal->head();
    // The first opening reads the log, the second the tables made of it.
    for (int again = 0; again < 3; ++again) {
      subject.opened_journal.reset();
      std::uint64_t last = 0;
      auto journal =
          open_leveldb_journal(subject.options, [&](std::uint64_t seq, View record) -> Expected<> {
            BOOST_REQUIRE(seq == ++last);
            BOOST_REQUIRE(std::ranges::equal(record, record_at(seq)));
            return {};
          });
      BOOST_REQUIRE(journal);
      BOOST_TEST(last == count);
      BOOST_TEST(((*journal)->head() == head));
      subject.opened_journal = std::move(*journal);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_opening_that_the_caller_ends_changes_nothing) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 50);
  subject.opened_journal.reset();
  const auto before = image_of(subject.options.folder);
  std::uint64_t seen = 0;
  const auto journal =
      open_leveldb_journal(subject.options, [&](std::uint64_t seq, View) -> Expected<> {
        seen = seq;
        if (seq < 20) return {};
        return std::unexpected(Failure{FailureKind::configuration, "enough", "none"});
      });
  BOOST_REQUIRE(!journal);
  BOOST_TEST(journal.error().sentence == "enough");
  BOOST_TEST(seen == 20U);
  BOOST_TEST((image_of(subject.options.folder) == before));
  subject.opened_journal = opened(subject.options);
  BOOST_TEST(subject.opened_journal->head().seq == 50U);
}

BOOST_AUTO_TEST_CASE(a_log_put_back_after_a_refusal_opens) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 50);
  subject.opened_journal.reset();
  const auto whole = image_of(subject.options.folder);
  for (const auto& [name, bytes] : whole)
    if (name.ends_with(".log")) fs::remove(subject.options.folder / name);
  for (int again = 0; again < 3; ++again) {
    const auto journal = open_leveldb_journal(subject.options, ignore);
    BOOST_REQUIRE(!journal);
    BOOST_CHECK(journal.error().kind == FailureKind::damaged);
    BOOST_TEST(journal.error().sentence.starts_with(
        "the journal ends at record 0, but record 50 was acknowledged"));
  }
  put_back(subject.options.folder, whole);
  subject.opened_journal = opened(subject.options);
  BOOST_TEST(subject.opened_journal->head().seq == 50U);
}

BOOST_AUTO_TEST_CASE(a_gap_is_named) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 50);
  subject.opened_journal.reset();
  support::remove_row(subject.options.folder, row_key(17));
  const auto journal = open_leveldb_journal(subject.options, ignore);
  BOOST_REQUIRE(!journal);
  BOOST_CHECK(journal.error().kind == FailureKind::damaged);
  BOOST_TEST(journal.error().sentence == "the journal is damaged: record 17 is missing");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_record_is_damage) {
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"longer than a seq", "x"},
                                    {"short", "x"},
                                    {row_key(51), ""},
                                    {row_key(0), "x"}}) {
    OnLevelDb subject;
    append_from(*subject.opened_journal, 1, 50);
    subject.opened_journal.reset();
    support::put_row(subject.options.folder, name, value);
    BOOST_CHECK(refusal_of(subject.options) == FailureKind::damaged);
  }
}

BOOST_AUTO_TEST_CASE(H6_a_record_that_was_replaced_is_found) {
  for (const std::uint64_t seq : {1U, 25U, 50U}) {
    OnLevelDb subject;
    append_from(*subject.opened_journal, 1, 50);
    subject.opened_journal.reset();
    support::put_row(subject.options.folder, row_key(seq), "another record");
    const auto journal = open_leveldb_journal(subject.options, ignore);
    BOOST_REQUIRE(!journal);
    BOOST_CHECK(journal.error().kind == FailureKind::damaged);
    BOOST_TEST(journal.error().sentence.find("not those that were acknowledged") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_table_damaged_while_open_fails_the_reader_and_names_the_record) {
  for (const bool cut : {true, false}) {
    OnLevelDb subject;
    append_from(*subject.opened_journal, 1, 3000);
    subject.reopen();
    const fs::path table = largest_table(subject.options.folder);
    // Mapped into memory, as LevelDB does by itself, a file cut short would be a SIGBUS.
    if (cut)
      fs::resize_file(table, 1);
    else
      overwrite(table, fs::file_size(table) / 2);
    const auto cursor = subject.opened_journal->read_from(1);
    std::uint64_t read = 0;
    Expected<View> record = cursor->next();
    // LevelDB would go on behind the damaged rows.
    for (; record && !record->empty(); record = cursor->next())
      BOOST_REQUIRE(std::ranges::equal(*record, record_at(++read)));
    BOOST_TEST(read < 3000U);
    BOOST_TEST((cut || read > 0));
    BOOST_REQUIRE(!record);
    BOOST_CHECK(record.error().kind == FailureKind::damaged);
    const std::string named = "cannot read record " + std::to_string(read + 1) + " of the journal";
    BOOST_TEST(record.error().sentence.starts_with(named), record.error().sentence);
    BOOST_TEST(record.error().sentence.find(table.native()) != std::string::npos);
  }
}

// LevelDB leaves out the rows of a damaged block: these were all.
BOOST_AUTO_TEST_CASE(a_damaged_last_block_is_found_without_the_anchor) {
  OnLevelDb subject(AnchorPolicy::off);
  append_from(*subject.opened_journal, 1, 10);
  subject.reopen();
  subject.opened_journal.reset();
  overwrite(largest_table(subject.options.folder), 5);
  const auto journal = open_leveldb_journal(subject.options, ignore);
  BOOST_REQUIRE(!journal);
  BOOST_CHECK(journal.error().kind == FailureKind::damaged);
  BOOST_TEST(journal.error().sentence.starts_with("cannot read record 1 of the journal"));
}

BOOST_AUTO_TEST_CASE(a_missing_table_is_named) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 50);
  subject.reopen();
  subject.opened_journal.reset();
  const auto whole = image_of(subject.options.folder);
  for (const auto& [name, bytes] : whole) {
    if (!name.ends_with(".ldb")) continue;
    fs::remove(subject.options.folder / name);
    const auto journal = open_leveldb_journal(subject.options, ignore);
    BOOST_REQUIRE(!journal);
    BOOST_CHECK(journal.error().kind == FailureKind::damaged);
    BOOST_TEST(journal.error().sentence.find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(H6_reading_for_an_audit_gives_the_same_and_touches_nothing) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 3000);
  subject.reopen();
  append_from(*subject.opened_journal, 3001, 50);
  const Head head = subject.opened_journal->head();
  subject.opened_journal.reset();
  const fs::path lock = subject.options.folder / "db" / "LOCK";
  fs::remove(lock);
  const auto before = image_of(subject.options.folder);

  std::uint64_t seen = 0;
  const auto journal = read_leveldb_journal(
      subject.options.folder, [&](std::uint64_t seq, View record) -> Expected<> {
        BOOST_REQUIRE(seq == ++seen);
        BOOST_REQUIRE(std::ranges::equal(record, record_at(seq)));
        return {};
      });
  BOOST_REQUIRE_MESSAGE(journal, journal.error().sentence);
  BOOST_TEST(((*journal)->head() == head));
  BOOST_TEST((*read_one(**journal, 3050) == record_at(3050)));
  const auto appended = (*journal)->append(head.seq, support::views({record_at(3051)}));
  BOOST_REQUIRE(!appended);
  BOOST_CHECK(appended.error().kind == FailureKind::not_permitted);
  BOOST_TEST((image_of(subject.options.folder) == before));
  BOOST_TEST(!fs::exists(lock));
}

BOOST_AUTO_TEST_CASE(openings_do_not_pile_up_files) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 50);
  subject.reopen();
  const auto files = image_of(subject.options.folder).size();
  for (int again = 0; again < 10; ++again) subject.reopen();
  BOOST_TEST(image_of(subject.options.folder).size() == files);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
