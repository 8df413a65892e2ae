#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "daemon/journal/proof.h"
#include "daemon/journal/tree.h"
#include "tests/contract/journal_subjects.h"

namespace postern::journal {

using support::bytes_of;
using support::record_at;
using support::records_from;
using support::views;

namespace {

Head head_of(std::uint64_t last) {
  Tree tree;
  for (std::uint64_t seq = 1; seq <= last; ++seq) tree.append(record_at(seq));
  return {last, tree.root()};
}

// Asserts that the cursor gives the records from `seq` to `last` and then ends.
void check_walk(Cursor& cursor, std::uint64_t seq, std::uint64_t last) {
  for (; seq <= last; ++seq) {
    const auto record = cursor.next();
    BOOST_REQUIRE_MESSAGE(record, record.error().sentence);
    BOOST_REQUIRE(std::ranges::equal(*record, record_at(seq)));
  }
  for (int again = 0; again < 2; ++again) {
    const auto end = cursor.next();
    BOOST_REQUIRE(end);
    BOOST_TEST(end->empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_contract_tests)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_one_is_empty, Subject, EveryJournal) {
  Subject subject;
  BOOST_TEST((subject.journal.head() == Head{0, Tree().root()}));
  BOOST_TEST(subject.journal.health().has_value());
  check_walk(*subject.journal.read_from(1), 1, 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(H6_proofs_stand_on_blocks_however_they_were_appended, Subject,
                              EveryJournal) {
  Subject subject;
  std::uint64_t last = 0;
  for (const std::uint64_t group : {4'095U, 2U, 8'000U, 191U}) {
    append_from(subject.journal, last + 1, group);
    last += group;
    BOOST_TEST((*root_at(subject.journal, last) == subject.journal.head().root));
  }
  BOOST_TEST((subject.journal.block(0) == head_of(Tree::block_size).root));
  BOOST_TEST((*root_at(subject.journal, 12'287) == head_of(12'287).root));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gives_back_what_was_appended_in_order, Subject, EveryJournal) {
  Subject subject;
  std::uint64_t last = 0;
  for (const std::uint64_t group : {1U, 2U, 500U, 1U, 1000U, 3U}) {
    append_from(subject.journal, last + 1, group);
    last += group;
    BOOST_TEST((subject.journal.head() == head_of(last)));
  }
  for (const std::uint64_t seq : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{777}, last})
    check_walk(*subject.journal.read_from(seq), seq, last);
  check_walk(*subject.journal.read_from(last + 1), last + 1, last);
  check_walk(*subject.journal.read_from(last + 1000), last + 1000, last);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bytes_come_back_as_they_were, Subject, EveryJournal) {
  Subject subject;
  Bytes every_byte;
  for (unsigned byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<std::byte>(byte));
  const std::vector<Bytes> records{bytes_of(std::string(1, '\0')), every_byte,
                                   bytes_of(std::string(1 << 20, '\xff')), bytes_of("x")};
  BOOST_REQUIRE(subject.journal.append(0, views(records)));
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto record = read_one(subject.journal, i + 1);
    BOOST_REQUIRE(record);
    BOOST_TEST((*record == records[i]));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_record_that_is_not_there_is_missing, Subject, EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 3);
  for (const std::uint64_t seq : {0U, 4U, 5U}) {
    const auto record = read_one(subject.journal, seq);
    BOOST_REQUIRE(!record);
    BOOST_CHECK(record.error().kind == FailureKind::missing);
  }
  BOOST_TEST(read_one(subject.journal, 3).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cursor_ends_where_the_head_was, Subject, EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  const auto early = subject.journal.read_from(2);
  const auto at_end = subject.journal.read_from(6);
  append_from(subject.journal, 6, 5);
  check_walk(*early, 2, 5);
  check_walk(*at_end, 6, 5);
  check_walk(*subject.journal.read_from(2), 2, 10);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_second_writer_is_refused_and_writing_ends, Subject, EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  const auto records = records_from(5, 1);
  for (const std::uint64_t expected_last : {4U, 5U}) {
    const auto appended = subject.journal.append(expected_last, views(records));
    BOOST_REQUIRE(!appended);
    BOOST_CHECK(appended.error().kind == FailureKind::in_use);
    BOOST_TEST(!subject.journal.health());
  }
  BOOST_TEST((subject.journal.head() == head_of(5)));
  check_walk(*subject.journal.read_from(1), 1, 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_ends_writing_and_not_reading, Subject, EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  BOOST_TEST(subject.journal.close().has_value());
  BOOST_TEST(subject.journal.close().has_value());
  BOOST_TEST(!subject.journal.append(5, views(records_from(6, 1))));
  BOOST_TEST((subject.journal.head() == head_of(5)));
  check_walk(*subject.journal.read_from(1), 1, 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(K5_nothing_is_acknowledged_after_a_failed_append, Subject,
                              EveryBreakable) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  BOOST_TEST(subject.journal.health().has_value());
  subject.break_disk();
  const auto records = records_from(6, 2);
  for (int again = 0; again < 20; ++again) {
    const auto appended = subject.journal.append(5, views(records));
    BOOST_REQUIRE(!appended);
    BOOST_CHECK(appended.error().kind == FailureKind::input_output);
    BOOST_TEST(!subject.journal.health());
  }
  BOOST_TEST(subject.fired() > 0U);
  BOOST_TEST((subject.journal.head() == head_of(5)));
  check_walk(*subject.journal.read_from(1), 1, 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(readers_see_whole_groups_while_the_writer_appends, Subject,
                              EveryJournal) {
  constexpr std::uint64_t group = 7;
  constexpr std::uint64_t groups = 300;
  Subject subject;
  std::vector<Head> heads;
  for (std::uint64_t i = 0; i <= groups; ++i) heads.push_back(head_of(i * group));
  std::atomic<std::uint64_t> wrong = 0;
  std::atomic<std::uint64_t> heads_seen = 0;
  std::atomic<bool> done = false;
  const auto read = [&] {
    std::uint64_t last = 0;
    while (!done) {
      const Head head = subject.journal.head();
      const bool known = head.seq % group == 0 && head == heads[head.seq / group];
      if (!known || head.seq < last) ++wrong;
      if (head.seq == last) continue;
      last = head.seq;
      ++heads_seen;
      const auto newest = read_one(subject.journal, last);
      if (!newest || *newest != record_at(last)) ++wrong;
      const auto cursor = subject.journal.read_from(last > 20 ? last - 20 : 1);
      for (std::uint64_t seq = last > 20 ? last - 20 : 1; seq <= last; ++seq) {
        const auto record = cursor->next();
        if (!record || !std::ranges::equal(*record, record_at(seq))) ++wrong;
      }
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back(read);
  for (std::uint64_t i = 0; i < groups; ++i) append_from(subject.journal, i * group + 1, group);
  while (heads_seen == 0) std::this_thread::yield();
  done = true;
  for (auto& reader : readers) reader.join();
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
