// How the reader knows who a question is about: API keys (C8) and session tokens (S1). All of it in
// microseconds, on the reader's thread.
#include <algorithm>

#include "daemon/credential/api_key.h"
#include "daemon/service/reader.h"
#include "daemon/view/key_bearer.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;

using platform::millisecond_ns;

using schema::view_of;

}  // namespace

// ---- keys

/// C9: the same work whether the key is somebody's or not, and until its secret is verified the
/// same answer.
Bearer Reader::bearer_of_key(const domain::Operator& asker, const schema::Query& query,
                             const schema::KeyCredential& carried) const {
  const std::string_view text = view_of(carried.key());
  const auto names = credential::read_api_key(text);
  if (!names) return {};
  const credential::ApiKeyHash hash =
      credential::hash_api_key(parts_.keys.own_key(credential::OwnKey::api_keys), text);
  const domain::User* user = view_.tables().find_user(names->user);
  const domain::Tenant* tenant =
      user == nullptr ? nullptr : view_.tables().find_tenant(user->tenant);
  const bool in_reach =
      tenant != nullptr && domain::in_scope(asker, tenant->id) &&
      !view::names_another({view_of(query.tenant()), view_of(carried.username())}, *tenant, *user);
  const domain::ApiKey* key = in_reach ? domain::find_key(*user, names->key) : nullptr;
  const bool verified =
      credential::equal_hashes(hash, key == nullptr ? credential::ApiKeyHash() : key->hash);
  if (key == nullptr) return {};
  const domain::CallFacts call = facts_of(query);
  if (verified) return {view::bearer_of_key(*tenant, *user, *key, call)};
  const Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  const bool hidden = asker.role == schema::Role::service && !tenant->policies.tell_reasons;
  return {{nullptr, nullptr, hidden || stop == Code::ok ? Code::invalid_credentials : stop}};
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
  session.user_epoch = domain::extras_of(*bearer.user).session_epoch;
  session.tenant_epoch = bearer.tenant->session_epoch;
  prolong(bearer, session, now_ns);
  return session;
}

void Reader::renew(const domain::Operator& asker, const Asking& asking) {
  const std::string_view text = view_of(asking.query->body_as_RenewSession()->token());
  Bearer bearer = bearer_of_token(asker, *asking.query, {}, text);
  if (bearer.stop == Code::ok) {
    const std::int64_t now_ns = clock_.now_ns();
    prolong(bearer, *bearer.session, now_ns);
    if (bearer.session->expires_ns <= now_ns) bearer.stop = Code::session_expired;
  }
  answer_authenticated(asking, std::move(bearer), true);
}

/// A token that was used to authenticate is its own; a renewal gives another for the same session.
void Reader::answer_authenticated(const Asking& asking, Bearer bearer, bool gives_token) {
  const std::int64_t now_ns = clock_.now_ns();
  const bool allowed = bearer.stop == Code::ok;
  const bool has_token =
      bearer.session && asking.query->body_type() != schema::QueryBody::RenewSession;
  if (allowed && !bearer.session && gives_token) bearer.session = open_session(bearer, now_ns);
  NotedCall noted = noted_call(asking, bearer);
  noted.verified = allowed;
  noted.time_ns = now_ns;
  note_authentication(parts_.calls, noted, bearer.stop);
  builder_.Clear();
  flatbuffers::Offset<flatbuffers::String> token;
  flatbuffers::Offset<flatbuffers::String> username;
  if (allowed) {
    if (gives_token && !has_token)
      token = builder_.CreateString(
          credential::seal_token(parts_.keys.own_key(credential::OwnKey::session_tokens),
                                 *bearer.session, parts_.entropy));
    username = builder_.CreateString(bearer.user->username);
  }
  const auto* authenticate = asking.query->body_as_Authenticate();
  flatbuffers::Offset<schema::Standing> standing;
  if (allowed && authenticate != nullptr && authenticate->tell_standing() &&
      (bearer.session || bearer.key != nullptr))
    standing = schema::CreateStanding(
        builder_, &bearer.tenant->id, bearer.key == nullptr ? nullptr : &bearer.key->id,
        domain::extras_of(*bearer.user).session_epoch, bearer.tenant->session_epoch);
  const bool in_session = allowed && bearer.session;
  const auto body = schema::CreateAuthenticated(
      builder_, allowed, bearer.stop, allowed ? &bearer.user->id : nullptr, token,
      in_session ? &bearer.session->session : nullptr, in_session ? bearer.session->expires_ns : 0,
      username, standing);
  answers_.send(asking, builder_, schema::AnswerBody::Authenticated, body.Union(), now_ns,
                head_.seq);
}

}  // namespace postern::service
