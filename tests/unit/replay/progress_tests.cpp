#include <boost/test/unit_test.hpp>
#include <sstream>

#include "replay/progress.h"

namespace postern::replay {

BOOST_AUTO_TEST_SUITE(progress_tests)

BOOST_AUTO_TEST_CASE(progress_is_told_to_who_watches_and_goes_away) {
  std::ostringstream watched;
  std::ostringstream other;
  {
    Progress progress(watched, true);
    Progress silent(other, false);
    for (const std::uint64_t seq : {1U, 99'999U, 100'000U, 100'001U, 200'000U}) {
      progress.at(seq, 150'000);
      silent.at(seq, 150'000);
    }
  }
  BOOST_TEST(watched.str() ==
             "\r\033[Kread 100000 of 150000 records\r\033[Kread 200000 records\r\033[K");
  BOOST_TEST(other.str() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
