// Names at the Tab key, in real shells, from the real daemon.
#include <signal.h>

#include <chrono>

#include "tests/support/command_line.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

namespace fs = std::filesystem;

struct Completion : CommandLine {
  Completion() {
    done({"tenant", "create", "acme"});
    done({"--tenant", "acme", "user", "create", "api.bob", "api.bill", "dot@api.example"});
    done({"--tenant", "acme", "key", "create", "api.bob", "nightly"});
    for (const std::string shell : {"bash", "zsh", "fish"})
      write(shell == "zsh" ? "_postern" : shell,
            run_program({POSTERN_CLI, "--completion", shell}).said);
  }

  TerminalProgram::Environment environment() const {
    return {{"TERM", "dumb"},
            {"HOME", folder.path()},
            {"POSTERN_DATA", daemon.data()},
            // On a busy machine a third of a second is soon over.
            {"POSTERN_COMPLETION_TIMEOUT", "60"},
            {"PATH", fs::path(POSTERN_CLI).parent_path().string() + ":/usr/bin:/bin"}};
  }

  /// What is typed, what then stands there, what the next line begins with.
  static void complete(TerminalProgram& shell, const std::string& typed,
                       const std::string& completed) {
    shell.type("\x15" + typed + "\t");
    BOOST_TEST(shell.wait_for(completed), typed << " in " << shell.shown());
  }

  static void complete_all(TerminalProgram& shell) {
    complete(shell, "postern --tenant=ac", "--tenant=acme ");
    complete(shell, "postern --tenant acme user show api.bi", "show api.bill ");
    complete(shell, "postern --tenant acme user show dot", "show dot@api.example ");
    complete(shell, "postern --tenant acme user show dot@a", "show dot@api.example ");
    complete(shell, "postern --tenant acme key revoke api.bob n", "api.bob nightly ");
    complete(shell, "postern --tenant 'acme' user show api.bi", "show api.bill ");
    complete(shell, "postern user ren", "user rename ");
    complete(shell, "postern --tenant acme user show --at-no-such", "no-such");
  }

  Ended ended_shell(TerminalProgram& shell) const {
    shell.type(
        "\x15"
        "exit\n");
    return shell.wait();
  }
};

BOOST_FIXTURE_TEST_SUITE(completion_tests, Completion)

BOOST_AUTO_TEST_CASE(bash_completes_names) {
  TerminalProgram shell({"/bin/bash", "--norc", "--noprofile", "-i"}, {50, 200}, environment());
  shell.type("source " + path("bash") + " && echo is-$((1))-ready\n");
  BOOST_REQUIRE_MESSAGE(shell.wait_for("is-1-ready"), shell.shown());
  complete_all(shell);
  // Both that fit are shown, none is chosen.
  shell.type("\x15postern --tenant acme user show api.b\t\t");
  BOOST_TEST(shell.wait_for("api.bill"), shell.shown());
  BOOST_TEST(shell.wait_for("api.bob"), shell.shown());
  // A file's name, where one stands.
  write("only-file", "");
  shell.type(
      "\x15"
      "cd " +
      folder.path().string() + "\n");
  complete(shell, "postern key scan only", "scan only-file");
  ended_shell(shell);
}

BOOST_AUTO_TEST_CASE(zsh_completes_names) {
  if (!fs::exists("/bin/zsh")) {
    BOOST_TEST_MESSAGE("zsh is not installed");
    return;
  }
  TerminalProgram shell({"/bin/zsh", "-f", "-i"}, {50, 200}, environment());
  shell.type("unsetopt prompt_sp prompt_cr; fpath=(" + folder.path().string() +
             " $fpath); autoload -U compinit && compinit -u -D && echo is-$((1))-ready\n");
  BOOST_REQUIRE_MESSAGE(shell.wait_for("is-1-ready"), shell.shown());
  complete_all(shell);
  ended_shell(shell);
}

BOOST_AUTO_TEST_CASE(fish_completes_names) {
  if (!fs::exists("/usr/bin/fish")) {
    BOOST_TEST_MESSAGE("fish is not installed");
    return;
  }
  const auto offered = [&](const std::string& line) {
    std::vector<std::string> words{"/usr/bin/env"};
    for (const auto& [name, value] : environment()) words.push_back(name + "=" + value);
    words.insert(words.end(), {"/usr/bin/fish", "--no-config", "-c",
                               "source " + path("fish") + "; complete -C '" + line + "'"});
    return run_program(words).said;
  };
  BOOST_TEST(offered("postern --tenant ") == "acme\n");
  BOOST_TEST(offered("postern --tenant=ac") == "--tenant=acme\n");
  BOOST_TEST(offered("postern --tenant acme user show api.") == "api.bill\napi.bob\n");
  BOOST_TEST(offered("postern --tenant acme user show dot@a") == "dot@api.example\n");
  BOOST_TEST(offered("postern --tenant acme key revoke api.bob ") == "nightly\n");
  BOOST_TEST(offered("postern user ren") == "rename\n");
}

BOOST_AUTO_TEST_CASE(a_shell_never_waits_long_and_hears_nothing_of_trouble) {
  using Clock = std::chrono::steady_clock;
  const auto complete_now = [&](const char* timeout) {
    return run_program({"/usr/bin/env", std::string("POSTERN_COMPLETION_TIMEOUT=") + timeout,
                        POSTERN_CLI, "--complete", "--timeout", "300", "--data", daemon.data(),
                        "--tenant", "acme", "user", "show", ""});
  };
  BOOST_TEST(complete_now("60").said == "api.bill\napi.bob\ndot@api.example\n");
  // Whatever the daemon does and the words say, it is 300 ms; the rest is the machine's.
  ::kill(daemon.process(), SIGSTOP);
  const auto begun = Clock::now();
  const Ended held = complete_now("");
  const auto took = Clock::now() - begun;
  ::kill(daemon.process(), SIGCONT);
  BOOST_TEST(held.said == "");
  BOOST_TEST(held.code == 0);
  BOOST_TEST((took < std::chrono::seconds(120)));
  fs::permissions(daemon.data() / "owner.key", fs::perms(0644));
  BOOST_TEST(complete_now("60").said == "");
  fs::permissions(daemon.data() / "owner.key", fs::perms(0600));
  daemon.stop();
  BOOST_TEST(complete_now("60").said == "");
  BOOST_TEST(complete_now("60").code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
