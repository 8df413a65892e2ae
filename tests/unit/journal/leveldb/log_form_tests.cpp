#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "daemon/journal/leveldb/log_form.h"
#include "tests/unit/journal/leveldb/log_file.h"

namespace postern::journal {

namespace {

using std::string;
using testing::log_of;

/// Three records: in one fragment, in four blocks, in one fragment.
const std::vector<string> before = {"one", string(100'000, '2'), "three"};
const string last_write(50'000, 'x');

struct Torn {
  string whole = log_of(before);
  string log = log_of({before[0], before[1], before[2], last_write});
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_form_tests)

BOOST_FIXTURE_TEST_CASE(records_come_as_they_were_written, Torn) {
  LogRecords records(log);
  for (const string& record : before) BOOST_TEST((records.next() == record));
  BOOST_TEST((records.next() == last_write));
  BOOST_TEST(!records.next());
}

BOOST_FIXTURE_TEST_CASE(K5_any_sectors_of_the_last_write_may_be_missing, Torn) {
  std::size_t ended = 0;
  for (const std::size_t sector : {512U, 4'096U})
    for (std::size_t from = whole.size(); from < log.size(); from += sector)
      for (std::size_t sectors = 1; sectors < 8; ++sectors) {
        string torn = log;
        const std::size_t to = std::min(log.size(), from + sectors * sector);
        std::fill(torn.data() + from, torn.data() + to, '\0');
        ended += end_before_torn_write(torn) == whole.size() ? 1U : 0U;
        BOOST_TEST(end_before_torn_write(torn) == whole.size());
      }
  BOOST_TEST(ended > 700U);
}

BOOST_FIXTURE_TEST_CASE(K5_a_cut_write_needs_no_help, Torn) {
  BOOST_TEST(end_before_torn_write(log) == log.size());
  BOOST_TEST(end_before_torn_write(whole) == whole.size());
  BOOST_TEST(end_before_torn_write("") == 0U);
  // LevelDB takes a fragment that is cut for the end of the file.
  const string cut = log.substr(0, whole.size() + 40'000);
  BOOST_TEST(end_before_torn_write(cut) <= cut.size());
}

// What has a record behind it was synced before that one was written.
BOOST_FIXTURE_TEST_CASE(H6_damage_before_another_record_is_no_torn_write, Torn) {
  std::size_t seen = 0;
  const std::size_t last_begins = whole.size();
  for (std::size_t at = 0; at < last_begins; at += 97, ++seen) {
    string damaged = log;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    BOOST_TEST(end_before_torn_write(damaged) == damaged.size(), "byte " << at);
  }
  BOOST_TEST(seen > 1'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
