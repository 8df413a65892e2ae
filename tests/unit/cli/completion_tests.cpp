// What may stand at the cursor of a command line, by the very options of each verb.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/completion.h"

namespace postern::cli {
namespace {

using support::FakeDaemon;

/// What a line gets, a cursor at its end; between bars.
struct Offered {
  const char* line;
  const char* words;
};

std::ostream& operator<<(std::ostream& out, const Offered& one) { return out << one.line; }

struct Completed : Fixture {
  Completed() {
    daemon.on_history = [](const auto& request) {
      auto page = FakeDaemon::page_to(request);
      answer(request, page);
      return FakeDaemon::Replies{packed(page)};
    };
  }

  /// As the shell has the words; a blank at the end begins the next.
  Ended complete(const std::string& line) {
    if (!started_) start();
    std::vector<std::string> arguments{"--complete", "--data", daemon.folder.string()};
    for (auto& word : words(line)) arguments.push_back(std::move(word));
    if (line.empty() || line.ends_with(' ')) arguments.emplace_back();
    Ended ended = run_with(arguments);
    BOOST_TEST(ended.talk == "");
    return ended;
  }

 private:
  static void answer(const schema::HistoryRequestT& request, schema::HistoryPageT& page) {
    if (request.body.AsListTenants() != nullptr) {
      schema::TenantPageT tenants;
      for (const char* alias : {"acme", "umbra"}) {
        tenants.tenants.push_back(std::make_unique<schema::TenantViewT>());
        tenants.tenants.back()->alias = alias;
      }
      page.body.Set(std::move(tenants));
    } else if (const auto* list = request.body.AsListUsers()) {
      BOOST_TEST(list->tenant == "acme");
      BOOST_TEST(list->count_max == 200U);
      schema::UserPageT users;
      for (const char* name : {"api.bill", "api.bob", "API.Max", "dot@api.example"}) {
        users.users.push_back(std::make_unique<schema::UserSummaryT>());
        users.users.back()->username = name;
      }
      page.body.Set(std::move(users));
    } else if (const auto* get = request.body.AsGetUser()) {
      BOOST_TEST(get->username == "api.bob");
      schema::UserViewT view;
      view.security = std::make_unique<schema::UserSecurityT>();
      for (const char* name : {"nightly", "$(reboot)", "a b", "-rf", "weekly", "`id`", "a;b"}) {
        view.security->keys.push_back(std::make_unique<schema::KeyViewT>());
        view.security->keys.back()->name = name;
      }
      view.data_access.push_back(std::make_unique<schema::GrantHeldT>());
      view.data_access[0]->grant = std::make_unique<schema::GrantViewT>();
      view.data_access[0]->grant->action = "read";
      view.data_access[0]->grant->resource = "table/customer";
      page.body.Set(std::move(view));
    } else if (request.body.AsListRoles() != nullptr) {
      schema::RolePageT roles;
      roles.roles.push_back(std::make_unique<schema::RoleViewT>());
      roles.roles[0]->name = "clerk";
      page.body.Set(std::move(roles));
    } else if (request.body.AsListOperators() != nullptr) {
      schema::OperatorPageT operators;
      operators.operators.push_back(std::make_unique<schema::OperatorViewT>());
      operators.operators[0]->name = "helpdesk";
      page.body.Set(std::move(operators));
    } else if (request.body.AsGetTenant() != nullptr) {
      schema::TenantPageT tenants;
      tenants.tenants.push_back(std::make_unique<schema::TenantViewT>());
      auto& kind =
          tenants.tenants[0]->catalogue.emplace_back(std::make_unique<schema::CatalogueKindT>());
      kind->name = "table";
      for (const char* name : {"read", "write"}) {
        kind->actions.push_back(std::make_unique<schema::CatalogueActionT>());
        kind->actions.back()->name = name;
      }
      page.body.Set(std::move(tenants));
    } else if (request.body.AsListCatalogue() != nullptr) {
      schema::CataloguePageT resources;
      resources.resources.push_back(std::make_unique<schema::CatalogueResourceT>());
      resources.resources[0]->path = "table/orders";
      page.body.Set(std::move(resources));
    }
  }
};

const Offered offered[] = {
    {"--tenant ", "acme|umbra"},
    {"--tenant u", "umbra"},
    {"--tenant=u", "--tenant=umbra"},
    {"--tenant = u", "umbra"},
    {"tenant show ", "acme|umbra"},
    {"--tenant acme user show api.b", "api.bill|api.bob"},
    {"--tenant=acme user show API.", "API.Max|api.bill|api.bob"},
    {"user show --tls --tenant acme dot", "dot@api.example"},
    {"--tenant acme user disable api.bob api.b", "api.bill"},
    {"--tenant acme events list --user dot", "dot@api.example"},
    {"--tenant acme role assign ", "clerk"},
    {"--tenant acme role assign clerk api.bo", "api.bob"},
    {"--tenant acme role assign clerk --to-role ", "clerk"},
    {"--tenant acme user list --role c", "clerk"},
    {"--tenant acme grant list --columns action api.bo", "api.bob"},
    {"--tenant acme key revoke api.bob ", "nightly|weekly"},
    {"--tenant acme --answer-timeout 5 key revoke --reason 'a b' api.bob w", "weekly"},
    {"--tenant acme grant remove api.bob ", "read"},
    {"--tenant acme grant remove api.bob read ", "table/customer"},
    {"--tenant acme grant add api.bob read,", "read,read|read,write"},
    {"--tenant acme grant add api.bob read ta", "table|table/orders"},
    {"--tenant acme catalogue show ", "table"},
    {"operator set h", "helpdesk"},
    {"events list --operator ", "helpdesk"},
    {"operator add x --role own", "owner"},
    {"operator add x --role owner --tenants acme,u", "acme,umbra"},
    {"--output j", "json|jsonl"},
    {"events list --kind UserLo", "UserLocked"},
    {"tenant create x --preset e", "exigo"},
    {"--tenant acme user set api.bob --api-access ", "on|off"},
};

BOOST_AUTO_TEST_SUITE(completion_tests)

BOOST_DATA_TEST_CASE_F(Completed, names_are_offered_where_they_may_stand,
                       boost::unit_test::data::make(offered), one) {
  std::string expected = one.words;
  std::ranges::replace(expected, '|', '\n');
  if (!expected.empty()) expected += '\n';
  const Ended ended = complete(one.line);
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(ended.out == expected);
}

BOOST_FIXTURE_TEST_CASE(where_nothing_is_known_a_file_may_stand, Completed) {
  for (const char* line : {"backup create ", "key scan ", "", "user ", "user create ",
                           "tenant create ", "user lock x --reason ", "nonsense "})
    BOOST_TEST(complete(line).exit_code == 1, line);
}

BOOST_FIXTURE_TEST_CASE(where_nobody_answers_nothing_is_offered_and_nothing_said, Completed) {
  daemon.on_history = [](const auto& request) {
    auto page = FakeDaemon::page_to(request);
    page.code = schema::Code::not_permitted;
    return FakeDaemon::Replies{packed(page)};
  };
  const Ended refused = complete("--tenant acme user show ");
  BOOST_TEST(refused.exit_code == 0);
  BOOST_TEST(refused.out == "");
  // No tenant, no daemon, no key that may be read.
  for (const char* line : {"user show ", "--tenant acme --data /nonexistent user show ",
                           "--tenant acme --key /dev/null user show ", "--port-base x --tenant "}) {
    const Ended ended = complete(line);
    BOOST_TEST(ended.exit_code == 0, line);
    BOOST_TEST(ended.out == "", line);
  }
  daemon.stop();
  BOOST_TEST(complete("--tenant acme user show ").out == "");
}

BOOST_FIXTURE_TEST_CASE(a_daemon_that_does_not_answer_is_not_waited_for, Completed) {
  daemon.on_history = [](const auto&) { return FakeDaemon::Replies{}; };
  BOOST_TEST(complete("--tenant acme user show ").exit_code == 0);
}

/// Each word that stands for something is either a name, a new name, or none at all.
BOOST_AUTO_TEST_CASE(every_positional_of_every_verb_has_its_names) {
  const std::set<std::string> no_names = {"FILE", "PATH",    "DIR",      "WHAT",    "SEQ",
                                          "NEW",  "ADDRESS", "PROVIDER", "SENTENCE"};
  const std::set<std::string> new_names = {"tenant create ALIAS", "user create USER",
                                           "role create ROLE", "key create NAME",
                                           "operator add NAME"};
  std::set<std::string> found_new;
  for (const Noun& noun : nouns())
    for (const Verb& verb : noun.verbs) {
      const std::string path =
          (noun.name.empty() ? "" : std::string(noun.name) + " ") + std::string(verb.name);
      Options options;
      const Handler handler = verb.prepare(options);
      for (const arguments::Option& option : options.all()) {
        if (!option.is_positional() || no_names.contains(option.names)) continue;
        const std::string place = path + " " + option.names;
        if (new_names.contains(place))
          found_new.insert(place);
        else
          BOOST_TEST(names_at(path, option.names).has_value(), place);
      }
    }
  BOOST_TEST(found_new == new_names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
