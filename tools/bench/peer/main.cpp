// peer_bench: Postern beside the peers that servers.py has started. See README.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <cstdio>
#include <map>

#include "tools/bench/peer/measure.h"
#include "tools/bench/process.h"
#include "tools/bench/statistics.h"
#include "tools/bench/trouble.h"

namespace {

using namespace postern::bench;
using namespace postern::bench::peer;
namespace fs = std::filesystem;
namespace json = boost::json;

struct Arguments {
  std::string daemon;
  std::string scratch;
  std::string redis;
  std::string postgres;
  std::string etcd;
  std::string cerbos;
  std::string cerbos_granted;
  std::string policies;
  std::size_t users = 1'000;
  std::size_t rounds = 5;
  double seconds = 0.5;
  bool json = false;
};

constexpr std::size_t per_batch = 100;

const Column columns[] = {
    {"one check, p50", "us", Work::checks, 1, {1}, Column::Value::p50_us},
    {"one check, p99", "us", Work::checks, 1, {1}, Column::Value::p99_us},
    {"64 in flight", "1/s", Work::checks, 1, {64}, Column::Value::per_second},
    {"64 connections", "1/s", Work::checks, 64, {64}, Column::Value::per_second},
    {"in batches of 100", "1/s", Work::batches, 1, {1, 4, 16}, Column::Value::per_second},
    {"64 durable writers", "1/s", Work::writes, 64, {64}, Column::Value::per_second},
};

/// Of one peer, the rounds of each column; empty: it does no such thing.
using Rows = std::vector<std::vector<double>>;

struct Result {
  std::vector<std::unique_ptr<Peer>> peers;
  /// Of peer and column.
  std::vector<Rows> rows;
};

World make_world(std::size_t users) {
  World world;
  world.users = users;
  world.checks = make_questions(32'768, 1, 0, users, 1);
  world.batches = make_questions(1'024, per_batch, 0, users, 2);
  return world;
}

std::vector<std::unique_ptr<Peer>> make_peers(const Arguments& arguments, const World& world) {
  std::vector<std::unique_ptr<Peer>> peers;
  peers.push_back(make_postern(arguments.daemon, arguments.scratch, world));
  if (!arguments.redis.empty()) {
    peers.push_back(make_redis(arguments.redis, world));
    peers.push_back(make_redis_acl(arguments.redis, world));
  }
  if (!arguments.postgres.empty()) peers.push_back(make_postgres(arguments.postgres, world));
  if (!arguments.etcd.empty()) peers.push_back(make_etcd(arguments.etcd, world));
  if (!arguments.cerbos.empty()) peers.push_back(make_cerbos(arguments.cerbos, world));
  if (!arguments.cerbos_granted.empty())
    peers.push_back(make_cerbos_grants_along(arguments.cerbos_granted, world));
  return peers;
}

/// Each column once for each peer in every round, beginning with another one each time.
void measure_all(const Arguments& arguments, const World& world, Result& result) {
  result.rows.assign(result.peers.size(), Rows(std::size(columns)));
  for (std::size_t round = 0; round < arguments.rounds; ++round)
    for (std::size_t column = 0; column < std::size(columns); ++column) {
      fmt::print(stderr, "round {} of {}: {}\n", round + 1, arguments.rounds, columns[column].name);
      for (std::size_t i = 0; i < result.peers.size(); ++i) {
        const std::size_t which = (i + round) % result.peers.size();
        Peer& peer = *result.peers[which];
        if (peer.does(columns[column].work))
          result.rows[which][column].push_back(
              measure(peer, world, columns[column], arguments.seconds));
      }
    }
}

/// Postern's over the peer's, of each round.
std::vector<double> ratios(const std::vector<double>& postern, const std::vector<double>& peer) {
  return Rounds{postern, peer}.ratios();
}

void print_table(Result& result) {
  std::size_t width = 0;
  for (const auto& peer : result.peers) width = std::max(width, peer->name().size());
  const auto print_rows = [&](const char* title, auto cell) {
    fmt::print("{:<{}}", title, width);
    for (const Column& column : columns) fmt::print("  {:>18}", column.name);
    fmt::print("\n");
    for (std::size_t i = 0; i < result.peers.size(); ++i) {
      fmt::print("{:<{}}", result.peers[i]->name(), width);
      for (std::size_t column = 0; column < std::size(columns); ++column)
        fmt::print("  {:>18}", result.rows[i][column].empty() ? "-" : cell(i, column));
      fmt::print("\n");
    }
    fmt::print("\n");
  };
  print_rows("median of the rounds", [&](std::size_t peer, std::size_t column) {
    const double value = median(result.rows[peer][column]);
    return columns[column].is_better_if_less() ? fmt::format("{:.1f} us", value)
                                               : fmt::format("{:.0f} /s", value);
  });
  print_rows("Postern over it", [&](std::size_t peer, std::size_t column) {
    const auto all = ratios(result.rows[0][column], result.rows[peer][column]);
    return fmt::format("{:.2f} ({:.2f}-{:.2f})", median(all), percentile(all, 0),
                       percentile(all, 1));
  });
  for (const auto& peer : result.peers)
    fmt::print("{:<{}}  {}\n", peer->name(), width, peer->settings());
}

void print_json(Result& result, const Environment& environment) {
  json::object told;
  json::object& where = told["environment"].emplace_object();
  for (const auto& [name, value] : environment) where[name] = value;
  json::array& peers = told["peers"].emplace_array();
  for (std::size_t i = 0; i < result.peers.size(); ++i) {
    json::object peer{{"name", result.peers[i]->name()}, {"settings", result.peers[i]->settings()}};
    json::object& figures = peer["figures"].emplace_object();
    for (std::size_t column = 0; column < std::size(columns); ++column) {
      const auto& rounds = result.rows[i][column];
      if (rounds.empty()) continue;
      const auto over = ratios(result.rows[0][column], rounds);
      figures[columns[column].name] = {{"unit", columns[column].unit},
                                       {"rounds", json::value_from(rounds)},
                                       {"median", median(rounds)},
                                       {"postern_over_it", median(over)},
                                       {"postern_over_it_least", percentile(over, 0)},
                                       {"postern_over_it_most", percentile(over, 1)}};
    }
    peers.push_back(std::move(peer));
  }
  fmt::print("{}\n", json::serialize(told));
}

void run(const Arguments& arguments) {
  if (!arguments.policies.empty())
    return write_cerbos_policies(arguments.policies, arguments.users);
  const World world = make_world(arguments.users);
  Result result{.peers = make_peers(arguments, world), .rows = {}};
  for (const auto& peer : result.peers) {
    fmt::print(stderr, "loading {} …\n", peer->name());
    peer->load(world);
  }
  measure_all(arguments, world, result);
  if (arguments.json)
    print_json(result, find_environment(arguments.daemon, arguments.scratch));
  else
    print_table(result);
}

}  // namespace

int main(int argument_count, char** argument_values) {
  CLI::App app("Postern beside its peers, which are running already; every answer is checked.",
               "peer_bench");
  Arguments arguments;
  app.add_option("--daemon", arguments.daemon, "the posternd to measure");
  app.add_option("--scratch", arguments.scratch, "folder on the disk that all write to");
  app.add_option("--redis", arguments.redis, "path of its unix socket");
  app.add_option("--postgres", arguments.postgres, "where it is, as libpq takes it");
  app.add_option("--etcd", arguments.etcd, "its address, as gRPC takes it");
  app.add_option("--cerbos", arguments.cerbos, "its address, as gRPC takes it");
  app.add_option("--cerbos-granted", arguments.cerbos_granted,
                 "one more, with the policy for grants that come along");
  app.add_option("--users", arguments.users, "who is asked about")->check(CLI::Range(1, 100'000));
  app.add_option("--rounds", arguments.rounds)->check(CLI::Range(1, 100));
  app.add_option("--seconds", arguments.seconds, "of one measurement")->check(CLI::PositiveNumber);
  app.add_flag("--json", arguments.json, "one JSON object on standard output");
  app.add_option("--write-policies", arguments.policies,
                 "only writes what Cerbos must find in this folder");
  try {
    app.parse(argument_count, argument_values);
    run(arguments);
  } catch (const CLI::Success& asked_for_text) {
    return app.exit(asked_for_text);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return exit_codes::usage;
  } catch (const Trouble& trouble) {
    fmt::print(stderr, "peer_bench: {}\n", trouble.sentence);
    return trouble.exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "peer_bench: {}\n", error.what());
    return exit_codes::input_output;
  }
  return 0;
}
