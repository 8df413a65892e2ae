// Questions: 0 is yes, 1 is no, and trouble is never taken for either.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"
#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

namespace data = boost::unit_test::data;
using schema::Code;
using support::FakeDaemon;

std::unique_ptr<schema::DecisionT> decision(bool allowed, Code reason, bool with_grant = false) {
  auto made = std::make_unique<schema::DecisionT>();
  made->allowed = allowed;
  made->reason = reason;
  if (!with_grant) return made;
  made->grant = std::make_unique<schema::GrantViewT>();
  made->grant->reference = std::make_unique<schema::GrantReferenceT>();
  made->grant->reference->seq = 12;
  made->grant->effect = allowed ? schema::Effect::allow : schema::Effect::deny;
  made->grant->action = "read";
  made->grant->resource = "table/customer";
  return made;
}

FakeDaemon::Replies checked(const schema::QueryT& query,
                            std::vector<std::unique_ptr<schema::DecisionT>> decisions) {
  schema::CheckedT body;
  body.decisions = std::move(decisions);
  auto answer = FakeDaemon::answer_to(query);
  answer.seq = 40;
  answer.time_ns = 1'709'210'096'000'000'000;
  answer.body.Set(std::move(body));
  return {packed(answer)};
}

auto deciding(bool allowed, Code reason, bool with_grant = false) {
  return [=](const schema::QueryT& query) {
    std::vector<std::unique_ptr<schema::DecisionT>> decisions;
    decisions.push_back(decision(allowed, reason, with_grant));
    return checked(query, std::move(decisions));
  };
}

BOOST_FIXTURE_TEST_SUITE(question_tests, Fixture)

BOOST_AUTO_TEST_CASE(A10_an_allowed_check_names_the_grant_and_ends_0) {
  daemon.on_query = deciding(true, Code::ok, true);
  const auto ended = postern(
      "--tenant acme check api.bob read table/customer --address 192.0.2.7 --tls --client nightly "
      "--this-level-only --at-least-seq 39");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(ended.out == "allowed  by grant 12.0: allow read on table/customer\n");
  BOOST_TEST(ended.talk == "");
  const auto query = asked();
  BOOST_TEST(query.tenant == "acme");
  BOOST_TEST(query.at_least_seq == 39u);
  BOOST_TEST(query.wait_ms > 0u);
  BOOST_TEST(query.call->address == "192.0.2.7");
  BOOST_TEST(query.call->tls);
  BOOST_TEST(query.call->client == "nightly");
  BOOST_TEST((query.call->channel == schema::Channel::program));
  const auto& check = *query.body.AsCheck();
  BOOST_TEST(check.credential.AsNamedUser()->username == "api.bob");
  BOOST_TEST(check.questions[0]->action == "read");
  BOOST_TEST(check.questions[0]->resource == "table/customer");
  BOOST_TEST(check.questions[0]->this_level_only);
}

BOOST_AUTO_TEST_CASE(A10_a_denied_check_says_why_and_ends_1) {
  daemon.on_query = deciding(false, Code::no_matching_grant);
  const auto ended = postern("--tenant acme check api.bob read table/customer");
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(contains(ended.out, "denied  no_matching_grant — Nothing grants this."));
  BOOST_TEST(contains(ended.out, "Add a grant"));
}

BOOST_AUTO_TEST_CASE(A10_a_deny_names_its_grant) {
  daemon.on_query = deciding(false, Code::denied_by_grant, true);
  const auto ended = postern("--tenant acme check api.bob read table/customer");
  BOOST_TEST(contains(ended.out, "(grant 12.0: deny read on table/customer)"));
}

BOOST_AUTO_TEST_CASE(A10_as_json_a_decision_has_seq_and_time) {
  daemon.on_query = deciding(false, Code::no_matching_grant);
  const auto ended = postern("--output json --tenant acme check api.bob read table/customer");
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(ended.out == R"({"allowed":false,"reason":"no_matching_grant","seq":40,)"
                          R"("time":"2024-02-29T12:34:56.000000000Z"})"
                          "\n");
}

BOOST_AUTO_TEST_CASE(Q1_authenticate_reads_the_password_from_standard_input) {
  daemon.on_query = [](const auto& query) {
    schema::AuthenticatedT body;
    body.allowed =
        query.body.AsAuthenticate()->credential.AsPasswordCredential()->password == "right-horse-7";
    body.reason = body.allowed ? Code::ok : Code::invalid_credentials;
    auto answer = FakeDaemon::answer_to(query);
    answer.body.Set(std::move(body));
    return FakeDaemon::Replies{packed(answer)};
  };
  const auto right = postern("--tenant acme authenticate api.bob --interactive", "right-horse-7\n");
  BOOST_TEST(right.exit_code == 0);
  BOOST_TEST(right.out == "allowed\n");
  const auto wrong = postern("--tenant acme authenticate api.bob", "wrong\n");
  BOOST_TEST(wrong.exit_code == 1);
  BOOST_TEST(contains(wrong.out, "invalid_credentials"));
  daemon.stop();
  BOOST_TEST((queries_[0].call->channel == schema::Channel::interactive));
  BOOST_TEST(queries_[0].body.AsAuthenticate()->credential.AsPasswordCredential()->username ==
             "api.bob");
}

BOOST_AUTO_TEST_CASE(Q2_check_with_a_password_asks_with_it) {
  daemon.on_query = deciding(true, Code::ok);
  BOOST_TEST(
      postern("--tenant acme check api.bob read table/x --password", "right-horse-7\n").exit_code ==
      0);
  const auto query = asked();
  BOOST_TEST(query.body.AsCheck()->credential.AsPasswordCredential()->password == "right-horse-7");
}

BOOST_AUTO_TEST_CASE(Q2_check_many_ends_1_if_one_is_denied) {
  bool second = false;
  daemon.on_query = [&](const auto& query) {
    std::vector<std::unique_ptr<schema::DecisionT>> decisions;
    decisions.push_back(decision(true, Code::ok, true));
    decisions.push_back(second ? decision(false, Code::no_matching_grant)
                               : decision(true, Code::ok));
    return checked(query, std::move(decisions));
  };
  const std::string questions = "read table/customer\n\n  write   table/order  \n";
  BOOST_TEST(postern("--tenant acme check-many api.bob", questions).exit_code == 0);
  second = true;
  const auto ended = postern("--tenant acme check-many api.bob -", questions);
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(ended.out ==
             "ANSWER   ACTION  RESOURCE        REASON             GRANT\n"
             "allowed  read    table/customer  ok                 grant 12.0: allow read on "
             "table/customer\n"
             "denied   write   table/order     no_matching_grant  -\n");
  const auto lines = postern("--output jsonl --tenant acme check-many api.bob", questions);
  BOOST_TEST(std::ranges::count(lines.out, '\n') == 2);
  BOOST_TEST(contains(lines.out, R"("action":"write","resource":"table/order","allowed":false)"));
  daemon.stop();
  BOOST_TEST(queries_[0].body.AsCheck()->questions[1]->resource == "table/order");
}

BOOST_AUTO_TEST_CASE(Q2_check_many_takes_questions_from_a_file_and_the_password_from_input) {
  daemon.on_query = deciding(true, Code::ok);
  const auto file = daemon.folder / "questions.txt";
  write_file(file, "read table/customer\n");
  BOOST_TEST(
      postern("--tenant acme check-many api.bob --password " + file.string(), "right-horse-7\n")
          .exit_code == 0);
  BOOST_TEST(postern("--tenant acme check-many api.bob --password", "right-horse-7\n").exit_code ==
             64);
  BOOST_TEST(postern("--tenant acme check-many api.bob", "read\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme check-many api.bob", "").exit_code == 64);
  BOOST_TEST(postern("--tenant acme check-many api.bob /nowhere").exit_code == 66);
  daemon.stop();
  BOOST_TEST(queries_.size() == 1u);
}

BOOST_AUTO_TEST_CASE(Q3_permissions_take_a_token_from_standard_input) {
  schema::ListPermissionsT wanted;
  daemon.on_history = [&](const auto& request) {
    wanted = *request.body.AsListPermissions();
    auto page = FakeDaemon::page_to(request);
    page.body.Set(schema::PermissionPageT());
    return FakeDaemon::Replies{packed(page)};
  };
  BOOST_TEST(postern("permissions - --token --tls", "psts_abc\n").exit_code == 0);
  BOOST_TEST(wanted.token == "psts_abc");
  BOOST_TEST(wanted.username == "");
  BOOST_TEST(wanted.tenant == "");
  BOOST_TEST(wanted.call->tls);
  BOOST_TEST(postern("--tenant acme permissions api.bob").exit_code == 0);
  BOOST_TEST(wanted.token == "");
  BOOST_TEST(wanted.username == "api.bob");
}

// ---- trouble is no answer

struct Trouble {
  Code code;
  int exit_code;
};
std::ostream& operator<<(std::ostream& out, const Trouble& row) {
  return out << schema::EnumNameCode(row.code);
}
const Trouble troubles[] = {
    {Code::busy, 75},
    {Code::not_yet, 75},
    {Code::not_permitted, 77},
    {Code::tenant_unknown, 66},
    {Code::field_malformed, 64},
    {Code::journal_unavailable, 74},
    {static_cast<Code>(999), 66},
};

BOOST_DATA_TEST_CASE_F(Fixture, an_unanswered_question_never_ends_0_or_1, data::make(troubles),
                       row) {
  daemon.on_query = [row](const auto& query) {
    auto answer = FakeDaemon::answer_to(query, row.code);
    answer.retry_after_ms = 600'000;
    return FakeDaemon::Replies{packed(answer)};
  };
  const auto ended = postern("--tenant acme check api.bob read table/x");
  BOOST_TEST(ended.exit_code == row.exit_code);
  BOOST_TEST(ended.out == "");
  BOOST_TEST(contains(ended.talk, "refused"));
}

BOOST_AUTO_TEST_CASE(an_outage_never_reads_as_denied) {
  start();
  daemon.stop();
  const auto ended = postern("--tenant acme check api.bob read table/x");
  BOOST_TEST(ended.exit_code == 69);
  BOOST_TEST(ended.out == "");
  BOOST_TEST(contains(ended.talk, "Nobody listens"));
}

BOOST_AUTO_TEST_CASE(an_answer_to_something_else_is_no_answer) {
  daemon.on_query = [](const auto& query) {
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  BOOST_TEST(postern("--tenant acme check api.bob read table/x").exit_code == 76);
  BOOST_TEST(postern("--tenant acme authenticate api.bob", "x\n").exit_code == 76);
  BOOST_TEST(postern("status").exit_code == 76);
}

BOOST_AUTO_TEST_CASE(too_few_decisions_are_no_answer) {
  daemon.on_query = [](const auto& query) { return checked(query, {}); };
  BOOST_TEST(postern("--tenant acme check api.bob read table/x").exit_code == 76);
}

// ---- explain and status

BOOST_AUTO_TEST_CASE(Q5_explain_shows_each_stop_its_cause_and_remedy) {
  daemon.on_history = [](const auto& request) {
    const auto& explain = *request.body.AsExplain();
    BOOST_TEST(explain.tenant == "acme");
    BOOST_TEST(explain.username == "api.bob");
    BOOST_TEST(explain.question->resource == "table/customer");
    schema::ExplanationT explanation;
    explanation.address = "192.0.2.7";
    explanation.stops.push_back(std::make_unique<schema::StopT>());
    auto& stop = *explanation.stops[0];
    stop.code = Code::user_locked;
    stop.caused_by = std::make_unique<schema::CauseT>();
    stop.caused_by->seq = 14;
    stop.caused_by->time_ns = 1'709'210'096'000'000'000;
    stop.caused_by->operator_name = "jo";
    stop.caused_by->role = schema::Role::manager;
    stop.caused_by->reason = "key leaked";
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(explanation));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended =
      postern("--tenant acme explain api.bob read table/customer --address 192.0.2.7");
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(contains(ended.out, "denied\n"));
  BOOST_TEST(contains(ended.out, "user_locked  The user is locked."));
  BOOST_TEST(contains(ended.out, "seq 14, 2024-02-29T12:34:56Z, by jo (manager): key leaked"));
  BOOST_TEST(contains(ended.out, "unlock it"));
  BOOST_TEST(postern("--tenant acme explain api.bob read").exit_code == 64);
}

BOOST_AUTO_TEST_CASE(Q1_a_key_or_token_is_said_to_be_the_users) {
  std::string named;
  daemon.on_query = [&](const auto& query) {
    const auto* authenticate = query.body.AsAuthenticate();
    const auto& credential =
        authenticate != nullptr ? authenticate->credential : query.body.AsCheck()->credential;
    named = credential.AsKeyCredential() != nullptr ? credential.AsKeyCredential()->username
                                                    : credential.AsTokenCredential()->username;
    schema::AuthenticatedT body;
    body.reason = Code::invalid_credentials;
    schema::CheckedT checked;
    checked.decisions.emplace_back(std::make_unique<schema::DecisionT>())->reason =
        Code::invalid_credentials;
    auto answer = FakeDaemon::answer_to(query);
    if (authenticate != nullptr)
      answer.body.Set(std::move(body));
    else
      answer.body.Set(std::move(checked));
    return FakeDaemon::Replies{packed(answer)};
  };
  for (const char* verb : {"authenticate USER", "check USER read table/customer"}) {
    for (const char* secret : {"--key", "--token"}) {
      for (const auto& [user, expected] :
           {std::pair<std::string, std::string>{"api.bob", "api.bob"}, {"-", ""}}) {
        named = "unasked";
        std::string line = std::string(verb) + " " + secret;
        line.replace(line.find("USER"), 4, user);
        BOOST_TEST(postern("--tenant acme " + line, "secret\n").exit_code == 1);
        BOOST_TEST(named == expected, line);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(H5_a_receipt_is_kept_as_it_was_signed) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "answer.receipt";
  bool is_given = true;
  daemon.on_query = [&](const schema::QueryT& query) {
    auto answer = FakeDaemon::answer_to(query);
    schema::CheckedT body;
    body.decisions.push_back(decision(true, Code::ok));
    answer.body.Set(std::move(body));
    if (is_given && query.receipt) {
      answer.receipt = std::make_unique<schema::SignedReceiptT>();
      answer.receipt->bytes = {'d', 'o', 'n', 'e'};
      answer.receipt->signature.assign(64, 's');
    }
    return FakeDaemon::Replies{packed(answer)};
  };
  const std::string line =
      "--tenant acme check api.bob read table/customer --receipt " + file.string();
  const auto ended = postern(line);
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.talk, "The receipt is in "));
  BOOST_TEST(read_file(file) == "postern receipt 1\ndone" + std::string(64, 's'));
  // Nothing is overwritten, and there is none of the past.
  BOOST_TEST(postern(line).exit_code == 73);
  BOOST_TEST(postern(line + "2 --at 7").exit_code == 64);
  is_given = false;
  BOOST_TEST(postern(line + "3").exit_code == 76);
  BOOST_TEST(!std::filesystem::exists(file.string() + "3"));
}

BOOST_AUTO_TEST_CASE(Q10_the_state_is_healthy_only_where_commands_are_taken) {
  Code refused = Code::ok;
  bool degraded = false;
  daemon.on_query = [&](const auto& query) {
    schema::StatusT status;
    status.commands_refused = refused;
    status.degraded = degraded;
    status.warnings = {"One."};
    auto answer = FakeDaemon::answer_to(query);
    answer.body.Set(std::move(status));
    return FakeDaemon::Replies{packed(answer)};
  };
  BOOST_TEST(contains(postern("status").out, "state    healthy\n"));
  refused = Code::disk_low;
  BOOST_TEST(contains(postern("status").out, "state    commands are refused: disk_low\n"));
  refused = Code::journal_unavailable;
  degraded = true;
  BOOST_TEST(contains(postern("status").out,
                      "state    degraded, commands are refused: journal_unavailable\n"));
}

BOOST_AUTO_TEST_CASE(Q10_status_and_digest) {
  daemon.on_query = [](const auto& query) {
    schema::StatusT status;
    status.program_version = "0.1.0";
    status.seq = 7;
    status.degraded = true;
    status.root = {0xab};
    status.warnings = {"The disk is nearly full."};
    auto answer = FakeDaemon::answer_to(query);
    answer.body.Set(std::move(status));
    return FakeDaemon::Replies{packed(answer)};
  };
  daemon.on_history = [](const auto& request) {
    schema::DigestT digest;
    digest.sha256 = {0xcd, 0xef};
    auto page = FakeDaemon::page_to(request);
    page.seq = 7;
    page.body.Set(std::move(digest));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("status");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.out, "state    degraded\n"), ended.out);
  BOOST_TEST(contains(ended.out, "warning  The disk is nearly full.\n"));
  BOOST_TEST(contains(postern("--output json status").out, R"("root":"ab")"));
  BOOST_TEST(postern("status --digest").out == "cdef  seq 7\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
