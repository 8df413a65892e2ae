#include "replay/part_links.h"

#include <string>

namespace postern::replay {

namespace {

std::unexpected<Failure> damaged(const schema::Record& record, const std::string& what) {
  return std::unexpected(Failure{FailureKind::damaged,
                                 "record " + std::to_string(record.seq()) + " " + what,
                                 "Have the extract made anew; keep this one for inquiry."});
}

}  // namespace

bool PartLinks::fits(const Newest& newest, const domain::Uuid& id, domain::Seq previous) const {
  const auto found = newest.find(id);
  return found == newest.end() ? previous < range_.first_seq : previous == found->second;
}

Expected<> PartLinks::take(const schema::Record& record) {
  if (record.time_ns() < time_ns_) return damaged(record, "is older than the one before it");
  time_ns_ = record.time_ns();
  const domain::Uuid* tenant = record.tenant();
  if (range_.tenant && !domain::tells_of({{*range_.tenant}}, record))
    return damaged(record, "is of another tenant than the extract");
  // What another tenant's record tells of the installation stands alone.
  if (tenant == nullptr || (range_.tenant && *tenant != *range_.tenant)) return {};
  if (!fits(tenants_, *tenant, record.previous_tenant_seq()))
    return damaged(record, "links to record " + std::to_string(record.previous_tenant_seq()) +
                               " of its tenant, which is not the newest one here");
  tenants_[*tenant] = record.seq();
  for (const schema::Event* event : *record.events()) {
    if (event->user() == nullptr) continue;
    const domain::Seq previous = event->previous_user_seq();
    if (previous != record.seq() && !fits(users_, *event->user(), previous))
      return damaged(record, "links to record " + std::to_string(previous) +
                                 " of its user, which is not the newest one here");
    users_[*event->user()] = record.seq();
  }
  return {};
}

}  // namespace postern::replay
