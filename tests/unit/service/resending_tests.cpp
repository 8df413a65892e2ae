// K1, K5: whatever the daemon cannot do now, a repeat is told what became of the first sending; and
// what a stop abandons was not done.
#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "schema/resending.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

constexpr std::size_t pool_threads = 2;

struct Resending : ServiceFixture {
  Resending() { create_acme(); }

  schema::CommandMessageT with_id(schema::CommandMessageT message) {
    message.id = std::make_unique<schema::Uuid>(fresh_id());
    return message;
  }
  schema::CommandMessageT batch(int count, const std::string& password) {
    auto made = with_id(message("acme", "", create("batch-0", password)));
    for (int number = 1; number < count; ++number) {
      auto& command = made.commands.emplace_back(std::make_unique<schema::CommandT>());
      command->body.Set(create("batch-" + std::to_string(number), password));
    }
    return made;
  }
  std::string send_copy(const schema::CommandMessageT& message) {
    return send(schema::CommandMessageT(message));
  }
  schema::ReceiptT receipt_of(const std::string& sent) {
    turn_until([&] { return has_receipt(sent); });
    return receipt(sent);
  }
  void check_repeats(const std::string& again, const schema::ReceiptT& first) {
    const auto got = receipt_of(again);
    BOOST_TEST((got.code == first.code));
    BOOST_TEST(got.repeated);
    BOOST_TEST(got.seq == first.seq);
  }
};

struct CannotNow {
  Code code;
  std::function<void(ServiceFixture&)> begin;
};

/// Every way to be unable.
const std::vector<CannotNow>& states() {
  static const std::vector<CannotNow> all = {
      {Code::disk_low, [](ServiceFixture& daemon) { daemon.vitals.disk_low = true; }},
      {Code::stopping, [](ServiceFixture& daemon) { daemon.writer->drain(); }},
      {Code::clock_suspect,
       [](ServiceFixture& daemon) { daemon.clock.set_forward_ms(26 * 3'600'000); }},
      {Code::clock_suspect,
       [](ServiceFixture& daemon) { daemon.clock.set_back_ms(26 * 3'600'000); }},
      {Code::journal_unavailable,
       [](ServiceFixture& daemon) {
         daemon.journal.fail_from(1);
         daemon.send(daemon.message("acme", "", create("lost")));
         daemon.commit();
         BOOST_TEST(daemon.journal.fired() == 1U);
       }},
      {Code::journal_unavailable, [](ServiceFixture& daemon) { daemon.vitals.degraded = true; }},
      {Code::erase_unfinished,
       [](ServiceFixture& daemon) {
         daemon.vitals.degraded = true;
         daemon.vitals.erase_unfinished = true;
       }},
  };
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resending_tests)

BOOST_AUTO_TEST_CASE(K1_a_repeat_gets_its_receipt_whatever_cannot_be_done_now) {
  for (const CannotNow& state : states()) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(state.code)) {
      Resending daemon;
      daemon.disk_free = 0;
      const auto asked = daemon.with_id(daemon.message("acme", "", create("shop")));
      const auto first = daemon.receipt_of(daemon.send_copy(asked));
      BOOST_REQUIRE((first.code == Code::ok));
      state.begin(daemon);
      const auto fresh = daemon.run(daemon.message("acme", "", create("other")));
      BOOST_TEST((fresh.code == state.code));
      BOOST_TEST((schema::resending_of(fresh.code) != schema::Resending::final));
      daemon.check_repeats(daemon.send_copy(asked), first);
      // What it may not do any more does not matter either; other contents do.
      auto other = daemon.message("acme", "", create("third"));
      other.id = std::make_unique<schema::Uuid>(*asked.id);
      BOOST_TEST((daemon.run(std::move(other)).code == Code::command_id_reused));
    }
  }
}

BOOST_FIXTURE_TEST_CASE(K1_a_repeat_of_what_was_in_a_group_that_failed_is_told_no_receipt,
                        Resending) {
  const auto asked = with_id(message("acme", "", create("shop")));
  journal.fail_from(1);
  BOOST_TEST((receipt_of(send_copy(asked)).code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() == 1U);
  const auto again = receipt_of(send_copy(asked));
  BOOST_TEST((again.code == Code::journal_unavailable));
  BOOST_TEST(again.seq == 0U);
}

BOOST_FIXTURE_TEST_CASE(K1_a_repeat_in_a_group_that_waits_for_the_disk_is_answered_with_it,
                        Resending) {
  const auto asked = with_id(message("acme", "", create("shop")));
  const auto first = send_copy(asked);
  vitals.disk_low = true;
  disk_free = 0;
  const auto again = send_copy(asked);
  BOOST_TEST(!has_receipt(again));
  BOOST_TEST((receipt_of(first).code == Code::ok));
  check_repeats(again, receipt(first));
}

BOOST_FIXTURE_TEST_CASE(K1_a_repeat_of_what_is_being_hashed_is_answered_when_that_is, Resending) {
  disk_free = 0;
  const auto asked = batch(20, "Corr3ct-horse");
  const auto first = send_copy(asked);
  vitals.disk_low = true;
  const auto again = send_copy(asked);
  const auto fresh = send(message("acme", "", create("other")));
  BOOST_TEST((receipt_of(fresh).code == Code::disk_low));
  BOOST_TEST((receipt_of(first).code == Code::ok));
  check_repeats(again, receipt(first));
}

BOOST_FIXTURE_TEST_CASE(K1_what_waits_under_the_id_of_another_still_has_to_pass_the_gate,
                        Resending) {
  const auto asked = batch(20, "Corr3ct-horse");
  const auto first = send_copy(asked);
  schema::CommandMessageT bare;
  bare.id = std::make_unique<schema::Uuid>(*asked.id);
  const auto empty = send(std::move(bare));
  auto other = message("acme", "", create("batch-1"));
  other.id = std::make_unique<schema::Uuid>(*asked.id);
  const auto reused = send(std::move(other));
  BOOST_TEST(!has_receipt(empty));
  BOOST_TEST((receipt_of(first).code == Code::ok));
  for (const std::string& sent : {empty, reused})
    BOOST_TEST((receipt_of(sent).code == Code::command_id_reused));
}

BOOST_FIXTURE_TEST_CASE(K5_a_stop_abandons_the_passwords_that_have_not_begun, Resending) {
  std::promise<void> go_on;
  const std::shared_future<void> wait = go_on.get_future().share();
  for (std::size_t thread = 0; thread < pool_threads; ++thread)
    BOOST_REQUIRE(pool().submit({}, [wait] { wait.wait(); }));
  const std::uint64_t head = journal.head().seq;
  const auto asked = batch(1'000, "Corr3ct-horse");
  const auto first = send_copy(asked);
  const auto behind = send(message("acme", "", create("batch-1")));
  const auto second = send(message("acme", "", create("second", "Corr3ct-horse")));
  BOOST_TEST(!writer->drain());
  const auto again = send_copy(asked);
  // Under the same id, and no command: it has not come to the gate yet.
  schema::CommandMessageT nothing;
  nothing.id = std::make_unique<schema::Uuid>(*asked.id);
  const auto bare = send(std::move(nothing));
  go_on.set_value();
  for (const std::string& sent : {first, behind, second, again, bare}) {
    const auto got = receipt_of(sent);
    BOOST_TEST((got.code == Code::stopping));
    BOOST_TEST(got.seq == 0U);
  }
  turn_until([&] { return writer->drain(); });
  BOOST_TEST(journal.head().seq == head);
}

BOOST_FIXTURE_TEST_CASE(K5_at_a_stop_a_batch_of_passwords_is_done_as_a_whole_or_not_at_all,
                        Resending) {
  int done = 0;
  for (int round = 0; round < 20; ++round) {
    Resending daemon;
    const std::uint64_t head = daemon.journal.head().seq;
    const auto asked = daemon.batch(10, "Corr3ct-horse");
    const auto first = daemon.send_copy(asked);
    // It has begun, or not.
    while (round % 2 == 0 && daemon.pool().waiting() > 0) std::this_thread::yield();
    daemon.writer->drain();
    const auto again = daemon.send_copy(asked);
    const auto got = daemon.receipt_of(first);
    const bool is_done = got.code == Code::ok;
    done += is_done;
    BOOST_TEST((is_done || got.code == Code::stopping));
    BOOST_TEST(daemon.journal.head().seq == head + (is_done ? 1U : 0U));
    if (is_done)
      daemon.check_repeats(again, got);
    else
      BOOST_TEST((daemon.receipt_of(again).code == Code::stopping));
  }
  BOOST_TEST_MESSAGE(done << " of 20 were done");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
