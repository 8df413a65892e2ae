// Single checks over a socket, held against an echo of as many bytes.
#include "tools/bench/echo.h"
#include "tools/bench/figures.h"

namespace postern::bench {

namespace {

constexpr std::size_t in_flight = 64;
constexpr std::size_t connections = 64;

/// One kind of run, once against the daemon and once against the echo.
class Pair {
 public:
  Pair(Bench& bench, const DaemonProcess& daemon, const EchoProcess& echo, DoorKind kind,
       std::size_t sockets, QuestionSet& questions)
      : bench_(bench),
        echo_(echo),
        questions_(questions),
        daemon_cpu_(daemon.pid()),
        echo_cpu_(echo.pid()) {
    for (std::size_t i = 0; i < sockets; ++i) {
      daemon_dealers_.emplace_back(daemon.door("queries", kind));
      echo_dealers_.emplace_back(echo.door(kind));
    }
  }

  template <class Ask>
  Rounds measure(Ask ask) {
    const auto figure = [&] {
      daemon_cpu_.begin();
      const Run run = ask(daemon_dealers_, questions_.reel);
      daemon_cpu_.end(run.answers.size());
      check_decisions(questions_, run);
      return value_of(run);
    };
    const auto floor = [&] {
      echo_cpu_.begin();
      const Run run = ask(echo_dealers_, questions_.reel);
      echo_cpu_.end(run.answers.size());
      check_echoes(questions_.reel.messages, echo_.answer_bytes(), run);
      return value_of(run);
    };
    // Connections are made, caches filled.
    figure();
    floor();
    return alternate(bench_.sizes.rounds, figure, floor);
  }

  double daemon_cpu_us() const { return daemon_cpu_.microseconds_per_answer(); }
  double echo_cpu_us() const { return echo_cpu_.microseconds_per_answer(); }

 private:
  static double value_of(const Run& run) {
    return run.microseconds.empty() ? run.per_second() : median(run.microseconds);
  }

  Bench& bench_;
  const EchoProcess& echo_;
  QuestionSet& questions_;
  std::vector<Dealer> daemon_dealers_;
  std::vector<Dealer> echo_dealers_;
  CpuMeter daemon_cpu_;
  CpuMeter echo_cpu_;
};

double mean_bytes(const Answers& answers) {
  double sum = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) sum += static_cast<double>(answers[i].size());
  return sum / static_cast<double>(answers.size());
}

double mean_bytes(const Messages& messages) {
  double sum = 0;
  for (const std::string& message : messages) sum += static_cast<double>(message.size());
  return sum / static_cast<double>(messages.size());
}

}  // namespace

void measure_checks(Bench& bench, const DaemonProcess& small) {
  QuestionSet questions =
      make_questions(bench.sizes.questions, 1, 0, first_written_user(bench.sizes), 1);
  Dealer dealer(small.door("queries", DoorKind::ipc));
  const Run all = ask_pipelined({&dealer, 1}, questions.reel, in_flight,
                                {.count = questions.reel.messages.size()});
  check_decisions(questions, all, &bench.decisions);
  const double question_bytes = mean_bytes(questions.reel.messages);
  const double answer_bytes = mean_bytes(all.answers);
  const EchoProcess echo(bench.scratch / "echo", static_cast<std::size_t>(answer_bytes));

  // A pair of its own for each figure: what it measures of the processor is of that figure alone.
  const auto measure = [&](DoorKind kind, const std::string& name, const char* unit,
                           std::size_t sockets, auto ask) {
    Pair pair(bench, small, echo, kind, sockets, questions);
    const Rounds rounds = pair.measure(ask);
    const std::string prefix = prefix_of(kind);
    bench.report.add(prefix + name + "_over_" + prefix + "echo", rounds,
                     {.name = prefix + name,
                      .unit = unit,
                      .floor_name = prefix + "echo",
                      .details = {{"users", static_cast<double>(bench.sizes.small_users)},
                                  {"question_bytes", question_bytes},
                                  {"answer_bytes", answer_bytes},
                                  {"daemon_cpu_us", pair.daemon_cpu_us()},
                                  {"echo_cpu_us", pair.echo_cpu_us()}}});
  };
  const Limit limit{.seconds = bench.sizes.seconds};
  using Dealers = std::vector<Dealer>;
  for (const DoorKind kind : {DoorKind::ipc, DoorKind::curve}) {
    measure(kind, "check_rtt", "us", 1, [&](Dealers& dealers, Reel& reel) {
      return ask_one_at_a_time(dealers.front(), reel, limit);
    });
    measure(kind, "check_rate", "1/s", 1, [&](Dealers& dealers, Reel& reel) {
      return ask_pipelined(dealers, reel, in_flight, limit);
    });
    measure(kind, "check_rate_64_connections", "1/s", connections,
            [&](Dealers& dealers, Reel& reel) { return ask_pipelined(dealers, reel, 1, limit); });
  }
}

}  // namespace postern::bench
