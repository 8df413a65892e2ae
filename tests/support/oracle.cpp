#include "tests/support/oracle.h"

#include <algorithm>

namespace postern::support {

using schema::Code;

namespace {

std::string name_of(const schema::Uuid& id) {
  return std::to_string(id.high()) + "-" + std::to_string(id.low());
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> segments(1);
  for (const char character : path) {
    if (character == '/')
      segments.emplace_back();
    else
      segments.back() += character;
  }
  return segments;
}

/// Whether the first segments of `longer` are those of `shorter`, where `*` is any.
bool begins_with(const std::vector<std::string>& longer, const std::vector<std::string>& shorter) {
  if (longer.size() < shorter.size()) return false;
  for (std::size_t place = 0; place < shorter.size(); ++place)
    if (shorter[place] != longer[place] && shorter[place] != "*" && longer[place] != "*")
      return false;
  return true;
}

bool is_well_formed(const std::string& path) {
  const std::string first = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::vector<std::string> segments = split(path);
  return path.size() <= 512 && segments.size() <= 16 &&
         std::ranges::all_of(segments, [&](const std::string& segment) {
           return segment.size() >= 1 && segment.size() <= 64 &&
                  first.find(segment[0]) != std::string::npos &&
                  segment.find_first_not_of(first + "._-") == std::string::npos;
         });
}

}  // namespace

void Oracle::hear(const schema::Uuid& tenant, const schema::EventT& event) {
  const std::string user = event.user == nullptr ? "" : name_of(*event.user);
  facts_.push_back({name_of(tenant), user, event});
  if (const auto* added = event.body.AsGrantAdded())
    grants_.push_back({user, added->effect, added->action, added->resource});
  if (const auto* removed = event.body.AsGrantRemoved())
    std::erase_if(grants_, [&](const Grant& grant) {
      return grant.user == user && grant.effect == removed->effect &&
             grant.action == removed->action && grant.resource == removed->resource;
    });
}

bool Oracle::is_locked(const std::string& user, const std::string& tenant) const {
  bool by_passwords = false;
  bool by_tenant = false;
  bool by_operator = false;
  bool exists = false;
  for (const Fact& fact : facts_) {
    if (fact.event.body.AsTenantDisabled() && fact.tenant == tenant) by_tenant = exists;
    if (fact.user != user) continue;
    if (fact.event.body.AsUserCreated()) exists = true;
    if (fact.event.body.AsPasswordReset()) by_passwords = by_tenant = false;
    if (const auto* locked = fact.event.body.AsUserLocked())
      (locked->cause == schema::LockCause::passwords ? by_passwords : by_operator) = true;
    if (const auto* unlocked = fact.event.body.AsUserUnlocked()) {
      for (const schema::LockCause cause : unlocked->causes)
        (cause == schema::LockCause::tenant ? by_tenant : by_operator) = false;
    }
  }
  return by_passwords || by_tenant || by_operator;
}

bool Oracle::is_known(const std::string& tenant, const std::string& kind,
                      const std::string& action) const {
  for (const Fact& fact : facts_) {
    const auto* created = fact.event.body.AsTenantCreated();
    if (created == nullptr || fact.tenant != tenant) continue;
    for (const auto& known : created->catalogue)
      for (const auto& known_action : known->actions)
        if (known->name == kind && known_action->name == action) return true;
  }
  return false;
}

Code Oracle::standing_of(const std::string& user, const std::string& tenant) const {
  auto status = schema::UserStatus::unset;
  bool api_access = false;
  for (const Fact& fact : facts_) {
    if (fact.user != user) continue;
    if (const auto* created = fact.event.body.AsUserCreated()) {
      status = created->status;
      api_access = created->api_access;
    }
    if (const auto* changed = fact.event.body.AsUserStatusChanged()) status = changed->to;
    if (const auto* changed = fact.event.body.AsApiAccessChanged()) api_access = changed->allowed;
  }
  bool enabled = true;
  for (const Fact& fact : facts_) {
    if (fact.tenant != tenant) continue;
    if (fact.event.body.AsTenantDisabled()) enabled = false;
    if (fact.event.body.AsTenantEnabled()) enabled = true;
  }
  if (!enabled) return Code::tenant_disabled;
  if (is_locked(user, tenant)) return Code::user_locked;
  if (status != schema::UserStatus::active) return Code::user_not_active;
  return api_access ? Code::ok : Code::api_access_not_allowed;
}

Oracle::Answer Oracle::ask(const schema::Uuid& id, const std::string& action,
                           const std::string& resource, bool this_level_only) const {
  const std::string user = name_of(id);
  const auto about_user = [&](const Fact& fact) { return fact.user == user; };
  const std::string tenant = std::ranges::find_if(facts_, about_user)->tenant;
  const Code standing = standing_of(user, tenant);
  if (standing != Code::ok) return {standing, {}};
  if (!is_well_formed(resource)) return {Code::resource_malformed, {}};
  const std::vector<std::string> asked = split(resource);
  if (!is_known(tenant, asked.front(), action)) return {Code::unknown_resource, {}};
  std::vector<std::string> allowing;
  std::vector<std::string> denying;
  std::vector<std::string> denying_below;
  for (const Grant& grant : grants_) {
    if (grant.user != user || (grant.action != action && grant.action != "*")) continue;
    const std::vector<std::string> granted = split(grant.resource);
    const bool denies = grant.effect == schema::Effect::deny;
    if (begins_with(asked, granted))
      (denies ? denying : allowing).push_back(grant.resource);
    else if (denies && begins_with(granted, asked))
      denying_below.push_back(grant.resource);
  }
  if (!denying.empty()) return {Code::denied_by_grant, denying};
  if (!denying_below.empty() && !this_level_only) return {Code::denied_below, denying_below};
  if (!allowing.empty()) return {Code::ok, allowing};
  return {Code::no_matching_grant, {}};
}

}  // namespace postern::support
