// What cannot be undone, at a real terminal: typed right, typed wrong, not typed at all.
#include "tests/support/command_line.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

struct Irrevocable {
  std::vector<std::string> words;
  const char* name;
};

struct Confirmation : CommandLine {
  Confirmation() {
    done({"tenant", "create", "acme"});
    for (const char* verb : {"create", "disable", "trash"})
      done({"--tenant", "acme", "user", verb, "api.bob", "api.max"});
    done({"--tenant", "acme", "user", "create", "api.eve"});
    done({"--tenant", "acme", "key", "create", "api.eve", "nightly"});
  }

  Ended type(const Irrevocable& one, const std::string& keys) const {
    std::vector<std::string> all{"--tenant", "acme"};
    std::ranges::copy(one.words, std::back_inserter(all));
    TerminalProgram program(words(std::move(all)));
    BOOST_TEST(program.wait_for(std::string("Type ") + one.name + " to go on: "), program.shown());
    program.type(keys);
    Ended ended = program.wait();
    BOOST_TEST(program.is_as_before());
    return ended;
  }
};

const Irrevocable irrevocable[] = {
    {{"user", "erase", "api.bob"}, "api.bob"},
    {{"user", "delete", "api.max"}, "api.max"},
    {{"key", "revoke", "api.eve", "nightly"}, "nightly"},
    {{"session", "end"}, "acme"},
    {{"tenant", "disable"}, "acme"},
};

BOOST_FIXTURE_TEST_SUITE(confirmation_tests, Confirmation)

BOOST_AUTO_TEST_CASE(what_cannot_be_undone_is_done_once_its_name_is_typed) {
  const auto before = seq();
  for (const Irrevocable& one : irrevocable) {
    for (const std::string wrong : {"yes\n", "\n", "\x04"}) {
      const Ended ended = type(one, wrong);
      BOOST_TEST(ended.code == 1, ended.said);
      BOOST_TEST(ended.said.find("Nothing was done.") != ended.said.npos, ended.said);
    }
    BOOST_TEST(type(one, "\x03").code == 130);
  }
  BOOST_TEST(seq() == before);
  std::uint64_t done_count = 0;
  for (const Irrevocable& one : irrevocable) {
    const Ended ended = type(one, one.name + std::string("\n"));
    BOOST_TEST(ended.code == 0, ended.said);
    BOOST_TEST(seq() == before + ++done_count);
  }
}

BOOST_AUTO_TEST_CASE(what_apply_removes_is_asked_for_before_anything_is_sent) {
  done({"--tenant", "acme", "role", "create", "clerk"});
  write("acme.json", R"({"tenant": "acme", "roles": {"chief": {"description": "new"}}})");
  const Irrevocable prune{{"apply", path("acme.json"), "--prune"}, "acme"};
  const auto before = seq();
  for (const std::string wrong : {"yes\n", "\x04"}) BOOST_TEST(type(prune, wrong).code == 1);
  BOOST_TEST(seq() == before);
  const Ended ended = type(prune, "acme\n");
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(ended.said.find("This removes 1 thing from tenant acme.") != ended.said.npos,
             ended.said);
  BOOST_TEST(seq() > before);
}

BOOST_AUTO_TEST_CASE(off_a_terminal_it_is_done_as_before_and_an_erasure_needs_a_word) {
  const auto at_once = [&](const Irrevocable& one, bool with_yes) {
    std::vector<std::string> all{"/bin/sh", "-c", "exec \"$@\" </dev/null", "sh"};
    for (auto& word : words({"--tenant", "acme"})) all.push_back(std::move(word));
    std::ranges::copy(one.words, std::back_inserter(all));
    if (with_yes) all.push_back("--yes");
    return run_program(all).code;
  };
  BOOST_TEST(at_once(irrevocable[0], false) == 64);
  BOOST_TEST(at_once(irrevocable[0], true) == 0);
  for (std::size_t index = 1; index < std::size(irrevocable); ++index)
    BOOST_TEST(at_once(irrevocable[index], false) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
