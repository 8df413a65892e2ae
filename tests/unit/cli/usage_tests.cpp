// The command line as such: what is typed, prompted for, and written.
#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <sstream>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/cli.h"
#include "tools/cli/verb.h"

namespace postern::cli {
namespace {

BOOST_AUTO_TEST_SUITE(usage_tests)

BOOST_AUTO_TEST_CASE(the_example_of_each_verb_can_be_typed) {
  std::size_t count = 0;
  for (const auto& noun : nouns()) {
    for (const auto& verb : noun.verbs) {
      const std::string example(verb.example);
      const auto ended = run_with(words(example.substr(0, example.find('<'))), "a line\n");
      // No daemon is named, which is told, but where none is needed; nor is there a file.
      BOOST_TEST((ended.exit_code == 0 || contains(ended.talk, "postern: ") ||
                  contains(ended.talk, "No such file")),
                 example << "\n" << ended.talk);
      BOOST_TEST(!contains(ended.talk, "bug"), ended.talk);
      ++count;
    }
  }
  BOOST_TEST(count > 30u);
}

BOOST_AUTO_TEST_CASE(a_word_behind_a_verb_is_never_another_verb) {
  for (const auto& noun : nouns())
    for (const auto& verb : noun.verbs) {
      const auto ended =
          run_with({"--tenant", "acme", "user", "create", std::string(verb.name)}, "");
      BOOST_TEST(!contains(ended.talk, "USER is required"), verb.name);
      BOOST_TEST(!contains(ended.talk, "It does not take"), verb.name);
      BOOST_TEST(contains(ended.talk, "postern: "), verb.name << "\n" << ended.talk);
    }
}

BOOST_AUTO_TEST_CASE(help_of_each_verb_shows_its_example) {
  for (const auto& noun : nouns()) {
    for (const auto& verb : noun.verbs) {
      std::vector<std::string> arguments;
      if (!noun.name.empty()) arguments.emplace_back(noun.name);
      arguments.emplace_back(verb.name);
      arguments.emplace_back("--help");
      const auto ended = run_with(arguments);
      BOOST_TEST(ended.exit_code == 0);
      BOOST_TEST(contains(ended.out, "postern " + std::string(verb.example)));
      BOOST_TEST(contains(ended.out, "--dry-run") == (verb.kind == Kind::changes));
    }
  }
}

BOOST_AUTO_TEST_CASE(C4_what_is_too_much_is_not_repeated) {
  for (const char* line :
       {"--tenant acme password reset bob s3cret", "--tenant acme password reset bob --now s3cret",
        "--tenant acme password reset bob --password=s3cret", "password reset bob -ps3cret",
        "--tenant acme user create bob --password=s3cret"}) {
    const auto ended = run_with(words(line));
    BOOST_TEST(ended.exit_code == 64, line);
    BOOST_TEST(!contains(ended.talk, "s3cret"), ended.talk);
  }
  BOOST_TEST(contains(run_with(words("user list --unknown=5 six")).talk,
                      "It does not take --unknown, nor 1 more argument."));
  BOOST_TEST(
      contains(run_with(words("user list --tennant acme")).talk,
               "It does not take --tennant (the nearest is --tenant), nor 1 more argument."));
  BOOST_TEST(
      contains(run_with(words("user lsit six")).talk, "There is no 'lsit'; the nearest is list."));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_ends_64_and_says_nothing_on_standard_output) {
  for (const char* line :
       {"", "nonsense", "user", "user frobnicate", "tenant create", "--output xml tenant list",
        "--port-base none status", "--port-base 99999 status", "tenant list --unknown",
        "user create x", "check a b", "operator add x --role king --tenants all"}) {
    const auto ended = run_with(words(line));
    BOOST_TEST(ended.exit_code == 64, line);
    BOOST_TEST(ended.out == "", line);
    BOOST_TEST(ended.talk != "", line);
  }
}

BOOST_FIXTURE_TEST_CASE(environment_variables_stand_in_for_options, Fixture) {
  start();
  const std::pair<const char*, std::string> variables[] = {{"POSTERN_DATA", daemon.folder.string()},
                                                           {"POSTERN_TENANT", "acme"},
                                                           {"POSTERN_OUTPUT", "json"}};
  for (const auto& [name, value] : variables) ::setenv(name, value.c_str(), 1);
  const auto ended = run_with({"user", "lock", "api.bob"});
  for (const auto& [name, value] : variables) ::unsetenv(name);
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(ended.out.starts_with("{"));
  BOOST_TEST(sent().tenant == "acme");
}

BOOST_FIXTURE_TEST_CASE(options_may_stand_behind_the_verb, Fixture) {
  BOOST_TEST(postern("user lock api.bob --tenant acme --output jsonl").exit_code == 0);
  BOOST_TEST(sent().tenant == "acme");
}

BOOST_FIXTURE_TEST_CASE(output_that_cannot_be_written_ends_74, Fixture) {
  start();
  std::ostringstream out, talk;
  out.setstate(std::ios::badbit);
  const int code = run({"--data", daemon.folder.string(), "tenant", "create", "acme"},
                       {STDIN_FILENO, out, talk});
  BOOST_TEST(code == 74);
  BOOST_TEST(contains(talk.str(), "standard output"));
}

// ---- typing at a terminal

struct Terminal {
  int keyboard = -1;
  int descriptor = -1;
  Terminal() { BOOST_REQUIRE(::openpty(&keyboard, &descriptor, nullptr, nullptr, nullptr) == 0); }
  ~Terminal() {
    ::close(keyboard);
    ::close(descriptor);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool echoes() const {
    termios settings{};
    ::tcgetattr(descriptor, &settings);
    return (settings.c_lflag & ECHO) != 0;
  }

  std::string shown() const {
    ::fcntl(keyboard, F_SETFL, O_NONBLOCK);
    char text[256];
    const auto size = ::read(keyboard, text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
};

/// Somebody who types the next line whenever a prompt is written.
class Typist : public std::stringbuf {
 public:
  Typist(const Terminal& terminal, std::vector<std::string> lines)
      : terminal_(terminal), lines_(lines.rbegin(), lines.rend()) {}
  bool saw_echo() const { return saw_echo_; }

 private:
  int sync() override {
    if (lines_.empty()) return 0;
    saw_echo_ = saw_echo_ || terminal_.echoes();
    const auto line = lines_.back() + "\n";
    lines_.pop_back();
    return ::write(terminal_.keyboard, line.data(), line.size()) > 0 ? 0 : -1;
  }

  const Terminal& terminal_;
  std::vector<std::string> lines_;
  bool saw_echo_ = false;
};

struct TypingFixture : Fixture {
  Terminal terminal;

  Ended type(const std::string& line, Typist& typist) {
    if (!started_) start();
    std::vector<std::string> arguments{"--data", daemon.folder.string(), "--tenant", "acme"};
    for (auto& word : words(line)) arguments.push_back(std::move(word));
    std::ostringstream out;
    std::ostream talk(&typist);
    const int code = run(arguments, {terminal.descriptor, out, talk});
    return {code, out.str(), typist.str()};
  }
};

BOOST_FIXTURE_TEST_CASE(C2_a_password_is_typed_twice_and_not_shown, TypingFixture) {
  Typist typist(terminal, {"correct horse 7", "correct horse 7"});
  const auto ended = type("password reset api.bob", typist);
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.talk, "New password of api.bob: New password of api.bob again: "));
  BOOST_TEST(!typist.saw_echo());
  BOOST_TEST(terminal.echoes());
  BOOST_TEST(!contains(terminal.shown(), "horse"));
  const auto message = sent();
  BOOST_TEST(message.commands[0]->body.AsResetPassword()->password == "correct horse 7");
}

BOOST_FIXTURE_TEST_CASE(C2_two_different_passwords_send_nothing, TypingFixture) {
  Typist typist(terminal, {"correct horse 7", "correct horse 8"});
  const auto ended = type("password reset api.bob", typist);
  BOOST_TEST(ended.exit_code == 64);
  BOOST_TEST(contains(ended.talk, "differ"));
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

struct Swept {
  const char* line;
  const char* name;
};

constexpr Swept swept[] = {
    {"tenant disable acme", "acme"},
    {"tenant disable", "acme"},
    {"session end", "acme"},
    {"user delete api.bob", "api.bob"},
    {"user delete api.bob api.eve", "acme"},
    {"user erase api.bob", "api.bob"},
    {"user erase --user-id 0190d6c8-8a51-7b3e-9c2f-000000000001",
     "0190d6c8-8a51-7b3e-9c2f-000000000001"},
    {"key revoke api.bob nightly", "nightly"},
    {"user disable api.bob api.eve", "acme"},
    {"user trash api.bob api.eve", "acme"},
    {"user lock api.bob api.eve", "acme"},
    {"user set api.bob api.eve --api-access off", "acme"},
};

BOOST_FIXTURE_TEST_CASE(what_sweeps_asks_at_a_terminal_for_the_name, TypingFixture) {
  std::size_t sent_count = 0;
  for (const auto& one : swept) {
    for (const char* wrong : {"yes", "", "acm"}) {
      Typist typist(terminal, {wrong});
      const auto ended = type(one.line, typist);
      BOOST_TEST(ended.exit_code == 1, one.line);
      BOOST_TEST(contains(ended.talk, "Nothing was done."), ended.talk);
    }
    Typist typist(terminal, {one.name});
    const auto ended = type(one.line, typist);
    BOOST_TEST(ended.exit_code == 0, one.line << ended.talk);
    BOOST_TEST(contains(ended.talk, std::string("Type ") + one.name + " to go on: "), ended.talk);
    for (const char* unasked : {" --yes", " --dry-run"}) {
      Typist silent(terminal, {});
      const auto done = type(one.line + std::string(unasked), silent);
      BOOST_TEST(done.exit_code == 0, one.line << unasked);
      BOOST_TEST(!contains(done.talk, "Type "), done.talk);
    }
    sent_count += 3;
  }
  for (const char* line : {"tenant enable acme", "user lock api.bob", "session end api.bob",
                           "user create api.a api.b", "user disable api.bob"}) {
    Typist silent(terminal, {});
    BOOST_TEST(type(line, silent).exit_code == 0, line);
    ++sent_count;
  }
  daemon.stop();
  BOOST_TEST(commands_.size() == sent_count);
}

BOOST_FIXTURE_TEST_CASE(what_sweeps_in_several_ways_tells_each_with_its_names, TypingFixture) {
  const auto file = daemon.folder / "batch.json";
  write_file(file, R"({"tenant": "acme", "commands": [
    {"user": "api.eve", "body_type": "RevokeKey", "body": {"name": "nightly"}},
    {"user": "api.max", "body_type": "LockUser", "body": {}},
    {"user": "api.bob", "body_type": "DeleteUser", "body": {}},
    {"user": "api.ann", "body_type": "EraseUser", "body": {}},
    {"user": "api.zoe", "body_type": "DeleteUser", "body": {}}]})");
  Typist typist(terminal, {"acme"});
  const auto ended = type("send " + file.string(), typist);
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.talk,
                      "This deletes for ever api.bob, api.zoe. "
                      "This makes profile, note and password unreadable for ever, of api.ann. "
                      "This ends for ever, with the sessions that it opened, key nightly. "
                      "This locks api.max. Type acme to go on: "),
             ended.talk);
}

BOOST_FIXTURE_TEST_CASE(what_sweeps_asks_nothing_where_there_is_no_terminal, Fixture) {
  BOOST_TEST(postern("tenant disable acme").exit_code == 0);
  BOOST_TEST(postern("--tenant acme user delete api.bob api.eve").exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(C3_a_change_asks_for_the_current_password_once, TypingFixture) {
  Typist typist(terminal, {"old-one-1", "new-one-2", "new-one-2"});
  const auto ended = type("password change api.bob", typist);
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  const auto message = sent();
  const auto& change = *message.commands[0]->body.AsChangePassword();
  BOOST_TEST(change.current_password == "old-one-1");
  BOOST_TEST(change.password == "new-one-2");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
