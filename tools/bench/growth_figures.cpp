// The table of sizes: the same measurements at 1,000 users, at ten times as many, and so on.
#include <fmt/format.h>

#include <fstream>

#include "tools/bench/figures.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

namespace fs = std::filesystem;

double bytes_below(const fs::path& folder) {
  double bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  return bytes;
}

/// A daemon with so many users, and the checks of it.
class Population {
 public:
  Population(Bench& bench, std::size_t users)
      : bench_(bench),
        users_(users),
        daemon_({.program = bench.program,
                 .folder = bench.scratch / ("users-" + std::to_string(users)),
                 .cheap_passwords = true}),
        questions_(make_questions(bench.sizes.questions, 1, 0, users, 6)) {
    row_.users = static_cast<double>(users);
  }

  /// Loaded, stopped and started both ways; what that took.
  void make() {
    daemon_.start();
    const auto empty_bytes = static_cast<double>(daemon_.anonymous_bytes());
    const double commands_per_s = load_users(bench_, daemon_, users_, true);
    row_.users_loaded_per_s = commands_per_s / (1 + grants_per_user);
    daemon_.stop();
    daemon_.forget_snapshots();
    row_.start_from_journal_s = daemon_.start();
    std::vector<double> starts;
    for (std::size_t start = 0; start < bench_.sizes.starts; ++start) {
      daemon_.stop();
      starts.push_back(daemon_.start());
    }
    row_.start_s = median(starts);
    row_.bytes_per_user =
        (static_cast<double>(daemon_.anonymous_bytes()) - empty_bytes) / row_.users;
    row_.snapshot_bytes = bytes_below(daemon_.data() / "snapshots");
    row_.journal_bytes = bytes_below(daemon_.data() / "journal");
    dealer_.emplace(daemon_.door("queries", DoorKind::ipc));
    check(nullptr);
    std::string told;
    check(&told);
    bench_.decisions += told;
    p50s_.clear();
    p99s_.clear();
    cpus_.clear();
  }

  /// Checks for a while; the processor time of one. With `told`, each question once.
  double check(std::string* told) {
    const Limit limit = told == nullptr ? Limit{.seconds = bench_.sizes.contention_seconds}
                                        : Limit{.count = questions_.reel.messages.size()};
    if (told != nullptr) questions_.reel.next = 0;
    CpuMeter used(daemon_.pid());
    used.begin();
    const Run run = ask_one_at_a_time(*dealer_, questions_.reel, limit);
    used.end(run.answers.size());
    check_decisions(questions_, run, told);
    p50s_.push_back(percentile(run.microseconds, 0.5));
    p99s_.push_back(percentile(run.microseconds, 0.99));
    cpus_.push_back(used.microseconds_per_answer());
    return cpus_.back();
  }

  ScaleRow row() const {
    ScaleRow made = row_;
    made.check_p50_us = median(p50s_);
    made.check_p99_us = median(p99s_);
    made.check_cpu_us = median(cpus_);
    return made;
  }

  void end() { daemon_.stop(); }

 private:
  Bench& bench_;
  std::size_t users_;
  DaemonProcess daemon_;
  QuestionSet questions_;
  std::optional<Dealer> dealer_;
  ScaleRow row_;
  std::vector<double> p50s_;
  std::vector<double> p99s_;
  std::vector<double> cpus_;
};

}  // namespace

void measure_growth(Bench& bench, std::size_t users_max, const fs::path& picture) {
  // The first stays, to be held against the others.
  Population first(bench, bench.sizes.small_users);
  fmt::print(stderr, "measuring {} users …\n", bench.sizes.small_users);
  first.make();
  const auto of_first = [&] { return first.check(nullptr); };
  std::vector<ScaleRow> others;
  for (std::size_t users = bench.sizes.small_users * 10; users <= users_max; users *= 10) {
    fmt::print(stderr, "measuring {} users …\n", users);
    Population population(bench, users);
    population.make();
    const auto of_these = [&] { return population.check(nullptr); };
    const Rounds rounds = alternate(bench.sizes.rounds, of_these, of_first);
    others.push_back(population.row());
    others.back().check_cpu_over_first = median(rounds.ratios());
    population.end();
  }
  if (others.empty())
    for (std::size_t round = 0; round < bench.sizes.rounds; ++round) of_first();
  bench.report.add(first.row());
  for (const ScaleRow& row : others) bench.report.add(row);
  first.end();
  if (picture.empty()) return;
  std::ofstream file(picture);
  file << scale_picture(bench.report.scale()) << std::flush;
  if (!file) fail(exit_codes::input_output, "cannot write " + picture.string());
}

}  // namespace postern::bench
