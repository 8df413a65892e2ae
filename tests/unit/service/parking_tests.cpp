#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/service/parking.h"

namespace postern::service {

namespace {

struct Fixture {
  Parking parking{4};

  static OpenedMessage<schema::Query> opened(std::uint64_t id) {
    schema::QueryT query;
    query.id = id;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateQuery(builder, &query), schema::query_identifier);
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return OpenedMessage<schema::Query>(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }

  bool park(const std::string& who, std::uint64_t id, std::int64_t deadline_ns) {
    return parking.add({Asking{Peer{who, 0, false}, Uuid(0, 1), opened(id)}, who, deadline_ns});
  }
  /// The questions that leave because they are due by `now_ns`.
  std::vector<std::uint64_t> taken_by(std::int64_t now_ns) {
    std::vector<std::uint64_t> ids;
    for (const auto& parked : parking.take(
             [&](const Parking::Parked& waiting) { return waiting.deadline_ns <= now_ns; }))
      ids.push_back(parked.asking.query->id());
    return ids;
  }
};

using Ids = std::vector<std::uint64_t>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(parking_tests, Fixture)

BOOST_AUTO_TEST_CASE(Q8_those_whose_wait_is_over_leave_in_the_order_they_came) {
  BOOST_TEST(park("a", 7, 30));
  BOOST_TEST(park("b", 8, 40));
  BOOST_TEST(parking.next_deadline_ns() == 30);
  BOOST_TEST(taken_by(29) == Ids());
  BOOST_TEST(taken_by(40) == Ids({7, 8}), boost::test_tools::per_element());
  BOOST_TEST(parking.empty());
}

BOOST_AUTO_TEST_CASE(Q8_whose_wait_is_over_gives_its_place_to_the_next) {
  BOOST_TEST(park("a", 7, 30));
  BOOST_TEST(park("a", 8, 20));
  BOOST_TEST(!park("a", 9, 10));
  BOOST_TEST(taken_by(20) == Ids({8}), boost::test_tools::per_element());
  BOOST_TEST(park("a", 10, 50));
  BOOST_TEST(parking.next_deadline_ns() == 30);
  BOOST_TEST(taken_by(50) == Ids({7, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::service
