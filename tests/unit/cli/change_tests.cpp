// Commands that change something: what is sent, and what is said of the receipt.
#include <sys/stat.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <sstream>
#include <utility>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

namespace data = boost::unit_test::data;
using schema::Code;
using support::FakeDaemon;

/// A refusal that leaves no time to try again.
FakeDaemon::Replies refuse_for_long(const schema::CommandMessageT& message, Code code) {
  auto receipt = FakeDaemon::receipt_to(message, code);
  receipt.retry_after_ms = 600'000;
  return {packed(receipt)};
}

BOOST_FIXTURE_TEST_SUITE(change_tests, Fixture)

BOOST_AUTO_TEST_CASE(T1_tenant_create_sends_alias_and_name_and_shows_the_event) {
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message);
    receipt.seq = 12;
    receipt.time_ns = 1'709'210'096'000'000'007;
    schema::TenantCreatedT created;
    created.alias = "acme";
    receipt.events.push_back(std::make_unique<schema::EventT>());
    receipt.events[0]->body.Set(std::move(created));
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto ended = postern("tenant create acme --name 'Acme Ltd'");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(ended.talk == "");
  BOOST_TEST(ended.out ==
             "SEQ  TIME                  EVENT          USER  DETAILS\n"
             "12   2024-02-29T12:34:56Z  TenantCreated  -     alias=acme display_name=none "
             "kinds=none actions=0 resources=0 policies=none\n");
  const auto message = sent();
  BOOST_TEST(message.tenant == "");
  BOOST_TEST(message.commands[0]->body.AsCreateTenant()->alias == "acme");
  BOOST_TEST(message.commands[0]->body.AsCreateTenant()->display_name == "Acme Ltd");
}

BOOST_AUTO_TEST_CASE(K3_several_users_are_one_batch) {
  BOOST_TEST(postern("--tenant acme user disable api.bob api.eve api.mia").exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.tenant == "acme");
  BOOST_TEST_REQUIRE(message.commands.size() == 3u);
  BOOST_TEST(message.commands[0]->user == "api.bob");
  BOOST_TEST(message.commands[2]->user == "api.mia");
  for (const auto& command : message.commands)
    BOOST_TEST((command->body.type == schema::CommandBody::DisableUser));
}

struct Move {
  const char* verb;
  schema::CommandBody kind;
};
std::ostream& operator<<(std::ostream& out, const Move& move) { return out << move.verb; }

const Move moves[] = {
    {"user enable", schema::CommandBody::EnableUser},
    {"user disable", schema::CommandBody::DisableUser},
    {"user trash", schema::CommandBody::TrashUser},
    {"user restore", schema::CommandBody::RestoreUser},
    {"user delete", schema::CommandBody::DeleteUser},
    {"user erase --yes", schema::CommandBody::EraseUser},
    {"user lock", schema::CommandBody::LockUser},
    {"user unlock", schema::CommandBody::UnlockUser},
};

BOOST_DATA_TEST_CASE_F(Fixture, U6_each_verb_sends_its_command, data::make(moves), move) {
  BOOST_TEST(postern("--tenant acme " + std::string(move.verb) + " api.bob").exit_code == 0);
  BOOST_TEST((sent().commands[0]->body.type == move.kind));
}

BOOST_AUTO_TEST_CASE(T2_tenant_disable_names_the_tenant_by_argument_or_option) {
  BOOST_TEST(postern("tenant disable acme").exit_code == 0);
  BOOST_TEST(postern("tenant enable --tenant umbra").exit_code == 0);
  daemon.stop();
  BOOST_TEST(commands_[0].tenant == "acme");
  BOOST_TEST((commands_[0].commands[0]->body.type == schema::CommandBody::DisableTenant));
  BOOST_TEST(commands_[1].tenant == "umbra");
  BOOST_TEST((commands_[1].commands[0]->body.type == schema::CommandBody::EnableTenant));
}

BOOST_AUTO_TEST_CASE(U3_user_create_carries_what_was_said) {
  const auto ended = postern(
      "--tenant acme user create api.bob --status new --api-access off --email ops@acme.example "
      "--note 'for the nightly job' --attribute cost=7 --attribute 'a=b=c' --system warehouse");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  const auto message = sent();
  const auto& create = *message.commands[0]->body.AsCreateUser();
  BOOST_TEST(message.commands[0]->user == "");
  BOOST_TEST(create.username == "api.bob");
  BOOST_TEST((create.status == schema::UserStatus::new_user));
  BOOST_TEST((create.api_access == false));
  BOOST_TEST(create.note == "for the nightly job");
  BOOST_TEST(create.profile->email == "ops@acme.example");
  BOOST_TEST(create.profile->system == "warehouse");
  BOOST_TEST_REQUIRE(create.profile->attributes.size() == 2u);
  BOOST_TEST(create.profile->attributes[1]->name == "a");
  BOOST_TEST(create.profile->attributes[1]->value == "b=c");
  BOOST_TEST(create.password == "");
}

BOOST_AUTO_TEST_CASE(U5_what_was_not_said_is_left_to_the_tenants_policy) {
  BOOST_TEST(postern("--tenant acme user create api.bob").exit_code == 0);
  const auto message = sent();
  const auto& create = *message.commands[0]->body.AsCreateUser();
  BOOST_TEST((create.status == schema::UserStatus::unset));
  BOOST_TEST(!create.api_access.has_value());
  BOOST_TEST(!create.profile);
}

BOOST_AUTO_TEST_CASE(C4_passwords_come_from_standard_input) {
  BOOST_TEST(postern("--tenant acme password reset api.bob", "correct horse 7\n").exit_code == 0);
  BOOST_TEST(postern("--tenant acme password change api.bob", "old-one-1\nnew-one-2\n").exit_code ==
             0);
  BOOST_TEST(postern("--tenant acme user create api.eve --password", "no-line-end-3").exit_code ==
             0);
  daemon.stop();
  BOOST_TEST(commands_[0].commands[0]->body.AsResetPassword()->password == "correct horse 7");
  BOOST_TEST(commands_[1].commands[0]->body.AsChangePassword()->current_password == "old-one-1");
  BOOST_TEST(commands_[1].commands[0]->body.AsChangePassword()->password == "new-one-2");
  BOOST_TEST(commands_[2].commands[0]->body.AsCreateUser()->password == "no-line-end-3");
}

BOOST_AUTO_TEST_CASE(C2_the_end_of_a_line_is_no_part_of_a_secret_and_a_second_line_confirms_it) {
  for (const char* input :
       {"correct horse 7", "correct horse 7\n", "correct horse 7\r\n",
        "correct horse 7\ncorrect horse 7\n", "correct horse 7\r\ncorrect horse 7",
        "correct horse 7\ncorrect horse 7"})
    BOOST_TEST(postern("--tenant acme password reset api.bob", input).exit_code == 0, input);
  // Only one end of a line: the rest is for the daemon's rules to refuse.
  BOOST_TEST(postern("--tenant acme password reset api.bob", "x\r\r\n").exit_code == 0);
  BOOST_TEST(postern("--tenant acme password reset api.bob", "x\r").exit_code == 0);
  const std::size_t sent_before = daemon.command_bytes.size();
  for (const char* input : {"correct horse 7\ncorrect horse 8\n", "correct horse 7\n\n",
                            "correct horse 7\ncorrect horse 7\nmore\n"}) {
    for (const char* line : {"password reset api.bob", "user create api.eve --password",
                             "password rotate api.bob --old-until 2027-01-31T00:00:00Z"}) {
      const auto ended = postern("--tenant acme " + std::string(line), input);
      BOOST_TEST(ended.exit_code == 64, line);
      BOOST_TEST(!contains(ended.talk, "horse"), ended.talk);
    }
  }
  BOOST_TEST(postern("--tenant acme password change api.bob", "old\nnew\nother\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password change api.bob", "old\r\nnew\r\nnew\r\n").exit_code ==
             0);
  daemon.stop();
  BOOST_TEST(daemon.command_bytes.size() == sent_before + 1);
  for (std::size_t place = 0; place < 6; ++place)
    BOOST_TEST(commands_[place].commands[0]->body.AsResetPassword()->password == "correct horse 7");
  BOOST_TEST(commands_[6].commands[0]->body.AsResetPassword()->password == "x\r");
  BOOST_TEST(commands_[7].commands[0]->body.AsResetPassword()->password == "x\r");
  BOOST_TEST(commands_.back().commands[0]->body.AsChangePassword()->current_password == "old");
}

/// What `GetTenant` and `ListCatalogue` answer of a tenant with names for people.
FakeDaemon::Replies catalogue_page(const schema::HistoryRequestT& request) {
  auto page = FakeDaemon::page_to(request);
  if (request.body.AsGetTenant() != nullptr) {
    schema::TenantPageT tenants;
    auto& tenant = *tenants.tenants.emplace_back(std::make_unique<schema::TenantViewT>());
    tenant.alias = "acme";
    tenant.policies = std::make_unique<schema::PoliciesT>();
    tenant.policies->password_length_min = 30;
    tenant.policies->password_forbidden_characters = "bcd2";
    auto& kind = *tenant.catalogue.emplace_back(std::make_unique<schema::CatalogueKindT>());
    kind.name = "table";
    auto& action = *kind.actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
    action.name = "print-card";
    action.description = "Print Card";
    page.body.Set(std::move(tenants));
  } else if (request.body.AsListCatalogue() != nullptr) {
    schema::CataloguePageT entries;
    for (const auto& [path, description] : {std::pair{"table/customer", "Customer Tables"},
                                            {"table/a", "Twice"},
                                            {"table/b", "Twice"}}) {
      auto& entry = *entries.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
      entry.path = path;
      entry.description = description;
    }
    page.body.Set(std::move(entries));
  } else {
    page.code = Code::not_permitted;
  }
  return {packed(page)};
}

BOOST_AUTO_TEST_CASE(passwords_of_several_users_are_generated_into_a_file_that_a_receipt_names) {
  daemon.on_history = catalogue_page;
  const auto file = daemon.folder / "new.txt";
  const auto list = daemon.folder / "users.txt";
  write_file(list, "api.eve\r\n\napi.sue\n");
  bool named = true;
  daemon.on_command = [&](const auto& message) {
    named = std::filesystem::exists(file);
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  const auto ended = postern("--tenant acme password reset api.bob --users " + list.string() +
                             " --generate --out " + file.string());
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(!named);
  const auto message = sent();
  BOOST_TEST_REQUIRE(message.commands.size() == 3u);
  std::string expected;
  for (const auto& command : message.commands) {
    const auto& password = command->body.AsResetPassword()->password;
    BOOST_TEST(password.size() == 30u);
    BOOST_TEST(password.find_first_of("bcd2 aeiouAEIOU") == std::string::npos, password);
    BOOST_TEST(password.find_first_of("3456789") != std::string::npos, password);
    BOOST_TEST(!contains(ended.out + ended.talk, password));
    expected += command->user + " " + password + "\n";
  }
  BOOST_TEST(message.commands[1]->user == "api.eve");
  BOOST_TEST(read_file(file) == expected);
  struct stat status {};
  BOOST_TEST_REQUIRE(::stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(refused_passwords_leave_no_file_of_them) {
  daemon.on_history = catalogue_page;
  daemon.on_command = [](const auto& message) { return refuse(message, Code::user_unknown); };
  const auto file = daemon.folder / "new.txt";
  BOOST_TEST(
      postern("--tenant acme password reset a b --generate --out " + file.string()).exit_code == 1);
  BOOST_TEST(!std::filesystem::exists(file));
  BOOST_TEST(!std::filesystem::exists(file.string() + ".part"));
  BOOST_TEST(postern("--tenant acme password reset a b --generate").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password reset a b --out " + file.string()).exit_code == 64);
  BOOST_TEST(postern("--tenant acme password reset a a", "x\nx\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password reset", "x\n").exit_code == 64);
}

BOOST_AUTO_TEST_CASE(passwords_of_several_users_are_a_line_each) {
  BOOST_TEST(postern("--tenant acme password reset a b", "first-1\r\nsecond-2\n").exit_code == 0);
  BOOST_TEST(postern("--tenant acme password reset a b", "first-1\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password reset a b", "first-1\nsecond-2\n3\n").exit_code == 64);
  const auto message = sent();
  BOOST_TEST(message.commands[0]->body.AsResetPassword()->password == "first-1");
  BOOST_TEST(message.commands[1]->body.AsResetPassword()->password == "second-2");
}

BOOST_AUTO_TEST_CASE(A5_names_of_the_catalogue_stand_for_their_paths) {
  daemon.on_history = catalogue_page;
  const auto ended =
      postern("--tenant acme grant add bob 'Print Card,read' 'customer tables' table/x");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.talk, "'customer tables' is table/customer."), ended.talk);
  BOOST_TEST(contains(ended.talk, "'Print Card' is print-card."), ended.talk);
  const auto twice = postern("--tenant acme grant add bob read twice Twice");
  BOOST_TEST(twice.exit_code == 64);
  BOOST_TEST(contains(twice.talk, "table/a, table/b"), twice.talk);
  const auto message = sent();
  std::string all;
  for (const auto& command : message.commands) {
    const auto& grant = *command->body.AsAddGrant();
    all += grant.action + " " + grant.resource + ";";
  }
  BOOST_TEST(all ==
             "print-card table/customer;read table/customer;print-card table/x;read table/x;");
}

BOOST_AUTO_TEST_CASE(receipts_name_users_as_they_were_typed) {
  daemon.on_history = catalogue_page;
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message);
    receipt.seq = 7;
    for (std::uint64_t number = 1; number <= 2; ++number) {
      auto& event = *receipt.events.emplace_back(std::make_unique<schema::EventT>());
      event.user = std::make_unique<schema::Uuid>(0, number);
      event.body.Set(schema::UserLockedT());
    }
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto ended = postern("--tenant acme user lock api.bob api.eve");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.out, "UserLocked  api.bob"), ended.out);
  BOOST_TEST(contains(ended.out, "UserLocked  api.eve"), ended.out);
  BOOST_TEST(!contains(ended.out, "00000000-"), ended.out);
}

BOOST_AUTO_TEST_CASE(S1_the_time_to_wait_is_not_taken_for_a_sessions) {
  for (const char* line : {"user create api.bob --timeout 30", "user create api.bob --timeout=30",
                           "user set api.bob --timeout 30", "tenant create umbra --timeout 30",
                           "tenant set acme --timeout 30"}) {
    const auto ended = postern("--tenant acme " + std::string(line));
    BOOST_TEST(ended.exit_code == 64, line);
    BOOST_TEST(contains(ended.talk, "--session-timeout"), ended.talk);
    BOOST_TEST(contains(ended.talk, "--answer-timeout"), ended.talk);
  }
  BOOST_TEST(postern("--tenant acme user create api.bob --answer-timeout 5").exit_code == 0);
  BOOST_TEST(postern("--tenant acme user lock api.bob --timeout 5").exit_code == 0);
  BOOST_TEST(postern("--timeout 5 --tenant acme user create api.bob").exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_missing_password_sends_nothing) {
  BOOST_TEST(postern("--tenant acme password reset api.bob", "").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password reset api.bob", "\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme password change api.bob", "only one\n").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user create a b --password", "x\n").exit_code == 64);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(U8_user_set_switches_access) {
  BOOST_TEST(postern("--tenant acme user set api.bob --api-access on").exit_code == 0);
  BOOST_TEST(sent().commands[0]->body.AsSetApiAccess()->allowed);
}

BOOST_AUTO_TEST_CASE(A1_grant_add_and_remove_name_user_action_resource) {
  BOOST_TEST(postern("--tenant acme grant add api.bob read table/customer table/order").exit_code ==
             0);
  BOOST_TEST(postern("--tenant acme grant remove api.bob '*' table/customer --deny").exit_code ==
             0);
  daemon.stop();
  BOOST_TEST_REQUIRE(commands_[0].commands.size() == 2u);
  const auto& add = *commands_[0].commands[1]->body.AsAddGrant();
  BOOST_TEST((add.effect == schema::Effect::allow));
  BOOST_TEST(add.action == "read");
  BOOST_TEST(add.resource == "table/order");
  BOOST_TEST(commands_[0].commands[1]->user == "api.bob");
  const auto& remove = *commands_[1].commands[0]->body.AsRemoveGrant();
  BOOST_TEST((remove.effect == schema::Effect::deny));
  BOOST_TEST(remove.action == "*");
}

// ---- options of every change

BOOST_AUTO_TEST_CASE(K4_every_change_takes_the_same_options) {
  const auto ended = postern(
      "--tenant acme user lock api.bob --dry-run --reason 'T-311' --expect-version 7 "
      "--id 0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.talk, "dry run"));
  const auto message = sent();
  BOOST_TEST(message.dry_run);
  BOOST_TEST(message.reason == "T-311");
  BOOST_TEST(message.commands[0]->expected_version == 7u);
  BOOST_TEST(client::uuid_text(*message.id) == "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001");
}

BOOST_AUTO_TEST_CASE(K2_an_expected_version_needs_exactly_one_user) {
  BOOST_TEST(postern("--tenant acme user lock a b --expect-version 7").exit_code == 64);
  BOOST_TEST(postern("tenant create acme --expect-version 7").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user lock a --id none").exit_code == 64);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(K1_after_silence_the_id_is_said_so_that_asking_again_is_safe) {
  daemon.on_command = [](const auto&) { return FakeDaemon::Replies{}; };
  const auto ended = postern("--timeout 1 tenant create acme");
  BOOST_TEST(ended.exit_code == 69);
  daemon.stop();
  BOOST_TEST_REQUIRE(!commands_.empty());
  BOOST_TEST(contains(ended.talk, "--id " + client::uuid_text(*commands_[0].id)), ended.talk);
}

BOOST_AUTO_TEST_CASE(K5_what_is_not_final_is_said_with_the_id_and_never_as_a_refusal_of_another) {
  struct Row {
    Code code;
    int exit_code;
    const char* says;
  };
  const std::string id = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001";
  for (const Row& row :
       {Row{Code::busy, 75, "Nothing was done."}, Row{Code::stopping, 75, "Nothing was done."},
        Row{Code::disk_low, 74, "Nothing was done."},
        Row{Code::clock_suspect, 75, "Nothing was done."},
        Row{Code::journal_unavailable, 74, "It is not known"},
        Row{Code::erase_unfinished, 74, "It is not known"},
        Row{Code::command_id_expired, 1, "Nothing was done."},
        Row{Code::tenant_exists, 1, nullptr}}) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(row.code)) {
      Fixture fixture;
      fixture.daemon.on_command = [&](const auto& message) {
        return refuse_for_long(message, row.code);
      };
      const auto first = fixture.postern("tenant create acme");
      BOOST_TEST(first.exit_code == row.exit_code);
      BOOST_TEST(contains(first.talk, row.says == nullptr ? "refused" : row.says), first.talk);
      const auto again = fixture.postern("tenant create acme --id " + id);
      if (row.says == nullptr) {
        BOOST_TEST(again.exit_code == 1);
        BOOST_TEST(!contains(again.talk, "known"), again.talk);
        continue;
      }
      BOOST_TEST(again.exit_code == 75);
      BOOST_TEST(contains(again.talk, "It is not known whether it was done."), again.talk);
      if (row.code == Code::command_id_expired) continue;
      BOOST_TEST(contains(again.talk, "--id " + id), again.talk);
      BOOST_TEST(contains(first.talk, "--id "), first.talk);
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_an_answer_to_the_second_sending_alone_is_not_known_and_no_refusal) {
  int sendings = 0;
  daemon.on_command = [&](const auto& message) {
    return ++sendings == 1 ? FakeDaemon::Replies{} : refuse_for_long(message, Code::stopping);
  };
  const auto ended = postern("--timeout 8 tenant create acme");
  BOOST_TEST(ended.exit_code == 75);
  BOOST_TEST(contains(ended.talk, "It is not known whether the command was done"), ended.talk);
  BOOST_TEST(!contains(ended.talk, "refused"), ended.talk);
  daemon.stop();
  BOOST_TEST(contains(ended.talk, "--id " + client::uuid_text(*commands_.at(0).id)), ended.talk);
}

namespace {

/// Tells when it was first written to.
class Noticed : public std::stringbuf {
 public:
  std::future<void> written() { return written_.get_future(); }

 private:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (!std::exchange(told_, true)) written_.set_value();
    return std::stringbuf::xsputn(text, size);
  }

  std::promise<void> written_;
  bool told_ = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_batch_of_passwords_shows_a_terminal_how_long_it_takes) {
  Noticed said;
  auto written = said.written();
  daemon.on_command = [&](const auto& message) {
    // Answered when somebody has been told that it takes long.
    written.wait_for(std::chrono::seconds(60));
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  start();
  std::string commands;
  for (int user = 0; user < 100; ++user)
    commands += std::string(user == 0 ? "" : ",") +
                R"({"body_type": "CreateUser", "body": {"username": "u)" + std::to_string(user) +
                R"(", "password": "Corr3ct-horse", "password_confirmation": "Corr3ct-horse"}})";
  const auto file = daemon.folder / "batch.json";
  write_file(file, R"({"tenant": "acme", "commands": [)" + commands + "]}");
  std::ostream talk(&said);
  BOOST_TEST(run_at_terminal({"--data", daemon.folder, "send", file}, talk) == 0);
  BOOST_TEST(contains(said.str(), "hashing passwords: 1 s of about 1 s"), said.str());
}

BOOST_AUTO_TEST_CASE(K1_a_repeated_receipt_is_said_to_be_one_if_the_id_was_given) {
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message);
    receipt.repeated = true;
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto given = postern("tenant create acme --id 0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001");
  BOOST_TEST(given.exit_code == 0);
  BOOST_TEST(contains(given.talk, "seen before"));
  BOOST_TEST(!contains(postern("tenant create acme").talk, "seen before"));
}

// ---- refusals

BOOST_AUTO_TEST_CASE(K6_a_refusal_says_every_problem_with_its_remedy) {
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message, Code::password_too_short);
    const auto add = [&](Code code, std::string field, std::string sentence, std::uint32_t index) {
      receipt.problems.push_back(std::make_unique<schema::ProblemT>());
      auto& problem = *receipt.problems.back();
      problem.code = code;
      problem.field = std::move(field);
      problem.sentence = std::move(sentence);
      problem.index = index;
    };
    add(Code::password_too_short, "password", "It has 3\x1b[2J characters; 8 are needed.", 0);
    add(Code::user_exists, "username", "", 4);
    receipt.problems[0]->remedy = "Use a longer one.";
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto ended = postern("--tenant acme user lock a b c d e");
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(ended.out == "");
  BOOST_TEST(ended.talk ==
             "refused  password_too_short  command 0  password: It has 3\\x1b[2J characters; 8 are "
             "needed.\n"
             "         Use a longer one.\n"
             "refused  user_exists  command 4  username: A user of this tenant has this name.\n"
             "         Choose another name; case does not make a difference.\n");
}

BOOST_AUTO_TEST_CASE(a_refusal_as_json_is_the_receipt) {
  daemon.on_command = [](const auto& message) { return refuse(message, Code::tenant_exists); };
  const auto ended = postern("--output json tenant create acme");
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(contains(ended.out, R"("code":"tenant_exists")"));
  BOOST_TEST(contains(ended.talk, "tenant_exists"));
}

struct Refusal {
  Code code;
  int exit_code;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) {
  return out << schema::EnumNameCode(row.code);
}

const Refusal refusals[] = {
    {Code::user_exists, 1},
    {Code::version_conflict, 1},
    {Code::command_id_reused, 1},
    {Code::not_permitted, 77},
    {Code::busy, 75},
    {Code::stopping, 75},
    {Code::journal_unavailable, 74},
    {Code::disk_low, 74},
    {Code::malformed_message, 76},
    {Code::version_unsupported, 76},
    {Code::field_malformed, 64},
    {Code::too_large, 64},
    {static_cast<Code>(999), 1},
};

BOOST_DATA_TEST_CASE_F(Fixture, a_refused_command_ends_with, data::make(refusals), row) {
  daemon.on_command = [row](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message, row.code);
    receipt.retry_after_ms = 600'000;
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto ended = postern("tenant create acme");
  BOOST_TEST(ended.exit_code == row.exit_code);
  BOOST_TEST(contains(ended.talk, "refused"));
}

// ---- send

BOOST_AUTO_TEST_CASE(send_sends_a_batch_from_a_file) {
  const auto file = daemon.folder / "batch.json";
  write_file(file, R"({"commands":[{"user":"a","body_type":"LockUser","body":{}},
                     {"user":"b","body_type":"SetApiAccess","body":{"allowed":true}}]})");
  BOOST_TEST(postern("--tenant acme send --reason tidy " + file.string()).exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.tenant == "acme");
  BOOST_TEST(message.reason == "tidy");
  BOOST_TEST_REQUIRE(message.commands.size() == 2u);
  BOOST_TEST(message.commands[1]->body.AsSetApiAccess()->allowed);
}

BOOST_AUTO_TEST_CASE(send_takes_the_files_word_before_the_options) {
  BOOST_TEST(
      postern("--tenant acme send -",
              R"({"tenant":"umbra","commands":[{"user":"a","body_type":"LockUser","body":{}}]})")
          .exit_code == 0);
  BOOST_TEST(postern("--tenant acme send -",
                     R"({"commands":[{"body_type":"CreateTenant","body":{"alias":"x"}}]})")
                 .exit_code == 0);
  BOOST_TEST(postern("send -", "{").exit_code == 64);
  BOOST_TEST(postern("send /nowhere/batch.json").exit_code == 66);
  daemon.stop();
  BOOST_TEST_REQUIRE(commands_.size() == 2u);
  BOOST_TEST(commands_[0].tenant == "umbra");
  BOOST_TEST(commands_[1].tenant == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
