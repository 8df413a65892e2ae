// What the services say when no thread of a socket is there any more.
#include <boost/test/unit_test.hpp>

#include "daemon/running/loops.h"

namespace postern::running {

BOOST_AUTO_TEST_SUITE(loops_tests)

BOOST_AUTO_TEST_CASE(answers_of_the_stop_reach_nobody_and_end_nothing) {
  Loops loops;
  const Services::Outlet outlet = loops.history.outlet();
  const std::uint8_t page[8] = {};
  BOOST_TEST(!outlet.has_room(platform::Peer{}, sizeof page, 0));
  outlet.send(platform::Peer{}, page);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::running
