// The same departures without the transport's guard: they show that the tests of it can fail.
#include "tests/sockets/stalled_router.h"

namespace postern::tests {

BOOST_AUTO_TEST_SUITE(unguarded_tests)

BOOST_AUTO_TEST_CASE(fact_13_departures_end_a_bare_libzmq) {
  for (std::size_t index = 0; index < deadly_count; ++index) {
    BOOST_TEST_CONTEXT(departures[index].name)
    BOOST_TEST(fate_of_router(departures[index]) == -1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
