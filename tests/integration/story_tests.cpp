// The daemon as its users meet it: the real binary, real sockets, nothing from daemon/.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using namespace std::chrono_literals;
using schema::Code;
using schema::Effect;

const std::string password = "Corr3ct-horse";

/// A running daemon with tenant `acme` and its user `shop`.
struct Running : DaemonProcess {
  Running() : asker(make_running()) {
    run(create_tenant("acme"));
    run(create_user("acme", "shop"));
  }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }

  schema::ReceiptT execute(schema::CommandMessageT message) {
    auto got = asker.execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    return std::move(*got);
  }
  schema::ReceiptT run(schema::CommandMessageT message) {
    auto got = execute(std::move(message));
    if (got.code != Code::ok) BOOST_FAIL(got.problems.at(0)->sentence);
    return got;
  }
  static schema::DecisionT decision(client::Client& by, const std::string& action,
                                    const std::string& resource) {
    const auto got = by.ask(check_by_name("acme", "shop", action, resource));
    BOOST_REQUIRE(got);
    BOOST_REQUIRE(got->code == Code::ok);
    return *got->body.AsChecked()->decisions.at(0);
  }
  Code check(const std::string& action, const std::string& resource) {
    return decision(asker, action, resource).reason;
  }
  static Code login(client::Client& by, const std::string& user, const std::string& secret) {
    const auto got = by.ask(authenticate("acme", user, secret));
    BOOST_REQUIRE(got);
    return got->code != Code::ok ? got->code : got->body.AsAuthenticated()->reason;
  }
  Code login(const std::string& secret) { return login(asker, "shop", secret); }

  schema::StatusT status() {
    const auto got = asker.ask(get_status());
    BOOST_REQUIRE(got);
    return *got->body.AsStatus();
  }
  std::uint64_t counter(const std::string& name) {
    for (const auto& counter : status().counters)
      if (counter->name == name) return counter->value;
    BOOST_FAIL("no counter " << name);
    return 0;
  }
  std::size_t events_of(schema::EventBody kind) {
    schema::GetRecordsT wanted;
    wanted.kind = schema::EnumNameEventBody(kind);
    std::size_t count = 0;
    const auto page = asker.follow(
        std::move(wanted),
        [&](const schema::RecordPageT& given, std::span<const schema::RecordT> records) {
          for (const schema::RecordT& record : records)
            for (const auto& event : record.events) count += event->body.type == kind;
          return given.next_seq <= given.head_seq;
        });
    BOOST_REQUIRE(page);
    return count;
  }
  /// A client with a key of its own, over tcp.
  client::Client operator_client(const std::string& name, schema::Role role,
                                 std::vector<std::string> tenants = {}, bool vouches = false) {
    const client::KeyPair keys = client::make_key_pair();
    run(add_operator(name, role, keys.public_key, std::move(tenants), vouches));
    auto made = client::Client::make(tcp_options(keys));
    BOOST_REQUIRE(made);
    return std::move(*made);
  }

  client::Client asker;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(story_tests)

BOOST_FIXTURE_TEST_CASE(A3_a_grant_covers_all_below_and_a_deny_below_is_found_from_above, Running) {
  const auto granted = run(add_grant("acme", "shop", Effect::allow, "read", "table/customer"));
  const auto email = decision(asker, "read", "table/customer/email");
  BOOST_TEST(email.allowed);
  BOOST_TEST(email.grant->reference->seq == granted.seq);
  run(add_grant("acme", "shop", Effect::deny, "read", "table/customer/ssn"));
  BOOST_TEST((check("read", "table/customer/ssn") == Code::denied_by_grant));
  BOOST_TEST((check("read", "table/customer") == Code::denied_below));
  BOOST_TEST((check("read", "table/customer/email") == Code::ok));
  BOOST_TEST((check("write", "table/customer") == Code::no_matching_grant));
  BOOST_TEST((check("fly", "table/customer") == Code::unknown_resource));
  BOOST_TEST((check("read", "Table/customer") == Code::resource_malformed));
}

BOOST_FIXTURE_TEST_CASE(U9_five_wrong_passwords_lock_and_a_reset_unlocks, Running) {
  run(reset_password("acme", "shop", password));
  for (int count = 0; count < 5; ++count)
    BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST((login(password) == Code::user_locked));
  run(reset_password("acme", "shop", password));
  BOOST_TEST((login(password) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(T3_an_enabled_tenant_leaves_its_users_locked, Running) {
  run(add_grant("acme", "shop", Effect::allow, "read", "table/customer"));
  run(reset_password("acme", "shop", password));
  run(command_message("acme", "", schema::DisableTenantT()));
  BOOST_TEST((check("read", "table/customer") == Code::tenant_disabled));
  run(command_message("acme", "", schema::EnableTenantT()));
  BOOST_TEST((check("read", "table/customer") == Code::user_locked));
  BOOST_TEST((login(password) == Code::user_locked));
  run(reset_password("acme", "shop", password));
  BOOST_TEST((login(password) == Code::ok));
  BOOST_TEST((check("read", "table/customer") == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C5_a_thousand_guesses_at_once_over_the_socket_are_five, Running) {
  run(reset_password("acme", "shop", password));
  std::set<std::uint64_t> asked;
  for (int index = 0; index < 1'000; ++index) {
    const auto id = asker.submit(
        authenticate("acme", "shop", index == 499 ? password : "wrong-" + std::to_string(index)));
    BOOST_REQUIRE(id);
    asked.insert(*id);
  }
  while (asker.in_flight() > 0) {
    const auto outcome = asker.collect_answer(60s);
    BOOST_REQUIRE(outcome.has_value());
    BOOST_REQUIRE(outcome->answer);
    BOOST_REQUIRE((outcome->answer->code == Code::ok));
    BOOST_REQUIRE(!outcome->answer->body.AsAuthenticated()->allowed);
  }
  BOOST_TEST(events_of(schema::EventBody::PasswordFailed) == 5);
  BOOST_TEST((login(password) == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(K5_with_a_failing_disk_nothing_is_acknowledged_and_no_password_verified,
                        Running) {
  run(add_grant("acme", "shop", Effect::allow, "read", "table/customer"));
  run(reset_password("acme", "shop", password));
  const auto seq = status().seq;
  rlimit none{0, RLIM_INFINITY};
  BOOST_REQUIRE(::prlimit(process(), RLIMIT_FSIZE, &none, nullptr) == 0);
  // A count that a wrong password raises cannot be written any more.
  for (int index = 0; index < 100; ++index)
    BOOST_REQUIRE(asker.submit(
        authenticate("acme", "shop", index == 50 ? password : "wrong-" + std::to_string(index))));
  while (asker.in_flight() > 0) {
    const auto outcome = asker.collect_answer(60s);
    BOOST_REQUIRE(outcome.has_value());
    BOOST_REQUIRE(outcome->answer);
    BOOST_TEST((outcome->answer->code == Code::journal_unavailable));
  }
  BOOST_TEST((execute(create_user("acme", "other")).code == Code::journal_unavailable));
  BOOST_TEST((login(password) == Code::journal_unavailable));
  BOOST_TEST((check("read", "table/customer") == Code::ok));
  BOOST_TEST(status().degraded);
  kill();
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  auto again = owner();
  BOOST_TEST(again.ask(get_status())->body.AsStatus()->seq >= seq);
  BOOST_TEST((login(again, "shop", password) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K1_a_burst_with_one_name_and_one_id_twice_acts_once, Running) {
  auto same = create_user("acme", "twice");
  same.id = std::make_unique<schema::Uuid>(client::make_uuid());
  const auto groups = counter("groups");
  const auto records = counter("records");
  std::vector<schema::CommandMessageT> burst;
  for (int index = 0; index < 200; ++index)
    burst.push_back(create_user("acme", "filler-" + std::to_string(index)));
  burst.push_back(create_user("acme", "named"));
  burst.push_back(create_user("acme", "NAMED"));
  for (auto& message : burst) BOOST_REQUIRE(asker.submit(std::move(message)));
  // The id twice: by another connection, since this client keeps its ids apart.
  auto other = owner();
  BOOST_REQUIRE(asker.submit(schema::CommandMessageT(same)));
  BOOST_REQUIRE(other.submit(schema::CommandMessageT(same)));
  int accepted = 0;
  int refused = 0;
  std::vector<schema::ReceiptT> twins;
  const auto take = [&](client::CommandOutcome outcome) {
    BOOST_REQUIRE(outcome.answer);
    accepted += outcome.answer->code == Code::ok;
    refused += outcome.answer->code == Code::user_exists;
    if (outcome.id == *same.id) twins.push_back(std::move(*outcome.answer));
  };
  while (asker.in_flight() > 0) take(std::move(*asker.collect_receipt(60s)));
  take(std::move(*other.collect_receipt(60s)));
  BOOST_TEST(accepted == 203);
  BOOST_TEST(refused == 1);
  BOOST_REQUIRE(twins.size() == 2);
  BOOST_TEST(twins[0].seq == twins[1].seq);
  BOOST_TEST(twins[0].repeated != twins[1].repeated);
  BOOST_TEST(counter("records") - records == 202);
  BOOST_TEST(counter("groups") - groups < 202, "commands were made durable together");
}

BOOST_FIXTURE_TEST_CASE(K1_an_id_is_remembered_across_a_restart, Running) {
  auto first = create_user("acme", "again");
  first.id = std::make_unique<schema::Uuid>(client::make_uuid());
  const auto receipt = run(schema::CommandMessageT(first));
  BOOST_REQUIRE(stop().code == 0);
  BOOST_REQUIRE(start());
  const auto repeated = run(schema::CommandMessageT(first));
  BOOST_TEST(repeated.repeated);
  BOOST_TEST(repeated.seq == receipt.seq);
  auto other = create_user("acme", "something-else");
  other.id = std::make_unique<schema::Uuid>(*first.id);
  // By another client: a receipt for a message that the first sent twice would carry the same id.
  auto fresh = owner();
  BOOST_TEST((fresh.execute(std::move(other))->code == Code::command_id_reused));
}

BOOST_FIXTURE_TEST_CASE(Q7_a_follower_sees_every_record_once_and_in_order, Running) {
  constexpr int wanted_count = 2'000;
  auto follower = owner();
  const std::uint64_t from = status().seq + 1;
  for (int index = 0; index < wanted_count; ++index) {
    if (asker.in_flight() >= 900) BOOST_REQUIRE(asker.collect_receipt(60s).has_value());
    BOOST_REQUIRE(asker.submit(create_user("acme", "u" + std::to_string(index))));
  }
  std::uint64_t next = from;
  schema::GetRecordsT request;
  request.from_seq = from;
  // Short: what the daemon was too busy for, the asker sends again only while it collects receipts.
  request.wait_ms = 100;
  const auto page =
      follower.follow(std::move(request),
                      [&](const schema::RecordPageT&, std::span<const schema::RecordT> records) {
                        for (const schema::RecordT& record : records)
                          BOOST_REQUIRE(record.seq == next++);
                        while (asker.collect_receipt(0ms)) {
                        }
                        return next < from + wanted_count;
                      });
  BOOST_REQUIRE(page);
  BOOST_TEST(next == from + wanted_count);
}

BOOST_FIXTURE_TEST_CASE(Q8_an_answer_is_at_least_as_fresh_as_asked, Running) {
  auto query = check_by_name("acme", "shop", "read", "table/customer");
  query.at_least_seq = status().seq + 1;
  query.wait_ms = 50;
  BOOST_TEST((asker.ask(schema::QueryT(query))->code == Code::not_yet));
  query.wait_ms = 10'000;
  auto other = owner();
  const auto asked = other.submit(schema::QueryT(query));
  BOOST_REQUIRE(asked);
  run(add_grant("acme", "shop", Effect::allow, "read", "table/customer"));
  const auto outcome = other.collect_answer(60s);
  BOOST_REQUIRE(outcome.has_value());
  BOOST_TEST(outcome->answer->body.AsChecked()->decisions.at(0)->allowed);
}

BOOST_FIXTURE_TEST_CASE(O1_a_service_asks_and_does_nothing_else, Running) {
  run(add_grant("acme", "shop", Effect::allow, "read", "table/customer"));
  auto service = operator_client("shopfront", schema::Role::service);
  auto gateway = operator_client("gateway", schema::Role::service, {}, true);
  BOOST_TEST((service.ask(check_by_name("acme", "shop", "read", "table/customer"))->code ==
              Code::not_permitted));
  BOOST_TEST(decision(gateway, "read", "table/customer").allowed);
  BOOST_TEST((service.execute(create_user("acme", "x"))->code == Code::not_permitted));
  schema::HistoryRequestT request;
  request.body.Set(schema::GetRecordsT());
  BOOST_TEST((service.history(std::move(request))->code == Code::not_permitted));
  const auto status = service.ask(get_status());
  BOOST_TEST(status->body.AsStatus()->counters.empty());
  BOOST_TEST(status->body.AsStatus()->root.empty());
}

BOOST_FIXTURE_TEST_CASE(O2_a_tenant_out_of_scope_answers_as_if_it_did_not_exist, Running) {
  run(create_tenant("globex"));
  auto manager = operator_client("acme-manager", schema::Role::manager, {"acme"});
  BOOST_TEST((manager.execute(create_user("acme", "hers"))->code == Code::ok));
  auto hidden = *manager.execute(create_user("globex", "his"));
  auto absent = *manager.execute(create_user("nowhere", "his"));
  BOOST_REQUIRE(hidden.problems.size() == 1);
  hidden.id = nullptr;
  absent.id = nullptr;
  const auto anonymous = [](std::string sentence, const std::string& name) {
    const auto place = sentence.find(name);
    return place == std::string::npos ? sentence : sentence.replace(place, name.size(), "X");
  };
  BOOST_TEST((hidden.code == Code::tenant_unknown));
  BOOST_TEST((absent.code == Code::tenant_unknown));
  BOOST_TEST(anonymous(hidden.problems[0]->sentence, "globex") ==
             anonymous(absent.problems[0]->sentence, "nowhere"));
  const auto question = manager.ask(check_by_name("globex", "his", "read", "table/a"));
  BOOST_TEST((question->body.AsChecked()->decisions.at(0)->reason == Code::tenant_unknown));
}

BOOST_FIXTURE_TEST_CASE(O3_a_removed_operator_is_cut_off_at_its_next_message, Running) {
  auto manager = operator_client("leaving", schema::Role::manager);
  BOOST_TEST((manager.execute(create_user("acme", "before"))->code == Code::ok));
  schema::RemoveOperatorT body;
  body.name = "leaving";
  run(command_message("", "", body));
  const auto strangers = counter("strangers");
  BOOST_REQUIRE(manager.submit(create_user("acme", "after")));
  // The answer that does not come cannot be waited for; the count of what was dropped can.
  const auto deadline = std::chrono::steady_clock::now() + 120s;
  while (counter("strangers") == strangers)
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
  body.name = "owner";
  BOOST_TEST((execute(command_message("", "", body)).code == Code::last_owner));
}

BOOST_FIXTURE_TEST_CASE(C9_a_service_learns_nothing_from_answers, Running) {
  run(reset_password("acme", "shop", password));
  auto service = operator_client("shopfront", schema::Role::service);
  BOOST_TEST((login(service, "shop", "wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST((login(service, "nobody", password) == Code::invalid_credentials));
  run(command_message("acme", "shop", schema::LockUserT()));
  BOOST_TEST((login(service, "shop", password) == Code::invalid_credentials));
  run(command_message("acme", "shop", schema::UnlockUserT()));
  run(command_message("acme", "shop", schema::DisableUserT()));
  BOOST_TEST((login(service, "shop", password) == Code::invalid_credentials));
  run(command_message("acme", "shop", schema::EnableUserT()));
  BOOST_TEST((login(service, "shop", password) == Code::ok));
}

BOOST_AUTO_TEST_CASE(K6_a_start_that_cannot_be_says_why) {
  DaemonProcess daemon("[sockets]\ncolour = 1\n[journal]\nanchor = \"never\"\n");
  BOOST_REQUIRE(!daemon.start());
  BOOST_TEST(daemon.ended().code == 78);
  BOOST_TEST(daemon.ended().said.find("colour") != std::string::npos);
  BOOST_TEST(daemon.ended().said.find("anchor") != std::string::npos);

  DaemonProcess good;
  BOOST_REQUIRE(good.start());
  const auto same_folder = run_program({POSTERND, "--data", good.data(), "--port-base", "19000"});
  BOOST_TEST(same_folder.code == 75);
  BOOST_TEST(same_folder.said.find("in use") != std::string::npos);
  DaemonProcess second;
  second.use_port_base(good.port_base());
  BOOST_REQUIRE(!second.start());
  BOOST_TEST(second.ended().code == 75);
  BOOST_TEST(second.ended().said.find("tcp://127.0.0.1:") != std::string::npos);

  const auto missing = run_program({POSTERND, "--data", good.data() / "nowhere"});
  BOOST_TEST(missing.code == 66);
  BOOST_TEST(missing.said.find("posternd init") != std::string::npos);
  const auto not_ours = run_program({POSTERND, "--data", good.data() / "keys"});
  BOOST_TEST(not_ours.code == 66);
  BOOST_REQUIRE(good.stop().code == 0);
  std::ofstream(good.data() / "format") << "postern-data 2\n";
  BOOST_REQUIRE(!good.start());
  BOOST_TEST(good.ended().code == 78);
  BOOST_TEST(good.ended().said.find("newer version") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(O3_a_lost_owner_is_replaced_by_a_recorded_offline_command) {
  DaemonProcess daemon;
  const client::KeyPair lost = daemon.owner_keys();
  const auto recovered = run_program({POSTERND, "recover-owner", "--data", daemon.data()});
  BOOST_REQUIRE_MESSAGE(recovered.code == 0, recovered.said);
  BOOST_REQUIRE(daemon.start());
  auto owner = client::Client::make(daemon.tcp_options(daemon.owner_keys()));
  BOOST_TEST(owner->ask(get_status())->body.AsStatus()->seq == 2);
  client::Options options = daemon.tcp_options(lost);
  options.timeout = 1s;
  options.retries = 0;
  auto old = client::Client::make(options);
  BOOST_TEST(!old->ask(get_status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
