// What the C++ client library costs: one caller, and many threads at a client that they share, held
// against plain clients.
#include <unistd.h>

#include <chrono>
#include <future>

#include "tools/bench/figures.h"
#include "tools/bench/trouble.h"
#include "tools/client/client.h"

namespace postern::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t thread_count = 16;

struct Check {
  schema::QueryT query;
  Verdict verdict;
};
using Checks = std::vector<Check>;

/// `count` checks of users from `first` to `last` - 1.
Checks make_checks(std::size_t count, std::size_t first, std::size_t last, std::uint64_t seed) {
  Checks made;
  Numbers numbers(seed);
  while (made.size() < count) {
    const std::size_t user = first + numbers.below(last - first);
    const ExpectedAnswer asked = draw_question(grants_of(user), numbers);
    schema::NamedUserT named;
    named.username = username_of(user);
    schema::CheckT check;
    check.credential.Set(std::move(named));
    auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = action_text(asked.right.action);
    question->resource = resource_text(asked.right.resource);
    auto& one = made.emplace_back(schema::QueryT(), asked.verdict);
    one.query.tenant = tenant_of(user);
    one.query.body.Set(std::move(check));
  }
  return made;
}

schema::Code reason_of(Verdict verdict) {
  if (verdict == Verdict::allowed) return schema::Code::ok;
  return verdict == Verdict::denied_by_grant ? schema::Code::denied_by_grant
                                             : schema::Code::no_matching_grant;
}

template <class SomeClient>
void ask(SomeClient& client, const Check& check) {
  const auto answer = client.ask(check.query);
  if (!answer) fail(exit_codes::unreachable, answer.error().sentence);
  const auto* checked = answer->body.AsChecked();
  if (answer->code != schema::Code::ok || checked == nullptr || checked->decisions.size() != 1 ||
      checked->decisions[0]->reason != reason_of(check.verdict) ||
      checked->decisions[0]->allowed != (check.verdict == Verdict::allowed))
    wrong_answer("a client was told another decision than the right one");
}

template <class SomeClient>
SomeClient make_client(const DaemonProcess& daemon) {
  client::Options options;
  options.queries = daemon.door("queries", DoorKind::ipc).address;
  auto made = SomeClient::make(std::move(options));
  if (!made) fail(exit_codes::unreachable, made.error().sentence);
  return *std::move(made);
}

/// The median of one caller's calls, in microseconds.
template <class SomeClient>
double p50(SomeClient& client, const Checks& checks, double seconds) {
  std::vector<double> took;
  const auto begun = Clock::now();
  const auto since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  for (std::size_t next = 0; since(begun) < seconds; next = (next + 1) % checks.size()) {
    const auto sent = Clock::now();
    ask(client, checks[next]);
    took.push_back(since(sent) * 1e6);
  }
  return median(std::move(took));
}

/// Processor time of a call, here and in the daemon.
struct Used {
  explicit Used(const DaemonProcess& asked) : daemon(asked.pid()) {}
  void begin() {
    here.begin();
    daemon.begin();
  }
  void end(std::size_t answers) {
    here.end(answers);
    daemon.end(answers);
  }
  CpuMeter here{::getpid()};
  CpuMeter daemon;
};

/// Calls a second of all threads together; `client_of` gives each thread's.
template <class ClientOf>
double rate(const ClientOf& client_of, const std::vector<Checks>& checks, double seconds,
            Used& used) {
  used.begin();
  const auto begun = Clock::now();
  const auto ends =
      begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::future<std::size_t>> threads;
  for (std::size_t thread = 0; thread < checks.size(); ++thread)
    threads.push_back(std::async(std::launch::async, [&, thread] {
      auto& client = client_of(thread);
      std::size_t count = 0;
      for (; Clock::now() < ends; ++count)
        ask(client, checks[thread][count % checks[thread].size()]);
      return count;
    }));
  std::size_t answered = 0;
  for (auto& thread : threads) answered += thread.get();
  used.end(answered);
  return static_cast<double>(answered) /
         std::chrono::duration<double>(Clock::now() - begun).count();
}

}  // namespace

void measure_clients(Bench& bench, const DaemonProcess& small) {
  const double seconds = bench.sizes.seconds;
  const std::size_t asked = first_written_user(bench.sizes);
  const std::size_t rounds = bench.sizes.rounds;
  auto shared = make_client<client::SharedClient>(small);
  std::vector<client::Client> plain;
  std::vector<Checks> of_many;
  std::vector<Checks> of_one;
  for (std::size_t thread = 0; thread < thread_count; ++thread) {
    plain.push_back(make_client<client::Client>(small));
    of_many.push_back(make_checks(1'000, 0, asked, 100 + thread));
    of_one.push_back(make_checks(1'000, 0, 1, 200 + thread));
  }
  const auto alone = [&] { return p50(shared, of_many.front(), seconds); };
  const auto alone_plain = [&] { return p50(plain.front(), of_many.front(), seconds); };
  alone();
  alone_plain();
  bench.report.add("shared_client_rtt_over_client", alternate(rounds, alone, alone_plain),
                   {.name = "shared_client_rtt",
                    .unit = "us",
                    .floor_name = "the same by a client of the caller's own"});
  const auto measure_rate = [&](const std::string& name, const std::vector<Checks>& checks) {
    Used used(small);
    Used used_apart(small);
    const auto one = [&](std::size_t) -> auto& { return shared; };
    const auto own = [&](std::size_t thread) -> auto& { return plain[thread]; };
    const auto together = [&] { return rate(one, checks, seconds, used); };
    const auto apart = [&] { return rate(own, checks, seconds, used_apart); };
    together();
    apart();
    bench.report.add(
        name + "_over_clients", alternate(rounds, together, apart),
        {.name = name,
         .unit = "1/s",
         .floor_name = "as many threads with a client each",
         .details = {{"threads", thread_count},
                     {"client_cpu_us", used.here.microseconds_per_answer()},
                     {"floor_client_cpu_us", used_apart.here.microseconds_per_answer()},
                     {"daemon_cpu_us", used.daemon.microseconds_per_answer()},
                     {"floor_daemon_cpu_us", used_apart.daemon.microseconds_per_answer()}}});
  };
  measure_rate("shared_client_rate", of_many);
  measure_rate("shared_client_rate_of_one_user", of_one);
}

}  // namespace postern::bench
