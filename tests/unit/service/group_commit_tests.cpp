// How groups follow each other to the disk, and who is waited for.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

/// Commands that make users.
struct Senders : ServiceFixture {
  Senders() { create_acme(); }

  std::string send_one() {
    return send(message("acme", "", create("user-" + std::to_string(users_++))));
  }
  /// The last of so many.
  std::string send_many(std::size_t count) {
    std::string last;
    for (std::size_t index = 0; index < count; ++index) last = send_one();
    return last;
  }

 private:
  std::size_t users_ = 0;
};

constexpr std::size_t big = service::GroupCommit::records_beside_min;

/// A disk that takes 4 ms for the next append.
struct SlowDisk : Senders {
  SlowDisk() { make_slow(); }

  void make_slow() {
    shared.before_append = [this] { clock.advance_ms(4); };
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(group_commit_tests)

BOOST_FIXTURE_TEST_CASE(K5_the_next_group_goes_before_the_answers_of_the_last_leave, Senders) {
  hold_appends();
  const std::string first = send_many(big);
  writer->commit();
  const std::string second = send_many(big);
  BOOST_TEST(!writer->is_turn_due());
  let_append();
  BOOST_TEST(writer->is_turn_due());
  writer->turn();
  BOOST_TEST(append_waits());
  BOOST_TEST(has_receipt(first));
  BOOST_TEST(!has_receipt(second));
  const auto head = journal.head().seq;
  let_append();
  BOOST_TEST(journal.head().seq == head + big);
  writer->turn();
  BOOST_TEST(!append_waits());
  BOOST_TEST((receipt(second).code == Code::ok));
  BOOST_TEST(receipt(second).seq == head + big);
}

BOOST_FIXTURE_TEST_CASE(K5_a_group_that_went_early_and_fails_takes_no_acknowledgement_back,
                        Senders) {
  hold_appends();
  const std::string first = send_many(big);
  writer->commit();
  const std::string second = send_many(big);
  let_append();
  writer->turn();
  journal.fail_from(1);
  const std::string third = send_one();
  let_append();
  writer->turn();
  commit();
  BOOST_TEST((receipt(first).code == Code::ok));
  BOOST_TEST((receipt(second).code == Code::journal_unavailable));
  BOOST_TEST((receipt(third).code == Code::journal_unavailable));
  BOOST_TEST(journal.head().seq == receipt(first).seq);
}

BOOST_FIXTURE_TEST_CASE(K1_an_id_of_a_group_that_went_early_is_repeated_from_it, Senders) {
  hold_appends();
  send_many(big);
  writer->commit();
  send_many(big);
  auto asked = message("acme", "", create("ada"));
  asked.id = std::make_unique<schema::Uuid>(fresh_id());
  const std::string sent = send(schema::CommandMessageT(asked));
  let_append();
  writer->turn();
  const std::string again = send(std::move(asked));
  let_append();
  turn_until([&] { return has_receipt(again); });
  BOOST_TEST((receipt(sent).code == Code::ok));
  BOOST_TEST(receipt(again).repeated);
  BOOST_TEST(receipt(again).seq == receipt(sent).seq);
}

BOOST_FIXTURE_TEST_CASE(K5_on_a_slow_disk_those_just_answered_are_waited_for, SlowDisk) {
  send_many(8);
  commit();
  const std::string early = send_many(5);
  commit();
  BOOST_TEST(!has_receipt(early));
  BOOST_TEST(writer->idle_ms() > 0);
  BOOST_TEST(writer->idle_ms() <= 4);
  // Three quarters of those under way.
  const std::string sixth = send_one();
  commit();
  BOOST_TEST(has_receipt(early));
  BOOST_TEST(has_receipt(sixth));
}

BOOST_FIXTURE_TEST_CASE(K5_nobody_waits_for_others_longer_than_an_append_takes, SlowDisk) {
  send_many(8);
  commit();
  const std::string alone = send_one();
  clock.advance_ms(3);
  commit();
  BOOST_TEST(!has_receipt(alone));
  clock.advance_ms(1);
  commit();
  BOOST_TEST(has_receipt(alone));
}

BOOST_FIXTURE_TEST_CASE(K5_one_sender_alone_is_never_waited_behind, SlowDisk) {
  for (int round = 0; round < 3; ++round) {
    const std::string sent = send_one();
    commit();
    BOOST_TEST(has_receipt(sent));
    make_slow();
  }
}

BOOST_FIXTURE_TEST_CASE(K5_on_a_fast_disk_nobody_is_waited_for, Senders) {
  send_many(8);
  commit();
  const std::string alone = send_one();
  commit();
  BOOST_TEST(has_receipt(alone));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
