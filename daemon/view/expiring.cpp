// What expires within some days, of every tenant that the asker sees: one look at each user.
#include <algorithm>
#include <tuple>

#include "daemon/domain/access.h"
#include "daemon/domain/day.h"
#include "daemon/view/answers.h"
#include "daemon/view/grants.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

using schema::ExpiringKind;

constexpr std::uint32_t days_usual = 30;
constexpr std::uint32_t days_max = 3'650;

/// Before it is told, which only the soonest are.
struct Expiry {
  std::int64_t expires_ns = 0;
  ExpiringKind kind = ExpiringKind::unset;
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
  const domain::NamedRole* role = nullptr;
  const domain::ApiKey* key = nullptr;
  const domain::Grants* held_in = nullptr;
  const domain::ConditionsOfGrant* condition = nullptr;

  /// One order, whatever the tables' is.
  auto order() const {
    const Uuid id = user == nullptr ? role->id : user->id;
    return std::tuple(expires_ns, kind, id.high(), id.low(),
                      key != nullptr         ? key->created_seq
                      : condition != nullptr ? condition->seq
                                             : domain::Seq{0},
                      condition == nullptr ? 0 : condition->index);
  }
};

bool is_sooner(const Expiry& left, const Expiry& right) { return left.order() < right.order(); }

/// The soonest of what is given to it.
class Soonest {
 public:
  Soonest(std::int64_t now_ns, std::int64_t until_ns, std::size_t count_max)
      : now_ns_(now_ns), until_ns_(until_ns), count_max_(count_max) {}

  void add(const Expiry& candidate) {
    if (candidate.expires_ns <= now_ns_ || candidate.expires_ns > until_ns_) return;
    ++count_;
    const bool is_full = kept_.size() == count_max_;
    if (is_full && !is_sooner(candidate, kept_.front())) return;
    if (is_full) {
      std::ranges::pop_heap(kept_, is_sooner);
      kept_.pop_back();
    }
    kept_.push_back(candidate);
    std::ranges::push_heap(kept_, is_sooner);
  }

  std::uint64_t count() const { return count_; }
  std::vector<Expiry> in_order() && {
    std::ranges::sort_heap(kept_, is_sooner);
    return std::move(kept_);
  }

 private:
  const std::int64_t now_ns_;
  const std::int64_t until_ns_;
  const std::size_t count_max_;
  std::uint64_t count_ = 0;
  /// A heap, the latest first.
  std::vector<Expiry> kept_;
};

void note_grants(Soonest& soonest, Expiry holder, const domain::Grants& grants) {
  holder.held_in = &grants;
  for (const domain::ConditionsOfGrant& condition : grants.conditions()) {
    holder.condition = &condition;
    holder.expires_ns = condition.conditions.not_after_ns.value_or(0);
    soonest.add(holder);
  }
}

void note_user(Soonest& soonest, const domain::Tenant& tenant, const domain::User& user) {
  if (user.status >= schema::UserStatus::trashed) return;
  Expiry about;
  about.tenant = &tenant;
  about.user = &user;
  const domain::UserExtras& extras = domain::extras_of(user);
  about.kind = ExpiringKind::old_password;
  about.expires_ns = extras.old_password_until_ns;
  soonest.add(about);
  about.kind = ExpiringKind::key;
  for (const domain::ApiKey& key : extras.keys) {
    about.key = &key;
    about.expires_ns = key.expires_ns;
    soonest.add(about);
  }
  about.key = nullptr;
  about.kind = ExpiringKind::grant;
  note_grants(soonest, about, *user.grants);
}

void note_roles(Soonest& soonest, const domain::Tenant& tenant) {
  if (tenant.roles == nullptr) return;
  Expiry about;
  about.kind = ExpiringKind::role_grant;
  about.tenant = &tenant;
  for (const auto& role : tenant.roles->by_name) {
    about.role = role.get();
    note_grants(soonest, about, *role->grants);
  }
}

std::unique_ptr<schema::GrantViewT> expiring_grant(const Expiry& from) {
  for (const domain::Grant& grant : from.held_in->sorted())
    if (grant.seq == from.condition->seq && grant.index == from.condition->index)
      return as_schema(
          {grant, from.role == nullptr ? nullptr : &from.role->name, &from.condition->conditions});
  return nullptr;
}

std::unique_ptr<schema::ExpiringT> expiring_view(const Expiry& from) {
  auto made = std::make_unique<schema::ExpiringT>();
  made->kind = from.kind;
  made->expires_ns = from.expires_ns;
  made->tenant = from.tenant->alias;
  if (from.user != nullptr) {
    made->user = std::make_unique<Uuid>(from.user->id);
    made->username = from.user->username;
  }
  if (from.role != nullptr) made->role = from.role->name;
  if (from.key != nullptr) made->key_name = from.key->name;
  if (from.condition != nullptr) made->grant = expiring_grant(from);
  return made;
}

}  // namespace

Answer<schema::ExpiringPageT> answer(const Inquiry& inquiry, const schema::ListExpiring& wanted) {
  const domain::Tenant* only = nullptr;
  if (!view_of(wanted.tenant()).empty()) {
    const auto tenant = tenant_of(inquiry, wanted.tenant());
    if (!tenant) return std::unexpected(tenant.error());
    only = *tenant;
  }
  const std::uint32_t days = wanted.days() == 0 ? days_usual : wanted.days();
  if (days > days_max)
    return refused(schema::Code::field_malformed, "days", "At most 3,650 are looked at.");
  Soonest soonest(inquiry.now_ns, inquiry.now_ns + days * domain::day_ns,
                  page_size(wanted.count_max()));
  const auto is_wanted = [&](const Uuid& tenant) {
    return only != nullptr ? only->id == tenant : domain::in_scope(inquiry.asker, tenant);
  };
  const View::Tables& tables = inquiry.view.tables();
  tables.for_each_user([&](const domain::User& user) {
    if (!is_wanted(user.tenant)) return;
    if (const domain::Tenant* tenant = tables.find_tenant(user.tenant))
      note_user(soonest, *tenant, user);
  });
  tables.for_each_tenant([&](const domain::Tenant& tenant) {
    if (is_wanted(tenant.id)) note_roles(soonest, tenant);
  });
  schema::ExpiringPageT page;
  page.count = soonest.count();
  const auto kept = std::move(soonest).in_order();
  fill(kept, page.expiring, page_bytes_soft_max, expiring_view);
  return page;
}

}  // namespace postern::view
