// The measurements, and what they share.
// Thread: main's; loads beside a measurement run on threads of their own and are joined in it.
#pragma once

#include <filesystem>
#include <string>

#include "tools/bench/daemon_process.h"
#include "tools/bench/messages.h"
#include "tools/bench/report.h"
#include "tools/bench/sizes.h"

namespace postern::bench {

struct Bench {
  const Sizes& sizes;
  /// posternd.
  std::filesystem::path program;
  std::filesystem::path scratch;
  /// Where the test programs lie that make long histories; empty: they are not there.
  std::filesystem::path makers = {};
  /// A year's history that is there already; empty: one is made.
  std::filesystem::path year = {};
  /// Where callgrind's profiles are kept; empty: nowhere.
  std::filesystem::path profiles = {};
  Report report = {};
  /// What was decided in passes that are the same in every run of this size.
  std::string decisions = {};
  std::uint32_t streams = 0;

  std::uint32_t next_stream() { return ++streams; }
};

/// "curve_" for what goes over tcp, nothing for ipc.
inline std::string prefix_of(DoorKind kind) { return kind == DoorKind::curve ? "curve_" : ""; }

/// Half of the small population is asked about, the other half is written to, so that both can go
/// on at once and every answer stays known.
inline std::size_t first_written_user(const Sizes& sizes) { return sizes.small_users / 2; }

/// Users with grants through commands in batches; returns commands per second.
double load_users(Bench& bench, const DaemonProcess& daemon, std::size_t users,
                  bool with_passwords);

/// So many single commands with 1,000 in flight; checks every receipt.
Run switch_access(Bench& bench, Dealer& dealer, std::size_t count);

/// check_rtt, check_rate, check_rate_64_connections, each over ipc and CURVE.
void measure_checks(Bench& bench, const DaemonProcess& small);
/// shared_client_rtt, shared_client_rate, …_of_one_user.
void measure_clients(Bench& bench, const DaemonProcess& small);
/// durable_rate, durable_rtt, each over ipc and CURVE.
void measure_commands(Bench& bench, const DaemonProcess& small);
/// check_p99_under_writes, check_p99_under_passwords.
void measure_contention(Bench& bench, const DaemonProcess& small);
/// cached_authentication, its rate, password_restart.
void measure_password_use(Bench& bench, const DaemonProcess& small);
/// bytes_per_user, starts, batch_check_rate, check_p50 of many users over few.
void measure_scale(Bench& bench, const DaemonProcess& small);
/// replica_check_ns and its rate, the same of 64 at once, memory, time to be told; from a revoke to
/// the replica's denial.
void measure_replica(Bench& bench, const DaemonProcess& small);
/// provider_ranges_bytes, address_lookup_ns; without the daemon.
void measure_networks(Bench& bench, const DaemonProcess& small);
/// Questions to the past: from the running daemon, and offline. Needs the makers.
void measure_history(Bench& bench, const DaemonProcess& small);
/// The table of sizes, up to so many users, and its picture where a file is named; starts daemons
/// of its own.
void measure_growth(Bench& bench, std::size_t users_max, const std::filesystem::path& picture);
/// instructions_per_check and the like, by callgrind; starts daemons of its own.
void measure_counts(Bench& bench);
/// Starts from single records, and their replay. Stops the daemon.
void measure_replay(Bench& bench, DaemonProcess& small);

}  // namespace postern::bench
