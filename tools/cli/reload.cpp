#include "tools/cli/reload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include "daemon/platform/retried.h"
#include "tools/cli/session.h"
#include "tools/text/numbers.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace reloading {
namespace {

constexpr int configuration = 78;
constexpr int look_interval_ms = 20;

[[noreturn]] void stop_without_daemon(const std::filesystem::path& folder) {
  throw Stop{exit_codes::unreachable,
             fmt::format("No daemon runs on {}.", text::printable(folder.string())),
             "Start it; it reads its settings then."};
}

/// Who holds the folder's lock alone; nobody: it is free, or shared by who only reads.
std::optional<int> holder_of(const std::filesystem::path& folder) {
  const auto path = folder / "lock";
  const int file = platform::retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (file < 0 && errno == EACCES)
    throw Stop{exit_codes::not_permitted,
               fmt::format("Cannot look into {}: {}.", text::printable(folder.string()),
                           std::strerror(EACCES)),
               "Do it as the daemon's user, or as root."};
  if (file < 0) return std::nullopt;
  const bool is_free = ::flock(file, LOCK_SH | LOCK_NB) == 0;
  char digits[16] = {};
  const auto got = ::pread(file, digits, sizeof digits - 1, 0);
  ::close(file);
  if (is_free || got <= 0) return std::nullopt;
  const std::string_view line(digits);
  return text::read_number<std::uint32_t>(std::string(line.substr(0, line.find('\n'))), 1,
                                          4'194'304);
}

/// What came of the reading that the daemon did last.
struct Reloaded {
  std::uint64_t number = 0;
  std::string refused;
  std::string remedy;
  std::vector<std::string> changed;
  std::vector<std::string> need_restart;
};

Reloaded read_reloaded(const std::filesystem::path& folder) {
  const LocalFile file = read_local_file(folder / "reloaded");
  return {file.number("number"), file.text("refused"), file.text("remedy"), file.list("changed"),
          file.list("need_restart")};
}

Reloaded wait_for_it(const std::filesystem::path& folder, std::uint64_t before,
                     std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    Reloaded came = read_reloaded(folder);
    if (came.number > before) return came;
    if (std::chrono::steady_clock::now() >= until)
      throw Stop{exit_codes::unreachable, "The daemon has not said what came of it.",
                 "See its diagnostics; --answer-timeout waits longer."};
    ::poll(nullptr, 0, look_interval_ms);
  }
}

boost::json::array array_of(const std::vector<std::string>& texts) {
  boost::json::array made;
  for (const std::string& text : texts) made.emplace_back(text);
  return made;
}

void print(Session& session, const Reloaded& came) {
  if (session.format() != text::Format::table)
    return session.print({{"taken", came.refused.empty()},
                          {"changed", array_of(came.changed)},
                          {"need_restart", array_of(came.need_restart)}});
  for (const std::string& change : came.changed) session.out() << "changed      " << change << '\n';
  for (const std::string& change : came.need_restart)
    session.out() << "at a restart " << change << '\n';
  if (came.refused.empty() && came.changed.empty() && came.need_restart.empty())
    session.out() << "nothing has changed\n";
}

int run(Session& session) {
  const auto& data = session.access().data;
  if (!data) stop_usage("It is for a daemon on this machine.", "Name its data folder with --data.");
  const auto holder = holder_of(*data);
  const LocalFile addresses = read_local_file(*data / "addresses");
  // Whoever else holds the folder has told no addresses of its own, and would end by the signal.
  if (!holder || addresses.number("process") != static_cast<std::uint64_t>(*holder))
    stop_without_daemon(*data);
  const std::uint64_t before = read_reloaded(*data).number;
  if (::kill(*holder, SIGHUP) != 0)
    throw Stop{exit_codes::not_permitted,
               fmt::format("Process {} cannot be asked: {}.", *holder, std::strerror(errno)),
               "Do it as the daemon's user, or as root."};
  const Reloaded came = wait_for_it(*data, before, session.access().timeout);
  print(session, came);
  if (came.refused.empty()) return exit_codes::yes;
  throw Stop{configuration, "Nothing was changed: " + came.refused, came.remedy};
}

}  // namespace
}  // namespace reloading

Handler reload(Options&) {
  return [](Session& session) { return reloading::run(session); };
}

}  // namespace postern::cli
