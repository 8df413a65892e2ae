// C8: API keys. S3: the end of sessions.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/path.h"
#include "daemon/domain/rules.h"
#include "daemon/domain/time_text.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t keys_max = 100;
constexpr std::size_t narrowings_max = 100;
constexpr std::size_t ended_sessions_max = 100;
/// S1: the most that any tenant's policy lets a session live, whenever it was set: 30 days.
constexpr std::int64_t session_ns_max = 30LL * 86'400 * 1'000'000'000;
constexpr std::int64_t millisecond_ns = 1'000'000;
/// What the clock may have been ahead when the session began.
constexpr std::int64_t ahead_ms = 300'000;

/// The same letters as an action's, and at most 63 of them.
bool is_key_name(std::string_view text) { return is_action(text) && text.size() <= 63; }

std::string limit_is(std::size_t limit, std::size_t found) {
  return "The limit is " + std::to_string(limit) + ", found " + std::to_string(found) + ".";
}

void check_narrowing(const Case& asked, const schema::CreateKey& body) {
  if (body.narrowed_to() == nullptr) return;
  if (body.narrowed_to()->size() > narrowings_max)
    return asked.refuse(Code::too_large, "narrowed_to",
                        limit_is(narrowings_max, body.narrowed_to()->size()));
  for (const schema::Narrowing* part : *body.narrowed_to()) {
    const std::string_view action = view_of(part->action());
    if (action != "*" && !is_action(action))
      asked.refuse(
          Code::field_malformed, "action",
          "It must be a name of [a-z0-9][a-z0-9._-]{0,63}, or *; found " + quoted(action) + ".");
    if (!is_path_pattern(view_of(part->resource())))
      asked.refuse(Code::resource_malformed, "resource",
                   "'*' may stand for whole segments after the first, at most 4; found " +
                       quoted(view_of(part->resource())) + ".");
  }
}

bool is_uuid_v7(const Uuid& id) { return (id.high() >> 12 & 0xfU) == 7 && id.low() >> 62 == 2; }

std::int64_t began_ms(const Uuid& session) {
  return static_cast<std::int64_t>(session.high() >> 16);
}

/// S3: until when a token of this session may live, whatever the policies were.
std::int64_t latest_end_of(const Uuid& session) {
  return began_ms(session) * millisecond_ns + session_ns_max;
}

/// O1: a service ends a session that it holds, and by nothing that tells who exists (C9).
bool service_may_end(const Case& asked, const schema::EndSessions& body) {
  if (asked.asker().role != schema::Role::service) return true;
  if (body.session() == nullptr)
    asked.refuse(Code::not_permitted, "session", "A service ends one session, by its id.");
  if (asked.command.user_id() == nullptr || !view_of(asked.command.user()).empty())
    asked.refuse(Code::field_malformed, "user_id",
                 "A service names the user by the id that its authentication told.");
  return asked.decision.refusals.empty();
}

}  // namespace

void create_key(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const auto& body = *asked.command.body_as_CreateKey();
  const std::string_view name = view_of(body.name());
  if (!is_key_name(name))
    asked.refuse(Code::field_malformed, "name",
                 "It must be [a-z0-9][a-z0-9._-]{0,62}, found " + quoted(name) + ".");
  else if (find_key(*user, name) != nullptr)
    asked.refuse(Code::key_exists, "name", quoted(name) + ".");
  if (extras_of(*user).keys.size() >= keys_max)
    asked.refuse(Code::too_large, "user",
                 "A user has at most 100 keys; revoke one that is not used.");
  if (body.expires_ns() != 0 && body.expires_ns() <= asked.context.now_ns)
    asked.refuse(Code::field_malformed, "expires_ns",
                 "It must lie in the future; found " + time_text(body.expires_ns()) +
                     ", and now is " + time_text(asked.context.now_ns) + ".");
  check_narrowing(asked, body);
  if (asked.decision.refusals.empty() && asked.material.key_of != user->id)
    asked.refuse(Code::field_malformed, "user",
                 "Name the user as it was before this message, or by its id.");
  if (!asked.decision.refusals.empty()) return;
  schema::KeyCreatedT created;
  created.key = std::make_unique<Uuid>(asked.material.new_id);
  created.name = name;
  created.hash.assign(asked.material.key_hash.begin(), asked.material.key_hash.end());
  created.expires_ns = body.expires_ns();
  if (body.narrowed_to() != nullptr)
    for (const schema::Narrowing* part : *body.narrowed_to())
      part->UnPackTo(created.narrowed_to.emplace_back(new schema::NarrowingT()).get());
  asked.cause(*user, created);
}

void revoke_key(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const std::string_view name = view_of(asked.command.body_as_RevokeKey()->name());
  const ApiKey* key = find_key(*user, name);
  if (key == nullptr) return asked.refuse(Code::key_unknown, "name", quoted(name) + ".");
  schema::KeyRevokedT revoked;
  revoked.key = std::make_unique<Uuid>(key->id);
  asked.cause(*user, revoked);
}

void end_sessions(const Case& asked) {
  const auto& body = *asked.command.body_as_EndSessions();
  if (!service_may_end(asked, body)) return;
  const User* user = require_user(asked);
  if (user == nullptr) return;
  if (body.session() == nullptr) return asked.cause(*user, schema::SessionsEndedT());
  const std::int64_t now_ns = asked.context.now_ns;
  if (!is_uuid_v7(*body.session()) ||
      began_ms(*body.session()) > now_ns / millisecond_ns + ahead_ms)
    return asked.refuse(Code::field_malformed, "session", "No session has such an id.");
  const auto& ended = extras_of(*user).ended_sessions;
  const bool known =
      std::ranges::find(ended, *body.session(), &EndedSession::session) != ended.end();
  if (known || latest_end_of(*body.session()) <= now_ns)
    return asked.refuse(Code::session_expired, "session");
  const auto remembered = static_cast<std::size_t>(
      std::ranges::count_if(ended, [&](const EndedSession& one) { return one.until_ns > now_ns; }));
  if (remembered >= ended_sessions_max)
    return asked.refuse(
        Code::too_large, "session",
        limit_is(ended_sessions_max, remembered + 1) + " End all sessions of the user at once.");
  schema::SessionEndedT one;
  one.session = std::make_unique<Uuid>(*body.session());
  one.until_ns = latest_end_of(*body.session());
  asked.cause(*user, one);
}

void end_tenant_sessions(const Case& asked) {
  if (require_tenant(asked) != nullptr) asked.cause(schema::TenantSessionsEndedT());
}

}  // namespace postern::domain
