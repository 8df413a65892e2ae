#include "tools/bench/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
             const std::filesystem::path& output) {
  std::vector<std::string> variables = environment;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  // All memory is taken before the fork: other threads may hold its lock.
  const auto argument_pointers = pointers(arguments);
  const auto variable_pointers = pointers(variables);
  const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) fail(exit_codes::input_output, "cannot write " + output.string());
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execve(argument_pointers[0], argument_pointers.data(), variable_pointers.data());
    ::_exit(127);
  }
  ::close(log);
  if (pid_ < 0)
    fail(exit_codes::input_output, std::string("cannot start a program: ") + strerror(errno));
  descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

int Child::wait() {
  if (pid_ <= 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Child::wait(std::uint64_t& peak_bytes) {
  constexpr int look_ms = 20;
  const auto program_of = [](const std::string& process) {
    std::error_code has_ended;
    return std::filesystem::read_symlink("/proc/" + process + "/exe", has_ended);
  };
  const auto own = program_of("self");
  pollfd ended{descriptor_, POLLIN, 0};
  while (::poll(&ended, 1, look_ms) == 0)
    // Before it has become the program it has the memory of this one.
    if (program_of(std::to_string(pid_)) != own)
      peak_bytes = std::max(peak_bytes, anonymous_bytes_of(pid_));
  return wait();
}

int Child::stop() {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
  return wait();
}

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
  std::string name = (parent / "postern-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    fail(exit_codes::input_output,
         "cannot make a folder in " + parent.string() + ": " + strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  // A child that was killed a moment ago may still have been making a file.
  std::error_code failed;
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::filesystem::remove_all(path_, failed);
    if (!failed) return;
  }
}

void CpuMeter::end(std::size_t answers) {
  seconds_ += used() - begun_;
  answers_ += answers;
}

double CpuMeter::used() const {
  clockid_t clock = 0;
  timespec time{};
  if (::clock_getcpuclockid(process_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::uint64_t anonymous_bytes_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
  return 0;
}

std::string read_text(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace postern::bench
