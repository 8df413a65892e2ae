#include "daemon/domain/guard.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_set>

#include "daemon/domain/decide.h"
#include "daemon/domain/rules.h"
#include "daemon/domain/time_text.h"

namespace postern::domain {

namespace {

using schema::Code;

constexpr std::size_t problems_max = 100;
/// What a guard may look at: calls answered, users and things of theirs compared.
constexpr std::size_t work_max = 500'000;

const Evidence no_evidence = {};

const Evidence& evidence_of(const Context& context) {
  return context.evidence == nullptr ? no_evidence : *context.evidence;
}

bool is_full(const std::vector<schema::ProblemT>& problems) {
  return problems.size() >= problems_max;
}

// ---- recorded calls, asked again

AnswerAgain judge(const RecordedCall& call, const State& state, std::int64_t now_ns) {
  const auto& tables = state.tables();
  const User* user = tables.find_user(call.user);
  const Tenant* tenant = user == nullptr ? nullptr : tables.find_tenant(user->tenant);
  return ask_again({tenant, user, &tables.providers()}, call, now_ns);
}

/// C7: who has called by password does no more where another one is alone in force.
bool password_is_gone(const RecordedCall& call, Seq password_seq, const User& user) {
  return call.by_password && user.password_seq != password_seq &&
         extras_of(user).sealed_old_password == nullptr;
}

constexpr std::int64_t second_ns = 1'000'000'000;

/// S1, S2: no session outlives the tenant's bound, nor what has ended all of them since the call.
bool may_have_session(const RecordedCall& call, const Tenant& tenant, const User& user,
                      std::int64_t now_ns) {
  return call.by_token &&
         call.seq >= std::max(extras_of(user).session_epoch, tenant.session_epoch) &&
         now_ns - call.time_ns < tenant.policies.session_seconds_max * second_ns;
}

Uuid ended_last(const User& user) {
  const auto& ended = extras_of(user).ended_sessions;
  return ended.empty() ? Uuid() : ended.back().session;
}

std::string sentence_of(const RecordedCall& call, const User* user, Code reason) {
  const std::string who = "User " + quoted(user == nullptr ? "" : user->username);
  const std::string what =
      call.action.empty() ? " authenticated"
                          : " was allowed " + quoted(call.action) + " on " + quoted(call.resource);
  return who + what + " at " + time_text(call.time_ns) +
         ", and would be denied: " + schema::EnumNameCode(reason) + ".";
}

// ---- what was used

using GrantRef = std::pair<Seq, std::uint64_t>;

struct GrantRefHash {
  std::size_t operator()(const GrantRef& ref) const { return mix(ref.first * 1024 + ref.second); }
};

/// Of a tenant: which role each grant of a role is of, and which roles lie within which.
class RoleGrants {
 public:
  explicit RoleGrants(const NamedRoles* roles) : roles_(roles) {
    if (roles == nullptr) return;
    for (const auto& role : roles->by_id)
      for (const Grant& grant : role->grants->sorted())
        role_of_.emplace(GrantRef(grant.seq, grant.index), role.get());
  }

  std::size_t size() const { return role_of_.size(); }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [ref, role] : role_of_) visit(ref);
  }

  /// The role by way of which the user has it; null: it does not.
  const NamedRole* find(const User& user, const GrantRef& ref) const {
    const auto place = role_of_.find(ref);
    if (place == role_of_.end()) return nullptr;
    for (const RoleHeld& held : extras_of(user).roles)
      if (within(held.role).contains(place->second)) return place->second;
    return nullptr;
  }

 private:
  using Within = std::set<const NamedRole*>;

  const Within& within(const Uuid& id) const {
    const auto [place, is_new] = within_.try_emplace(id);
    if (!is_new) return place->second;
    const auto role = std::ranges::find(roles_->by_id, id,
                                        [](const auto& one) -> const Uuid& { return one->id; });
    if (role == roles_->by_id.end()) return place->second;
    for (const NamedRole* inner : roles_within(*roles_, **role)) place->second.insert(inner);
    return place->second;
  }

  const NamedRoles* roles_;
  std::unordered_map<GrantRef, const NamedRole*, GrantRefHash> role_of_;
  mutable std::unordered_map<Uuid, Within, UuidHash> within_;
};

/// A user before and after the message.
struct TwoStates {
  const User& before;
  const User& after;
};

std::unordered_set<GrantRef, GrantRefHash> refs_of(const Grants& grants) {
  std::unordered_set<GrantRef, GrantRefHash> made;
  for (const Grant& grant : grants.sorted()) made.emplace(grant.seq, grant.index);
  return made;
}

bool is_open(const User& user) {
  return user.status == schema::UserStatus::active && user.api_access &&
         extras_of(user).operator_lock_seq == 0;
}

/// `sum`: holds it where it is no one's own.
const UseSum& use_of(const User& user, const Evidence& evidence, UseSum& sum) {
  const auto& recorded = extras_of(user).use;
  const auto since = evidence.unrecorded.find(user.id);
  if (since == evidence.unrecorded.end()) return recorded == nullptr ? sum : *recorded;
  if (recorded != nullptr) sum = *recorded;
  add(sum, *as_schema(since->second));
  return sum;
}

std::string used_sentence(const User& user, std::string_view what, std::int64_t last_ns) {
  return "User " + quoted(user.username) + std::string(what) + ", last at " + time_text(last_ns) +
         ".";
}

/// Says of each thing that a user has no more that it was used.
class UsedThings {
 public:
  UsedThings(const Evidence& evidence, std::vector<schema::ProblemT>& problems)
      : evidence_(evidence), problems_(problems) {}

  void look(const TwoStates& user, const RoleGrants& before, const RoleGrants& after) {
    if (is_full(problems_)) return;
    UseSum sum;
    const UseSum& use = use_of(user.before, evidence_, sum);
    work_ += 1 + use.grants.size() + use.keys.size();
    if (use.last_ns == 0) return;
    if (is_open(user.before) && !is_open(user.after))
      return tell(used_sentence(user.before, " was used", use.last_ns));
    look_at_keys(user, use);
    look_at_grants(user, use, before, after);
  }

  void tell(std::string sentence) {
    if (!is_full(problems_)) problems_.push_back(make_problem(Code::was_used, "guard", sentence));
  }
  std::size_t work() const { return work_; }

 private:
  void look_at_keys(const TwoStates& user, const UseSum& use) {
    for (const UseOfKey& used : use.keys) {
      const ApiKey* key = find_key(user.before, used.key);
      if (key != nullptr && find_key(user.after, used.key) == nullptr)
        tell(used_sentence(user.before, " used key " + quoted(key->name), used.last_ns));
    }
    if (use.keys.size() < use_keys_max) return;
    for (const ApiKey& key : extras_of(user.before).keys)
      if (find_key(user.after, key.id) == nullptr &&
          std::ranges::find(use.keys, key.id, &UseOfKey::key) == use.keys.end())
        return tell_unknown(user.before, use_keys_max, "keys");
  }

  void look_at_grants(const TwoStates& user, const UseSum& use, const RoleGrants& before,
                      const RoleGrants& after) {
    if (use.grants.empty()) return;
    const bool same = user.before.grants == user.after.grants;
    const auto had = same ? decltype(refs_of(*user.before.grants))() : refs_of(*user.before.grants);
    const auto has = same ? had : refs_of(*user.after.grants);
    work_ += had.size() + has.size();
    for (const UseOfGrant& used : use.grants) {
      const GrantRef ref(used.seq, used.index);
      const NamedRole* role = before.find(user.before, ref);
      const bool lost = (had.contains(ref) && !has.contains(ref)) ||
                        (role != nullptr && after.find(user.after, ref) == nullptr);
      if (!lost) continue;
      const std::string of = role == nullptr ? "" : " of role " + quoted(role->name);
      tell(used_sentence(
          user.before,
          " used grant " + std::to_string(used.seq) + "." + std::to_string(used.index) + of,
          used.last_ns));
    }
    if (use.grants.size() >= use_grants_max && loses_unknown(user, use, {had, has}, before, after))
      tell_unknown(user.before, use_grants_max, "grants");
  }

  using Refs = std::unordered_set<GrantRef, GrantRefHash>;
  struct OwnRefs {
    const Refs& had;
    const Refs& has;
  };

  /// Whether a grant goes that is none of those whose use is known.
  bool loses_unknown(const TwoStates& user, const UseSum& use, const OwnRefs& own,
                     const RoleGrants& before, const RoleGrants& after) {
    Refs known;
    for (const UseOfGrant& used : use.grants) known.emplace(used.seq, used.index);
    work_ += known.size() + before.size();
    bool found = std::ranges::any_of(own.had, [&](const GrantRef& ref) {
      return !own.has.contains(ref) && !known.contains(ref);
    });
    before.for_each([&](const GrantRef& ref) {
      found = found || (!known.contains(ref) && before.find(user.before, ref) != nullptr &&
                        after.find(user.after, ref) == nullptr);
    });
    return found;
  }

  /// Of no more than so many the use is kept: of others nobody knows.
  void tell_unknown(const User& user, std::size_t kept, std::string_view things) {
    if (is_full(problems_)) return;
    problems_.push_back(make_problem(
        Code::too_large, "guard",
        "The use of " + std::to_string(kept) + " " + std::string(things) +
            " is kept of one user, and user " + quoted(user.username) +
            " has used as many: of one that goes nobody knows. Look at the events of the user, and "
            "send it without this guard."));
  }

  const Evidence& evidence_;
  std::vector<schema::ProblemT>& problems_;
  std::size_t work_ = 0;
};

/// The tenant as it was before the message, whatever it did to it.
const Tenant* tenant_before(const Changes& changes, const Tenant& after) {
  for (const Change<Tenant>& change : changes.tenants)
    if (change.after != nullptr && change.after->id == after.id) return change.before.get();
  return &after;
}

/// Of each user that the message changed, how it was before.
std::unordered_map<Uuid, const User*, UuidHash> users_before(const Changes& changes) {
  std::unordered_map<Uuid, const User*, UuidHash> made;
  for (const Change<User>& change : changes.users)
    if (change.after != nullptr) made.try_emplace(change.after->id, change.before.get());
  return made;
}

}  // namespace

GuardWatch::GuardWatch(const State& before, const Context& context)
    : context_(context), guard_(context.message->guard()) {
  if (guard_ == nullptr || guard_->days() == 0) return;
  for (const RecordedCall& call : evidence_of(context).calls) {
    if (work_ > work_max) return;
    const AnswerAgain judged = judge(call, before, context.now_ns);
    work_ += judged.work;
    if (judged.reason != Code::ok) continue;
    const User& user = *before.tables().find_user(call.user);
    const Tenant& tenant = *before.tables().find_tenant(user.tenant);
    open_.push_back({&call, user.password_seq, may_have_session(call, tenant, user, context.now_ns),
                     extras_of(user).session_epoch, tenant.session_epoch, ended_last(user)});
  }
}

std::vector<schema::ProblemT> GuardWatch::problems(const State& after,
                                                   const Changes& changes) const {
  std::vector<schema::ProblemT> problems;
  if (guard_ == nullptr) return problems;
  if (guard_->unused()) find_used(after, changes, problems);
  find_denied(after, problems);
  if (work_ <= work_max) return problems;
  problems.clear();
  problems.push_back(make_problem(Code::too_large, "guard",
                                  "It would look at too much at once: guard fewer days, or change "
                                  "fewer users or roles in one message."));
  return problems;
}

/// S3: calls do not tell which session they came by, so one that is ended may be any of them.
bool GuardWatch::is_session_ended(const Open& open, const State& after, const User& user) {
  if (!open.has_session) return false;
  return extras_of(user).session_epoch != open.user_epoch ||
         after.tables().find_tenant(user.tenant)->session_epoch != open.tenant_epoch ||
         ended_last(user) != open.ended;
}

void GuardWatch::find_denied(const State& after, std::vector<schema::ProblemT>& problems) const {
  for (const Open& open : open_) {
    if (is_full(problems) || work_ > work_max) return;
    AnswerAgain judged = judge(*open.call, after, context_.now_ns);
    work_ += judged.work;
    const User* user = after.tables().find_user(open.call->user);
    if (judged.reason == Code::ok && password_is_gone(*open.call, open.password_seq, *user))
      judged.reason = Code::invalid_credentials;
    if (judged.reason == Code::ok && is_session_ended(open, after, *user))
      judged.reason = Code::session_expired;
    if (judged.reason != Code::ok)
      problems.push_back(make_problem(Code::would_deny_used, "guard",
                                      sentence_of(*open.call, user, judged.reason)));
  }
}

void GuardWatch::find_used(const State& after, const Changes& changes,
                           std::vector<schema::ProblemT>& problems) const {
  const Tenant* tenant =
      find_tenant_in_scope(after, *context_.asker, view_of(context_.message->tenant()));
  const Tenant* old = tenant == nullptr ? nullptr : tenant_before(changes, *tenant);
  // Of a tenant that the message makes nothing was used.
  if (old == nullptr) return;
  const RoleGrants roles_before(old->roles.get());
  const RoleGrants roles_after(tenant->roles.get());
  work_ += roles_before.size() + roles_after.size();
  const auto changed = users_before(changes);
  UsedThings things(evidence_of(context_), problems);
  const bool is_closed = old->enabled && !tenant->enabled;
  if (is_closed || old->roles != tenant->roles) {
    after.tables().for_each_user([&](const User& user) {
      if (user.tenant != tenant->id || work_ + things.work() > work_max) return;
      ++work_;
      const auto place = changed.find(user.id);
      const User* before = place == changed.end() ? &user : place->second;
      if (before == nullptr) return;
      if (!is_closed) return things.look({*before, user}, roles_before, roles_after);
      UseSum sum;
      const UseSum& use = use_of(*before, evidence_of(context_), sum);
      if (use.last_ns != 0) things.tell(used_sentence(*before, " was used", use.last_ns));
    });
  } else {
    for (const auto& [id, before] : changed)
      if (before != nullptr)
        things.look({*before, *after.tables().find_user(id)}, roles_before, roles_after);
  }
  work_ += things.work();
}

}  // namespace postern::domain
