#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/service/refusal_grid.h"

namespace postern::service {

namespace {

constexpr std::int64_t step = 50;

struct Fixture {
  RefusalGrid grid{step};

  void keep(std::int64_t came, std::int64_t ready, const std::string& what) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(what.data());
    grid.keep(came, ready, platform::Peer{what, 0, false}, {bytes, what.size()});
  }
  /// What has left by `now`, in its order.
  std::string sent_by(std::int64_t now) {
    std::string sent;
    grid.send_due(now, [&](const platform::Peer& peer, std::span<const std::uint8_t> bytes) {
      sent.append(bytes.begin(), bytes.end());
      BOOST_TEST(sent.ends_with(peer.routing_id));
    });
    return sent;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(refusal_grid_tests, Fixture)

BOOST_AUTO_TEST_CASE(C9_a_refusal_leaves_at_the_next_step_since_it_came) {
  keep(3, 4, "a");
  keep(3, 52, "b");
  keep(3, 53, "c");
  BOOST_TEST(grid.next_ns() == 53);
  BOOST_TEST(sent_by(52) == "");
  BOOST_TEST(sent_by(53) == "ab");
  BOOST_TEST(sent_by(102) == "");
  BOOST_TEST(sent_by(103) == "c");
  BOOST_TEST(grid.empty());
}

BOOST_AUTO_TEST_CASE(C9_those_due_together_leave_in_the_order_they_came_in) {
  keep(3, 20, "c");
  keep(1, 30, "a");
  keep(2, 10, "b");
  BOOST_TEST(sent_by(1'000) == "abc");
}

BOOST_AUTO_TEST_CASE(without_a_step_it_is_not_used) {
  BOOST_TEST(grid.is_used());
  BOOST_TEST(!RefusalGrid(0).is_used());
}

BOOST_AUTO_TEST_CASE(C7_C9_a_step_is_longer_than_two_hashes) {
  BOOST_TEST(RefusalGrid::step_above(step, 0) == step);
  BOOST_TEST(RefusalGrid::step_above(step, 13) == step);
  BOOST_TEST(RefusalGrid::step_above(step, 25) == 2 * step);
  BOOST_TEST(RefusalGrid::step_above(step, 74) == 5 * step);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::service
