#include "tests/support/daemon_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>

extern char** environ;

namespace postern::support {

namespace {

constexpr int ready_limit_ms = 120'000;

std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

struct Spawning {
  std::string notify_socket;
  /// 0: as this one.
  unsigned user = 0;
  bool blocks_signals = false;
  std::function<void()> before = [] {};
};

/// Starts a program whose output goes to a file.
pid_t spawn(const std::vector<std::string>& arguments, const std::filesystem::path& output,
            const Spawning& spawning) {
  sigset_t all{};
  sigset_t mask{};
  sigfillset(&all);
  if (spawning.blocks_signals) ::pthread_sigmask(SIG_BLOCK, &all, &mask);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child > 0) {
    if (spawning.blocks_signals) ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    return child;
  }
  const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  if (!spawning.notify_socket.empty()) ::setenv("NOTIFY_SOCKET", spawning.notify_socket.c_str(), 1);
  if (spawning.user != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(spawning.user) != 0 ||
                             ::setuid(spawning.user) != 0))
    ::_exit(126);
  std::vector<char*> raw;
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  spawning.before();
  ::execv(raw[0], raw.data());
  ::_exit(127);
}

bool is_free(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int one = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const bool free = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return free;
}

/// A name that one process at a time can have, until it ends: ports look free to others while a
/// daemon is down between two starts.
bool is_ours(int port_base) {
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Begins with a zero: no file.
  const std::string name = "postern-test-ports-" + std::to_string(port_base);
  name.copy(address.sun_path + 1, name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0) return true;
  ::close(descriptor);
  return false;
}

int free_port_base() {
  std::mt19937 random(std::random_device{}());
  while (true) {
    const int base = 20'000 + static_cast<int>(random() % 1'000) * 10;
    if (is_ours(base) && is_free(base + 1) && is_free(base + 2) && is_free(base + 3) &&
        is_free(base + 5))
      return base;
  }
}

int listen_for_word(const std::filesystem::path& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  BOOST_REQUIRE(path.string().size() < sizeof address.sun_path);
  path.string().copy(address.sun_path, path.string().size());
  BOOST_REQUIRE(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return descriptor;
}

}  // namespace

Ended run_program(const std::vector<std::string>& arguments) {
  return run_program_as(0, arguments);
}

Ended run_program_as(unsigned user, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const pid_t child = spawn(arguments, folder.path() / "said", {"", ::geteuid() == 0 ? user : 0});
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return {code_of(status), WCOREDUMP(status) != 0, read_text(folder.path() / "said")};
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments)
    : process_(spawn(arguments, folder_.path() / "said", {"", 0, true})) {}

Ended RunningProgram::wait() const {
  int status = 0;
  rusage used{};
  BOOST_REQUIRE(::wait4(process_, &status, 0, &used) == process_);
  return {code_of(status), WCOREDUMP(status) != 0, read_text(folder_.path() / "said"),
          static_cast<std::size_t>(used.ru_maxrss) << 10U};
}

DaemonProcess::DaemonProcess(std::string settings)
    : data_(folder_.path() / "data"), port_base_(free_port_base()) {
  std::ofstream(settings_file()) << "[passwords]\nmemory_kib = 8\npasses = 1\n" << settings;
  const Ended made = run_program({POSTERND, "init", "--data", data_});
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  notify_ = listen_for_word(folder_.path() / "notify");
}

DaemonProcess::~DaemonProcess() {
  if (running()) kill();
  ::close(notify_);
}

void DaemonProcess::launch(std::vector<std::string> more_arguments) {
  BOOST_REQUIRE(!running());
  char ignored[4'096];
  while (::recv(notify_, ignored, sizeof ignored, MSG_DONTWAIT) > 0) {
  }
  std::vector<std::string> arguments = {POSTERND,
                                        "--data",
                                        data_,
                                        "--config",
                                        settings_file(),
                                        "--port-base",
                                        std::to_string(port_base_)};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  process_ = spawn(arguments, folder_.path() / "said",
                   {folder_.path() / "notify", user_, blocks_signals_, before_start_});
}

void DaemonProcess::use_user(unsigned user) {
  namespace fs = std::filesystem;
  user_ = user;
  fs::permissions(folder_.path(), fs::perms(0711));
  fs::permissions(folder_.path() / "notify", fs::perms(0666));
  fs::permissions(settings_file(), fs::perms(0644));
  BOOST_REQUIRE(::chown(data_.c_str(), user, user) == 0);
  for (const auto& entry : fs::recursive_directory_iterator(data_))
    BOOST_REQUIRE(::lchown(entry.path().c_str(), user, user) == 0);
}

bool DaemonProcess::start(std::vector<std::string> more_arguments) {
  launch(std::move(more_arguments));
  return wait_until_ready();
}

bool DaemonProcess::wait_until_ready() {
  const int ending = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
  bool ready = false;
  bool over = false;
  while (!ready && !over) {
    pollfd waits[] = {{notify_, POLLIN, 0}, {ending, POLLIN, 0}};
    BOOST_REQUIRE(::poll(waits, 2, ready_limit_ms) > 0);
    char word[4'096] = {};
    const ssize_t size = ::recv(notify_, word, sizeof word - 1, MSG_DONTWAIT);
    ready = size > 0 && std::string_view(word).find("READY=1") != std::string_view::npos;
    over = !ready && (waits[1].revents & POLLIN) != 0;
  }
  ::close(ending);
  if (over) reap();
  return ready;
}

std::string DaemonProcess::next_word() const {
  pollfd wait{notify_, POLLIN, 0};
  BOOST_REQUIRE(::poll(&wait, 1, ready_limit_ms) == 1);
  char word[4'096] = {};
  const ssize_t size = ::recv(notify_, word, sizeof word, MSG_DONTWAIT);
  BOOST_REQUIRE(size > 0);
  return {word, static_cast<std::size_t>(size)};
}

Ended DaemonProcess::stop() {
  ::kill(process_, SIGTERM);
  reap();
  return ended_;
}

Ended DaemonProcess::wait_for_end() {
  const int ending = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
  pollfd wait{ending, POLLIN, 0};
  const int ready = ::poll(&wait, 1, ready_limit_ms);
  ::close(ending);
  BOOST_REQUIRE(ready == 1);
  reap();
  return ended_;
}

void DaemonProcess::kill() {
  ::kill(process_, SIGKILL);
  reap();
}

void DaemonProcess::reap() {
  int status = 0;
  BOOST_REQUIRE(::waitpid(process_, &status, 0) == process_);
  process_ = -1;
  ended_ = {code_of(status), WCOREDUMP(status) != 0, read_text(folder_.path() / "said")};
}

client::Options DaemonProcess::owner_options() const {
  client::Options options;
  options.commands = ipc("commands");
  options.queries = ipc("queries");
  options.history = ipc("history");
  options.timeout = std::chrono::seconds(120);
  // What is tested is the daemon: each password reaches it.
  options.keep_tokens = false;
  return options;
}

client::Client DaemonProcess::owner() const {
  auto made = client::Client::make(owner_options());
  BOOST_REQUIRE(made);
  return std::move(*made);
}

client::Options DaemonProcess::tcp_options(const client::KeyPair& keys) const {
  client::Options options;
  options.keep_tokens = false;
  const auto address = [&](int offset) {
    return "tcp://127.0.0.1:" + std::to_string(port_base_ + offset);
  };
  options.commands = address(1);
  options.queries = address(2);
  options.history = address(3);
  options.server_key = client::parse_key(read_text(data_ / "server.key").substr(0, 40));
  options.keys = keys;
  options.timeout = std::chrono::seconds(120);
  return options;
}

client::KeyPair DaemonProcess::owner_keys() const {
  const std::string text = read_text(data_ / "owner.key");
  const auto after = [&](const std::string& name) {
    return *client::parse_key(text.substr(text.find(name) + name.size() + 4, 40));
  };
  return {after("public_key"), after("secret_key")};
}

}  // namespace postern::support
