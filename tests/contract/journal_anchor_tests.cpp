#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "daemon/journal/leveldb/anchor.h"
#include "tests/contract/folder_image.h"
#include "tests/contract/journal_subjects.h"

namespace postern::journal {

using support::FaultEnv;
using support::Operation;
namespace fs = std::filesystem;

namespace {

Expected<> ignore(std::uint64_t, View) { return {}; }

Failure refusal_of(const LevelDbOptions& options) {
  const auto journal = open_leveldb_journal(options, ignore);
  BOOST_REQUIRE(!journal);
  return journal.error();
}

Head anchored(const LevelDbOptions& options) {
  const auto file = AnchorFile::open(options.folder / "anchor", Disk::of_system());
  BOOST_REQUIRE(file);
  return file->heads().back();
}

// A folder with the database as it was after `first` records and the anchor as it was after `last`.
void lose_tail(OnLevelDb& subject, std::uint64_t first, std::uint64_t last) {
  append_from(*subject.opened_journal, 1, first);
  subject.opened_journal.reset();
  auto image = image_of(subject.options.folder);
  subject.opened_journal = opened(subject.options);
  append_from(*subject.opened_journal, first + 1, last - first);
  subject.opened_journal.reset();
  image["anchor"] = image_of(subject.options.folder)["anchor"];
  put_back(subject.options.folder, image);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_anchor_tests)

BOOST_AUTO_TEST_CASE(K5_before_acknowledgement_the_anchor_is_there_when_append_returns) {
  OnLevelDb subject(AnchorPolicy::before_acknowledgement);
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    append_from(*subject.opened_journal, seq, 1);
    BOOST_TEST((anchored(subject.options) == subject.opened_journal->head()));
  }
}

BOOST_AUTO_TEST_CASE(soon_the_anchor_follows_by_itself) {
  OnLevelDb subject(AnchorPolicy::soon);
  append_from(*subject.opened_journal, 1, 5);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (anchored(subject.options).seq < 5 && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  BOOST_TEST((anchored(subject.options) == subject.opened_journal->head()));
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_anchor_finds_it_there) {
  for (const auto policy :
       {AnchorPolicy::soon, AnchorPolicy::before_acknowledgement, AnchorPolicy::off}) {
    OnLevelDb subject(policy);
    for (std::uint64_t seq = 1; seq <= 5; ++seq) {
      append_from(*subject.opened_journal, seq, 1);
      BOOST_TEST(subject.opened_journal->wait_for_anchor(seq).has_value());
      BOOST_TEST(anchored(subject.options).seq == (policy == AnchorPolicy::off ? 0U : seq));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_clean_stop_brings_it_to_the_head_unless_off) {
  for (const auto policy :
       {AnchorPolicy::soon, AnchorPolicy::before_acknowledgement, AnchorPolicy::off}) {
    OnLevelDb subject(policy);
    append_from(*subject.opened_journal, 1, 5);
    const Head head = subject.opened_journal->head();
    subject.opened_journal.reset();
    BOOST_TEST(anchored(subject.options).seq == (policy == AnchorPolicy::off ? 0U : head.seq));
  }
}

BOOST_AUTO_TEST_CASE(an_anchor_behind_the_journal_is_normal_and_catches_up_at_opening) {
  OnLevelDb subject(AnchorPolicy::off);
  append_from(*subject.opened_journal, 1, 5);
  subject.opened_journal.reset();
  subject.options.anchor = AnchorPolicy::soon;
  subject.opened_journal = opened(subject.options);
  BOOST_TEST((anchored(subject.options) == subject.opened_journal->head()));
}

BOOST_AUTO_TEST_CASE(an_anchor_ahead_of_the_journal_refuses_under_every_policy) {
  OnLevelDb subject;
  lose_tail(subject, 10, 13);
  const auto before = image_of(subject.options.folder);
  for (const auto policy :
       {AnchorPolicy::soon, AnchorPolicy::before_acknowledgement, AnchorPolicy::off}) {
    subject.options.anchor = policy;
    const Failure refusal = refusal_of(subject.options);
    BOOST_CHECK(refusal.kind == FailureKind::damaged);
    BOOST_TEST(refusal.sentence ==
               "the journal ends at record 10, but record 13 was acknowledged: what came after 10 "
               "is missing");
    BOOST_TEST(refusal.remedy.find("restore the newest backup") != std::string::npos);
    BOOST_TEST((image_of(subject.options.folder) == before));
  }
}

BOOST_AUTO_TEST_CASE(an_anchor_of_another_history_refuses) {
  OnLevelDb one;
  append_from(*one.opened_journal, 1, 10);
  one.opened_journal.reset();
  OnLevelDb other;
  const auto records = support::records_from(2, 10);
  BOOST_REQUIRE(other.opened_journal->append(0, support::views(records)));
  other.opened_journal.reset();
  fs::copy_file(one.options.folder / "anchor", other.options.folder / "anchor",
                fs::copy_options::overwrite_existing);
  const Failure refusal = refusal_of(other.options);
  BOOST_CHECK(refusal.kind == FailureKind::damaged);
  BOOST_TEST(refusal.sentence.find("records 1 to 10 are not those that were acknowledged") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_or_damaged_anchor_refuses_unless_off) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 5);
  subject.opened_journal.reset();
  const fs::path anchor = subject.options.folder / "anchor";
  for (const bool missing : {true, false}) {
    if (missing)
      fs::remove(anchor);
    else
      write_bytes(anchor, std::string(8192, 'x'));
    for (const auto policy : {AnchorPolicy::soon, AnchorPolicy::before_acknowledgement}) {
      subject.options.anchor = policy;
      const Failure refusal = refusal_of(subject.options);
      BOOST_CHECK(refusal.kind == FailureKind::damaged);
      BOOST_TEST(refusal.sentence.find(anchor.native()) != std::string::npos);
    }
    subject.options.anchor = AnchorPolicy::off;
    BOOST_TEST(opened(subject.options)->head().seq == 5U);
  }
}

BOOST_AUTO_TEST_CASE(the_anchor_says_that_a_database_was_there) {
  OnLevelDb subject;
  append_from(*subject.opened_journal, 1, 5);
  subject.opened_journal.reset();
  fs::remove_all(subject.options.folder / "db");
  const Failure refusal = refusal_of(subject.options);
  BOOST_CHECK(refusal.kind == FailureKind::damaged);
  BOOST_TEST(refusal.sentence.starts_with("the journal ends at record 0, but record 5"));
}

BOOST_AUTO_TEST_CASE(K5_an_anchor_that_cannot_be_written_ends_writing) {
  for (const auto policy : {AnchorPolicy::before_acknowledgement, AnchorPolicy::soon}) {
    FaultEnv faults;
    OnLevelDb subject(policy, &faults);
    Journal& journal = *subject.opened_journal;
    append_from(journal, 1, 5);
    while (anchored(subject.options).seq < 5) std::this_thread::yield();
    faults.fail(Operation::write_synced, 1, FaultEnv::Times::once);
    const auto records = support::records_from(6, 1);
    const auto appended = journal.append(5, support::views(records));
    if (policy == AnchorPolicy::before_acknowledgement) {
      BOOST_REQUIRE(!appended);
      BOOST_TEST(journal.head().seq == 5U);
    }
    // Under `soon` the append was acknowledged; the failure shows without another one.
    while (journal.health()) std::this_thread::yield();
    BOOST_TEST(faults.fired() == 1U);
    BOOST_CHECK(journal.health().error().kind == FailureKind::input_output);
    BOOST_TEST(journal.health().error().sentence.find("anchor") != std::string::npos);
    const std::uint64_t last = journal.head().seq;
    BOOST_TEST(!journal.append(last, support::views(support::records_from(last + 1, 1))));
    BOOST_TEST(!journal.close());
    BOOST_TEST(read_one(journal, last).has_value());
    subject.opened_journal.reset();
    BOOST_TEST(opened(subject.options)->head().seq == 6U);
  }
}

BOOST_AUTO_TEST_CASE(an_anchor_that_cannot_be_brought_up_fails_the_opening) {
  FaultEnv faults;
  OnLevelDb subject(AnchorPolicy::off, &faults);
  append_from(*subject.opened_journal, 1, 5);
  subject.opened_journal.reset();
  subject.options.anchor = AnchorPolicy::soon;
  faults.fail(Operation::write_synced, 1, FaultEnv::Times::once);
  BOOST_CHECK(refusal_of(subject.options).kind == FailureKind::input_output);
  BOOST_TEST(faults.fired() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
