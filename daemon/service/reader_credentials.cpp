// How the reader knows who a question is about: API keys (C8), session tokens (S1), and passwords
// that it has seen before (C11). All of it in microseconds, on the reader's thread.
#include <algorithm>
#include <limits>

#include "daemon/credential/api_key.h"
#include "daemon/service/reader.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;

using platform::millisecond_ns;
constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();

using schema::view_of;

}  // namespace

domain::CallFacts Reader::password_facts_of(const schema::Query& query) const {
  domain::CallFacts call = facts_of(query);
  call.with_password = true;
  return call;
}

// ---- keys

/// C9: the same work whether the key is somebody's or not, and until its secret is verified the
/// same answer.
Bearer Reader::bearer_of_key(const domain::Operator& asker, const schema::Query& query,
                             const schema::KeyCredential& carried) const {
  const std::string_view text = view_of(carried.key());
  const auto names = credential::read_api_key(text);
  if (!names) return {};
  const credential::ApiKeyHash hash =
      credential::hash_api_key(parts_.keys.own_key("api-keys"), text);
  const domain::User* user = view_.tables().find_user(names->user);
  const domain::Tenant* tenant =
      user == nullptr ? nullptr : view_.tables().find_tenant(user->tenant);
  const bool in_reach =
      tenant != nullptr && domain::in_scope(asker, tenant->id) &&
      !names_another({view_of(query.tenant()), view_of(carried.username())}, *tenant, *user);
  const domain::ApiKey* key = in_reach ? domain::find_key(*user, names->key) : nullptr;
  const bool verified =
      credential::equal_hashes(hash, key == nullptr ? credential::ApiKeyHash() : key->hash);
  if (key == nullptr) return {};
  const domain::CallFacts call = facts_of(query);
  const Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  if (!verified) {
    const bool hidden = asker.role == schema::Role::service && !tenant->policies.tell_reasons;
    return {nullptr, nullptr, hidden || stop == Code::ok ? Code::invalid_credentials : stop};
  }
  if (stop != Code::ok) return {tenant, user, stop};
  if (domain::is_expired(*key, call.now_ns)) return {tenant, user, Code::credential_expired};
  return {tenant, user, Code::ok, key};
}

// ---- sessions

Bearer Reader::bearer_of_token(const domain::Operator& asker, const schema::Query& query,
                               std::string_view username, std::string_view text) const {
  return service::bearer_of_token(parts_.keys, view_.tables(), asker,
                                  {view_of(query.tenant()), username}, text, facts_of(query));
}

/// S1: until its timeout, never beyond the session's end nor its key's.
void Reader::prolong(const Bearer& bearer, credential::SessionToken& session,
                     std::int64_t now_ns) const {
  session.expires_ns = std::min(now_ns + domain::session_timeout_ns(*bearer.tenant, *bearer.user),
                                domain::session_end_ns(*bearer.tenant, session.first_ns));
  if (bearer.key != nullptr && bearer.key->expires_ns != 0)
    session.expires_ns = std::min(session.expires_ns, bearer.key->expires_ns);
}

credential::SessionToken Reader::open_session(const Bearer& bearer, std::int64_t now_ns) const {
  std::array<std::uint64_t, 2> random{};
  parts_.entropy.fill(std::as_writable_bytes(std::span(random)));
  credential::SessionToken session;
  session.user = bearer.user->id;
  session.tenant = bearer.tenant->id;
  session.session = domain::uuid_v7(now_ns / millisecond_ns, random);
  if (bearer.key != nullptr) session.key = bearer.key->id;
  session.first_ns = now_ns;
  session.user_epoch = bearer.user->session_epoch;
  session.tenant_epoch = bearer.tenant->session_epoch;
  prolong(bearer, session, now_ns);
  return session;
}

void Reader::renew(const Peer& peer, const domain::Operator& asker, const schema::Query& query,
                   std::string_view text) {
  Bearer bearer = bearer_of_token(asker, query, {}, text);
  if (bearer.stop == Code::ok) {
    const std::int64_t now_ns = parts_.clock.now_ns();
    prolong(bearer, *bearer.session, now_ns);
    if (bearer.session->expires_ns <= now_ns) bearer.stop = Code::session_expired;
  }
  answer_authenticated(peer, query, std::move(bearer), true);
}

/// A token that was used to authenticate is its own; a renewal gives another for the same session.
void Reader::answer_authenticated(const Peer& peer, const schema::Query& query, Bearer bearer,
                                  bool gives_token) {
  const std::int64_t now_ns = parts_.clock.now_ns();
  const bool allowed = bearer.stop == Code::ok;
  const bool has_token = bearer.session && query.body_type() != schema::QueryBody::RenewSession;
  NotedCall noted = noted_call(query, bearer);
  noted.verified = allowed;
  noted.time_ns = now_ns;
  note_authentication(parts_.calls, noted, bearer.stop);
  builder_.Clear();
  flatbuffers::Offset<flatbuffers::String> token;
  flatbuffers::Offset<flatbuffers::String> username;
  if (allowed) {
    if (!bearer.session && gives_token) bearer.session = open_session(bearer, now_ns);
    if (gives_token && !has_token)
      token = builder_.CreateString(credential::seal_token(parts_.keys.own_key("session-tokens"),
                                                           *bearer.session, parts_.entropy));
    username = builder_.CreateString(bearer.user->username);
  }
  const bool in_session = allowed && bearer.session;
  const auto body = schema::CreateAuthenticated(
      builder_, allowed, bearer.stop, allowed ? &bearer.user->id : nullptr, token,
      in_session ? &bearer.session->session : nullptr, in_session ? bearer.session->expires_ns : 0,
      username);
  send(peer, builder_, query, schema::AnswerBody::Authenticated, body.Union(), now_ns, head_.seq);
}

// ---- passwords seen before

/// C11: what was verified since the user's newest record needs no hash.
bool Reader::seen_right(const PasswordAsk& ask, const domain::User& user, std::int64_t now_ns) {
  const auto* finding = seen_.find(seen_.hash(user.id, ask.password.reveal()));
  return finding != nullptr && finding->user_seq == user.last_seq &&
         finding->right_until_ns > now_ns;
}

/// C5, by policy: this wrong password was counted already.
bool Reader::seen_wrong(const PasswordAsk& ask, const domain::Tenant& tenant,
                        const domain::User& user) {
  if (!tenant.policies.same_wrong_password_counts_once) return false;
  const auto* finding = seen_.find(seen_.hash(user.id, ask.password.reveal()));
  return finding != nullptr && finding->right_until_ns == 0 &&
         finding->password_seq == user.password_seq;
}

/// The verdict was made for the password in force, and stands until the user's next record.
void Reader::remember(const PasswordAsk& ask, const domain::Tenant* tenant,
                      const domain::User* user) {
  if (tenant == nullptr || user == nullptr || user->password_seq != ask.password_seq) return;
  if (!ask.right && !tenant->policies.same_wrong_password_counts_once) return;
  const std::int64_t right_until_ns = ask.old_until_ns != 0 ? ask.old_until_ns : for_ever;
  seen_.remember(seen_.hash(user->id, ask.password.reveal()),
                 {user->last_seq, user->password_seq, ask.right ? right_until_ns : 0});
}

}  // namespace postern::service
