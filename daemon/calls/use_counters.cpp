#include "daemon/calls/use_counters.h"

#include <algorithm>
#include <functional>

#include "daemon/domain/rules.h"

namespace postern::calls {

namespace {

constexpr std::int64_t quarter_ns = 900'000'000'000;
constexpr std::int64_t day_ns = 96 * quarter_ns;
/// A tenant's users share four quarters of an hour, tenants the day.
constexpr std::uint64_t tenant_quarters = 93;
constexpr std::uint64_t user_quarters = 4;
/// How many further names are told apart; above, a new one is not counted.
constexpr std::size_t others_max = 256;
/// Tables of one record; its gate lets 65,536 pass.
constexpr std::size_t weight_max = 30'000;

std::uint64_t hash_of(const domain::Address& address) {
  return domain::mix(address.high * 3 + domain::mix(address.low) + address.is_v4);
}

template <class Entry, class Key, class KeyOf>
Entry* find(std::vector<Entry>& entries, const Key& key, KeyOf key_of) {
  const auto found = std::ranges::find(entries, key, key_of);
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

domain::Address network_of(const domain::Address& address) {
  if (address.is_v4) return {true, 0, address.low & 0xffff'ff00U};
  return {false, address.high & 0xffff'ffff'ffff'0000U, 0};
}

std::string text_of_network(const domain::Address& network) {
  return domain::text_of(network) + (network.is_v4 ? "/24" : "/48");
}

// ---- one user

template <class Name>
void UserUse::DistinctNames<Name>::add(const Name& name, std::uint64_t hash) {
  if (std::ranges::find(names, name) != names.end()) return;
  if (names.size() < domain::use_names_max) return names.push_back(name);
  if (others.size() < others_max && std::ranges::find(others, hash) == others.end())
    others.push_back(hash);
}

void UserUse::add(const CallNote& note) {
  first_ns_ = first_ns_ == 0 ? note.time_ns : std::min(first_ns_, note.time_ns);
  last_ns_ = std::max(last_ns_, note.time_ns);
  domain::UseOfDay day{static_cast<std::uint32_t>(note.time_ns / day_ns)};
  for (std::size_t place = 0; place < note.outcome_count; ++place) {
    const Outcome outcome = note.outcome(place);
    ++(outcome.allowed() ? day.allowed : day.denied);
    if (outcome.grant() != 0) add_grant({outcome.grant(), note.time_ns, 1});
  }
  add_day(day);
  if (note.address_size > 0) add_address(note.address());
  if (note.client_size > 0) add_client(note.client());
  if (!note.verified) return;
  if (note.credential == schema::CredentialKind::password)
    password_last_ns_ = std::max(password_last_ns_, note.time_ns);
  if (!domain::is_zero(note.key)) add_key({note.key, note.time_ns, 1});
}

void UserUse::add(const UserUse& other) {
  if (other.first_ns_ == 0) return;
  first_ns_ = first_ns_ == 0 ? other.first_ns_ : std::min(first_ns_, other.first_ns_);
  last_ns_ = std::max(last_ns_, other.last_ns_);
  password_last_ns_ = std::max(password_last_ns_, other.password_last_ns_);
  for (const domain::UseOfDay& day : other.days_) add_day(day);
  for (const domain::UseOfKey& key : other.keys_) add_key(key);
  for (const OfGrant& grant : other.grants_) add_grant(grant);
  for (const domain::Address& network : other.networks_.names)
    networks_.add(network, hash_of(network));
  for (const std::string& client : other.clients_.names)
    clients_.add(client, std::hash<std::string>()(client));
  networks_.others.insert(networks_.others.end(), other.networks_.others.begin(),
                          other.networks_.others.end());
  clients_.others.insert(clients_.others.end(), other.clients_.others.begin(),
                         other.clients_.others.end());
  networks_.others.resize(std::min(networks_.others.size(), others_max));
  clients_.others.resize(std::min(clients_.others.size(), others_max));
}

void UserUse::add_day(const domain::UseOfDay& used) {
  // The newest is nearly always the one.
  const auto place =
      std::ranges::find(days_.rbegin(), days_.rend(), used.day, &domain::UseOfDay::day);
  if (place != days_.rend()) {
    place->allowed += used.allowed;
    place->denied += used.denied;
    return;
  }
  days_.push_back(used);
  std::ranges::sort(days_, {}, &domain::UseOfDay::day);
  if (days_.size() > domain::use_days_max) days_.erase(days_.begin());
}

void UserUse::add_address(std::string_view text) {
  if (text == last_address_) return;
  last_address_ = text;
  const auto address = domain::parse_address(text);
  if (!address) return;
  const domain::Address network = network_of(*address);
  networks_.add(network, hash_of(network));
}

void UserUse::add_client(std::string_view label) {
  if (std::ranges::find(clients_.names, label) != clients_.names.end()) return;
  // It is to stand in the journal.
  if (domain::is_text(label))
    clients_.add(std::string(label), std::hash<std::string_view>()(label));
}

void UserUse::add_key(const domain::UseOfKey& used) {
  domain::UseOfKey* key = find(keys_, used.key, &domain::UseOfKey::key);
  if (key == nullptr) {
    if (keys_.size() < domain::use_keys_max) keys_.push_back(used);
    return;
  }
  key->last_ns = std::max(key->last_ns, used.last_ns);
  key->count += used.count;
}

void UserUse::add_grant(const OfGrant& used) {
  const auto place = std::ranges::lower_bound(grants_, used.grant, {}, &OfGrant::grant);
  if (place == grants_.end() || place->grant != used.grant) {
    if (grants_.size() < domain::use_grants_max) grants_.insert(place, used);
    return;
  }
  place->last_ns = std::max(place->last_ns, used.last_ns);
  place->count += used.count;
}

schema::UseT UserUse::as_schema() const {
  domain::UseSum sum;
  sum.first_ns = first_ns_;
  sum.last_ns = last_ns_;
  sum.password_last_ns = password_last_ns_;
  sum.days = days_;
  sum.keys = keys_;
  std::ranges::sort(sum.keys, domain::less, &domain::UseOfKey::key);
  for (const OfGrant& grant : grants_)
    sum.grants.push_back(
        {Outcome::seq_of(grant.grant), Outcome::index_of(grant.grant), grant.last_ns, grant.count});
  for (const domain::Address& network : networks_.names)
    sum.networks.push_back(text_of_network(network));
  sum.networks_left_out = static_cast<std::uint32_t>(networks_.others.size());
  sum.clients = clients_.names;
  sum.clients_left_out = static_cast<std::uint32_t>(clients_.others.size());
  return std::move(*domain::as_schema(sum));
}

// ---- all users

std::int64_t due_after(std::int64_t now_ns, const Uuid& tenant, const Uuid& user) {
  const std::uint64_t quarter =
      domain::hash_of(tenant) % tenant_quarters + domain::hash_of(user) % user_quarters;
  const std::int64_t today_ns = now_ns - now_ns % day_ns;
  const std::int64_t due_ns = today_ns + static_cast<std::int64_t>(quarter) * quarter_ns;
  return due_ns > now_ns ? due_ns : due_ns + day_ns;
}

bool UseCounters::add(const CallNote& note) {
  const auto found = users_.find(note.user);
  if (found != users_.end()) {
    found->second.use->add(note);
    return true;
  }
  if (users_.size() >= users_max_) return false;
  Entry& entry = users_[note.user];
  entry.tenant = note.tenant;
  entry.due_ns = due_after(note.time_ns, note.tenant, note.user);
  entry.use = std::make_unique<UserUse>();
  entry.use->add(note);
  return true;
}

void UseCounters::collect(std::int64_t now_ns, bool all) {
  struct Due {
    Uuid tenant;
    UseSummaries::Part part;
  };
  std::vector<Due> due;
  for (auto place = users_.begin(); place != users_.end();) {
    Entry& entry = place->second;
    if (all || entry.due_ns <= now_ns) {
      due.push_back({entry.tenant, {place->first, std::move(entry.use)}});
      users_.erase(place++);
    } else {
      ++place;
    }
  }
  std::ranges::stable_sort(due, domain::less, &Due::tenant);
  std::size_t weight = 0;
  for (Due& one : due) {
    const bool fits = !collected_.empty() && collected_.back().tenant == one.tenant &&
                      collected_.back().parts.size() < parts_max &&
                      weight + one.part.use->weight() <= weight_max;
    if (!fits) {
      collected_.emplace_back().tenant = one.tenant;
      weight = 0;
    }
    weight += one.part.use->weight();
    collected_.back().parts.push_back(std::move(one.part));
  }
}

UseSummaries UseCounters::take_collected() {
  if (collected_.empty()) return {};
  UseSummaries oldest = std::move(collected_.front());
  collected_.pop_front();
  return oldest;
}

std::unordered_map<Uuid, domain::UseSum, domain::UuidHash> UseCounters::of_tenant(
    const Uuid& tenant) const {
  std::unordered_map<Uuid, domain::UseSum, domain::UuidHash> made;
  for (const auto& [user, entry] : users_)
    if (entry.tenant == tenant) domain::add(made[user], entry.use->as_schema());
  for (const UseSummaries& summaries : collected_)
    if (summaries.tenant == tenant)
      for (const UseSummaries::Part& part : summaries.parts)
        domain::add(made[part.user], part.use->as_schema());
  return made;
}

void UseCounters::take_back(UseSummaries summaries) {
  for (UseSummaries::Part& part : summaries.parts) {
    if (part.not_before_ns == 0) continue;
    Entry& entry = users_[part.user];
    if (entry.use != nullptr) part.use->add(*entry.use);
    entry.tenant = summaries.tenant;
    entry.due_ns = part.not_before_ns;
    entry.use = std::move(part.use);
  }
}

}  // namespace postern::calls
