// The oracle's answers to questions: the order of refusal, stop by stop.
#include <algorithm>
#include <set>
#include <tuple>

#include "tests/support/oracle.h"
#include "tests/support/oracle_forms.h"

namespace postern::support {

using forms::text_of;
using schema::Code;

namespace {

/// A7: the catalogue knows a path: it is listed or above what is listed, or the nearest listed
/// above it is open; with none above it, its kind is. One of 0.1 that says nothing is as its kind.
bool knows_path(const facts::Kind& kind, const std::vector<std::string>& path) {
  if (path.size() == 1) return true;
  std::size_t nearest = 0;
  bool open = kind.open;
  for (const auto& [listed, resource] : kind.resources) {
    const std::vector<std::string> place = forms::split(listed);
    if (forms::begins_with(place, path)) return true;
    if (place.size() < nearest || !forms::begins_with(path, place)) continue;
    nearest = place.size();
    open = resource.open || (kind.open && !resource.closed);
  }
  return open;
}

/// The same for a grant: its `*` tried with every segment that occurs, and one that does not.
bool knows_pattern(const facts::Kind& kind, std::vector<std::string> pattern) {
  const auto star = std::ranges::find(pattern, "*");
  if (star == pattern.end()) return knows_path(kind, pattern);
  std::set<std::string> names = {"0unheard0"};
  for (const auto& [listed, resource] : kind.resources)
    for (const std::string& segment : forms::split(listed)) names.insert(segment);
  return std::ranges::any_of(names, [&](const std::string& name) {
    *star = name;
    return knows_pattern(kind, pattern);
  });
}

/// A6: an action and all that imply it, by way of others too.
std::set<std::string> implying(const facts::Kind& kind, const std::string& action) {
  std::set<std::string> found = {action};
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const auto& [name, one] : kind.actions)
      for (const std::string& implied : one.implies)
        if (found.contains(implied)) found.insert(name);
  }
  return found;
}

/// In the order of paths, those with `*` last; of one path by action, then by age.
std::pair<std::uint64_t, std::uint16_t> first_of(const std::vector<facts::Grant>& grants) {
  const auto place = [](const facts::Grant& grant) {
    return std::tuple(grant.resource.find('*') != std::string::npos, grant.resource, grant.action,
                      grant.seq, grant.index);
  };
  const facts::Grant& first = std::ranges::min(grants, {}, place);
  return {first.seq, first.index};
}

}  // namespace

bool facts::known_to(const facts::Catalogue& catalogue, const std::string& resource,
                     const std::string& action) {
  const std::vector<std::string> path = forms::split(resource);
  const auto kind = catalogue.find(path.front());
  if (kind == catalogue.end()) return false;
  return (action == "*" || kind->second.actions.contains(action)) &&
         knows_pattern(kind->second, path);
}

bool Oracle::lies_in(const schema::NetworksT& list, const std::string& text) const {
  const forms::Address address = forms::address(text);
  if (!address.readable) return false;
  for (const std::string& entry : list.entries) {
    if (forms::holds(forms::network(entry), address)) return true;
    const auto ranges = ranges_.find(forms::provider(entry));
    if (ranges == ranges_.end()) continue;
    const auto number = [&](std::size_t from, std::size_t to) {
      std::uint64_t value = 0;
      for (std::size_t place = from; place < to; ++place) value = value << 8 | address.bytes[place];
      return value;
    };
    const auto& v4 = ranges->second.v4;
    const auto& v6 = ranges->second.v6;
    for (std::size_t place = 0; address.v4 && place < v4.size(); place += 2)
      if (v4[place] <= number(12, 16) && number(12, 16) <= v4[place + 1]) return true;
    const std::pair value(number(0, 8), number(8, 16));
    for (std::size_t place = 0; !address.v4 && place < v6.size(); place += 4)
      if (std::pair(v6[place], v6[place + 1]) <= value &&
          value <= std::pair(v6[place + 2], v6[place + 3]))
        return true;
  }
  return false;
}

/// A9: each condition has "no", "yes" and "nobody can tell". One "no" ends the effect of either;
/// without one, "nobody can tell" ends that of an allow alone.
bool Oracle::stands(const schema::ConditionsT& conditions, bool denies, const Call& call) const {
  bool is_doubtful = false;
  if (conditions.not_before_ns && call.now_ns < *conditions.not_before_ns) return false;
  if (conditions.not_after_ns && call.now_ns >= *conditions.not_after_ns) return false;
  if (conditions.secure_transport && !call.tls) {
    if (call.tls_told) return false;
    is_doubtful = true;
  }
  if (conditions.networks != nullptr && !conditions.networks->entries.empty() &&
      !lies_in(*conditions.networks, call.address)) {
    bool can_tell = forms::address(call.address).readable;
    for (const std::string& entry : conditions.networks->entries) {
      const schema::Provider provider = forms::provider(entry);
      if (provider != schema::Provider::none && !ranges_.contains(provider)) can_tell = false;
    }
    if (can_tell) return false;
    is_doubtful = true;
  }
  return denies || !is_doubtful;
}

Code Oracle::standing_code(const facts::User* user, const facts::Tenant& tenant, bool with_password,
                           std::int64_t now_ns) const {
  if (user == nullptr) return Code::invalid_credentials;
  if (!tenant.enabled) return Code::tenant_disabled;
  const std::int64_t open_after_ns = std::int64_t{tenant.policies.lock_seconds} * 1'000'000'000;
  const bool opened = open_after_ns != 0 && now_ns >= user->locked_by_passwords_ns + open_after_ns;
  const bool closes = with_password || !tenant.policies.lock_closes_password_only;
  if (user->locked_by_passwords && !opened && closes) return Code::user_locked;
  if (user->locked_by_tenant || user->locked_by_operator) return Code::user_locked;
  if (user->status != schema::UserStatus::active) return Code::user_not_active;
  return user->api_access ? Code::ok : Code::api_access_not_allowed;
}

bool Oracle::stops_network(const facts::User& user, const facts::Tenant& tenant,
                           const Call& call) const {
  const auto limits = [](const std::unique_ptr<schema::NetworksT>& list) {
    return list != nullptr && !list->entries.empty();
  };
  if (limits(tenant.policies.networks) && !user.settings.skip_ip_check &&
      !lies_in(*tenant.policies.networks, call.address))
    return true;
  if (!limits(user.settings.networks)) return tenant.policies.user_networks_mandatory;
  return !lies_in(*user.settings.networks, call.address);
}

std::vector<facts::Grant> Oracle::all_grants_of(const facts::User& user) const {
  std::vector<facts::Grant> grants = user.grants;
  for (const std::string& role : user.roles)
    for (const std::string& held : held_by(role))
      for (const facts::Grant& grant : roles_.at(held).grants) grants.push_back(grant);
  return grants;
}

Oracle::Answer Oracle::ask(const schema::Uuid& id, const Question& question, const Call& call,
                           const std::string& key_name) const {
  const facts::User& user = users_.at(text_of(id));
  const facts::Tenant& tenant = tenants_.at(user.tenant);
  const Code standing = standing_code(&user, tenant, call.with_password, call.now_ns);
  if (standing == Code::tenant_disabled) return {standing, {}};
  if (call.interactive) return {Code::interactive_not_allowed, {}};
  if (standing != Code::ok) return {standing, {}};
  if (stops_network(user, tenant, call)) return {Code::network_not_allowed, {}};
  const bool needs_tls =
      tenant.policies.secure_transport_required || user.settings.secure_transport_required;
  if (needs_tls && !call.tls) return {Code::tls_required, {}};
  if (!forms::is_path(question.resource)) return {Code::resource_malformed, {}};
  const std::vector<std::string> asked = forms::split(question.resource);
  if (question.action == "*" ||
      !facts::known_to(tenant.catalogue, question.resource, question.action))
    return {Code::unknown_resource, {}};
  const auto allowed_by = implying(tenant.catalogue.at(asked.front()), question.action);
  std::vector<std::pair<std::uint64_t, std::uint16_t>> allowing;
  decltype(allowing) unmet;
  std::vector<facts::Grant> denying;
  std::vector<facts::Grant> denying_below;
  for (const facts::Grant& grant : all_grants_of(user)) {
    const bool speaks = grant.action == "*" || (grant.denies ? grant.action == question.action
                                                             : allowed_by.contains(grant.action));
    if (!speaks) continue;
    const std::vector<std::string> granted = forms::split(grant.resource);
    const std::pair name(grant.seq, grant.index);
    const bool met = stands(grant.conditions, grant.denies, call);
    if (forms::begins_with(asked, granted)) {
      if (grant.denies && met) denying.push_back(grant);
      if (!grant.denies) (met ? allowing : unmet).push_back(name);
    } else if (grant.denies && met && forms::begins_with(granted, asked)) {
      denying_below.push_back(grant);
    }
  }
  if (!key_name.empty()) {
    const auto key = std::ranges::find(user.keys, key_name, &facts::Key::name);
    const auto covers = [&](const std::pair<std::string, std::string>& part) {
      return (part.first == "*" || part.first == question.action) &&
             forms::begins_with(asked, forms::split(part.second));
    };
    if (!key->parts.empty() && std::ranges::none_of(key->parts, covers)) {
      allowing.clear();
      unmet.clear();
    }
  }
  if (!denying.empty()) return {Code::denied_by_grant, {first_of(denying)}};
  if (!denying_below.empty() && !question.this_level_only)
    return {Code::denied_below, {first_of(denying_below)}};
  if (!allowing.empty()) return {Code::ok, allowing};
  if (!unmet.empty()) return {Code::condition_not_met, unmet};
  return {Code::no_matching_grant, {}};
}

bool Oracle::is_alive(const schema::Uuid& id, const schema::Uuid& session,
                      std::uint64_t made_seq) const {
  const facts::User& user = users_.at(text_of(id));
  return user.sessions_dead_seq <= made_seq &&
         std::ranges::none_of(user.ended,
                              [&](const auto& one) { return one.first == text_of(session); });
}

}  // namespace postern::support
