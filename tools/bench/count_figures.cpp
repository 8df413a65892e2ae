// Instructions of the reader and the writer, counted by callgrind: the same on any machine.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tools/bench/figures.h"
#include "tools/bench/instruction_counts.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t questions_in_flight = 64;
constexpr std::size_t batches_in_flight = 8;
constexpr std::size_t questions_per_batch = 100;
/// Enough that what a thread does at its start and in idle turns is no hundredth of it.
constexpr std::size_t checks = 65'536;
constexpr std::size_t batches = 1'024;
constexpr std::size_t commands = 20'000;
constexpr const char* reader = "postern::running::Threads::turn_service<postern::service::Reader>(";
constexpr const char* writer = "postern::running::Threads::turn_writer(";

/// Where a program lies that the path names; empty: nowhere.
fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (std::string_view left = path == nullptr ? "" : path; !left.empty();) {
    const std::string_view folder = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(left.size(), folder.size() + 1));
    if (fs::path file = fs::path(folder) / name; ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

std::string needed(const std::string& name, const char* package) {
  const fs::path program = find_program(name);
  if (program.empty())
    fail(exit_codes::usage, "counting needs " + name + ": install Debian's " + package);
  return program.string();
}

constexpr const char* stripped = "posternd";

/// Makes a daemon without the notes for debuggers, of which valgrind 3.19 cannot read clang's.
void strip_debug_notes(const Bench& bench) {
  Child objcopy({needed("objcopy", "binutils"), "--strip-debug", bench.program.string(),
                 (bench.scratch / stripped).string()},
                {}, bench.scratch / "output");
  if (objcopy.wait() != 0)
    fail(exit_codes::input_output, "objcopy failed:\n" + read_text(bench.scratch / "output"));
}

/// What is counted, and where.
struct Counting {
  const char* name;
  /// Of the thread that is counted.
  const char* function;
  std::size_t number;
};

/// Runs a daemon under callgrind while `ask` asks it; gives what the thread did.
template <class Ask>
ThreadCounts count(const Bench& bench, const Counting& counting, Ask ask) {
  const fs::path profiles =
      (bench.profiles.empty() ? bench.scratch / "profiles" : bench.profiles) / counting.name;
  fs::remove_all(profiles);
  fs::create_directories(profiles);
  DaemonProcess daemon(
      {.program = bench.scratch / stripped,
       .folder = bench.scratch / "counted",
       .is_made = true,
       .launcher = {needed("valgrind", "valgrind"), "--tool=callgrind", "--separate-threads=yes",
                    "--callgrind-out-file=" + (profiles / "thread").string()}});
  daemon.start();
  ask(daemon);
  daemon.stop();
  return counts_of(profiles, counting.function);
}

template <class Ask>
void measure(Bench& bench, const Counting& counting, Ask ask) {
  const ThreadCounts counts = count(bench, counting, ask);
  const auto each = [&](std::uint64_t sum) {
    return static_cast<double>(sum) / static_cast<double>(counting.number);
  };
  bench.report.add({.name = counting.name,
                    .unit = "",
                    .value = each(counts.instructions),
                    .details = {{"allocations", each(counts.allocations)},
                                {"users", static_cast<double>(bench.sizes.small_users)}}});
}

void ask_questions(Bench& bench, const DaemonProcess& daemon, QuestionSet& questions,
                   std::size_t in_flight) {
  Dealer dealer(daemon.door("queries", DoorKind::ipc));
  const Run run = ask_pipelined({&dealer, 1}, questions.reel, in_flight,
                                {.count = questions.reel.messages.size()});
  check_decisions(questions, run, &bench.decisions);
}

}  // namespace

void measure_counts(Bench& bench) {
  strip_debug_notes(bench);
  {
    DaemonProcess filled({.program = bench.program, .folder = bench.scratch / "counted"});
    filled.start();
    load_users(bench, filled, bench.sizes.small_users, false);
    filled.stop();
  }
  const std::size_t users = bench.sizes.small_users;
  QuestionSet single = make_questions(checks, 1, 0, users, 1);
  measure(bench, {"instructions_per_check", reader, checks}, [&](const DaemonProcess& daemon) {
    ask_questions(bench, daemon, single, questions_in_flight);
  });
  QuestionSet batched = make_questions(batches, questions_per_batch, 0, users, 3);
  measure(bench, {"instructions_per_batched_question", reader, batches * questions_per_batch},
          [&](const DaemonProcess& daemon) {
            ask_questions(bench, daemon, batched, batches_in_flight);
          });
  measure(bench, {"instructions_per_command", writer, commands}, [&](const DaemonProcess& daemon) {
    Dealer dealer(daemon.door("commands", DoorKind::ipc));
    switch_access(bench, dealer, commands);
  });
}

}  // namespace postern::bench
