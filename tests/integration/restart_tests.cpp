// What a stop, or the end of the machine, leaves of sessions and counts; and that a session ends
// with the receipt of what ends it.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

const std::string password = "Corr3ct-horse";

struct Sessions : DaemonProcess {
  Sessions() : asker(make_running()) {
    run(create_tenant("acme"));
    run(create_user("acme", "shop"));
    run(add_grant("acme", "shop", schema::Effect::allow, "read", "table/customer"));
    reset();
  }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }
  void run(schema::CommandMessageT message) {
    const auto got = asker.execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
  }
  template <class Body>
  void change(Body body) {
    run(command_message("acme", "shop", std::move(body)));
  }
  void reset() { run(reset_password("acme", "shop", password)); }
  void switch_access(bool on) {
    schema::SetApiAccessT body;
    body.allowed = on;
    change(std::move(body));
  }
  void start_again() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    asker = owner();
  }

  schema::AuthenticatedT login(const std::string& secret = password) {
    const auto got = asker.ask(authenticate("acme", "shop", secret));
    if (!got) BOOST_FAIL(got.error().sentence);
    BOOST_REQUIRE(got->code == Code::ok);
    return *got->body.AsAuthenticated();
  }
  Code check(const std::string& token) {
    auto query = check_by_name("acme", "", "read", "table/customer");
    schema::TokenCredentialT credential;
    credential.token = token;
    query.body.AsCheck()->credential.Set(std::move(credential));
    const auto got = asker.ask(std::move(query));
    if (!got) BOOST_FAIL(got.error().sentence);
    BOOST_REQUIRE(got->code == Code::ok);
    return got->body.AsChecked()->decisions.at(0)->reason;
  }
  std::size_t failures_recorded() {
    schema::GetRecordsT wanted;
    wanted.kind = "PasswordFailed";
    std::size_t count = 0;
    const auto page = asker.follow(
        std::move(wanted),
        [&](const schema::RecordPageT& given, std::span<const schema::RecordT> records) {
          count += records.size();
          return given.next_seq <= given.head_seq;
        });
    BOOST_REQUIRE(page);
    return count;
  }

  client::Client asker;
};

/// What ends sessions, what stops it again, and what the token is told in between.
struct Ending {
  const char* name;
  std::function<void(Sessions&)> stop;
  Code told;
  std::function<void(Sessions&)> go_on;
};

const Ending endings[] = {
    {"lock", [](Sessions& at) { at.change(schema::LockUserT()); }, Code::user_locked,
     [](Sessions& at) { at.change(schema::UnlockUserT()); }},
    {"disable", [](Sessions& at) { at.change(schema::DisableUserT()); }, Code::user_not_active,
     [](Sessions& at) { at.change(schema::EnableUserT()); }},
    {"trash", [](Sessions& at) { at.change(schema::TrashUserT()); }, Code::user_not_active,
     [](Sessions& at) {
       at.change(schema::RestoreUserT());
       at.change(schema::EnableUserT());
     }},
    {"access off", [](Sessions& at) { at.switch_access(false); }, Code::api_access_not_allowed,
     [](Sessions& at) { at.switch_access(true); }},
    {"reset", [](Sessions& at) { at.reset(); }, Code::session_expired, [](Sessions&) {}},
    {"end of its sessions", [](Sessions& at) { at.change(schema::EndSessionsT()); },
     Code::session_expired, [](Sessions&) {}},
    {"end of the tenant's sessions",
     [](Sessions& at) { at.run(command_message("acme", "", schema::EndTenantSessionsT())); },
     Code::session_expired, [](Sessions&) {}},
    {"tenant disabled",
     [](Sessions& at) { at.run(command_message("acme", "", schema::DisableTenantT())); },
     Code::tenant_disabled,
     [](Sessions& at) {
       at.run(command_message("acme", "", schema::EnableTenantT()));
       at.reset();
     }},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(restart_tests, Sessions)

BOOST_AUTO_TEST_CASE(S2_a_token_dies_with_the_receipt_of_what_ends_it_and_stays_dead) {
  for (const Ending& ending : endings) {
    BOOST_TEST_CONTEXT(ending.name) {
      // Often enough that an answer from before the receipt's state would show.
      for (int turn = 0; turn < 5; ++turn) {
        const std::string token = login().token;
        BOOST_REQUIRE((check(token) == Code::ok));
        ending.stop(*this);
        BOOST_TEST((check(token) == ending.told));
        ending.go_on(*this);
        BOOST_TEST((check(token) == Code::session_expired));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(S2_a_restart_ends_no_session_and_revives_none) {
  const std::string alive = login().token;
  const auto other = login();
  schema::EndSessionsT end;
  end.session = std::make_unique<schema::Uuid>(*other.session);
  change(std::move(end));
  BOOST_TEST((check(alive) == Code::ok));
  BOOST_TEST((check(other.token) == Code::session_expired));
  for (const bool clean : {true, false}) {
    if (clean)
      BOOST_TEST(stop().code == 0);
    else
      kill();
    start_again();
    BOOST_TEST((check(alive) == Code::ok));
    BOOST_TEST((check(other.token) == Code::session_expired));
  }
  // C11: the token is taken though no password was hashed since the start, and can be renewed.
  schema::QueryT query;
  schema::RenewSessionT renew;
  renew.token = alive;
  query.body.Set(std::move(renew));
  const auto renewed = asker.ask(std::move(query));
  BOOST_REQUIRE(renewed);
  const std::string next = renewed->body.AsAuthenticated()->token;
  BOOST_TEST((check(next) == Code::ok));
  reset();
  BOOST_TEST(stop().code == 0);
  start_again();
  BOOST_TEST((check(alive) == Code::session_expired));
  BOOST_TEST((check(next) == Code::session_expired));
}

BOOST_AUTO_TEST_CASE(C11_after_a_restart_a_kept_token_saves_every_hash) {
  client::Options options = owner_options();
  options.keep_tokens = true;
  auto made = client::Client::make(options);
  BOOST_REQUIRE(made);
  client::Client shop = std::move(*made);
  const auto ask = [&](const std::string& secret) {
    const auto got = shop.ask(authenticate("acme", "shop", secret));
    if (!got) BOOST_FAIL(got.error().sentence);
    return *got->body.AsAuthenticated();
  };
  const auto hashes = [&] {
    schema::QueryT query;
    query.body.Set(schema::GetStatusT());
    const auto got = asker.ask(std::move(query));
    BOOST_REQUIRE(got);
    for (const auto& counter : got->body.AsStatus()->counters)
      if (counter->name == "password_hashes") return counter->value;
    BOOST_FAIL("there is no such counter");
    return std::uint64_t{0};
  };
  const auto before = ask(password);
  BOOST_REQUIRE(before.allowed);
  BOOST_TEST(hashes() == 1u);
  for (const bool clean : {true, false}) {
    if (clean)
      BOOST_TEST(stop().code == 0);
    else
      kill();
    start_again();
    const auto after = ask(password);
    BOOST_TEST(after.allowed);
    BOOST_REQUIRE(after.session != nullptr);
    BOOST_TEST((*after.session == *before.session));
    auto query = check_by_name("acme", "", "read", "table/customer");
    schema::PasswordCredentialT credential;
    credential.username = "shop";
    credential.password = password;
    query.body.AsCheck()->credential.Set(std::move(credential));
    const auto checked = shop.ask(std::move(query));
    BOOST_REQUIRE(checked);
    BOOST_TEST(checked->body.AsChecked()->decisions.at(0)->allowed);
    BOOST_TEST(hashes() == 0u);
  }
  // Another password is looked at, and what ends the session sends the right one to be.
  BOOST_TEST((ask("wrong-0ne").reason == Code::invalid_credentials));
  BOOST_TEST(hashes() == 1u);
  change(schema::EndSessionsT());
  BOOST_TEST(ask(password).allowed);
  BOOST_TEST(hashes() == 2u);
  BOOST_TEST(ask(password).allowed);
  BOOST_TEST(hashes() == 2u);
  change(schema::EndSessionsT());
  const auto again = ask(password);
  BOOST_TEST(again.allowed);
  BOOST_TEST((*again.session != *before.session));
  BOOST_TEST(hashes() == 3u);
}

BOOST_AUTO_TEST_CASE(C5_a_restart_forgets_no_count) {
  for (int count = 0; count < 4; ++count) BOOST_TEST(!login("wrong-0ne").allowed);
  kill();
  start_again();
  BOOST_TEST((login("wrong-0ne").reason == Code::invalid_credentials));
  BOOST_TEST(failures_recorded() == 5u);
  BOOST_TEST((login().reason == Code::user_locked));
}

BOOST_AUTO_TEST_CASE(C5_which_wrong_password_it_was_is_remembered_in_memory_alone) {
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->same_wrong_password_counts_once = true;
  run(command_message("acme", "", std::move(body)));
  for (int count = 0; count < 3; ++count) BOOST_TEST(!login("wrong-0ne").allowed);
  BOOST_TEST(failures_recorded() == 1u);
  BOOST_TEST(stop().code == 0);
  start_again();
  for (int count = 0; count < 3; ++count) BOOST_TEST(!login("wrong-0ne").allowed);
  BOOST_TEST(failures_recorded() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
