#include "tools/bench/daemon_process.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr int ports_needed = 5;
constexpr int start_attempts = 5;
constexpr int start_timeout_ms = 1'800'000;

bool is_free(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return bound;
}

/// Below the range from which the kernel gives ports to others, and below those of the tests.
int free_port_base() {
  std::random_device entropy;
  std::uniform_int_distribution<int> any(10'000, 19'900);
  while (true) {
    const int base = any(entropy);
    bool all = true;
    for (int offset = 1; offset <= ports_needed && all; ++offset) all = is_free(base + offset);
    if (all) return base;
  }
}

/// Lines of the form name = "text".
void read_facts(const fs::path& file, std::map<std::string, std::string>& facts) {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find(" = \"");
    if (equals != std::string::npos && line.back() == '"')
      facts[line.substr(0, equals)] = line.substr(equals + 4, line.size() - equals - 5);
  }
}

/// Where the daemon says that it is ready, as a service manager would have it.
class NotifySocket {
 public:
  explicit NotifySocket(const fs::path& path)
      : number_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::error_code not_there;
    fs::remove(path, not_there);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.size() >= sizeof address.sun_path)
      fail(exit_codes::usage, "the scratch folder's path is too long for sockets: " + name);
    name.copy(address.sun_path, name.size());
    if (::bind(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail(exit_codes::input_output, "cannot make a socket at " + name);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { ::close(number_); }
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

DaemonProcess::DaemonProcess(Options options) : options_(std::move(options)) {
  fs::create_directories(options_.folder);
  write_config();
  if (options_.is_made) return;
  Child init({options_.program, "init", "--data", data()}, {}, output());
  if (init.wait() != 0) fail_with_output("cannot make a data folder");
}

void DaemonProcess::write_config() const {
  std::ofstream config(options_.folder / "config");
  config << "[log]\nlevel = \"warning\"\n";
  if (options_.cheap_passwords) config << "[passwords]\nmemory_kib = 8\npasses = 1\n";
}

double DaemonProcess::start() {
  const fs::path notify = options_.folder / "notify";
  const NotifySocket socket(notify);
  for (int attempt = 0; attempt < start_attempts; ++attempt) {
    const std::string base = std::to_string(free_port_base());
    const auto started = Clock::now();
    std::vector<std::string> arguments = options_.launcher;
    arguments.insert(arguments.end(), {options_.program, "--data", data(), "--config",
                                       options_.folder / "config", "--port-base", base});
    child_.emplace(arguments, std::vector<std::string>{"NOTIFY_SOCKET=" + notify.string()},
                   output());
    if (wait_until_ready(socket.number())) {
      const std::chrono::duration<double> took = Clock::now() - started;
      read_addresses();
      return took.count();
    }
    constexpr int in_use = 75;
    if (child_->wait() != in_use) break;
  }
  fail_with_output("the daemon did not start");
}

bool DaemonProcess::wait_until_ready(int socket) {
  pollfd waits[] = {{socket, POLLIN, 0}, {child_->descriptor(), POLLIN, 0}};
  while (true) {
    if (::poll(waits, 2, start_timeout_ms) == 0) return false;
    char state[256];
    if ((waits[0].revents & POLLIN) != 0) {
      const ssize_t size = ::recv(socket, state, sizeof state, 0);
      const std::string_view text(state, size > 0 ? static_cast<std::size_t>(size) : 0);
      if (text.find("READY=1") != text.npos) return true;
    } else if (waits[1].revents != 0) {
      return false;
    }
  }
}

void DaemonProcess::read_addresses() {
  facts_.clear();
  read_facts(data() / "owner.key", facts_);
  read_facts(data() / "addresses", facts_);
}

void DaemonProcess::stop() {
  if (child_->stop() != 0) fail_with_output("the daemon did not end well");
  child_.reset();
}

void DaemonProcess::forget_snapshots() const { fs::remove_all(data() / "snapshots"); }

Door DaemonProcess::door(const std::string& socket, DoorKind kind) const {
  if (kind == DoorKind::ipc) return {facts_.at(socket + "_ipc"), {}, {}, {}};
  return {facts_.at(socket), facts_.at("server_key"), facts_.at("public_key"),
          facts_.at("secret_key")};
}

std::uint64_t DaemonProcess::anonymous_bytes() const {
  const std::uint64_t bytes = anonymous_bytes_of(child_->pid());
  if (bytes == 0) fail(exit_codes::input_output, "cannot read the daemon's memory from /proc");
  return bytes;
}

void DaemonProcess::fail_with_output(const std::string& sentence) const {
  fail(exit_codes::unreachable, sentence + "; it said:\n" + read_text(output()));
}

}  // namespace postern::bench
