// Others append to the journal first: what they wrote is folded and shown, and what waited is
// decided again.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/domain/message.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

/// Another daemon, which folds the journal and appends what its owner commands.
struct Overtaken : ServiceFixture {
  Overtaken() {
    create_acme();
    head = journal.head().seq;
  }

  template <class Body>
  void append_as_another(std::string tenant, std::string user, Body body) {
    domain::State state;
    domain::RecordGate gate;
    const auto cursor = journal.read_from(1);
    for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next()) {
      domain::Changes changes;
      BOOST_REQUIRE(domain::fold(state, gate, *bytes, changes));
    }
    const domain::OwnMessage message(
        fresh_id(), this->message(std::move(tenant), std::move(user), std::move(body)));
    domain::Context context = message.context(state, clock.now_ns());
    context.asker = state.tables().find_identity(owner);
    domain::Material material;
    material.new_id = fresh_id();
    domain::Draft draft = domain::decide_message(state, context, {&material, 1});
    BOOST_REQUIRE(draft.problems.empty());
    const domain::StoredRecord record = domain::seal_record(draft, state, context);
    const journal::View view = std::as_bytes(std::span(record.data(), record.size()));
    BOOST_REQUIRE(journal.append(journal.head().seq, {&view, 1}));
  }

  std::uint64_t head = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(overtaken_tests)

BOOST_FIXTURE_TEST_CASE(K5_what_waited_is_decided_again_behind_what_others_appended, Overtaken) {
  shared.before_append = [&] { append_as_another("acme", "", create("shop")); };
  const auto same_name = send(message("acme", "", create("shop")));
  const auto other_name = send(message("acme", "", create("depot")));
  writer->commit();
  BOOST_TEST(shared.conflicts == 1);
  BOOST_TEST(!has_receipt(other_name));
  turn_until([&] { return has_receipt(other_name); });
  BOOST_TEST((receipt(same_name).code == Code::user_exists));
  BOOST_TEST((receipt(other_name).code == Code::ok));
  BOOST_TEST(receipt(other_name).seq == head + 2);
  BOOST_TEST(journal.head().seq == head + 2);
  BOOST_TEST(!vitals.degraded);
  BOOST_TEST(alarms.empty());
}

BOOST_FIXTURE_TEST_CASE(K5_queries_show_what_others_appended, Overtaken) {
  shared.before_append = [&] { append_as_another("acme", "", create("shop")); };
  send(message("acme", "", create("depot")));
  writer->commit();
  BOOST_REQUIRE(shared.conflicts == 1);
  reader->turn();
  const auto question = ask(by_name("acme", "shop", "read", "table/customer"));
  BOOST_TEST((answer(question).body.AsChecked()->decisions[0]->reason == Code::no_matching_grant));
}

BOOST_FIXTURE_TEST_CASE(K1_an_id_whose_record_was_overtaken_acts_once, Overtaken) {
  shared.before_append = [&] { append_as_another("acme", "", create("shop")); };
  auto asked = message("acme", "", create("depot"));
  asked.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto first = send(schema::CommandMessageT(asked));
  const auto again = send(schema::CommandMessageT(asked));
  turn_until([&] { return has_receipt(again); });
  BOOST_REQUIRE(shared.conflicts == 1);
  BOOST_TEST((receipt(first).code == Code::ok));
  BOOST_TEST(!receipt(first).repeated);
  BOOST_TEST(receipt(again).repeated);
  BOOST_TEST(receipt(again).seq == receipt(first).seq);
  BOOST_TEST(journal.head().seq == head + 2);
}

BOOST_FIXTURE_TEST_CASE(K5_a_group_under_way_and_the_one_decided_on_it_are_decided_again,
                        Overtaken) {
  hold_appends();
  std::vector<std::string> sent;
  for (std::size_t index = 0; index < service::GroupCommit::records_beside_min; ++index)
    sent.push_back(send(message("acme", "", create("user-" + std::to_string(index)))));
  commit();
  BOOST_REQUIRE(append_waits());
  const auto locked = send(message("acme", "user-0", schema::LockUserT()));
  append_as_another("acme", "", create("user-1"));
  let_append();
  writer->turn();
  BOOST_REQUIRE(shared.conflicts == 1);
  commit();
  let_append();
  turn_until([&] { return has_receipt(locked); });
  BOOST_TEST((receipt(sent[0]).code == Code::ok));
  BOOST_TEST(receipt(sent[0]).seq == head + 2);
  BOOST_TEST((receipt(sent[1]).code == Code::user_exists));
  BOOST_TEST((receipt(sent.back()).code == Code::ok));
  BOOST_TEST((receipt(locked).code == Code::ok));
  BOOST_TEST(receipt(locked).seq == journal.head().seq);
  BOOST_TEST(journal.head().seq == head + 1 + sent.size());
}

BOOST_FIXTURE_TEST_CASE(U11_keys_of_whom_others_erased_are_destroyed, Overtaken) {
  create_user("shop");
  BOOST_REQUIRE((run(message("acme", "shop", schema::TrashUserT())).code == Code::ok));
  const credential::KeySlot slot{user("shop").key.file, user("shop").key.slot};
  BOOST_REQUIRE(keys().user_key(slot));
  shared.before_append = [&] { append_as_another("acme", "shop", schema::EraseUserT()); };
  BOOST_TEST((run(message("acme", "", create("depot"))).code == Code::ok));
  BOOST_REQUIRE(shared.conflicts == 1);
  BOOST_TEST(!keys().user_key(slot));
}

BOOST_FIXTURE_TEST_CASE(K5_a_hash_made_before_others_appended_is_made_anew, Overtaken) {
  create_user("shop");
  schema::ResetPasswordT reset;
  reset.password = "s3cret-enough";
  const auto hashed = send(message("acme", "shop", std::move(reset)));
  shared.before_append = [&] { append_as_another("acme", "shop", schema::LockUserT()); };
  send(message("acme", "", create("depot")));
  writer->commit();
  BOOST_REQUIRE(shared.conflicts == 1);
  turn_until([&] { return has_receipt(hashed); });
  BOOST_TEST((receipt(hashed).code == Code::ok));
  BOOST_TEST(domain::extras_of(user("shop")).operator_lock_seq == head + 2);
  BOOST_TEST(user("shop").password_seq == receipt(hashed).seq);
}

BOOST_FIXTURE_TEST_CASE(K5_a_conflict_with_nobody_ends_writing, Overtaken) {
  shared.claims_conflict = true;
  const auto sent = send(message("acme", "", create("depot")));
  turn_until([&] { return has_receipt(sent); });
  BOOST_TEST((receipt(sent).code == Code::journal_unavailable));
  BOOST_TEST(vitals.degraded);
  BOOST_TEST(alarms.size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
