#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "daemon/journal/published_head.h"

namespace postern::journal {

namespace {

// All parts of it say the same number.
Head head_of(std::uint64_t seq) {
  Head head;
  head.seq = seq;
  head.root.fill(static_cast<std::byte>(seq));
  return head;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(published_head_tests)

BOOST_AUTO_TEST_CASE(gives_back_what_was_stored) {
  PublishedHead published(head_of(3));
  BOOST_TEST((published.load() == head_of(3)));
  published.store(head_of(4));
  BOOST_TEST((published.load() == head_of(4)));
}

BOOST_AUTO_TEST_CASE(no_reader_sees_halves_of_two_heads) {
  PublishedHead published(head_of(0));
  std::atomic<std::uint64_t> halves = 0;
  std::atomic<std::uint64_t> heads_seen = 0;
  std::atomic<bool> done = false;
  const auto read = [&] {
    std::uint64_t last = 0;
    while (!done) {
      const Head head = published.load();
      if (head != head_of(head.seq) || head.seq < last) ++halves;
      if (head.seq != last) ++heads_seen;
      last = head.seq;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back(read);
  // Goes on until the readers have raced it often enough for the test to mean something.
  std::uint64_t seq = 0;
  while (seq < 200'000 || heads_seen < 1'000) published.store(head_of(++seq));
  done = true;
  for (auto& reader : readers) reader.join();
  BOOST_TEST(halves == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
