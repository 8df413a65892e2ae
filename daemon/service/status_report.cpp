#include "daemon/service/status_report.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include "daemon/domain/day.h"

namespace postern::service {

namespace {

void warn_of_old_ranges(const StatusSources& sources, std::vector<std::string>& warnings) {
  for (const auto& ranges : sources.view.tables().providers()) {
    if (ranges == nullptr) continue;
    const std::int64_t age_ns = sources.clock.now_ns() - ranges->imported_ns;
    if (age_ns <= sources.ranges_age_max_ns) continue;
    const std::string name = schema::EnumNameProvider(ranges->provider);
    warnings.push_back("the ranges of " + name + " were imported " +
                       std::to_string(age_ns / domain::day_ns) +
                       " days ago, and providers change theirs: get the file it publishes and run "
                       "postern network import " +
                       name + " FILE");
  }
}

void tell_of_installation(const StatusSources& sources, schema::StatusT& status) {
  const view::View::Tables& tables = sources.view.tables();
  status.tenant_count = tables.tenant_count();
  status.user_count = tables.live_user_count();
  status.operator_count = tables.operator_count();
  status.disk_free = sources.vitals.disk_free;
  std::ranges::move(sources.warnings(), std::back_inserter(status.warnings));
  warn_of_old_ranges(sources, status.warnings);
  for (auto& [name, value] : sources.counters()) {
    auto& counter = status.counters.emplace_back(std::make_unique<schema::CounterT>());
    counter->name = std::move(name);
    counter->value = value;
  }
}

/// O2: no more than lists of its own would tell.
void count_own(const view::View& view, const domain::Operator& asker, schema::StatusT& status) {
  for (const domain::Uuid& id : asker.tenants) {
    ++status.tenant_count;
    status.user_count += view.tables().live_user_count(id);
  }
  view.tables().for_each_operator([&](const domain::Operator& entry) {
    status.operator_count += domain::lies_within(entry, asker);
  });
}

}  // namespace

schema::StatusT status_for(const domain::Operator& asker, const StatusSources& sources) {
  schema::StatusT status;
  status.program_version = sources.program_version;
  status.seq = sources.head.seq;
  status.degraded = sources.vitals.degraded;
  status.commands_refused = cannot_record(sources.vitals);
  status.checkpoint = sources.checkpoint;
  status.next_server_key = sources.next_server_key;
  if (asker.role == schema::Role::service) return status;
  const auto* root = reinterpret_cast<const std::uint8_t*>(sources.head.root.data());
  status.root.assign(root, root + sources.head.root.size());
  status.time_ns = sources.head_time_ns;
  const std::int64_t up_ns = sources.clock.monotonic_ns() - sources.started_monotonic_ns;
  status.uptime_ms = static_cast<std::uint64_t>(up_ns / platform::millisecond_ns);
  if (const auto& copies = sources.view.tables().copies())
    status.keys_kept_until_ns = copies->keys_kept_until_ns;
  status.warnings = refusing_now(sources.vitals);
  status.installation = std::make_unique<domain::Uuid>(sources.installation);
  if (asker.all_tenants)
    tell_of_installation(sources, status);
  else
    count_own(sources.view, asker, status);
  return status;
}

}  // namespace postern::service
