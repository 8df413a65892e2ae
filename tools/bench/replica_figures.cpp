// Checks in this process, by a replica of many users: how long one takes, how many a second, what a
// user costs, how long until all is told; and how soon a revoke denies.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "tools/bench/figures.h"
#include "tools/bench/population.h"
#include "tools/bench/trouble.h"
#include "tools/client/replica.h"

namespace postern::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::duration<double, std::nano>;

/// Timed together, as looking at the clock takes a tenth of a check.
constexpr std::size_t checks_timed = 64;

/// With texts of its own, as whoever asks has just been told them.
struct Asked {
  std::string tenant;
  std::string username;
  std::string action;
  std::string resource;
  Verdict expected;
};

std::vector<Asked> draw(std::size_t count, std::size_t users) {
  Numbers numbers(6);
  std::vector<Asked> asked;
  asked.reserve(count);
  for (std::size_t place = 0; place < count; ++place) {
    const std::size_t user = numbers.below(users);
    const ExpectedAnswer drawn = draw_question(grants_of(user), numbers);
    asked.push_back({tenant_of(user), username_of(user), action_text(drawn.right.action),
                     resource_text(drawn.right.resource), drawn.verdict});
  }
  return asked;
}

bool is_right(const client::Result<client::ReplicaAnswer>& answer, Verdict expected) {
  if (!answer) fail(exit_codes::wrong_answer, "the replica: " + answer.error().sentence);
  const schema::Code reason = expected == Verdict::allowed ? schema::Code::ok
                              : expected == Verdict::denied_by_grant
                                  ? schema::Code::denied_by_grant
                                  : schema::Code::no_matching_grant;
  return answer->reason == reason && !answer->by_daemon;
}

/// Of all that are asked, one at a time or as many as are timed at once; nanoseconds a check, of
/// each `checks_timed`.
std::vector<double> check_all(client::ReplicaReader& reader, const std::vector<Asked>& asked,
                              bool together) {
  std::vector<double> times;
  bool right = true;
  std::array<client::ReplicaCheck, checks_timed> checks;
  for (std::size_t first = 0; first + checks_timed <= asked.size(); first += checks_timed) {
    const std::span<const Asked> some(&asked[first], checks_timed);
    std::ranges::transform(some, checks.begin(), [](const Asked& one) {
      return client::ReplicaCheck{
          one.tenant, one.username, {}, {.action = one.action, .resource = one.resource}};
    });
    const auto begin = Clock::now();
    if (together) {
      const auto answers = reader.check(checks);
      for (std::size_t place = 0; place < checks_timed; ++place)
        right &= is_right(answers[place], some[place].expected);
    } else {
      for (std::size_t place = 0; place < checks_timed; ++place) {
        const client::ReplicaCheck& one = checks[place];
        right &= is_right(reader.check(one.tenant, one.username, one.call, one.question),
                          some[place].expected);
      }
    }
    times.push_back(Nanoseconds(Clock::now() - begin).count() / checks_timed);
  }
  if (!right) fail(exit_codes::wrong_answer, "the replica gave a wrong answer");
  return times;
}

/// `name`: of one check, and of how many a second.
void measure_checks(Bench& bench, client::ReplicaReader& reader, const std::vector<Asked>& asked,
                    bool together, const std::string& name) {
  check_all(reader, asked, together);
  std::vector<double> times;
  const auto first = Clock::now();
  for (std::size_t round = 0; round < bench.sizes.rounds; ++round)
    for (const double time : check_all(reader, asked, together)) times.push_back(time);
  const std::chrono::duration<double> all = Clock::now() - first;
  const auto checks = static_cast<double>(times.size() * checks_timed);
  const std::pair<std::string, double> of_users("users",
                                                static_cast<double>(bench.sizes.big_users));
  bench.report.add({.name = name + "_ns",
                    .unit = "ns",
                    .value = median(times),
                    .details = {of_users, {"p99", percentile(times, 0.99)}}});
  bench.report.add({.name = name + "_rate",
                    .unit = "1/s",
                    .value = checks / all.count(),
                    .details = {of_users, {"threads", 1}}});
}

schema::ReceiptT execute(client::Client& asker, std::size_t user, schema::CommandBodyUnion body) {
  schema::CommandMessageT message;
  message.tenant = tenant_of(user);
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = username_of(user);
  command->body = std::move(body);
  auto receipt = asker.execute(std::move(message));
  if (!receipt) fail(exit_codes::wrong_answer, receipt.error().sentence);
  if (receipt->code != schema::Code::ok)
    fail(exit_codes::wrong_answer, receipt->problems.at(0)->sentence);
  return std::move(*receipt);
}

/// What nothing grants to the first user.
Right ungranted() {
  Numbers numbers(7);
  const Grants grants = grants_of(0);
  while (true) {
    const ExpectedAnswer drawn = draw_question(grants, numbers);
    if (drawn.verdict == Verdict::no_matching_grant) return drawn.right;
  }
}

template <class Body>
schema::CommandBodyUnion grant(const Right& right) {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = action_text(right.action);
  body.resource = resource_text(right.resource);
  schema::CommandBodyUnion made;
  made.Set(std::move(body));
  return made;
}

/// Milliseconds from the receipt of each revoke until a check here denies.
std::vector<double> revoke_many(Bench& bench, const DaemonProcess& daemon, const Replica& replica,
                                client::ReplicaReader& reader) {
  client::Options options;
  options.commands = daemon.door("commands", DoorKind::ipc).address;
  auto asker = client::Client::make(options);
  if (!asker) fail(exit_codes::wrong_answer, asker.error().sentence);
  const Right right = ungranted();
  const client::ReplicaQuestion question{action_text(right.action), resource_text(right.resource)};
  const auto allowed = [&] {
    const auto answer = reader.check(tenant_of(0), username_of(0), {}, question);
    if (!answer) fail(exit_codes::wrong_answer, "the replica: " + answer.error().sentence);
    return answer->allowed;
  };
  std::vector<double> times;
  for (std::size_t round = 0; round < bench.sizes.durable_single_commands; ++round) {
    const auto granted = execute(*asker, 0, grant<schema::AddGrantT>(right));
    if (!replica.wait_for(granted.seq, std::chrono::seconds(60)) || !allowed())
      fail(exit_codes::wrong_answer, "the replica does not show a grant");
    const auto revoked = execute(*asker, 0, grant<schema::RemoveGrantT>(right));
    const auto begin = Clock::now();
    while (allowed()) replica.wait_for(revoked.seq, std::chrono::seconds(60));
    times.push_back(Nanoseconds(Clock::now() - begin).count() / 1e6);
  }
  return times;
}

}  // namespace

void measure_replica(Bench& bench, const DaemonProcess&) {
  const std::size_t users = bench.sizes.big_users;
  DaemonProcess daemon(
      {.program = bench.program, .folder = bench.scratch / "replicated", .cheap_passwords = true});
  daemon.start();
  load_users(bench, daemon, users, false);
  client::ReplicaOptions options;
  options.client.history = daemon.door("history", DoorKind::ipc).address;
  options.age_max = std::chrono::minutes(1);
  const auto before = static_cast<double>(anonymous_bytes_of(::getpid()));
  const auto begin = Clock::now();
  const auto replica = Replica::start(options);
  if (!replica) fail(exit_codes::wrong_answer, replica.error().sentence);
  if (!(*replica)->wait_for(1, std::chrono::minutes(30)))
    fail(exit_codes::wrong_answer, "the replica is not told everything");
  const std::chrono::duration<double> told = Clock::now() - begin;
  const double bytes = static_cast<double>(anonymous_bytes_of(::getpid())) - before;
  client::ReplicaReader reader = (*replica)->reader();
  const std::vector<Asked> asked = draw(bench.sizes.questions, users);
  measure_checks(bench, reader, asked, false, "replica_check");
  measure_checks(bench, reader, asked, true, "replica_checks_together");
  const auto of_users = std::pair<std::string, double>("users", static_cast<double>(users));
  bench.report.add(
      {.name = "replica_told_seconds", .unit = "s", .value = told.count(), .details = {of_users}});
  bench.report.add({.name = "replica_bytes_per_user",
                    .unit = "B",
                    .value = bytes / static_cast<double>(users),
                    .details = {of_users}});
  const std::vector<double> denials = revoke_many(bench, daemon, **replica, reader);
  bench.report.add(
      {.name = "replica_revoke_to_denial_p99_ms",
       .unit = "ms",
       .value = percentile(denials, 0.99),
       .details = {{"p50", median(denials)}, {"revokes", static_cast<double>(denials.size())}}});
}

}  // namespace postern::bench
