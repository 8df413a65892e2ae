#include "daemon/view/findings.h"

#include <algorithm>
#include <map>
#include <string>

#include "daemon/domain/access.h"
#include "daemon/domain/roles.h"
#include "daemon/view/grants.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

using schema::FindingKind;
using schema::FindingRowT;

/// A row before its causes are looked up, which only those that are told need.
struct Candidate {
  const domain::User* user = nullptr;
  const domain::NamedRole* role = nullptr;
  const domain::ApiKey* key = nullptr;
  const domain::Grants* held_in = nullptr;
  domain::GrantPointer grant = nullptr;
  const Sharing* sharing = nullptr;
  domain::Seq seq = 0;
  std::int64_t last_used_ns = 0;
  std::int64_t expires_ns = 0;
  /// The lesser the sooner told.
  std::int64_t order = 0;
};

/// When a grant decided last, whoever's call it was.
using GrantName = std::pair<std::uint64_t, std::uint16_t>;
using GrantUse = std::map<GrantName, std::int64_t>;

GrantName name_of(const domain::Grant& grant) {
  return {grant.seq, static_cast<std::uint16_t>(grant.index)};
}

const domain::UseSum* use_of(const domain::User& user) { return domain::extras_of(user).use.get(); }

std::int64_t last_used(const domain::User& user) {
  return use_of(user) == nullptr ? 0 : use_of(user)->last_ns;
}

std::int64_t last_used(const domain::User& user, const domain::ApiKey& key) {
  const domain::UseSum* use = use_of(user);
  if (use == nullptr) return 0;
  const auto place = std::ranges::find(use->keys, key.id, &domain::UseOfKey::key);
  return place == use->keys.end() ? 0 : place->last_ns;
}

std::int64_t expiry_of(const domain::Conditions* conditions) {
  return conditions == nullptr ? 0 : conditions->not_after_ns.value_or(0);
}

/// Collects what is found in one tenant.
class Review {
 public:
  Review(const Inquiry& inquiry, const FindingsWanted& wanted, const Activity& activity)
      : inquiry_(inquiry), wanted_(wanted), activity_(activity) {
    inquiry.view.tables().for_each_user([&](const domain::User& user) {
      if (user.tenant == wanted.tenant.id) note_use(user);
    });
  }

  void look_at_users() {
    inquiry_.view.tables().for_each_user([&](const domain::User& user) {
      if (user.tenant != wanted_.tenant.id || user.status >= schema::UserStatus::trashed) return;
      look_at_any(user);
      if (user.status != schema::UserStatus::active) return;
      look_at_use(user);
      for (const domain::ApiKey& key : domain::extras_of(user).keys) look_at(user, key);
      look_at_grants(user);
    });
  }

  void look_at_roles() {
    if (wanted_.tenant.roles == nullptr) return;
    for (const auto& role : wanted_.tenant.roles->by_name) look_at(*role);
  }

  std::vector<std::unique_ptr<schema::FindingT>> told() {
    std::vector<std::unique_ptr<schema::FindingT>> all;
    for (const FindingKind kind : schema::EnumValuesFindingKind()) {
      if (kind == FindingKind::unset) continue;
      auto& candidates = found_[kind];
      std::ranges::sort(candidates, [](const Candidate& left, const Candidate& right) {
        if (left.order != right.order) return left.order < right.order;
        if (left.seq != right.seq) return left.seq < right.seq;
        return left.user != nullptr && right.user != nullptr && left.user != right.user &&
               domain::less(left.user->id, right.user->id);
      });
      auto& finding = all.emplace_back(std::make_unique<schema::FindingT>());
      finding->kind = kind;
      finding->count = candidates.size();
      candidates.resize(std::min(candidates.size(), wanted_.rows_max));
      fill(candidates, finding->rows, wanted_.row_bytes_max,
           [&](const Candidate& candidate) { return row_of(candidate); });
    }
    return all;
  }

 private:
  void note_use(const domain::User& user) {
    const bool holds = user.status != schema::UserStatus::deleted;
    if (holds)
      for (const domain::RoleHeld& held : domain::extras_of(user).roles) ++holders_[held.role];
    const domain::UseSum* use = use_of(user);
    if (use == nullptr) return;
    for (const domain::UseOfGrant& one : use->grants) {
      std::int64_t& last_ns = grant_use_[{one.seq, one.index}];
      last_ns = std::max(last_ns, one.last_ns);
    }
  }

  void add(FindingKind kind, Candidate candidate, std::int64_t order) {
    candidate.order = order;
    found_[kind].push_back(candidate);
  }

  /// Never, or not since so long.
  void add_unused(FindingKind never, FindingKind long_unused, const Candidate& candidate) {
    if (candidate.last_used_ns == 0)
      add(never, candidate, static_cast<std::int64_t>(candidate.seq));
    else if (candidate.last_used_ns < inquiry_.now_ns - wanted_.unused_ns)
      add(long_unused, candidate, candidate.last_used_ns);
  }

  /// True where it has expired.
  bool add_expiring(FindingKind expiring, FindingKind expired, const Candidate& candidate) {
    if (candidate.expires_ns == 0) return false;
    const bool is_over = candidate.expires_ns <= inquiry_.now_ns;
    if (is_over || candidate.expires_ns <= inquiry_.now_ns + wanted_.soon_ns)
      add(is_over ? expired : expiring, candidate, candidate.expires_ns);
    return is_over;
  }

  static Candidate about(const domain::User& user) {
    Candidate made;
    made.user = &user;
    made.seq = user.created_seq;
    made.last_used_ns = last_used(user);
    return made;
  }

  void look_at_any(const domain::User& user) {
    const auto sharing = activity_.sharing().find(user.id);
    if (sharing != activity_.sharing().end() && sharing->second.is_shared()) {
      Candidate shared = about(user);
      shared.sharing = &sharing->second;
      shared.seq = sharing->second.seq;
      add(FindingKind::users_shared, shared,
          -std::int64_t{std::max(sharing->second.days_of_several_clients,
                                 sharing->second.days_of_several_networks)});
    }
    if (domain::is_locked(wanted_.tenant, user, inquiry_.now_ns))
      add(FindingKind::users_locked, about(user), 0);
  }

  void look_at_use(const domain::User& user) {
    add_unused(FindingKind::users_never_used, FindingKind::users_long_unused, about(user));
    const domain::UserExtras& extras = domain::extras_of(user);
    if (extras.networks == nullptr && (wanted_.tenant.networks == nullptr || extras.skip_ip_check))
      add(FindingKind::users_without_networks, about(user), 0);
  }

  void look_at(const domain::User& user, const domain::ApiKey& key) {
    Candidate made = about(user);
    made.key = &key;
    made.seq = key.created_seq;
    made.last_used_ns = last_used(user, key);
    made.expires_ns = key.expires_ns;
    if (!add_expiring(FindingKind::keys_expiring, FindingKind::keys_expired, made))
      add_unused(FindingKind::keys_never_used, FindingKind::keys_long_unused, made);
  }

  /// An allow: what a deny is for is not to be used.
  Candidate about(const domain::Grants& grants, domain::GrantPointer place) const {
    const domain::Grant grant = *place;
    Candidate made;
    made.held_in = &grants;
    made.grant = place;
    made.seq = grant.seq;
    const auto used = grant_use_.find(name_of(grant));
    made.last_used_ns = used == grant_use_.end() ? 0 : used->second;
    made.expires_ns = expiry_of(domain::conditions_of(grants, grant));
    return made;
  }

  void look_at_grants(const domain::User& user) {
    for (const domain::GrantPointer grant : user.grants->pointers()) {
      if (grant->deny) continue;
      Candidate made = about(*user.grants, grant);
      made.user = &user;
      if (!add_expiring(FindingKind::grants_expiring, FindingKind::grants_expired, made))
        add_unused(FindingKind::grants_never_used, FindingKind::grants_long_unused, made);
    }
  }

  void look_at(const domain::NamedRole& role) {
    Candidate whole;
    whole.role = &role;
    whole.seq = role.created_seq;
    for (const domain::GrantPointer grant : role.grants->pointers()) {
      if (grant->deny) continue;
      Candidate made = about(*role.grants, grant);
      made.role = &role;
      whole.last_used_ns = std::max(whole.last_used_ns, made.last_used_ns);
      if (add_expiring(FindingKind::grants_expiring, FindingKind::grants_expired, made)) continue;
      if (made.last_used_ns == 0)
        add(FindingKind::role_grants_never_used, made, static_cast<std::int64_t>(made.seq));
    }
    // What holds others alone is used where they are.
    if (role.grants->size() > 0)
      add_unused(FindingKind::roles_never_used, FindingKind::roles_long_unused, whole);
    if (!is_held(role)) add(FindingKind::roles_without_holders, whole, 0);
  }

  /// By a user, or within a role that is.
  bool is_held(const domain::NamedRole& role) const {
    return std::ranges::any_of(wanted_.tenant.roles->by_id, [&](const auto& outer) {
      return holders_.contains(outer->id) &&
             domain::reaches(*wanted_.tenant.roles, *outer, role.id);
    });
  }

  std::unique_ptr<FindingRowT> row_of(const Candidate& from) const {
    auto row = std::make_unique<FindingRowT>();
    if (from.user != nullptr) {
      row->user = std::make_unique<Uuid>(from.user->id);
      row->username = from.user->username;
      row->status = from.user->status;
      for (const domain::Lock& lock : domain::locks_of(wanted_.tenant, *from.user, inquiry_.now_ns))
        row->locks.push_back(lock.cause);
    }
    if (from.role != nullptr) {
      row->role = from.role->name;
      const auto holders = holders_.find(from.role->id);
      row->holder_count = holders == holders_.end() ? 0 : holders->second;
    }
    if (from.key != nullptr) row->key_name = from.key->name;
    if (from.grant != nullptr)
      row->grant = as_schema({*from.grant, from.role == nullptr ? nullptr : &from.role->name,
                              domain::conditions_of(*from.held_in, *from.grant)});
    row->seq = from.seq;
    row->time_ns =
        from.sharing != nullptr ? from.sharing->time_ns : inquiry_.sources.cause(from.seq).time_ns;
    row->last_used_ns = from.last_used_ns;
    row->expires_ns = from.expires_ns;
    if (from.sharing != nullptr) add_evidence(*from.sharing, *row);
    return row;
  }

  static void add_evidence(const Sharing& sharing, FindingRowT& row) {
    row.clients.assign(sharing.clients.begin(), sharing.clients.end());
    row.networks.assign(sharing.networks.begin(), sharing.networks.end());
    row.days_of_several_clients = sharing.days_of_several_clients;
    row.days_of_several_networks = sharing.days_of_several_networks;
    row.days_of_use = sharing.days_of_use;
  }

  const Inquiry& inquiry_;
  const FindingsWanted& wanted_;
  const Activity& activity_;
  GrantUse grant_use_;
  Activity::ById<std::uint64_t> holders_;
  std::map<FindingKind, std::vector<Candidate>> found_;
};

}  // namespace

std::vector<std::unique_ptr<schema::FindingT>> findings(const Inquiry& inquiry,
                                                        const FindingsWanted& wanted,
                                                        const Activity& activity) {
  Review review(inquiry, wanted, activity);
  review.look_at_users();
  review.look_at_roles();
  return review.told();
}

std::vector<const domain::User*> active_users(const View& view, const domain::Tenant& tenant) {
  std::vector<const domain::User*> users;
  view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant == tenant.id && user.status == schema::UserStatus::active)
      users.push_back(&user);
  });
  return users;
}

}  // namespace postern::view
