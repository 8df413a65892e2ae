// The replica beside the real daemon: the same answers, at once after a receipt, through kills and
// restarts; and none at all, saying why, where what it was told no longer holds.
#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <optional>
#include <random>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tools/client/replica.h"

namespace postern::support {

namespace {

using client::ErrorKind;
using client::Replica;
using client::ReplicaAnswer;
using client::ReplicaOptions;
using client::ReplicaReader;
using schema::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr client::ReplicaQuestion invoices{"read", "table/invoices"};

struct Shop : DaemonProcess {
  Shop() : asker(make_running()) {
    run(create_tenant("acme"));
    run(create_tenant("umbra"));
    for (const char* alias : {"acme", "umbra"}) {
      run(create_user(alias, "shop"));
      run(add_grant(alias, "shop", schema::Effect::allow, "read", "table/invoices"));
    }
  }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }
  schema::ReceiptT run(schema::CommandMessageT message) {
    auto got = asker.execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
    return std::move(*got);
  }
  template <class Body>
  schema::ReceiptT change(Body body, const std::string& user = "shop") {
    return run(command_message("acme", user, std::move(body)));
  }
  schema::ReceiptT revoke() {
    schema::RemoveGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = "table/invoices";
    return change(std::move(body));
  }
  void start_again() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    asker = owner();
  }

  ReplicaOptions options() const {
    ReplicaOptions made;
    made.client = owner_options();
    made.age_max = seconds(60);
    return made;
  }
  static std::unique_ptr<Replica> replica(ReplicaOptions options) {
    auto made = Replica::start(std::move(options));
    if (!made) BOOST_FAIL(made.error().sentence);
    return std::move(*made);
  }
  std::unique_ptr<Replica> running_replica() const {
    auto made = replica(options());
    BOOST_REQUIRE(made->wait_for(1, seconds(60)));
    return made;
  }

  /// The options of an operator of these tenants, who is added now.
  client::Options add(const std::string& name, schema::Role role, std::vector<std::string> tenants,
                      bool vouches) {
    const client::KeyPair keys = client::make_key_pair();
    run(add_operator(name, role, keys.public_key, std::move(tenants), vouches));
    return tcp_options(keys);
  }

  /// The operator "vouching", to acme alone.
  schema::ReceiptT narrow(const client::Options& options) {
    schema::ChangeOperatorT narrower;
    narrower.name = "vouching";
    narrower.standing = std::make_unique<schema::OperatorStandingT>();
    narrower.standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
        ->bytes.assign(options.keys->public_key.begin(), options.keys->public_key.end());
    narrower.standing->tenants = {"acme"};
    narrower.standing->vouches = true;
    narrower.role = schema::Role::service;
    return run(command_message("", "", std::move(narrower)));
  }

  client::Client asker;
};

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

Code reason_of(const client::Result<ReplicaAnswer>& answer) {
  if (!answer) BOOST_FAIL(answer.error().sentence);
  return answer->reason;
}

/// Until it holds; what is waited for comes by itself. It looks now and then: the processors are
/// the daemon's.
template <class Holds>
bool becomes(Holds holds, milliseconds time = seconds(120)) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

/// Of one user, its grants or those of the role `clerk`.
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
    }
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

BOOST_AUTO_TEST_CASE(O2_a_scope_that_shrinks_ends_what_was_told) {
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme", "umbra"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  BOOST_TEST((reason_of(reader.check("umbra", "shop", {}, invoices)) == Code::ok));
  const auto receipt = narrow(wanted.client);
  BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
  BOOST_TEST((reason_of(reader.check("umbra", "shop", {}, invoices)) != Code::ok));
  BOOST_TEST((reason_of(reader.check("acme", "shop", {}, invoices)) == Code::ok));
}

/// H7: a copy of before its scope was narrowed. It must not begin anew with what was taken away.
BOOST_AUTO_TEST_CASE(O2_a_copy_with_the_wider_scope_ends_the_replica) {
  namespace fs = std::filesystem;
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme", "umbra"}, true);
  const TemporaryFolder copies;
  const fs::path copy = copies.path() / "copy";
  BOOST_TEST(stop().code == 0);
  fs::copy(data(), copy, fs::copy_options::recursive);
  start_again();
  const auto receipt = narrow(wanted.client);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(120)));
  BOOST_TEST(stop().code == 0);
  fs::remove_all(data());
  fs::copy(copy, data(), fs::copy_options::recursive);
  start_again();
  // It grows past the seq that the replica has.
  for (int number = 0; number < 5; ++number)
    run(create_user("acme", "other-" + std::to_string(number)));
  BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
  const auto none = followed->reader().check("umbra", "shop", {}, invoices);
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().kind == ErrorKind::contradiction));
}

BOOST_AUTO_TEST_CASE(O3_a_removed_operator_s_replica_answers_no_more_and_says_why) {
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  schema::RemoveOperatorT removed;
  removed.name = "vouching";
  run(command_message("", "", std::move(removed)));
  BOOST_TEST(becomes([&] { return !followed->standing().answers; }));
  const auto none = reader.check("acme", "shop", {}, invoices);
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().kind == ErrorKind::not_permitted));
}

/// Also one whose request was on its way, which nobody parked.
BOOST_AUTO_TEST_CASE(O3_who_is_no_operator_any_more_is_told_no_entries_and_told_so) {
  auto leaving = client::Client::make(add("vouching", schema::Role::service, {"acme"}, true));
  BOOST_REQUIRE(leaving);
  schema::GetAccessT entries;
  entries.form = 1;
  schema::HistoryRequestT wanted;
  wanted.body.Set(entries);
  const auto told = leaving->history(wanted);
  BOOST_REQUIRE(told);
  BOOST_TEST((told->code == Code::ok));
  schema::RemoveOperatorT removed;
  removed.name = "vouching";
  run(command_message("", "", std::move(removed)));
  const auto refused = leaving->history(wanted);
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == Code::not_permitted));
  BOOST_TEST((refused->body.type == schema::HistoryPageBody::NONE));
}

/// H7: by hand, which leaves no record.
BOOST_AUTO_TEST_CASE(a_daemon_put_back_from_a_copy_ends_the_replica) {
  namespace fs = std::filesystem;
  const TemporaryFolder copies;
  const fs::path copy = copies.path() / "copy";
  BOOST_TEST(stop().code == 0);
  fs::copy(data(), copy, fs::copy_options::recursive);
  for (const bool grows : {false, true}) {
    start_again();
    const auto receipt = revoke();
    auto followed = running_replica();
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    ReplicaReader reader = followed->reader();
    BOOST_TEST((reason_of(reader.check("acme", "shop", {}, invoices)) == Code::no_matching_grant));
    BOOST_TEST(stop().code == 0);
    fs::remove_all(data());
    fs::copy(copy, data(), fs::copy_options::recursive);
    start_again();
    // It grows past the seq that the replica has.
    for (int number = 0; grows && number < 5; ++number)
      run(create_user("acme", "other-" + std::to_string(number)));
    BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
    const auto none = reader.check("acme", "shop", {}, invoices);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().kind == ErrorKind::contradiction));
    BOOST_TEST(stop().code == 0);
    fs::remove_all(data());
    fs::copy(copy, data(), fs::copy_options::recursive);
  }
}

/// Its connection is refused before anything is said.
BOOST_AUTO_TEST_CASE(O3_a_replica_of_an_operator_that_the_copy_does_not_know_answers_no_more) {
  namespace fs = std::filesystem;
  const TemporaryFolder copies;
  const fs::path copy = copies.path() / "copy";
  BOOST_TEST(stop().code == 0);
  fs::copy(data(), copy, fs::copy_options::recursive);
  start_again();
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  BOOST_TEST(stop().code == 0);
  fs::remove_all(data());
  fs::copy(copy, data(), fs::copy_options::recursive);
  start_again();
  BOOST_TEST(becomes([&] { return !followed->standing().answers; }));
  BOOST_REQUIRE(followed->standing().trouble);
  BOOST_TEST((followed->standing().trouble->kind == ErrorKind::not_permitted));
}

BOOST_AUTO_TEST_CASE(H6_a_replica_holds_the_daemon_to_the_checkpoint_it_remembers) {
  namespace fs = std::filesystem;
  const TemporaryFolder copies;
  const fs::path copy = copies.path() / "copy";
  BOOST_TEST(stop().code == 0);
  fs::copy(data(), copy, fs::copy_options::recursive);
  start_again();
  ReplicaOptions wanted = options();
  wanted.client.checkpoint_file = (copies.path() / "remembered").string();
  {
    auto followed = replica(wanted);
    const auto receipt = revoke();
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    const auto checkpoint = client::Client::make(wanted.client)->check_history();
    BOOST_REQUIRE(checkpoint);
    BOOST_TEST(checkpoint->size >= receipt.seq);
  }
  BOOST_TEST(stop().code == 0);
  fs::remove_all(data());
  fs::copy(copy, data(), fs::copy_options::recursive);
  start_again();
  // A new one knows of the journal what is in the file.
  auto followed = replica(wanted);
  BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
  BOOST_TEST(!followed->standing().answers);
  BOOST_REQUIRE(followed->standing().trouble);
  BOOST_TEST((followed->standing().trouble->kind == ErrorKind::contradiction));
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
