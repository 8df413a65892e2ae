// postern-bench: how fast Postern is, always as a ratio over a floor measured in the same run.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

#include "tools/bench/echo.h"
#include "tools/bench/figures.h"
#include "tools/bench/trouble.h"

namespace {

using namespace postern::bench;
namespace fs = std::filesystem;

struct Arguments {
  bool tiny = false;
  bool quick = false;
  bool full = false;
  bool count = false;
  bool scale = false;
  bool json = false;
  bool check = false;
  std::vector<std::string> only;
  std::string daemon;
  std::string scratch;
  std::string makers;
  std::string year;
  std::string profiles;
  std::size_t users_max = 100'000;
  std::string picture;
  std::vector<std::string> echo;
};

struct Part {
  const char* name;
  void (*measure)(Bench&, DaemonProcess&);
};

template <void (*Measure)(Bench&, const DaemonProcess&)>
void measure(Bench& bench, DaemonProcess& small) {
  Measure(bench, small);
}

/// In this order: the last one stops the daemon.
constexpr Part parts[] = {
    {"checks", measure<measure_checks>},
    {"clients", measure<measure_clients>},
    {"commands", measure<measure_commands>},
    {"contention", measure<measure_contention>},
    {"passwords", measure<measure_password_use>},
    {"scale", measure<measure_scale>},
    {"replica", measure<measure_replica>},
    {"networks", measure<measure_networks>},
    {"history", measure<measure_history>},
    {"replay", measure_replay},
};

/// Where a sync reaches a disk: not the folder for what may be lost at a restart.
fs::path scratch_parent(const Arguments& arguments) {
  if (!arguments.scratch.empty()) return arguments.scratch;
  return ::access("/var/tmp", W_OK) == 0 ? fs::path("/var/tmp") : fs::temp_directory_path();
}

fs::path daemon_program(const Arguments& arguments) {
  const fs::path program = arguments.daemon.empty()
                               ? fs::canonical("/proc/self/exe").parent_path() / "posternd"
                               : fs::absolute(arguments.daemon);
  if (::access(program.c_str(), X_OK) != 0)
    fail(exit_codes::usage, "there is no daemon to measure at " + program.string() +
                                "; build posternd, or name one with --daemon");
  return program;
}

/// The folder of the programs that make long histories, which are tests; empty: they are not there.
fs::path makers_folder(const Arguments& arguments, const fs::path& program) {
  const fs::path folder = arguments.makers.empty() ? program.parent_path() / "../tests/bin"
                                                   : fs::path(arguments.makers);
  std::error_code not_there;
  for (const char* name : {"make_long", "make_year"})
    if (!fs::exists(folder / name, not_there)) return {};
  return fs::canonical(folder);
}

bool is_wanted(const Arguments& arguments, const Bench& bench, const Part& part) {
  const bool is_named = std::ranges::find(arguments.only, part.name) != arguments.only.end();
  if (part.measure != &measure<measure_history> || !bench.makers.empty())
    return is_named || arguments.only.empty();
  const std::string lacking =
      "make_long and make_year, which make what history is measured on, are not there: build them, "
      "or name their folder with --makers";
  if (is_named) fail(exit_codes::usage, lacking);
  if (arguments.only.empty()) fmt::print(stderr, "history is left out: {}\n", lacking);
  return false;
}

/// Tells what was found; the exit code.
int told(const Arguments& arguments, const Bench& bench, const Environment& environment) {
  fmt::print(stderr, "\n{}", bench.report.table());
  if (arguments.json) fmt::print("{}\n", bench.report.json(environment, bench.decisions));
  if (!arguments.check) return 0;
  const auto missed = bench.report.missed();
  for (const std::string& sentence : missed) fmt::print(stderr, "missed: {}\n", sentence);
  return missed.empty() ? 0 : exit_codes::missed;
}

int run(const Arguments& arguments, const fs::path& scratch) {
  const Sizes& sizes = arguments.full ? full : arguments.tiny ? tiny : quick;
  Bench bench{.sizes = sizes, .program = daemon_program(arguments), .scratch = scratch};
  bench.makers = makers_folder(arguments, bench.program);
  if (!arguments.year.empty()) bench.year = fs::absolute(arguments.year);
  if (!arguments.profiles.empty()) bench.profiles = fs::absolute(arguments.profiles);
  const Environment environment = find_environment(bench.program, bench.scratch);
  fmt::print(stderr, "postern-bench --{}\n", sizes.name);
  for (const auto& [name, value] : environment) fmt::print(stderr, "{:<14} {}\n", name, value);

  if (arguments.count) {
    measure_counts(bench);
    return told(arguments, bench, environment);
  }
  if (arguments.scale) {
    measure_growth(bench, arguments.users_max,
                   arguments.picture.empty() ? fs::path() : fs::absolute(arguments.picture));
    return told(arguments, bench, environment);
  }
  DaemonProcess small({.program = bench.program, .folder = bench.scratch / "small"});
  small.start();
  load_users(bench, small, sizes.small_users, false);
  for (const Part& part : parts) {
    if (!is_wanted(arguments, bench, part)) continue;
    fmt::print(stderr, "measuring {} …\n", part.name);
    part.measure(bench, small);
  }
  return told(arguments, bench, environment);
}

/// The exit code; troubles are told.
template <class Work>
int guarded(Work work) {
  try {
    return work();
  } catch (const Trouble& trouble) {
    fmt::print(stderr, "postern-bench: {}\n", trouble.sentence);
    return trouble.exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "postern-bench: {}\n", error.what());
    return exit_codes::input_output;
  }
}

volatile pid_t worker = 0;

/// Measures in a process of its own, so that the scratch folder goes however that ends.
int supervise(const Arguments& arguments) {
  const TemporaryFolder scratch(scratch_parent(arguments));
  worker = ::fork();
  if (worker < 0) fail(exit_codes::input_output, "cannot start a process");
  if (worker == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int code = guarded([&] { return run(arguments, scratch.path()); });
    std::fflush(nullptr);
    // The scratch folder is the parent's to remove.
    ::_exit(code);
  }
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) { ::kill(worker, SIGTERM); });
  int status = 0;
  while (::waitpid(worker, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argument_count, char** argument_values) {
  CLI::App app(
      "How fast Postern is: it starts a daemon of its own, asks, checks every answer, and holds "
      "each figure against a floor measured in the same run.",
      "postern-bench");
  app.footer("Example: postern-bench --quick --json > figures.json");
  Arguments arguments;
  auto* size = app.add_option_group("size");
  size->add_flag("--quick", arguments.quick, "under a minute, with smaller numbers (the default)");
  size->add_flag("--full", arguments.full, "a million users, a million records");
  size->add_flag("--tiny", arguments.tiny, "a few seconds: only whether everything works");
  size->require_option(0, 1);
  app.add_flag("--count", arguments.count,
               "only instructions and allocations of a check, a question and a command, counted by "
               "valgrind's callgrind: the same on any machine");
  auto* scale = app.add_flag(
      "--scale", arguments.scale,
      "only the table of sizes: checks, memory, loading, starts and files at 1,000 users, at ten "
      "times as many, and so on");
  app.add_option("--up-to", arguments.users_max, "the most users of --scale; else 100000")
      ->check(CLI::Range(1'000, 10'000'000))
      ->needs(scale);
  app.add_option("--svg", arguments.picture, "where the picture of --scale is written")
      ->needs(scale);
  app.add_flag("--json", arguments.json, "one JSON object on standard output");
  app.add_flag("--check", arguments.check, "end 1 if a ratio misses what is asked of it");
  std::vector<std::string> names;
  for (const Part& part : parts) names.emplace_back(part.name);
  app.add_option("--only", arguments.only, "parts to measure: " + CLI::detail::join(names))
      ->check(CLI::IsMember(names))
      ->delimiter(',');
  app.add_option("--daemon", arguments.daemon, "the posternd to measure; else the one beside this");
  app.add_option("--scratch", arguments.scratch, "folder on the disk to measure; else /var/tmp");
  app.add_option("--makers", arguments.makers,
                 "folder of make_long and make_year; else tests/bin of the build");
  app.add_option("--year", arguments.year,
                 "a data folder that make_year made, to report on; else one is made");
  app.add_option("--profiles", arguments.profiles,
                 "folder where the profiles of --count are kept, for callgrind_annotate");
  app.add_option("--echo", arguments.echo)->expected(2)->group("");
  try {
    app.parse(argument_count, argument_values);
  } catch (const CLI::Success& asked_for_text) {
    return app.exit(asked_for_text);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return exit_codes::usage;
  }
  return guarded([&] {
    if (!arguments.echo.empty()) serve_echo(arguments.echo[0], std::stoul(arguments.echo[1]));
    return supervise(arguments);
  });
}
