// What a snapshot is made of stands still until it is written, and nobody waits for that.
#include <boost/test/unit_test.hpp>

#include "daemon/platform/waker.h"
#include "daemon/service/snapshot_keeper.h"

namespace postern::support {

namespace {

using service::Published;

struct Keeping {
  std::unique_ptr<service::SnapshotKeeper> keeper_from(std::uint64_t snapshot_seq,
                                                       std::uint64_t seq, std::uint64_t step) {
    head.seq = seq;
    return std::make_unique<service::SnapshotKeeper>(
        waker, service::SnapshotKeeper::Start{snapshot_seq, step, {seq, 7, {{{1, 1}, 3}}}},
        [this](std::unique_ptr<service::SnapshotMoment> moment) {
          begun.push_back(std::move(moment));
        });
  }
  std::unique_ptr<Published> letter(std::size_t users = 1) {
    auto made = std::make_unique<Published>();
    made->head.seq = ++head.seq;
    made->time_ns = static_cast<std::int64_t>(head.seq);
    made->tenant_heads.push_back({{1, 1}, head.seq});
    made->changes.users.resize(users);
    return made;
  }
  /// As the auditor does with each.
  bool is_held(service::SnapshotKeeper& keeper, std::unique_ptr<Published> taken) {
    keeper.note(*taken);
    return keeper.pass_on(std::move(taken)) == nullptr;
  }
  void turn(service::SnapshotKeeper& keeper) {
    keeper.turn(view, head, index, [this](std::unique_ptr<Published> taken) {
      given_back.push_back(taken->head.seq);
    });
  }

  platform::Waker waker;
  view::View view;
  journal::Head head;
  domain::PastIndex index;
  std::vector<std::unique_ptr<service::SnapshotMoment>> begun;
  std::vector<std::uint64_t> given_back;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_keeper_tests, Keeping)

BOOST_AUTO_TEST_CASE(one_is_begun_after_so_many_records_and_holds_back_what_changes) {
  const auto keeper = keeper_from(10, 10, 3);
  for (int count = 0; count < 2; ++count) {
    BOOST_TEST(!is_held(*keeper, letter()));
    turn(*keeper);
  }
  BOOST_TEST(begun.empty());
  BOOST_TEST(!is_held(*keeper, letter()));
  turn(*keeper);
  BOOST_REQUIRE(begun.size() == 1U);
  BOOST_TEST(begun[0]->head.seq == 13U);
  BOOST_TEST(begun[0]->time_ns == 13);
  BOOST_REQUIRE(begun[0]->tenant_heads.size() == 1U);
  BOOST_TEST(begun[0]->tenant_heads[0].seq == 13U);

  // However many come, until it is written.
  for (int count = 0; count < 5; ++count) BOOST_TEST(is_held(*keeper, letter()));
  turn(*keeper);
  BOOST_TEST(begun.size() == 1U);
  BOOST_TEST(given_back.empty());
  keeper->written();
  turn(*keeper);
  BOOST_TEST((given_back == std::vector<std::uint64_t>{14, 15, 16, 17, 18}));
  // The next is due by now.
  BOOST_TEST(begun.size() == 2U);
  BOOST_TEST(begun[1]->head.seq == 18U);
}

BOOST_AUTO_TEST_CASE(none_is_begun_where_none_is_wanted_until_one_is) {
  const auto keeper = keeper_from(0, 1, 0);
  for (int count = 0; count < 50; ++count) BOOST_TEST(!is_held(*keeper, letter()));
  turn(*keeper);
  BOOST_TEST(begun.empty());
  keeper->set_records_step(50);
  turn(*keeper);
  BOOST_TEST(begun.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_start_that_folded_much_has_one_written_at_once) {
  constexpr auto most = service::SnapshotKeeper::folded_records_max;
  turn(*keeper_from(5, 5 + most, 0));
  BOOST_TEST(begun.empty());
  turn(*keeper_from(5, 6 + most, 0));
  BOOST_REQUIRE(begun.size() == 1U);
  BOOST_TEST(begun[0]->tenant_heads.at(0).seq == 3U);
  BOOST_TEST(begun[0]->time_ns == 7);
}

BOOST_AUTO_TEST_CASE(what_is_held_back_is_bounded) {
  constexpr auto most = service::SnapshotKeeper::changes_max;
  const auto keeper = keeper_from(0, 1, 1);
  turn(*keeper);
  BOOST_TEST(is_held(*keeper, letter(most)));
  BOOST_TEST(keeper->is_wanted());
  BOOST_TEST(is_held(*keeper, letter()));
  // It is given up, and what was held back goes once it is.
  BOOST_TEST(!keeper->is_wanted());
  BOOST_TEST(given_back.empty());
  keeper->written();
  turn(*keeper);
  BOOST_TEST(given_back.size() == 2U);
  BOOST_TEST(keeper->is_wanted());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
