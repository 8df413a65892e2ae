// Single checks over a socket, held against an echo of as many bytes.
#include <functional>

#include "tools/bench/bare_dealer.h"
#include "tools/bench/echo.h"
#include "tools/bench/figures.h"

namespace postern::bench {

namespace {

constexpr std::size_t in_flight = 64;
constexpr std::size_t connections = 64;

/// One kind of run, once against the daemon and once against the echo.
template <class SomeDealer>
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

  template <class AskOnce>
  Rounds measure(const AskOnce& ask) {
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
  std::vector<SomeDealer> daemon_dealers_;
  std::vector<SomeDealer> echo_dealers_;
  CpuMeter daemon_cpu_;
  CpuMeter echo_cpu_;
};

template <class SomeDealer>
using Ask = std::function<Run(std::vector<SomeDealer>&, Reel&)>;

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
  const auto measure = [&]<class SomeDealer>(DoorKind kind, const std::string& name,
                                             const char* unit, std::size_t sockets,
                                             Ask<SomeDealer> ask) {
    Pair<SomeDealer> pair(bench, small, echo, kind, sockets, questions);
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
  const Ask<Dealer> singly = [&](auto& dealers, Reel& reel) {
    return ask_one_at_a_time(dealers.front(), reel, limit);
  };
  const auto pipelined = [&](std::size_t window) {
    return [&, window](auto& dealers, Reel& reel) {
      return ask_pipelined(dealers, reel, window, limit);
    };
  };
  // By hand where it is possible, so that the figure is the server's; by ZeroMQ's client where a
  // caller's round trip counts, and where bytes are encrypted.
  measure(DoorKind::ipc, "check_rtt", "us", 1, singly);
  measure(DoorKind::ipc, "check_rate", "1/s", 1, Ask<BareDealer>(pipelined(in_flight)));
  measure(DoorKind::ipc, "check_rate_64_connections", "1/s", connections,
          Ask<BareDealer>(pipelined(1)));
  measure(DoorKind::curve, "check_rtt", "us", 1, singly);
  measure(DoorKind::curve, "check_rate", "1/s", 1, Ask<Dealer>(pipelined(in_flight)));
  measure(DoorKind::curve, "check_rate_64_connections", "1/s", connections,
          Ask<Dealer>(pipelined(1)));
}

}  // namespace postern::bench
