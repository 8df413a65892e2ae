// Mistyped verbs, options and names: the nearest that is known is said, to who may see it.
#include "tests/support/command_line.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

struct Suggestion : CommandLine {
  Suggestion() {
    done({"tenant", "create", "acme", "--preset", "exigo"});
    done({"tenant", "create", "umbra"});
    done({"--tenant", "acme", "user", "create", "api.bob", "api.susan"});
    done({"--tenant", "acme", "role", "create", "clerk"});
    done({"--tenant", "acme", "key", "create", "api.bob", "nightly"});
    done({"--tenant", "acme", "grant", "add", "api.bob", "read", "table/customer-tables"});
    done({"operator", "add", "helpdesk", "--role", "manager", "--tenants", "acme", "--key-out",
          path("helpdesk")});
  }
};

struct Slip {
  std::vector<std::string> words;
  /// What is said of it.
  const char* said;
};

const char* const bob = "The nearest of 'api.bbo' is api.bob.";
const char* const clerk = "The nearest of 'clrek' is clerk.";
const char* const helpdesk = "The nearest of 'helpdsk' is helpdesk.";

const Slip slips[] = {
    {{"tenent", "list"}, "the nearest is tenant"},
    {{"user", "lisst"}, "the nearest is list"},
    {{"user", "list", "--statsu", "new"}, "the nearest is --status"},
    {{"--tennant", "acme", "user", "list"}, "the nearest is --tenant"},
    {{"--tenant", "acm", "user", "list"}, "The nearest of 'acm' is acme."},
    {{"--tenant", "acm", "user", "lock", "api.bob"}, "The nearest of 'acm' is acme."},
    {{"tenant", "show", "ubmra"}, "The nearest of 'ubmra' is umbra."},
    {{"tenant", "enable", "ubmra"}, "The nearest of 'ubmra' is umbra."},
    {{"tenant", "create", "x", "--preset", "exgio"}, "the nearest is 'exigo'"},
    {{"--tenant", "acme", "user", "show", "api.bbo"}, bob},
    {{"--tenant", "acme", "user", "rename", "api.bbo", "x"}, bob},
    {{"--tenant", "acme", "user", "disable", "api.susan", "api.bbo"}, bob},
    {{"--tenant", "acme", "user", "list", "--role", "clrek"}, clerk},
    {{"--tenant", "acme", "password", "reset", "api.bbo", "--generate", "--out", "/dev/null/x"},
     ""},
    {{"--tenant", "acme", "key", "list", "api.bbo"}, bob},
    {{"--tenant", "acme", "key", "create", "api.bbo", "x"}, bob},
    {{"--tenant", "acme", "key", "revoke", "api.bob", "nigthly"},
     "The nearest of 'nigthly' is nightly."},
    {{"--tenant", "acme", "session", "end", "api.bbo"}, bob},
    {{"--tenant", "acme", "grant", "add", "api.bbo", "read", "table/customer-tables"}, bob},
    {{"--tenant", "acme", "grant", "add", "api.bob", "read", "table/custmer-tables/x"}, ""},
    {{"--tenant", "acme", "grant", "remove", "api.bob", "read", "table/customer-table"},
     "The nearest of 'table/customer-table' is table/customer-tables."},
    {{"--tenant", "acme", "grant", "list", "api.bbo"}, bob},
    {{"--tenant", "acme", "role", "show", "clrek"}, clerk},
    {{"--tenant", "acme", "role", "delete", "clrek"}, clerk},
    {{"--tenant", "acme", "role", "grant", "clrek", "read", "table/customer-tables"}, clerk},
    {{"--tenant", "acme", "role", "assign", "clrek", "api.bob"}, clerk},
    {{"--tenant", "acme", "role", "assign", "clerk", "api.bbo"}, bob},
    {{"operator", "set", "helpdsk", "--uid", "7"}, "the nearest is helpdesk"},
    {{"operator", "remove", "helpdsk"}, helpdesk},
    {{"events", "list", "--operator", "helpdsk"}, helpdesk},
    {{"--tenant", "acme", "events", "list", "--user", "api.bbo"}, bob},
    {{"--tenant", "acme", "calls", "list", "--user", "api.bbo"}, bob},
    {{"--tenant", "acme", "permissions", "api.bbo"}, bob},
    {{"--tenant", "acme", "diff", "--from", "1", "--user", "api.bbo"}, bob},
    {{"--tenant", "acm", "report"}, "The nearest of 'acm' is acme."},
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(suggestion_tests, Suggestion)

BOOST_AUTO_TEST_CASE(what_was_meant_is_said_of_every_noun) {
  for (const Slip& slip : slips) {
    std::vector<std::string> all{"/bin/sh", "-c", "exec \"$@\" </dev/null", "sh"};
    for (auto& word : words(slip.words)) all.push_back(std::move(word));
    const Ended ended = run_program(all);
    BOOST_TEST(ended.code != 0, ended.said);
    BOOST_TEST(says(ended.said, slip.said), slip.words[0] << " " << slip.words.back() << ": "
                                                              << slip.said << " in " << ended.said);
  }
}

BOOST_AUTO_TEST_CASE(of_questions_it_is_said_to_a_person) {
  for (const char* verb : {"check", "explain"}) {
    const std::vector<std::string> slip{"--tenant", "acme", verb,
                                        "api.bbo",  "read", "table/customer-tables"};
    BOOST_TEST(!says(postern(slip).said, "nearest"));
    TerminalProgram program(words(slip));
    const Ended ended = program.wait();
    BOOST_TEST(ended.code != 0);
    BOOST_TEST(says(ended.said, bob), ended.said);
  }
}

BOOST_AUTO_TEST_CASE(O2_nobody_is_told_a_name_that_may_not_be_seen) {
  const auto as_helpdesk = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--key", path("helpdesk")});
    return postern(more).said;
  };
  BOOST_TEST(says(as_helpdesk({"--tenant", "acme", "user", "show", "api.bbo"}), bob));
  const std::string other = as_helpdesk({"tenant", "show", "umbr"});
  BOOST_TEST(says(other, "tenant_unknown"), other);
  BOOST_TEST(!says(other, "umbra"), other);
}

BOOST_AUTO_TEST_CASE(among_many_users_the_one_that_was_meant_is_found) {
  std::string table = "username\n";
  for (int number = 0; number < 1'000; ++number)
    table += "user" + std::to_string(number) + ".billing\n";
  write("users.csv", table + "zz.warehouse\n");
  done({"--tenant", "acme", "import", "users", path("users.csv")});
  const auto said = [&](const char* name) {
    return postern({"--tenant", "acme", "user", "show", name}).said;
  };
  BOOST_TEST(says(said("zz.warehuose"), "is zz.warehouse."));
  BOOST_TEST(says(said("zy.warehouse"), "is zz.warehouse."));
  BOOST_TEST(!says(said("nobody-at-all"), "nearest"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
