// U11 in the writer: the record first, then the key, then the receipt; and what is left to read.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/service/personal.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

struct Erasing : ServiceFixture {
  Erasing() {
    create_acme();
    create_rich("bob");
    create_rich("eve");
    accept("bob", schema::TrashUserT());
    bob_id = user("bob").id;
    bob_slot = service::slot_of(user("bob").key);
    before_erasing = [this](std::span<const credential::KeySlot> slots) {
      asked.emplace_back(slots.begin(), slots.end());
      head_when_asked = journal.head().seq;
      return outcome;
    };
  }

  void create_rich(const std::string& name) {
    schema::CreateUserT body;
    body.username = name;
    body.password = good_password;
    body.note = "private";
    body.profile = std::make_unique<schema::ProfileT>();
    body.profile->phone = "1";
    accept("", std::move(body));
  }

  template <class Body>
  schema::ReceiptT accept(std::string name, Body body) {
    auto got = run(message("acme", std::move(name), std::move(body)));
    if (got.code != Code::ok) BOOST_FAIL(got.problems.at(0)->sentence);
    return got;
  }

  /// Every sealed part that the journal holds of a user.
  std::vector<std::vector<std::uint8_t>> sealed_parts_of(const schema::Uuid& id) const {
    std::vector<std::vector<std::uint8_t>> parts;
    const auto add = [&](const flatbuffers::Vector<std::uint8_t>* bytes) {
      if (bytes != nullptr) parts.emplace_back(bytes->begin(), bytes->end());
    };
    domain::RecordGate gate;
    const auto cursor = journal.read_from(1);
    for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next())
      for (const schema::Event* event : *(*gate.open(*bytes))->events()) {
        if (const auto* created = event->body_as_UserCreated())
          if (*created->user() == id) {
            add(created->sealed_profile());
            add(created->sealed_password());
          }
        if (event->user() == nullptr || !(*event->user() == id)) continue;
        if (const auto* profile = event->body_as_ProfileChanged()) add(profile->sealed_profile());
        if (const auto* reset = event->body_as_PasswordReset()) add(reset->sealed_password());
        if (const auto* rotated = event->body_as_PasswordRotated()) add(rotated->sealed_password());
      }
    return parts;
  }

  /// How many of the parts open with any key the store has.
  std::size_t opened_by_any_key(const schema::Uuid& id,
                                const std::vector<std::vector<std::uint8_t>>& parts) const {
    std::size_t opened = 0;
    for (std::uint32_t file = 1; file < 3; ++file)
      for (std::uint16_t slot = 0; slot < credential::KeyStore::slots_per_file; ++slot) {
        const auto key = keys().user_key({file, slot});
        if (!key) continue;
        for (const auto& part : parts)
          for (const auto kind :
               {credential::PersonalPart::profile, credential::PersonalPart::password})
            opened += credential::unseal(*key, id, kind, part).has_value();
      }
    return opened;
  }

  schema::Uuid bob_id;
  credential::KeySlot bob_slot;
  std::vector<std::vector<credential::KeySlot>> asked;
  domain::Seq head_when_asked = 0;
  Expected<> outcome;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(erase_tests, Erasing)

BOOST_AUTO_TEST_CASE(U11_first_the_record_then_the_key_then_the_receipt) {
  hold_appends();
  const std::string sent = send(message("acme", "bob", schema::EraseUserT()));
  const domain::Seq before = journal.head().seq;
  commit();
  BOOST_REQUIRE(append_waits());
  BOOST_TEST(asked.empty());
  BOOST_TEST(!has_receipt(sent));
  BOOST_TEST(keys().user_key(bob_slot).has_value());
  let_append();
  BOOST_REQUIRE(asked.size() == 1U);
  BOOST_TEST((asked[0] == std::vector{bob_slot}));
  BOOST_TEST(head_when_asked == before + 1);
  BOOST_TEST(!keys().user_key(bob_slot));
  BOOST_TEST(!has_receipt(sent));
  turn_until([&] { return has_receipt(sent); });
  const auto got = receipt(sent);
  BOOST_TEST((got.code == Code::ok));
  BOOST_REQUIRE(got.events.size() == 2U);
  BOOST_TEST((got.events[1]->body.type == schema::EventBody::UserErased));
  BOOST_TEST(keys().user_key(service::slot_of(user("eve").key)).has_value());
}

BOOST_AUTO_TEST_CASE(U11_what_is_not_in_the_journal_costs_no_key) {
  journal.fail_from(1);
  const auto got = run(message("acme", "bob", schema::EraseUserT()));
  BOOST_TEST((got.code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() == 1U);
  BOOST_TEST(asked.empty());
  BOOST_TEST(keys().user_key(bob_slot).has_value());
}

BOOST_AUTO_TEST_CASE(U11_what_is_refused_or_a_dry_run_costs_no_key) {
  BOOST_TEST(
      (run(message("acme", "eve", schema::EraseUserT())).code == Code::status_move_not_allowed));
  auto dry = message("acme", "bob", schema::EraseUserT());
  dry.dry_run = true;
  const auto got = run(std::move(dry));
  BOOST_TEST((got.code == Code::ok));
  BOOST_TEST(got.events.size() == 2U);
  BOOST_TEST(asked.empty());
  BOOST_TEST(keys().user_key(bob_slot).has_value());
}

BOOST_AUTO_TEST_CASE(U11_an_unfinished_erasure_is_not_acknowledged_and_loud) {
  outcome = std::unexpected(Failure{FailureKind::input_output, "the disk says no.", "mend it"});
  alarms.clear();
  const std::string other = send(message("acme", "eve", schema::LockUserT()));
  const std::string sent = send(message("acme", "bob", schema::EraseUserT()));
  turn_until([&] { return has_receipt(sent) && has_receipt(other); });
  BOOST_TEST(asked.size() == 1U);
  BOOST_TEST((receipt(sent).code == Code::erase_unfinished));
  BOOST_TEST(receipt(sent).seq == 0U);
  BOOST_TEST(receipt(sent).events.empty());
  // What else became durable is acknowledged.
  BOOST_TEST((receipt(other).code == Code::ok));
  BOOST_REQUIRE(alarms.size() == 1U);
  BOOST_TEST(alarms[0].find("the disk says no") != std::string::npos);
  BOOST_TEST(vitals.degraded.load());
  BOOST_TEST(vitals.erase_unfinished.load());
  // It did happen: the record stands, and an opening finishes it.
  BOOST_TEST(events_of(schema::EventBody::UserErased) == 1U);
  BOOST_TEST(domain::is_erased(*writer->state().tables().find_user(bob_id)));
  BOOST_TEST((run(message("acme", "eve", schema::UnlockUserT())).code == Code::erase_unfinished));
}

BOOST_AUTO_TEST_CASE(U11_asking_again_meanwhile_does_not_acknowledge_it_either) {
  outcome = std::unexpected(Failure{FailureKind::input_output, "the disk says no.", "mend it"});
  hold_appends();
  auto erase = message("acme", "bob", schema::EraseUserT());
  erase.id = std::make_unique<schema::Uuid>(fresh_id());
  const std::string first = send(schema::CommandMessageT(erase));
  commit();
  BOOST_REQUIRE(append_waits());
  const std::string again = send(std::move(erase));
  let_append();
  turn_until([&] { return has_receipt(first) && has_receipt(again); });
  BOOST_TEST((receipt(first).code == Code::erase_unfinished));
  BOOST_TEST((receipt(again).code == Code::erase_unfinished));
}

BOOST_AUTO_TEST_CASE(U11_several_in_one_message_go_at_once) {
  accept("eve", schema::TrashUserT());
  const auto eve_slot = service::slot_of(user("eve").key);
  auto batch = message("acme", "bob", schema::EraseUserT());
  auto& second = batch.commands.emplace_back(std::make_unique<schema::CommandT>());
  second->user = "eve";
  second->body.Set(schema::EraseUserT());
  BOOST_TEST((run(std::move(batch)).code == Code::ok));
  BOOST_REQUIRE(asked.size() == 1U);
  BOOST_TEST((asked[0] == std::vector{bob_slot, eve_slot}));
  BOOST_TEST(!keys().user_key(bob_slot));
  BOOST_TEST(!keys().user_key(eve_slot));
}

BOOST_AUTO_TEST_CASE(K1_an_erasure_asked_again_gets_its_receipt_and_touches_no_key) {
  auto erase = message("acme", "bob", schema::EraseUserT());
  erase.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto first = run(schema::CommandMessageT(erase));
  BOOST_TEST((first.code == Code::ok));
  const auto again = run(std::move(erase));
  BOOST_TEST((again.code == Code::ok));
  BOOST_TEST(again.repeated);
  BOOST_TEST(again.seq == first.seq);
  BOOST_TEST(asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(U11_nothing_in_the_journal_opens_with_the_keys_that_are_left) {
  schema::SetProfileT change;
  change.note = "still private";
  accept("eve", change);
  schema::RotatePasswordT rotate;
  rotate.password = "An0ther-horse";
  rotate.old_valid_until_ns = clock.now_ns() + 1'000'000'000;
  accept("eve", rotate);
  const schema::Uuid eve = user("eve").id;
  const auto parts = sealed_parts_of(eve);
  BOOST_REQUIRE(parts.size() == 4U);
  BOOST_TEST(opened_by_any_key(eve, parts) == parts.size());
  accept("eve", schema::TrashUserT());
  accept("eve", schema::EraseUserT());
  BOOST_TEST((sealed_parts_of(eve) == parts), "the journal's bytes stand");
  BOOST_TEST(opened_by_any_key(eve, parts) == 0U);
}

BOOST_AUTO_TEST_CASE(U11_a_profile_for_an_erased_user_is_refused_without_an_alarm) {
  accept("bob", schema::EraseUserT());
  alarms.clear();
  schema::SetProfileT change;
  change.note = "again";
  auto sent = message("acme", "", change);
  sent.commands[0]->user_id = std::make_unique<schema::Uuid>(bob_id);
  BOOST_TEST((run(std::move(sent)).code == Code::user_not_active));
  BOOST_TEST(alarms.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
