#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

schema::ResetPasswordT reset(std::string password) {
  schema::ResetPasswordT body;
  body.password = std::move(password);
  return body;
}

schema::AddOperatorT service_operator(std::string name, std::uint32_t uid) {
  schema::AddOperatorT body;
  body.name = std::move(name);
  body.role = schema::Role::service;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = uid;
  body.standing->all_tenants = true;
  return body;
}

struct Acme : ServiceFixture {
  Acme() { create_acme(); }
};

/// A group big enough to be appended beside the writer is on its way: it creates user-0, user-1 …,
/// and an operator with uid 7.
struct Syncing : Acme {
  Syncing() {
    hold_appends();
    send(message("", "", service_operator("seven", 7)));
    for (std::size_t index = 0; index < service::GroupCommit::records_beside_min; ++index) {
      asked.push_back(message("acme", "", create("user-" + std::to_string(index))));
      asked.back().id = std::make_unique<schema::Uuid>(fresh_id());
      sent.push_back(send(schema::CommandMessageT(asked.back())));
    }
    commit();
    BOOST_REQUIRE(append_waits());
  }

  const std::uint64_t head = journal.head().seq;
  std::vector<schema::CommandMessageT> asked;
  std::vector<std::string> sent;
  const std::size_t group = service::GroupCommit::records_beside_min + 1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(writer_tests)

BOOST_FIXTURE_TEST_CASE(K5_nothing_leaves_before_the_sync, Acme) {
  const auto head = journal.head().seq;
  const auto accepted = send(message("acme", "", create("shop")));
  const auto refused = send(message("acme", "", create("shop")));
  BOOST_TEST(!has_receipt(accepted));
  BOOST_TEST(!has_receipt(refused));
  BOOST_TEST(journal.head().seq == head);
  commit();
  BOOST_TEST(journal.head().seq == head + 1);
  BOOST_TEST((receipt(accepted).code == Code::ok));
  BOOST_TEST((receipt(refused).code == Code::user_exists));
}

BOOST_FIXTURE_TEST_CASE(K5_after_a_failed_sync_nothing_that_rests_on_it_is_told, Acme) {
  journal.fail_from(3);
  const auto head = journal.head().seq;
  const auto created = send(message("acme", "", create("shop")));
  const auto refused_because_of_it = send(message("acme", "", create("shop")));
  const auto question = ask(by_name("acme", "shop", "read", "table/customer"));
  commit();
  BOOST_REQUIRE(journal.fired() == 1);
  BOOST_TEST((receipt(created).code == Code::journal_unavailable));
  BOOST_TEST((receipt(refused_because_of_it).code == Code::journal_unavailable));
  BOOST_TEST(journal.head().seq == head);
  BOOST_TEST(alarms.size() == 1);
  BOOST_TEST((run(message("acme", "", create("other"))).code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() == 1);
  // Queries go on from the last durable state: nobody has the name.
  BOOST_TEST((answer(question).body.AsChecked()->decisions[0]->reason == Code::user_unknown));
}

BOOST_FIXTURE_TEST_CASE(K5_receipts_of_many_wait_for_the_reader_though_the_journal_fails, Acme) {
  hold_appends();
  std::string durable;
  for (std::size_t index = 0; index <= service::GroupCommit::told_at_once_max; ++index)
    durable = send(message("acme", "", create("user-" + std::to_string(index))));
  writer->commit();
  let_append();
  writer->turn();
  BOOST_TEST(!has_receipt(durable));
  journal.fail_from(1);
  send(message("acme", "", create("other")));
  writer->commit();
  writer->turn();
  BOOST_REQUIRE(journal.fired() == 1);
  BOOST_TEST(!has_receipt(durable));
  reader->turn();
  writer->turn();
  BOOST_TEST((receipt(durable).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(Q8_whoever_has_a_receipt_is_answered_from_what_it_says, Acme) {
  const auto created = send(message("acme", "", create("shop")));
  writer->commit();
  BOOST_TEST((receipt(created).code == Code::ok));
  // The reader has not turned since.
  const auto question = ask(by_name("acme", "shop", "read", "table/customer"));
  BOOST_REQUIRE(has_answer(question));
  BOOST_TEST((answer(question).body.AsChecked()->decisions[0]->reason == Code::no_matching_grant));
}

BOOST_FIXTURE_TEST_CASE(Q8_who_may_connect_is_told_once_the_reader_knows_it, Acme) {
  schema::AddOperatorT added;
  added.name = "ada";
  added.role = schema::Role::auditor;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->uid = 7;
  added.standing->all_tenants = true;
  const auto sent = send(message("", "", std::move(added)));
  writer->commit();
  BOOST_TEST(!has_receipt(sent));
  reader->turn();
  writer->turn();
  BOOST_TEST((receipt(sent).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K5_what_rests_on_a_group_under_way_waits_for_its_sync, Syncing) {
  const auto refused = send(message("acme", "", create("user-0")));
  const auto question = ask(by_name("acme", "user-0", "read", "table/customer"));
  commit();
  BOOST_TEST(journal.head().seq == head);
  BOOST_TEST(!has_receipt(sent.front()));
  BOOST_TEST(!has_receipt(refused));
  BOOST_TEST((answer(question).body.AsChecked()->decisions[0]->reason == Code::user_unknown));
  let_append();
  BOOST_TEST(!has_receipt(sent.front()));
  turn_until([&] { return has_receipt(refused); });
  BOOST_TEST((receipt(refused).code == Code::user_exists));
  BOOST_TEST((receipt(sent.front()).code == Code::ok));
  BOOST_TEST((receipt(sent.back()).code == Code::ok));
  BOOST_TEST(journal.head().seq == head + group);
}

BOOST_FIXTURE_TEST_CASE(K5_where_appends_wait_long_a_single_record_is_appended_beside_too, Acme) {
  journal.says_appends_wait_long = true;
  const auto head = journal.head().seq;
  hold_appends();
  const auto created = send(message("acme", "", create("shop")));
  commit();
  BOOST_REQUIRE(append_waits());
  BOOST_TEST(journal.head().seq == head);
  BOOST_TEST(!has_receipt(created));
  let_append();
  turn_until([&] { return has_receipt(created); });
  BOOST_TEST((receipt(created).code == Code::ok));
  BOOST_TEST(journal.head().seq == head + 1);
}

BOOST_FIXTURE_TEST_CASE(K5_an_operator_may_connect_once_its_own_group_is_synced, Syncing) {
  send(message("", "", service_operator("eight", 8)));
  commit();
  BOOST_TEST(!allowed.contains("uid:7"));
  let_append();
  writer->turn();
  BOOST_TEST(allowed.contains("uid:7"));
  BOOST_TEST(!allowed.contains("uid:8"));
  commit();
  BOOST_TEST(allowed.contains("uid:8"));
}

BOOST_FIXTURE_TEST_CASE(K5_a_record_decided_on_a_group_under_way_follows_it, Syncing) {
  const auto locked = send(message("acme", "user-0", schema::LockUserT()));
  commit();
  BOOST_TEST(journal.head().seq == head);
  BOOST_TEST(!has_receipt(locked));
  let_append();
  turn_until([&] { return has_receipt(locked); });
  BOOST_TEST(has_receipt(sent.back()));
  BOOST_TEST(receipt(locked).seq == head + group + 1);
  BOOST_TEST(journal.head().seq == head + group + 1);
}

BOOST_FIXTURE_TEST_CASE(K5_a_group_that_fails_takes_the_one_decided_on_it_along, Syncing) {
  journal.fail_from(3);
  const auto locked = send(message("acme", "user-0", schema::LockUserT()));
  send(message("", "", service_operator("eight", 8)));
  const auto refused = send(message("acme", "", create("user-0")));
  const auto question = ask(by_name("acme", "user-0", "read", "table/customer"));
  commit();
  let_append();
  turn_until([&] { return has_receipt(sent.front()) && has_receipt(refused); });
  BOOST_TEST(journal.fired() == 1);
  for (const std::string& one : sent) BOOST_TEST((receipt(one).code == Code::journal_unavailable));
  BOOST_TEST((receipt(locked).code == Code::journal_unavailable));
  BOOST_TEST((receipt(refused).code == Code::journal_unavailable));
  BOOST_TEST(journal.head().seq == head);
  BOOST_TEST(alarms.size() == 1);
  BOOST_TEST(allowed.empty());
  BOOST_TEST((run(message("acme", "", create("other"))).code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() == 1);
  BOOST_TEST((answer(question).body.AsChecked()->decisions[0]->reason == Code::user_unknown));
}

BOOST_FIXTURE_TEST_CASE(K5_a_stop_waits_for_the_group_under_way, Syncing) {
  BOOST_TEST(!writer->drain());
  let_append();
  BOOST_TEST(!writer->drain());
  turn_until([&] { return writer->drain(); });
  BOOST_TEST((receipt(sent.back()).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K5_groups_appended_by_another_thread_leave_in_order, Acme) {
  std::vector<std::string> sent;
  std::vector<std::string> repeated;
  for (int group = 0; group < 8; ++group) {
    std::vector<schema::CommandMessageT> asked;
    for (std::size_t index = 0; index < service::GroupCommit::records_beside_min; ++index) {
      asked.push_back(message("acme", "", create("user-" + std::to_string(sent.size()))));
      asked.back().id = std::make_unique<schema::Uuid>(fresh_id());
      sent.push_back(send(schema::CommandMessageT(asked.back())));
    }
    commit();
    for (auto& again : asked) repeated.push_back(send(std::move(again)));
  }
  turn_until([&] { return has_receipt(repeated.back()); });
  for (std::size_t index = 0; index < sent.size(); ++index) {
    BOOST_REQUIRE((receipt(sent[index]).code == Code::ok));
    BOOST_REQUIRE(receipt(repeated[index]).repeated);
    BOOST_REQUIRE(receipt(repeated[index]).seq == receipt(sent[index]).seq);
  }
  BOOST_TEST(journal.head().seq == receipt(sent.back()).seq);
}

BOOST_FIXTURE_TEST_CASE(T4_policies_are_stored_in_full, Acme) {
  domain::RecordGate gate;
  int checked = 0;
  const auto cursor = journal.read_from(1);
  for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next()) {
    const auto record = gate.open(*bytes);
    BOOST_REQUIRE(record.has_value());
    const auto* created = (*record)->events()->Get(0)->body_as_TenantCreated();
    if (created == nullptr) continue;
    const auto* policies = reinterpret_cast<const flatbuffers::Table*>(created->policies());
    for (const auto field :
         {schema::Policies::VT_LOCKOUT_FAILURES, schema::Policies::VT_PASSWORD_LENGTH_MIN,
          schema::Policies::VT_DIRECT_DELETION})
      BOOST_TEST(policies->CheckField(field));
    ++checked;
  }
  BOOST_TEST(checked == 1);
}

BOOST_FIXTURE_TEST_CASE(K1_one_id_twice_in_one_group_acts_once, Acme) {
  auto first = message("acme", "", create("shop"));
  first.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto head = journal.head().seq;
  const auto one = send(schema::CommandMessageT(first));
  const auto two = send(schema::CommandMessageT(first));
  commit();
  BOOST_TEST(journal.head().seq == head + 1);
  BOOST_TEST((receipt(one).code == Code::ok));
  BOOST_TEST(!receipt(one).repeated);
  BOOST_TEST((receipt(two).code == Code::ok));
  BOOST_TEST(receipt(two).repeated);
  BOOST_TEST(receipt(two).seq == receipt(one).seq);
  const auto later = run(schema::CommandMessageT(first));
  BOOST_TEST(later.repeated);
  BOOST_TEST(later.seq == receipt(one).seq);
  BOOST_REQUIRE(later.events.size() == 1);
  BOOST_TEST((*later.events[0] == *receipt(one).events.at(0)));
}

BOOST_FIXTURE_TEST_CASE(K1_an_id_whose_record_is_under_way_gets_the_first_receipt, Syncing) {
  const auto again = send(schema::CommandMessageT(asked.at(3)));
  auto next = message("acme", "", create("next"));
  next.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto one = send(schema::CommandMessageT(next));
  const auto two = send(schema::CommandMessageT(next));
  commit();
  BOOST_TEST(!has_receipt(again));
  let_append();
  turn_until([&] { return has_receipt(two); });
  BOOST_TEST(receipt(again).repeated);
  BOOST_TEST(receipt(again).seq == receipt(sent.at(3)).seq);
  BOOST_REQUIRE(receipt(again).events.size() == 1);
  BOOST_TEST((*receipt(again).events[0] == *receipt(sent.at(3)).events.at(0)));
  BOOST_TEST(!receipt(one).repeated);
  BOOST_TEST(receipt(two).repeated);
  BOOST_TEST(receipt(two).seq == receipt(one).seq);
  BOOST_TEST(journal.head().seq == head + group + 1);
  const auto later = run(schema::CommandMessageT(asked.at(3)));
  BOOST_TEST(later.repeated);
  BOOST_TEST(later.seq == receipt(sent.at(3)).seq);
}

BOOST_FIXTURE_TEST_CASE(K1_the_same_id_with_other_contents_is_refused, Acme) {
  const auto id = fresh_id();
  auto first = message("acme", "", create("shop"));
  first.id = std::make_unique<schema::Uuid>(id);
  run(std::move(first));
  auto other = message("acme", "", create("other"));
  other.id = std::make_unique<schema::Uuid>(id);
  BOOST_TEST((run(std::move(other)).code == Code::command_id_reused));
}

BOOST_FIXTURE_TEST_CASE(K1_another_password_under_the_same_id_is_the_same_command, Acme) {
  create_user("shop");
  const auto id = fresh_id();
  for (const char* password : {"Corr3ct-horse", "Corr3ct-house"}) {
    auto asked = message("acme", "shop", reset(password));
    asked.id = std::make_unique<schema::Uuid>(id);
    const auto got = run(std::move(asked));
    BOOST_TEST((got.code == Code::ok));
  }
  BOOST_TEST(events_of(schema::EventBody::PasswordReset) == 1);
}

BOOST_FIXTURE_TEST_CASE(K1_an_id_outside_the_window_is_refused, Acme) {
  const auto at = [&](std::int64_t ms) {
    auto asked = message("acme", "", create("shop"));
    asked.id =
        std::make_unique<schema::Uuid>(domain::uuid_v7(clock.now_ns() / 1'000'000 + ms, {1, 2}));
    asked.dry_run = false;
    return run(std::move(asked)).code;
  };
  constexpr std::int64_t day_ms = 86'400'000;
  BOOST_TEST((at(-day_ms - 1) == Code::command_id_expired));
  BOOST_TEST((at(300'001) == Code::command_id_expired));
  BOOST_TEST((at(300'000) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K1_a_refusal_or_a_dry_run_uses_up_no_id, Acme) {
  const auto id = fresh_id();
  auto dry = message("acme", "", create("shop"));
  dry.id = std::make_unique<schema::Uuid>(id);
  dry.dry_run = true;
  const auto would = run(std::move(dry));
  BOOST_TEST(would.dry_run);
  BOOST_TEST(would.events.size() == 1);
  auto refused = message("nowhere", "", create("shop"));
  refused.id = std::make_unique<schema::Uuid>(id);
  BOOST_TEST((run(std::move(refused)).code == Code::tenant_unknown));
  auto real = message("acme", "", create("shop"));
  real.id = std::make_unique<schema::Uuid>(id);
  const auto done = run(std::move(real));
  BOOST_TEST((done.code == Code::ok));
  BOOST_TEST(!done.repeated);
}

BOOST_FIXTURE_TEST_CASE(K3_a_batch_is_all_or_nothing_and_tells_every_problem, Acme) {
  const auto head = journal.head().seq;
  schema::CommandMessageT batch = message("acme", "", create("one"));
  for (const char* name : {"b a d", "two", "two"})
    batch.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(create(name));
  const auto refused = run(std::move(batch));
  BOOST_TEST(journal.head().seq == head);
  BOOST_REQUIRE(refused.problems.size() == 2);
  BOOST_TEST(refused.problems[0]->index == 1);
  BOOST_TEST((refused.problems[0]->code == Code::field_malformed));
  BOOST_TEST(refused.problems[1]->index == 3);
  BOOST_TEST((refused.problems[1]->code == Code::user_exists));
}

BOOST_FIXTURE_TEST_CASE(C4_no_receipt_and_no_record_carries_a_password, Acme) {
  const std::string password = "Corr3ct-horse-canary";
  const auto got = run(message("acme", "", create("shop", password)));
  BOOST_TEST(got.events.at(0)->body.AsUserCreated()->sealed_password.empty());
  BOOST_TEST((got.events.at(0)->body.AsUserCreated()->key == nullptr));
  const auto cursor = journal.read_from(1);
  for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next()) {
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    BOOST_TEST(text.find("canary") == std::string_view::npos);
    BOOST_TEST(text.find("argon2") == std::string_view::npos);
  }
}

BOOST_FIXTURE_TEST_CASE(C1_what_would_be_refused_is_refused_before_hashing, Acme) {
  const auto sent = send(message("acme", "", create("shop", "short")));
  commit();
  BOOST_REQUIRE(has_receipt(sent));
  BOOST_TEST((receipt(sent).code == Code::password_too_short));
}

BOOST_FIXTURE_TEST_CASE(C4_commands_about_a_user_wait_behind_its_hash_and_others_pass, Acme) {
  create_user("shop");
  const auto hashed = send(message("acme", "shop", reset("Corr3ct-horse")));
  const auto behind = send(message("acme", "SHOP", schema::LockUserT()));
  const auto passing = send(message("acme", "", create("other")));
  commit();
  BOOST_TEST(!has_receipt(hashed));
  BOOST_TEST(!has_receipt(behind));
  BOOST_TEST(has_receipt(passing));
  turn_until([&] { return has_receipt(behind); });
  BOOST_TEST((receipt(hashed).code == Code::ok));
  BOOST_TEST(receipt(hashed).seq < receipt(behind).seq);
}

BOOST_FIXTURE_TEST_CASE(C3_a_wrong_current_password_is_refused_and_counted, Acme) {
  create_user("shop", "Corr3ct-horse");
  schema::ChangePasswordT body;
  body.current_password = "wrong-0ne";
  body.password = "An0ther-horse";
  auto asked = message("acme", "shop", body);
  asked.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto first = run(schema::CommandMessageT(asked));
  BOOST_TEST((first.code == Code::invalid_credentials));
  BOOST_TEST(first.seq > 0);
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1);
  const auto again = run(std::move(asked));
  BOOST_TEST(again.repeated);
  BOOST_TEST((again.code == Code::invalid_credentials));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1);
  body.current_password = "Corr3ct-horse";
  BOOST_TEST((run(message("acme", "shop", body)).code == Code::ok));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0);
}

BOOST_FIXTURE_TEST_CASE(C9_a_services_receipt_does_not_tell_who_is_there, Acme) {
  create_user("shop", "Corr3ct-horse");
  create_user("locked", "Corr3ct-horse");
  BOOST_TEST((run(message("acme", "locked", schema::LockUserT())).code == Code::ok));
  add_operator("shopfront", schema::Role::service, 7);
  schema::ChangePasswordT body;
  body.current_password = "wr0ng-guess";
  body.password = "An0ther-horse";
  const auto tried = [&](const std::string& name) {
    auto asked = message("acme", name, body);
    asked.id = std::make_unique<schema::Uuid>(fresh_id());
    auto differently = asked;
    differently.commands.front()->body.AsChangePassword()->password = "Y3t-another-horse";
    std::vector<schema::ReceiptT> receipts;
    receipts.push_back(run(schema::CommandMessageT(asked), "uid:7"));
    receipts.push_back(run(std::move(asked), "uid:7"));
    receipts.push_back(run(std::move(differently), "uid:7"));
    for (schema::ReceiptT& receipt : receipts) receipt.id.reset();
    return receipts;
  };
  const auto of_a_user = tried("shop");
  BOOST_TEST((of_a_user.front().code == Code::invalid_credentials));
  BOOST_TEST(of_a_user.front().seq == 0U);
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1);
  BOOST_TEST((tried("nobody") == of_a_user), "every field of each receipt is the same");
  BOOST_TEST((tried("locked") == of_a_user), "every field of each receipt is the same");
}

BOOST_FIXTURE_TEST_CASE(O2_refused_attempts_are_recorded_once_a_minute_with_their_count, Acme) {
  add_operator("shopfront", schema::Role::service, 7);
  const auto attempt = [&] { return run(message("acme", "", create("x")), "uid:7").code; };
  BOOST_TEST((attempt() == Code::not_permitted));
  BOOST_TEST(events_of(schema::EventBody::CommandRefused) == 1);
  for (int count = 0; count < 5; ++count) BOOST_TEST((attempt() == Code::not_permitted));
  BOOST_TEST(events_of(schema::EventBody::CommandRefused) == 1);
  clock.advance_ms(60'001);
  turn_until([&] { return events_of(schema::EventBody::CommandRefused) == 2; });
  const auto stored = journal::read_one(journal, journal.head().seq);
  const auto* record = flatbuffers::GetRoot<schema::Record>(stored->data());
  BOOST_TEST(record->events()->Get(0)->body_as_CommandRefused()->count() == 5);
}

BOOST_FIXTURE_TEST_CASE(O2_a_stranger_gets_no_answer_and_is_counted, Acme) {
  const auto sent = send(message("acme", "", create("shop")), "uid:99");
  commit();
  BOOST_TEST(!has_receipt(sent));
  BOOST_TEST(vitals.strangers == 1);
}

BOOST_FIXTURE_TEST_CASE(K6_a_disk_under_its_floor_refuses_until_there_is_more, Acme) {
  BOOST_TEST(holds_reserve);
  disk_free = 1'000;
  clock.advance_ms(1'001);
  writer->turn();
  BOOST_TEST((run(message("acme", "", create("shop"))).code == Code::disk_low));
  BOOST_TEST(!holds_reserve);
  disk_free = 1ULL << 40U;
  clock.advance_ms(1'001);
  writer->turn();
  BOOST_TEST((run(message("acme", "", create("shop"))).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K5_time_never_goes_back_and_a_clock_far_behind_is_refused, Acme) {
  const auto before = run(message("acme", "", create("one")));
  clock.set_back_ms(200'000);
  auto asked = message("acme", "", create("two"));
  const auto after = run(std::move(asked));
  BOOST_TEST((after.code == Code::ok));
  BOOST_TEST(after.time_ns == before.time_ns);
  clock.set_back_ms(200'000);
  run(message("acme", "", create("three")));
  BOOST_TEST((run(message("acme", "", create("four"))).code == Code::clock_suspect));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
