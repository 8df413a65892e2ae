// C4 around the daemon: what a system's other users see of the programs, what these say of input
// that is wrong, what of the daemon's memory can reach a disk.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "tests/integration/canaries.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/sanitized.h"
#include "tests/support/search.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// What `ps` shows of a process, to whom it shows most.
std::string seen_of(pid_t process) {
  const fs::path of = "/proc/" + std::to_string(process);
  return text_of(of / "cmdline") + text_of(of / "environ") + text_of(of / "comm");
}

/// The command line with somebody who types.
class Typed {
 public:
  explicit Typed(std::vector<std::string> words) {
    int input[2];
    BOOST_REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
    process_ = ::fork();
    BOOST_REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      const int nothing = ::open("/dev/null", O_WRONLY);
      ::dup2(nothing, STDOUT_FILENO);
      std::vector<char*> raw;
      for (std::string& word : words) raw.push_back(word.data());
      raw.push_back(nullptr);
      ::execv(raw[0], raw.data());
      ::_exit(127);
    }
    ::close(input[0]);
    input_ = input[1];
  }
  ~Typed() {
    end_input();
    if (process_ > 0) ::kill(process_, SIGKILL), end();
  }
  Typed(const Typed&) = delete;
  Typed& operator=(const Typed&) = delete;

  void type(const std::string& line) const {
    BOOST_REQUIRE(::write(input_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  }
  void end_input() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
  }
  /// What was typed was taken out of the pipe.
  bool has_read() const {
    int waiting = -1;
    BOOST_REQUIRE(::ioctl(input_, FIONREAD, &waiting) == 0);
    return waiting == 0;
  }
  pid_t process() const { return process_; }
  int end() {
    int status = 0;
    BOOST_REQUIRE(::waitpid(std::exchange(process_, -1), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t process_ = -1;
  int input_ = -1;
};

struct Programs : DaemonProcess {
  Programs() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    auto by = owner();
    BOOST_REQUIRE(by.execute(create_tenant("acme")));
    BOOST_REQUIRE(by.execute(create_user("acme", "shop")));
  }

  std::vector<std::string> postern(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data(), "--tenant", "acme"});
    return words;
  }
  fs::path file(const std::string& text) const {
    const fs::path path = folder_.path() / "text";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  /// It says something that is wrong, and not what the secret is.
  void check_refused(const Ended& ended, const std::string& about) const {
    BOOST_TEST(ended.code != 0, about);
    BOOST_TEST(!ended.said.empty(), about);
    const auto found = canaries.found_in(ended.said);
    BOOST_TEST(found.empty(), about << ": " << joined(found) << " in: " << ended.said);
  }
  bool login(const std::string& password) const {
    auto by = owner();
    const auto answer = by.ask(authenticate("acme", "shop", password));
    BOOST_REQUIRE(answer);
    return answer->body.AsAuthenticated()->reason == schema::Code::ok;
  }

  mutable Canaries canaries;
  TemporaryFolder folder_;
};

/// A process that waits for its end, in a folder where it may leave its image.
pid_t begin_abortable(const fs::path& folder, bool dumpable) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child > 0) return child;
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  if (::chdir(folder.c_str()) != 0 || ::setrlimit(RLIMIT_CORE, &all) != 0) ::_exit(3);
  ::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0);
  ::signal(SIGABRT, SIG_DFL);
  ::raise(SIGABRT);
  ::_exit(4);
}

bool leaves_core(bool dumpable) {
  const TemporaryFolder folder;
  const pid_t child = begin_abortable(folder.path(), dumpable);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WCOREDUMP(status);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t place = 0; place < 4; ++place)
    number = number << 8U | static_cast<unsigned char>(bytes.at(at + place));
  return number;
}

/// The keys in the store's root, with what they are for; its grammar is in key_format.cpp.
std::vector<std::pair<std::string, std::string>> keys_in(std::string_view root) {
  constexpr std::size_t key_size = 32;
  constexpr std::size_t number_size = 4;
  std::vector<std::pair<std::string, std::string>> keys;
  std::size_t at = 8 + number_size;
  const std::uint32_t own = number_at(root, at);
  at += number_size;
  for (std::uint32_t count = 0; count < own; ++count) {
    const std::size_t size = static_cast<unsigned char>(root.at(at));
    keys.emplace_back(root.substr(at + 1, size), root.substr(at + 1 + size, key_size));
    at += 1 + size + key_size;
  }
  const std::uint32_t files = number_at(root, at);
  at += number_size;
  for (std::uint32_t count = 0; count < files; ++count, at += number_size + key_size)
    keys.emplace_back("key file", root.substr(at + number_size, key_size));
  BOOST_TEST(at + key_size == root.size());
  return keys;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secret_programs_tests, Programs)

BOOST_AUTO_TEST_CASE(C4_ps_shows_no_password) {
  const std::string password = canaries.make("password reset");
  const auto check = [&](pid_t of) {
    const auto found = canaries.found_in(seen_of(of));
    BOOST_TEST(found.empty(), "ps shows: " << joined(found));
  };
  // It has the password in its hands, and waits: for a confirmation, then for the daemon.
  ::kill(process(), SIGSTOP);
  Typed typed(postern({"password", "reset", "shop"}));
  typed.type(password + "\n");
  while (!typed.has_read()) std::this_thread::yield();
  BOOST_TEST(seen_of(typed.process()).find("reset") != std::string::npos, "nothing was looked at");
  check(typed.process());
  typed.end_input();
  check(typed.process());
  ::kill(process(), SIGCONT);
  check(process());
  BOOST_TEST(typed.end() == 0);
  BOOST_TEST(login(password));
}

BOOST_AUTO_TEST_CASE(C4_the_command_line_repeats_no_secret) {
  const auto secret = [&](const std::string& path) { return canaries.make(path); };
  check_refused(run_program(postern({"password", "reset", "shop", secret("an argument")})),
                "an argument too many");
  check_refused(
      run_program(postern({"password", "reset", "shop", "--password", secret("an option")})),
      "an unknown option");
  check_refused(
      run_program(postern({"password", "reset", "shop", "--password=" + secret("a value")})),
      "an unknown option with its value");
  check_refused(run_program(postern({"user", "create", "x", "--password=" + secret("create")})),
                "an unknown option with its value");
  const auto sent = [&](const std::string& text) {
    return run_program(postern({"send", file(text)}));
  };
  const std::string front = R"({"tenant":"acme","commands":[{"user":"shop","body_type":)";
  const auto reset = [&](const std::string& body) {
    return front + R"("ResetPassword","body":{)" + body + "}}]}";
  };
  check_refused(sent(reset("\"passwort\":\"" + secret("unknown field") + "\"")), "unknown field");
  check_refused(sent(reset("\"password\":[\"" + secret("wrong type") + "\"]")), "wrong type");
  check_refused(sent(reset("\"password\":\"" + secret("cut short"))), "cut short");
  check_refused(sent(reset("\"password\":\"" + secret("control") + "\n\"")), "control character");
  check_refused(sent(reset("\"password\":" + secret("no text"))), "no text");
  check_refused(
      sent(reset("\"password\":\"x\",\"password_confirmation\":\"" + secret("unlike") + "\"")),
      "refused by the daemon");
  BOOST_TEST(stop().code == 0);
  check_refused(sent(reset("\"password\":\"" + secret("no daemon") + "\"")), "no daemon");
}

BOOST_AUTO_TEST_CASE(C4_settings_that_are_wrong_repeat_no_value) {
  const std::string settings = "[passwords]\npepper = \"" + canaries.make("unknown key") + "\"\n[" +
                               "secrets]\ntoken = \"" + canaries.make("section") + "\"\n";
  const Ended checked = run_program({POSTERND, "check-config", file(settings)});
  check_refused(checked, "unknown keys");
  BOOST_TEST(checked.said.find("pepper") != std::string::npos, checked.said);
  check_refused(run_program({POSTERND, "check-config",
                             file("[passwords]\npepper = " + canaries.make("no TOML") + "\n")}),
                "no TOML");
  DaemonProcess other(settings);
  BOOST_TEST(!other.start());
  check_refused(other.ended(), "a start");
}

BOOST_AUTO_TEST_CASE(C4_the_daemon_leaves_no_core) {
  const std::string limits = text_of("/proc/" + std::to_string(process()) + "/limits");
  const std::string name = "Max core file size";
  const auto at = limits.find(name);
  BOOST_REQUIRE(at != limits.npos);
  std::istringstream line(limits.substr(at + name.size(), limits.find('\n', at) - at));
  std::string soft;
  std::string hard;
  line >> soft >> hard;
  BOOST_TEST(soft == "0");
  BOOST_TEST(hard == "0");
  if (!leaves_core(true)) {
    BOOST_TEST_MESSAGE("not aborted: this system leaves no core of any program");
    return;
  }
  BOOST_TEST(!leaves_core(false));
  // Where somebody may give it the room, it leaves none even then.
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  const bool has_room = ::prlimit(process(), RLIMIT_CORE, &all, nullptr) == 0;
  BOOST_TEST_MESSAGE("aborted " << (has_room ? "with" : "without") << " room for a core");
  struct stat of {};
  BOOST_REQUIRE(::stat(("/proc/" + std::to_string(process()) + "/mem").c_str(), &of) == 0);
  BOOST_TEST(of.st_uid == 0U, "the system shows who it belongs to, as of a dumpable process");
  ::kill(process(), SIGABRT);
  const Ended aborted = stop();
  BOOST_TEST(aborted.code == 128 + SIGABRT);
  BOOST_TEST(!aborted.dumped_core);
}

// A sanitizer locks nothing.
BOOST_AUTO_TEST_CASE(C4_keys_lie_in_locked_memory_alone,
                     *boost::unit_test::enable_if<!sanitized>()) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("not looked at: only root may read the memory of a hardened process");
    return;
  }
  BOOST_REQUIRE(login("") == false);
  const auto keys = keys_in(text_of(data() / "keys" / "root"));
  std::set<std::string> locked;
  std::set<std::string> open;
  for (const MemoryRegion& region : memory_regions(process())) {
    if (!region.readable) continue;
    const auto has = [&](const char* flag) { return region.flags.find(flag) != std::string::npos; };
    const bool is_safe = has(" lo ") && has(" dd ");
    read_region(process(), region, [&](std::string_view piece) {
      for (const auto& [purpose, key] : keys)
        if (piece.find(key) != piece.npos) (is_safe ? locked : open).insert(purpose);
    });
  }
  // libzmq keeps its own copy for its handshakes.
  BOOST_TEST(open.erase("server-curve-secret") == 1U, "nothing was looked at");
  BOOST_TEST(open.empty(), "in ordinary memory: " << joined(open));
  std::set<std::string> all;
  for (const auto& [purpose, key] : keys) all.insert(purpose);
  BOOST_TEST(joined(locked) == joined(all));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
