#include "daemon/running/settings.h"

#include "daemon/data/server_keys.h"
#include "daemon/running/clock_note.h"
#include "daemon/transport/io_threads.h"

namespace postern::running {

namespace {

/// Above the bounds that are answered with too_large, so that a little too much gets its answer.
constexpr std::int64_t message_bytes_max = 2 * 1'048'576;
/// An import of a provider's ranges has up to 4 MiB (N3).
constexpr std::int64_t command_bytes_max = 5 * 1'048'576;
/// A request of the history has 64 KiB.
constexpr std::int64_t request_bytes_max = 256 * 1'024;
/// Of one peer; any of them may be a batch.
constexpr int waiting_messages_max = 64;
/// Commands have one I/O thread, queries and history the other, so that commands do not delay
/// queries.
constexpr unsigned commands_io_thread = 0;
constexpr unsigned queries_io_thread = 1;

/// What one password costs here.
std::int64_t hash_time_ns(credential::PasswordCost cost, const platform::Clock& clock) {
  const std::int64_t began_ns = clock.monotonic_ns();
  credential::verify_nothing(credential::Secret("nothing"), cost);
  return clock.monotonic_ns() - began_ns;
}

}  // namespace

Services::Settings service_settings(const Config& config, const data::OpenedData& data,
                                    const platform::Clock& clock) {
  const std::int64_t refusal_step_ns = service::RefusalGrid::step_above(
      config.refusal_step_ms * platform::millisecond_ns, hash_time_ns(config.cost, clock));
  Services::Settings settings;
  settings.hashing.threads = config.hash_threads;
  settings.hashing.waiting_max = config.waiting_max;
  // One service leaves a quarter to the others, one tenant more of it.
  settings.hashing.waiting_per_service_max = config.waiting_max - config.waiting_max / 4;
  settings.hashing.waiting_per_tenant_max = config.waiting_max - config.waiting_max * 3 / 8;
  settings.passwords.waiting_max = config.waiting_max;
  settings.reader.program_version = POSTERN_VERSION;
  settings.reader.installation = data.installation;
  settings.reader.started_monotonic_ns = clock.monotonic_ns();
  settings.reader.next_server_key = data::server_keys(*data.keys).next;
  settings.reader.refusal_step_ns = refusal_step_ns;
  settings.reader.ranges_age_max_ns = config.ranges_days_max * day_ns;
  settings.snapshot_seq = data.snapshot_seq;
  settings.snapshot_step = config.snapshot_every_records;
  settings.writer.cost = config.cost;
  settings.writer.refusal_step_ns = refusal_step_ns;
  settings.writer.group_max = config.group_max;
  settings.writer.disk_floor_bytes = std::uint64_t{config.disk_floor_mib} << 20U;
  return settings;
}

void schedule_io_threads() {
  using platform::Urgency;
  transport::schedule_io_thread(commands_io_thread, Urgency::patient);
  transport::schedule_io_thread(queries_io_thread, Urgency::prompt);
}

domain::CommandIds::Window id_window(const Config& config) {
  constexpr std::int64_t hour_ms = 3'600'000;
  return {std::int64_t{config.id_window_hours} * hour_ms, 300'000};
}

std::string with_port(const std::string& address, unsigned port) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

std::array<transport::EndpointOptions, 3> endpoint_options(
    const Config& config, const std::filesystem::path& sockets,
    std::span<const std::byte> curve_secret) {
  std::array<transport::EndpointOptions, 3> all;
  for (unsigned index = 0; index < all.size(); ++index) {
    transport::EndpointOptions& options = all[index];
    options.name = data::socket_names[index];
    options.tcp.push_back("tcp://" + with_port(config.address, config.port_base + 1 + index));
    if (config.ipc) options.ipc = sockets / options.name;
    options.ipc_group = config.ipc_group;
    options.ipc_mode = config.ipc_mode;
    options.curve_secret = curve_secret;
    options.message_bytes_max = message_bytes_max;
    options.high_water_mark = waiting_messages_max;
    options.affinity = std::uint64_t{1} << queries_io_thread;
  }
  auto& [commands, queries, history] = all;
  commands.message_bytes_max = command_bytes_max;
  commands.affinity = std::uint64_t{1} << commands_io_thread;
  history.message_bytes_max = request_bytes_max;
  // U3, U4: its answers tell what an erasure must reach.
  history.wipes_sent = true;
  return all;
}

}  // namespace postern::running
