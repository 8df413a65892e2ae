#include "daemon/domain/state.h"

#include <algorithm>
#include <iterator>
#include <ranges>

#include "daemon/domain/compact_state.h"
#include "daemon/platform/require.h"

namespace postern::domain {

namespace {

bool is_owner(const Operator* entry) { return entry != nullptr && is_owner_of_all(*entry); }

}  // namespace

void Changes::clear() {
  tenants.clear();
  users.clear();
  operators.clear();
  ranges.clear();
  copies.clear();
  index_parts.clear();
  texts.clear();
  rights_before.reset();
  work = 0;
}

void Changes::append(Changes after) {
  const auto move = [](auto& from, auto& to) { std::ranges::move(from, std::back_inserter(to)); };
  move(after.tenants, tenants);
  move(after.users, users);
  move(after.operators, operators);
  move(after.ranges, ranges);
  move(after.copies, copies);
  move(after.index_parts, index_parts);
}

Seq State::tenant_head(const Uuid& tenant) const {
  const auto place = tenant_heads_.find(tenant);
  return place == tenant_heads_.end() ? 0 : place->second;
}

JournalPlace State::place() const {
  std::vector<TenantHead> heads;
  for (const auto& [id, seq] : tenant_heads_) heads.push_back({id, seq});
  return place_of(entries_of(tables_), seq_, time_ns_, std::move(heads));
}

std::size_t State::role_holder_count(const Uuid& role) const {
  const auto place = role_holders_.find(role);
  return place == role_holders_.end() ? 0 : place->second;
}

State::Counted State::counted(const User* user) {
  return user == nullptr ? Counted{} : Counted{user->status, user->extras};
}

void State::count_roles(const Counted& before, const Counted& after) {
  const auto held_by = [](const Counted& user) -> const std::vector<RoleHeld>& {
    static const std::vector<RoleHeld> none;
    const bool lives = user.status != schema::UserStatus::deleted;
    return lives && user.extras != nullptr ? user.extras->roles : none;
  };
  const auto& taken = held_by(before);
  const auto& given = held_by(after);
  if (&taken == &given) return;
  for (const RoleHeld& held : given) ++role_holders_[held.role];
  for (const RoleHeld& held : taken) {
    const auto place = role_holders_.find(held.role);
    require(place != role_holders_.end());
    if (--place->second == 0) role_holders_.erase(place);
  }
}

void State::recount(const Counted& before, const User& after) {
  require(after.status == before.status);
  if (after.extras != before.extras) count_roles(before, counted(&after));
}

void State::replace(Owned<Tenant> after, Changes& changes) {
  last_tenant_ = nullptr;
  Owned<Tenant> before = tables_.put(after);
  changes.tenants.push_back({std::move(before), std::move(after)});
}

void State::replace(Owned<User> after, Changes& changes) {
  auto [before, number] = tables_.put(after, changes.index_parts);
  count_roles(counted(before.get()), counted(after.get()));
  changes.users.push_back({std::move(before), std::move(after), number});
}

void LoadedUsers::add(Owned<User> user) {
  if (!extras_of(*user).roles.empty()) with_roles.push_back(all.size());
  if (tenants.empty() || tenants.back().tenant != user->tenant) tenants.push_back({user->tenant});
  tenants.back().live += all.emplace_back(std::move(user)).lives;
}

void State::load(LoadedUsers users) {
  for (const std::size_t place : users.with_roles)
    count_roles({}, counted(users.all[place].user.get()));
  for (const auto& [tenant, live] : users.tenants) tables_.count_live(tenant, live);
  tables_.load(users.all);
}

void State::replace(Owned<Operator> after, Changes& changes) {
  Owned<Operator> before = tables_.put(after);
  owner_count_ += is_owner(after.get());
  owner_count_ -= is_owner(before.get());
  changes.operators.push_back({std::move(before), std::move(after)});
}

void State::replace(Owned<ProviderRanges> after, Changes& changes) {
  Owned<ProviderRanges> before = tables_.put_ranges(after->provider, after);
  changes.ranges.push_back({std::move(before), std::move(after)});
}

void State::replace(Owned<Copies> after, Changes& changes) {
  Owned<Copies> before = tables_.put_copies(after);
  changes.copies.push_back({std::move(before), std::move(after)});
}

void State::remove_operator(const Uuid& id, Changes& changes) {
  Owned<Operator> before = tables_.take_operator(id);
  if (before == nullptr) return;
  require(owner_count_ > 0 || !is_owner(before.get()));
  owner_count_ -= is_owner(before.get());
  changes.operators.push_back({std::move(before), nullptr});
}

bool State::has_text(const std::string* text) const {
  const auto place = texts_.find(*text);
  return place != texts_.end() && &*place == text;
}

const std::string* State::intern(std::string_view text) {
  const auto place = texts_.find(text);
  return place != texts_.end() ? &*place : &*texts_.emplace(text).first;
}

const std::string* State::intern(std::string_view text, Changes& changes) {
  const std::size_t before = texts_.size();
  const std::string* found = intern(text);
  if (texts_.size() > before) changes.texts.push_back(found);
  return found;
}

void State::intern_right(const std::string& resource, const std::string& action, Changes& changes) {
  const std::size_t before = rights_->size();
  rights_->intern(resource, action);
  if (rights_->size() > before && !changes.rights_before) changes.rights_before = before;
}

void State::close_record(Seq seq, std::int64_t time_ns, const Uuid* tenant) {
  seq_ = seq;
  time_ns_ = time_ns;
  if (tenant != nullptr) tenant_heads_[*tenant] = seq;
}

void State::reopen_record(const Uuid* tenant, Seq tenant_head_before, std::int64_t time_ns_before) {
  --seq_;
  time_ns_ = time_ns_before;
  if (tenant == nullptr) return;
  if (tenant_head_before == 0)
    tenant_heads_.erase(*tenant);
  else
    tenant_heads_[*tenant] = tenant_head_before;
}

void State::revert(const Changes& changes) {
  if (!changes.tenants.empty()) last_tenant_ = nullptr;
  for (const auto& change : std::views::reverse(changes.tenants)) {
    tables_.take_tenant(change.after->id);
    if (change.before) tables_.put(change.before);
  }
  for (const PartChange& change : std::views::reverse(changes.index_parts))
    tables_.put_part(change.is_of_names, change.part, change.before);
  for (const auto& change : std::views::reverse(changes.users)) {
    tables_.put_back(change.before, *change.after, change.number);
    count_roles(counted(change.after.get()), counted(change.before.get()));
  }
  for (const auto& change : std::views::reverse(changes.operators)) {
    if (change.after) tables_.take_operator(change.after->id);
    if (change.before) tables_.put(change.before);
    owner_count_ += is_owner(change.before.get());
    owner_count_ -= is_owner(change.after.get());
  }
  for (const auto& change : std::views::reverse(changes.ranges))
    tables_.put_ranges(change.after->provider, change.before);
  for (const auto& change : std::views::reverse(changes.copies)) tables_.put_copies(change.before);
  if (changes.rights_before) rights_->keep_first(*changes.rights_before);
  for (const std::string* text : changes.texts) {
    require(has_text(text));
    texts_.erase(texts_.find(*text));
  }
}

}  // namespace postern::domain
