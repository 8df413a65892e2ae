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

BOOST_AUTO_TEST_CASE_TEMPLATE(who_comes_second_conflicts_and_may_append_behind, Subject,
                              EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  const std::vector<Bytes> records{bytes_of("never there")};
  for (const std::uint64_t expected_last : {6U, 4U, 0U}) {
    const auto appended = subject.journal.append(expected_last, views(records));
    BOOST_REQUIRE(!appended);
    BOOST_CHECK(appended.error().kind == FailureKind::conflict);
    BOOST_TEST(subject.journal.health().has_value());
    const std::uint64_t last = subject.journal.head().seq;
    BOOST_TEST((subject.journal.head() == head_of(last)));
    check_walk(*subject.journal.read_from(1), 1, last);
  }
  append_from(subject.journal, subject.journal.head().seq + 1, 3);
  const std::uint64_t last = subject.journal.head().seq;
  BOOST_TEST((subject.journal.head() == head_of(last)));
  check_walk(*subject.journal.read_from(1), 1, last);
}

BOOST_AUTO_TEST_CASE(where_every_third_append_conflicts_a_writer_that_reads_on_loses_nothing) {
  support::MemoryJournal memory;
  // The other is slower: one record, however many were to come.
  support::ConflictingJournal journal(
      memory, [](std::uint64_t first, std::uint64_t) { return records_from(first, 1); });
  for (std::uint64_t last = 0; last < 400; last += 4) append_from(journal, last + 1, 4);
  BOOST_TEST(journal.fired() == 49U);
  BOOST_TEST((journal.head() == head_of(400)));
  check_walk(*journal.read_from(1), 1, 400);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_ends_writing_and_not_reading, Subject, EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  BOOST_TEST(subject.journal.close().has_value());
  BOOST_TEST(subject.journal.close().has_value());
  for (const std::uint64_t expected_last : {5U, 4U}) {
    const auto appended = subject.journal.append(expected_last, views(records_from(6, 1)));
    BOOST_REQUIRE(!appended);
    BOOST_CHECK(appended.error().kind != FailureKind::conflict);
  }
  BOOST_TEST((subject.journal.head() == head_of(5)));
  check_walk(*subject.journal.read_from(1), 1, 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(K5_nothing_is_acknowledged_after_a_failed_append, Subject,
                              EveryBreakable) {
  Subject subject;
  append_from(subject.journal, 1, 5);
  BOOST_TEST(subject.journal.health().has_value());
  const auto following =
      subject.journal.follow(5, [](const Head&) { BOOST_ERROR("it was not durable"); });
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

BOOST_AUTO_TEST_CASE_TEMPLATE(follow_tells_of_what_is_there_and_of_what_comes, Subject,
                              EveryJournal) {
  Subject subject;
  append_from(subject.journal, 1, 3);
  std::vector<Head> behind;
  std::vector<Head> level;
  std::vector<Head> ahead;
  const auto into = [](std::vector<Head>& heads) {
    return [&heads](const Head& head) { heads.push_back(head); };
  };
  const auto from_behind = subject.journal.follow(2, into(behind));
  auto from_level = subject.journal.follow(3, into(level));
  const auto from_ahead = subject.journal.follow(1'000, into(ahead));
  BOOST_REQUIRE(behind.size() == 1U);
  BOOST_TEST((behind.front() == head_of(3)));
  BOOST_TEST(level.empty());
  for (std::uint64_t seq = 4; seq <= 9; ++seq) append_from(subject.journal, seq, 1);
  BOOST_TEST((behind.back() == head_of(9)));
  BOOST_TEST((level.back() == head_of(9)));
  BOOST_TEST(ahead.empty());
  from_level.reset();
  const std::size_t told = level.size();
  append_from(subject.journal, 10, 991);
  BOOST_TEST((behind.back() == head_of(1'000)));
  BOOST_TEST(level.size() == told);
  BOOST_TEST(ahead.empty());
  append_from(subject.journal, 1'001, 1);
  BOOST_REQUIRE(ahead.size() == 1U);
  BOOST_TEST((ahead.front() == head_of(1'001)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_follower_reads_every_record_and_never_asks_in_vain, Subject,
                              EveryJournal) {
  constexpr std::uint64_t last = 900;
  Subject subject;
  std::uint64_t wrong = 0;
  std::thread follower([&] {
    std::atomic<std::uint64_t> newest = 0;
    const auto following = subject.journal.follow(0, [&](const Head& head) {
      newest = head.seq;
      newest.notify_one();
    });
    for (std::uint64_t seen = 0; seen < last;) {
      newest.wait(seen);
      const std::uint64_t to = newest;
      const auto cursor = subject.journal.read_from(seen + 1);
      while (seen < to) {
        const auto record = cursor->next();
        ++seen;
        if (!record || !std::ranges::equal(*record, record_at(seen))) ++wrong;
      }
    }
  });
  for (std::uint64_t seq = 1; seq <= last; seq += 3) append_from(subject.journal, seq, 3);
  follower.join();
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(followers_come_and_go_while_the_writer_appends, Subject,
                              EveryJournal) {
  Subject subject;
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> told = 0;
  std::uint64_t late = 0;
  std::thread follower([&] {
    while (!done || told == 0) {
      auto following = subject.journal.follow(0, [&told](const Head&) { ++told; });
      following.reset();
      const std::uint64_t before = told;
      std::this_thread::yield();
      if (told != before) ++late;
    }
  });
  for (std::uint64_t seq = 1; seq <= 300; ++seq) append_from(subject.journal, seq, 1);
  done = true;
  follower.join();
  BOOST_TEST(late == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
