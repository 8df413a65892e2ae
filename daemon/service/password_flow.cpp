// The stages of a question with a password. Each answers it and lets it leave, or names the next:
//
//   ask        too long, not permitted, malformed once the secret is wiped: refused
//     │        the line of the name is full: busy
//   (line)     behind those that ask about the same name (C5)
//     │
//   consider   nothing can be recorded: refused, unless it is seen right (law 3)   ◄──────┐
//     │        what stops everybody: told
//     │        the pool is full: busy; seen right (C11): answered
//   hash       the pool, also where only time is to pass (C9)                             │
//     │
//   judge      stopped: told as decided above; what it rested on has changed ─────────────┤
//     │        right, by a hash brought along that has ended (C12): told so             │
//     │        right, or a wrong one that counts once (C5), and nothing to record ──┐     │
//   record     the writer; not recorded ────────────────────────────────────────────┼─────┤
//     │                                                                             │     │
//   conclude   what it rested on has changed ───────────────────────────────────────┼─────┘
//     │        remembered (C11), answered                                         ◄─┘
//   leave      the next of the line is considered
#include "daemon/service/password_flow.h"

#include <limits>
#include <optional>
#include <utility>

#include "daemon/service/permissions.h"
#include "daemon/view/call.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::view_of;

constexpr std::size_t password_bytes_max = 1'024;
constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();

const schema::PasswordCredential& password_of(const schema::Query& query) {
  return credential_of(query).as<schema::PasswordCredential>();
}

/// What is told whoever the user is: it does not depend on that.
Code stop_of_everybody(const domain::Tenant* tenant, const domain::CallFacts& call) {
  if (tenant == nullptr) return Code::tenant_unknown;
  if (!tenant->enabled) return Code::tenant_disabled;
  return call.interactive ? Code::interactive_not_allowed : Code::ok;
}

}  // namespace

PasswordFlow::PasswordFlow(Parts parts, Outlets outlets)
    : parts_(parts), outlets_(std::move(outlets)), seen_(parts.entropy) {}

void PasswordFlow::ask(const domain::Operator& asker, Asking asking) {
  asking.came_ns = parts_.clock.monotonic_ns();
  const schema::Query& query = *asking.query;
  const flatbuffers::String* secret = password_of(query).password();
  if (secret != nullptr && secret->size() > password_bytes_max)
    return parts_.answers.refuse(asking, Code::too_large, "password",
                                 limit_and_size(password_bytes_max, secret->size()));
  if (refusal(asker, schema::QueryBody::Authenticate))
    return parts_.answers.refuse(asking, Code::not_permitted, "credential");
  count(parts_.vitals.password_checks);
  std::string line = std::string(view_of(query.tenant())) + '/' +
                     domain::fold_name(view_of(password_of(query).username()));
  std::optional<credential::Secret> password = copy_secret(secret);
  if (password) {
    const std::uint64_t id = query.id();
    credential::wipe(place_of_secret(*secret));
    if (!is_well_formed<schema::Query>(asking.query.bytes(), schema::query_identifier,
                                       query_limits))
      return parts_.answers.refuse(asking.peer, id, make_problem(Code::malformed_message, ""));
  }
  auto check = std::make_unique<PasswordCheck>(std::move(asking));
  if (password) check->password = std::move(*password);
  check->line = std::move(line);
  switch (parts_.desk.join(check)) {
    case LinePlace::first:
      return go_on(std::move(check), Stage::consider);
    case LinePlace::behind:
      return;
    case LinePlace::none:
      turn_away(*check);
  }
}

void PasswordFlow::turn() {
  parts_.desk.done().drain([&](Check check) { go_on(std::move(check), Stage::judge); });
}

void PasswordFlow::recorded(const AttemptOutcome& outcome) {
  const auto place = attempts_.find(outcome.ticket);
  if (place == attempts_.end()) return;
  Check check = std::move(place->second);
  attempts_.erase(place);
  go_on(std::move(check), outcome.code == Code::ok ? Stage::conclude : Stage::consider);
}

/// Until another thread has it. When it leaves, those behind it have their turn, as long as they
/// are answered at once.
void PasswordFlow::go_on(Check check, Stage stage) {
  while (check != nullptr) {
    switch (stage) {
      case Stage::consider:
        stage = consider(*check);
        break;
      case Stage::hash:
        stage = hash(check);
        break;
      case Stage::judge:
        stage = judge(*check);
        break;
      case Stage::record:
        stage = record(check);
        break;
      case Stage::conclude:
        stage = conclude(*check);
        break;
      case Stage::leave:
        check = parts_.desk.leave(std::move(check));
        stage = Stage::consider;
        break;
    }
  }
}

PasswordFlow::Stage PasswordFlow::consider(PasswordCheck& check) {
  const schema::Query& query = *check.asking.query;
  const view::View& view = parts_.view;
  const domain::Operator* asker = view.tables().find_operator(check.holder);
  if (asker == nullptr) {
    count(parts_.vitals.strangers);
    return Stage::leave;
  }
  const domain::Tenant* tenant = view.find_tenant(*asker, view_of(query.tenant()));
  const std::string_view username = view_of(password_of(query).username());
  const domain::User* user =
      tenant == nullptr ? nullptr : view.tables().find_user(tenant->id, username);
  const domain::CallFacts call = facts_of(query);
  Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  if (stop == Code::ok && user->password_seq == 0) stop = Code::invalid_credentials;
  // C9: what was verified before is asked for where a hash would be taken, and nowhere before.
  const auto is_seen = [&] { return stop == Code::ok && seen_right(check, *user, call.now_ns); };
  // A wrong password could not be counted, so none is hashed (law 3), whoever the user is.
  if (const Code now = cannot_record(parts_.vitals); now != Code::ok) {
    if (is_seen()) return answer(check, Code::ok, tenant, user);
    parts_.answers.refuse(check.asking, now);
    return Stage::leave;
  }
  if (const Code code = stop_of_everybody(tenant, call); code != Code::ok)
    return answer(check, code, tenant, user);
  const bool hidden = asker->role == schema::Role::service && !tenant->policies.tell_reasons;
  check.tenant = tenant->id;
  check.stopped_user = stop == Code::ok || user == nullptr ? Uuid() : user->id;
  check.stopped_by = stop;
  check.told = stop != Code::ok && hidden ? Code::invalid_credentials : stop;
  if (stop == Code::ok) {
    check.user = user->id;
    check.password_seq = user->password_seq;
  }
  if (!parts_.desk.has_room(check)) return turn_away(check);
  return is_seen() ? answer(check, Code::ok, tenant, user) : Stage::hash;
}

PasswordFlow::Stage PasswordFlow::hash(Check& check) {
  const domain::User* user =
      check->told == Code::ok ? parts_.view.tables().find_user(check->user) : nullptr;
  const domain::Tenant* tenant =
      user != nullptr ? parts_.view.tables().find_tenant(user->tenant) : nullptr;
  if (!parts_.desk.hash(check, user, tenant, parts_.clock.now_ns())) return turn_away(*check);
  count(parts_.vitals.password_hashes);
  return Stage::judge;
}

/// A verdict came from the pool. It counts only if it still stands.
PasswordFlow::Stage PasswordFlow::judge(PasswordCheck& check) {
  if (cannot_record(parts_.vitals) != Code::ok) return Stage::consider;
  const view::View::Tables& tables = parts_.view.tables();
  if (check.told != Code::ok) {
    outlets_.note_stopped(check.asking, tables.find_user(check.stopped_user), check.stopped_by);
    return answer(check, check.told, nullptr, nullptr);
  }
  const domain::Tenant* tenant = tables.find_tenant(check.tenant);
  const domain::User* user = tables.find_user(check.user);
  if (!still_stands(check, tenant, user)) return Stage::consider;
  if (check.trouble) {
    outlets_.log(diagnostic<Line::password_unreadable>(*user));
    parts_.answers.refuse(check.asking, Code::journal_unavailable);
    return Stage::leave;
  }
  // C12: it was verified, so the true reason is told; it neither counts nor clears.
  if (check.right && check.has_ended) return answer(check, Code::credential_expired, tenant, user);
  const bool nothing_to_record =
      check.right ? domain::extras_of(*user).failures == 0 && check.rehashed.empty()
                  : seen_wrong(check, *tenant, *user);
  return nothing_to_record ? Stage::conclude : Stage::record;
}

PasswordFlow::Stage PasswordFlow::record(Check& check) {
  auto attempt = std::make_unique<Attempt>();
  attempt->ticket = next_ticket_++;
  attempt->tenant = check->tenant;
  attempt->user = check->user;
  attempt->password_seq = check->password_seq;
  attempt->service = check->holder;
  attempt->succeeded = check->right;
  attempt->rehashed = std::move(check->rehashed);
  attempts_.emplace(attempt->ticket, std::move(check));
  parts_.attempts.post(std::move(attempt));
  return Stage::conclude;
}

PasswordFlow::Stage PasswordFlow::conclude(PasswordCheck& check) {
  const domain::Tenant* tenant = parts_.view.tables().find_tenant(check.tenant);
  const domain::User* user = parts_.view.tables().find_user(check.user);
  // What followed the attempt in its group is in the view already: a session made now would outlive
  // it (S2).
  if (check.right && !still_stands(check, tenant, user)) return Stage::consider;
  remember(check, tenant, user);
  return answer(check, check.right ? Code::ok : Code::invalid_credentials, tenant, user);
}

PasswordFlow::Stage PasswordFlow::answer(PasswordCheck& check, Code reason,
                                         const domain::Tenant* tenant, const domain::User* user) {
  // C9: a wrong password is counted on disk before its answer leaves, a name that nobody has is
  // not; on a grid of times both leave alike.
  check.asking.waits_for_grid = reason == Code::invalid_credentials && parts_.answers.uses_grid();
  outlets_.answer(std::move(check.asking), {{tenant, user, reason}});
  return Stage::leave;
}

PasswordFlow::Stage PasswordFlow::turn_away(const PasswordCheck& check) {
  parts_.answers.refuse_busy(check.asking, parts_.desk.retry_after_ms());
  return Stage::leave;
}

domain::CallFacts PasswordFlow::facts_of(const schema::Query& query) const {
  domain::CallFacts call =
      view::facts_of(query.call(), parts_.clock.now_ns(), parts_.view.tables().providers());
  call.with_password = true;
  return call;
}

/// Nothing stops the user now, and its password is the one that was checked.
bool PasswordFlow::still_stands(const PasswordCheck& check, const domain::Tenant* tenant,
                                const domain::User* user) const {
  const domain::CallFacts call = facts_of(*check.asking.query);
  return domain::first_stop_before_credential(tenant, user, call).code == Code::ok &&
         user->password_seq == check.password_seq;
}

// ---- passwords seen before

/// C11: what was verified since the user's newest record needs no hash.
bool PasswordFlow::seen_right(const PasswordCheck& check, const domain::User& user,
                              std::int64_t now_ns) {
  const auto* finding = seen_.find(seen_.hash(user.id, check.password.reveal()));
  const bool is_right =
      finding != nullptr && finding->user_seq == user.last_seq && finding->right_until_ns > now_ns;
  if (is_right) parts_.vitals.measures.password_cache_hits.add();
  return is_right;
}

/// C5, by policy: this wrong password was counted already.
bool PasswordFlow::seen_wrong(const PasswordCheck& check, const domain::Tenant& tenant,
                              const domain::User& user) {
  if (!tenant.policies.same_wrong_password_counts_once) return false;
  const auto* finding = seen_.find(seen_.hash(user.id, check.password.reveal()));
  return finding != nullptr && finding->right_until_ns == 0 &&
         finding->password_seq == user.password_seq;
}

/// The verdict was made for the password in force, and stands until the user's next record.
void PasswordFlow::remember(const PasswordCheck& check, const domain::Tenant* tenant,
                            const domain::User* user) {
  if (tenant == nullptr || user == nullptr || user->password_seq != check.password_seq) return;
  if (!check.right && !tenant->policies.same_wrong_password_counts_once) return;
  const std::int64_t right_until_ns = check.old_until_ns != 0 ? check.old_until_ns : for_ever;
  seen_.remember(seen_.hash(user->id, check.password.reveal()),
                 {user->last_seq, user->password_seq, check.right ? right_until_ns : 0});
}

}  // namespace postern::service
