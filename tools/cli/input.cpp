#include "tools/cli/input.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/cli/verb.h"
#include "tools/client/client.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

constexpr std::size_t line_bytes_max = 1'048'576;

volatile sig_atomic_t caught = 0;

/// Turns echo off; whatever ends the typing, a signal too, echo comes back first.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    caught = 0;
    struct sigaction action {};
    action.sa_handler = [](int signal) { caught = signal; };
    for (std::size_t index = 0; index < std::size(signals_); ++index)
      ::sigaction(signals_[index], &action, &before_[index]);
    ::tcgetattr(terminal_, &shown_);
    termios silent = shown_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    ::tcsetattr(terminal_, TCSAFLUSH, &silent);
  }
  ~Silence() {
    ::tcsetattr(terminal_, TCSANOW, &shown_);
    for (std::size_t index = 0; index < std::size(signals_); ++index)
      ::sigaction(signals_[index], &before_[index], nullptr);
    if (caught != 0) ::raise(caught);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  static constexpr int signals_[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int terminal_;
  termios shown_{};
  struct sigaction before_[std::size(signals_)]{};
};

}  // namespace

Input::~Input() { client::wipe(ahead_); }

std::optional<std::string> Input::line() {
  // Room for a password's line at once, so that reading on does not leave copies behind.
  ahead_.reserve(8'192);
  for (;;) {
    const auto end = ahead_.find('\n');
    if (end != ahead_.npos) {
      std::string line = ahead_.substr(0, end);
      ahead_.erase(0, end + 1);
      ended_ = true;
      return line;
    }
    if (ahead_.size() > line_bytes_max) stop_usage("A line of the input is too long.");
    char block[4'096];
    const auto count = ::read(descriptor_, block, sizeof block);
    if (count < 0) {
      if (errno == EINTR && caught == 0) continue;
      throw Stop{exit_codes::input_output,
                 std::string("Cannot read standard input: ") + std::strerror(errno) + ".",
                 "Check what it is connected to."};
    }
    ahead_.append(block, static_cast<std::size_t>(count));
    ::explicit_bzero(block, sizeof block);
    if (count == 0) {
      if (ahead_.empty()) return std::nullopt;
      ended_ = false;
      return std::exchange(ahead_, {});
    }
  }
}

bool Input::at_terminal() const { return ::isatty(descriptor_) == 1; }

std::optional<std::string> Input::secret() {
  auto secret = line();
  if (secret && secret->ends_with('\r') && ended_) secret->pop_back();
  return secret;
}

std::string Input::typed(const std::string& prompt) {
  const bool terminal = at_terminal();
  std::optional<Silence> silence;
  if (terminal) {
    silence.emplace(descriptor_);
    talk_ << text::printable(prompt) << ": " << std::flush;
  }
  auto password = secret();
  if (!password || password->empty())
    stop_usage("No password is given.",
               "Type it at the prompt, or send it as a line of standard input.");
  return std::move(*password);
}

std::optional<std::string> Input::answer(const std::string& question) {
  talk_ << text::printable(question) << ": " << std::flush;
  return line();
}

std::string Input::password(const std::string& prompt) { return typed(prompt); }

std::string Input::new_password(const std::string& prompt) {
  auto password = typed(prompt);
  auto again = at_terminal() ? std::optional(typed(prompt + " again")) : secret();
  if (!again) return password;
  const bool same = password == *again;
  client::wipe(*again);
  const bool more = same && !at_terminal() && line().has_value();
  if (same && !more) return password;
  client::wipe(password);
  if (more)
    stop_usage("There is more than a password and its confirmation.",
               "Send the password as one line, or the same twice.");
  stop_usage("The two passwords differ.",
             "Type the same one twice; a second line of the input is the confirmation.");
}

}  // namespace postern::cli
