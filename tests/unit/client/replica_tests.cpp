// The replica beside the real daemon: the same answers, at once after a receipt, through kills and
// restarts.
#include <deque>
#include <optional>
#include <random>

#include "tests/unit/client/replica_shop.h"

namespace postern::support {

namespace {

std::string text_of(const client::Result<ReplicaAnswer>& answer) {
  if (!answer) return "none: " + answer.error().sentence;
  std::string text = schema::EnumNameCode(answer->reason);
  if (answer->grant)
    text += " " + std::to_string(answer->grant->seq) + "." + std::to_string(answer->grant->index) +
            " " + std::string(answer->grant->action) + " " + std::string(answer->grant->resource) +
            " of " + std::string(answer->grant->role);
  return text;
}

std::string text_of(const schema::DecisionT& decision) {
  std::string text = schema::EnumNameCode(decision.reason);
  if (decision.grant != nullptr)
    text += " " + std::to_string(decision.grant->reference->seq) + "." +
            std::to_string(decision.grant->reference->index) + " " + decision.grant->action + " " +
            decision.grant->resource + " of " + decision.grant->role;
  return text;
}

schema::CommandMessageT any_change(const std::string& user, const std::string& place,
                                   std::mt19937& random) {
  const auto effect = random() % 3 == 0 ? schema::Effect::deny : schema::Effect::allow;
  switch (random() % 5) {
    case 0:
      return add_grant("acme", user, effect, "read", place);
    case 1: {
      schema::AddRoleGrantT body;
      body.role = "clerk";
      body.effect = effect;
      body.action = "run";
      body.resource = "script/close";
      return command_message("acme", "", std::move(body));
    }
    case 2: {
      schema::AssignRoleT body;
      body.role = "clerk";
      return command_message("acme", user, std::move(body));
    }
    case 3:
      return command_message("acme", user, schema::LockUserT());
    default:
      return command_message("acme", user, schema::UnlockUserT());
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replica_tests, Shop)

BOOST_AUTO_TEST_CASE(it_answers_as_the_daemon_does_whatever_changes) {
  std::mt19937 random(1);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  const char* users[] = {"shop", "till", "desk", "nobody"};
  const char* places[] = {"table/invoices", "table/invoices/lines", "table/orders",
                          "script/close",   "nowhere/at/all",       "Malformed"};
  run(create_user("acme", "till"));
  run(create_user("acme", "desk"));
  schema::CreateRoleT role;
  role.name = "clerk";
  change(std::move(role), "");
  auto followed = running_replica();
  ReplicaReader reader = followed->reader();
  for (int round = 0; round < 40; ++round) {
    schema::CommandMessageT message = any_change(users[below(3)], places[below(3)], random);
    // Refused ones change nothing.
    const auto receipt = asker.execute(std::move(message));
    BOOST_REQUIRE(receipt);
    BOOST_REQUIRE(followed->wait_for(receipt->seq, seconds(60)));
    std::deque<std::string> kept;
    const auto keep = [&](std::string text) -> std::string_view {
      return kept.emplace_back(std::move(text));
    };
    std::vector<client::ReplicaCheck> all;
    std::vector<std::string> alone;
    for (int question = 0; question < 25; ++question) {
      const std::string name = users[below(4)];
      const std::string place = places[below(std::size(places))];
      const std::string action = below(4) == 0 ? "run" : "read";
      auto query = check_by_name("acme", name, action, place);
      query.call = std::make_unique<schema::CallT>();
      query.call->tls = below(2) == 0;
      const bool tls = query.call->tls;
      const auto asked = asker.ask(std::move(query));
      BOOST_REQUIRE(asked);
      const auto answer = reader.check("acme", name, {.tls = tls}, {action, place});
      BOOST_TEST(text_of(answer) == text_of(*asked->body.AsChecked()->decisions.at(0)));
      if (answer) BOOST_TEST(answer->seq == asked->seq);
      if (answer) BOOST_TEST(!answer->by_daemon);
      all.push_back({"acme", keep(name), {.tls = tls}, {keep(action), keep(place)}});
      alone.push_back(text_of(answer));
    }
    std::vector<std::string> together;
    for (const auto& answer : reader.check(all)) together.push_back(text_of(answer));
    BOOST_TEST(together == alone, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(C8_a_key_is_verified_once_and_never_after_its_revocation) {
  schema::CreateKeyT key;
  key.name = "till";
  const std::string text = change(std::move(key)).secrets.at(0);
  schema::CreateKeyT narrow;
  narrow.name = "narrow";
  auto& part = narrow.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
  part->action = "read";
  part->resource = "table/orders";
  const schema::ReceiptT made = change(std::move(narrow));
  auto followed = running_replica();
  BOOST_REQUIRE(followed->wait_for(made.seq, seconds(60)));
  ReplicaReader reader = followed->reader();
  const auto first = reader.check_key(text, {}, {}, invoices);
  BOOST_TEST((reason_of(first) == Code::ok));
  BOOST_TEST(!first->by_daemon);
  BOOST_TEST((reason_of(reader.check_key(made.secrets.at(0), {}, {}, invoices)) ==
              Code::no_matching_grant));
  BOOST_TEST((reason_of(reader.check_key(text, {"acme", "somebody"}, {}, invoices)) ==
              Code::invalid_credentials));
  const auto wrong = reader.check_key(text.substr(0, text.size() - 1) + "_", {}, {}, invoices);
  BOOST_TEST((reason_of(wrong) == Code::invalid_credentials));
  BOOST_TEST(wrong->by_daemon);
  schema::RevokeKeyT gone;
  gone.name = "till";
  const auto receipt = change(std::move(gone));
  BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
  kill();
  // What it has seen it knows without the daemon.
  BOOST_TEST((reason_of(reader.check_key(text, {}, {}, invoices)) == Code::invalid_credentials));
  BOOST_TEST((reason_of(reader.check_key(made.secrets.at(0), {}, {}, {"read", "table/orders"})) ==
              Code::no_matching_grant));
}

BOOST_AUTO_TEST_CASE(S2_a_token_dies_in_the_replica_with_all_that_ends_its_session) {
  const std::string password = "Corr3ct-horse";
  run(reset_password("acme", "shop", password));
  auto followed = running_replica();
  ReplicaReader reader = followed->reader();
  const auto login = [&] {
    const auto got = asker.ask(authenticate("acme", "shop", password));
    if (!got) BOOST_FAIL(got.error().sentence);
    BOOST_REQUIRE(got->body.AsAuthenticated()->allowed);
    return *got->body.AsAuthenticated();
  };
  const auto ends_with = [&](auto body, Code now, auto undo) {
    const schema::AuthenticatedT session = login();
    const auto before = reader.check_token(session.token, {}, {}, invoices);
    BOOST_TEST((reason_of(before) == Code::ok));
    const auto again = reader.check_token(session.token, {}, {}, invoices);
    BOOST_TEST((reason_of(again) == Code::ok));
    const schema::ReceiptT receipt = change(std::move(body));
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    const auto dead = reader.check_token(session.token, {}, {}, invoices);
    BOOST_TEST((reason_of(dead) == now), schema::EnumNameCode(dead->reason));
    undo();
    // Dead stays dead.
    const auto stays = reader.check_token(session.token, {}, {}, invoices);
    BOOST_TEST((reason_of(stays) == Code::session_expired));
  };
  const auto known = [&](const schema::ReceiptT& receipt) {
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
  };
  ends_with(schema::LockUserT(), Code::user_locked, [&] { known(change(schema::UnlockUserT())); });
  ends_with(schema::DisableUserT(), Code::user_not_active,
            [&] { known(change(schema::EnableUserT())); });
  ends_with(schema::EndSessionsT(), Code::session_expired, [] {});
  schema::ResetPasswordT reset;
  reset.password = password;
  ends_with(std::move(reset), Code::session_expired, [] {});
}

BOOST_AUTO_TEST_CASE(it_goes_on_through_kills_and_grows_old_while_nobody_is_there) {
  ReplicaOptions wanted = options();
  wanted.age_max = seconds(2);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  for (int round = 0; round < 3; ++round) {
    kill();
    BOOST_TEST(becomes([&] { return !reader.check("acme", "shop", {}, invoices); }));
    const auto old = reader.check("acme", "shop", {}, invoices);
    BOOST_REQUIRE(!old);
    BOOST_TEST((old.error().kind == ErrorKind::unreachable));
    BOOST_TEST(old.error().sentence.find("heard nothing") != std::string::npos);
    start_again();
    BOOST_TEST(becomes([&] { return reader.check("acme", "shop", {}, invoices).has_value(); }));
    const auto receipt =
        round % 2 == 0
            ? revoke()
            : run(add_grant("acme", "shop", schema::Effect::allow, "read", "table/invoices"));
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    // Whatever grows old meanwhile: the first answer is right.
    std::optional<Code> reason;
    BOOST_TEST(becomes([&] {
      const auto now = reader.check("acme", "shop", {}, invoices);
      if (now) reason = now->reason;
      return now.has_value();
    }));
    BOOST_TEST((reason == (round % 2 == 0 ? Code::no_matching_grant : Code::ok)));
  }
}

BOOST_AUTO_TEST_CASE(it_asks_the_daemon_where_the_caller_chooses_so) {
  schema::SetUserSettingsT logged;
  logged.api_logging = true;
  const auto receipt = change(std::move(logged));
  auto alone = running_replica();
  BOOST_REQUIRE(alone->wait_for(receipt.seq, seconds(60)));
  ReplicaReader refusing = alone->reader();
  // L1: each of its calls is recorded, which a replica cannot.
  const auto none = refusing.check("acme", "shop", {}, invoices);
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().sentence.find("recorded") != std::string::npos);
  ReplicaOptions wanted = options();
  wanted.asks_daemon = true;
  auto asking = replica(wanted);
  BOOST_REQUIRE(asking->wait_for(receipt.seq, seconds(60)));
  ReplicaReader reader = asking->reader();
  const auto asked = reader.check("acme", "shop", {}, invoices);
  BOOST_TEST((reason_of(asked) == Code::ok));
  BOOST_TEST(asked->by_daemon);
  BOOST_TEST(asked->grant->resource == "table/invoices");
  const auto here = reader.check("umbra", "shop", {}, invoices);
  BOOST_TEST((reason_of(here) == Code::ok));
  BOOST_TEST(!here->by_daemon);
  const std::vector<client::ReplicaCheck> both = {{"acme", "shop", {}, invoices},
                                                  {"umbra", "shop", {}, invoices},
                                                  {"acme", "shop", {.address = "x"}, invoices}};
  const auto answers = reader.check(both);
  BOOST_REQUIRE(answers.size() == 3U);
  BOOST_TEST((reason_of(answers[0]) == Code::ok));
  BOOST_TEST(answers[0]->by_daemon);
  BOOST_TEST(answers[0]->grant->resource == "table/invoices");
  BOOST_TEST((reason_of(answers[1]) == Code::ok));
  BOOST_TEST(!answers[1]->by_daemon);
  BOOST_REQUIRE(!answers[2]);
  BOOST_TEST(answers[2].error().sentence.find("address") != std::string::npos);
  BOOST_TEST(!refusing.check(both)[0]);
}

BOOST_AUTO_TEST_CASE(O1_only_who_may_vouch_has_a_replica_and_only_of_its_tenants) {
  const auto silent = add("silent", schema::Role::service, {"acme"}, false);
  const auto vouching = add("vouching", schema::Role::service, {"acme"}, true);
  ReplicaOptions wanted = options();
  wanted.client = silent;
  auto refused = replica(wanted);
  BOOST_TEST(becomes([&] { return refused->standing().trouble.has_value(); }));
  BOOST_TEST((refused->standing().trouble->kind == ErrorKind::not_permitted));
  BOOST_TEST(!refused->standing().answers);
  wanted.client = vouching;
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  BOOST_TEST((reason_of(reader.check("acme", "shop", {}, invoices)) == Code::ok));
  const auto foreign = reader.check("umbra", "shop", {}, invoices);
  const auto nowhere = reader.check("nowhere", "shop", {}, invoices);
  BOOST_TEST(text_of(foreign) == text_of(nowhere));
  BOOST_TEST(!foreign->allowed);
}

BOOST_AUTO_TEST_CASE(the_example_in_the_readme_answers) {
  const Ended example = run_program({REPLICA_EXAMPLE, ipc("history"), ipc("queries")});
  BOOST_TEST(example.said == "shop may\n");
  BOOST_TEST(example.code == 0);
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_used_are_refused) {
  ReplicaOptions wanted = options();
  wanted.client.history.clear();
  BOOST_TEST((Replica::start(wanted).error().kind == ErrorKind::usage));
  wanted = options();
  wanted.age_max = milliseconds(1);
  BOOST_TEST((Replica::start(wanted).error().kind == ErrorKind::usage));
  wanted = options();
  wanted.asks_daemon = true;
  wanted.client.queries.clear();
  BOOST_TEST((Replica::start(wanted).error().kind == ErrorKind::usage));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
