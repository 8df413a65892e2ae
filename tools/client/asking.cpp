#include "tools/client/asking.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::client {

namespace {

using schema::Code;

bool declines_token(const schema::QueryT& query) {
  const auto* authenticate = query.body.AsAuthenticate();
  return authenticate != nullptr && authenticate->decline_token;
}

/// What became of the credential, or nothing if the answer does not say.
std::optional<Code> verdict_of(const schema::AnswerT& answer) {
  if (answer.code != Code::ok) return std::nullopt;
  if (const auto* authenticated = answer.body.AsAuthenticated()) return authenticated->reason;
  const auto* checked = answer.body.AsChecked();
  if (checked == nullptr || checked->decisions.empty()) return std::nullopt;
  return checked->decisions.front()->reason;
}

/// C9: what stops a token before its question. The caller sent a password or key, and is told what
/// a client is told that keeps none.
constexpr Code stops[] = {
    Code::invalid_credentials, Code::session_expired, Code::credential_expired,
    Code::tenant_unknown,      Code::tenant_disabled, Code::interactive_not_allowed,
    Code::user_locked,         Code::user_not_active, Code::api_access_not_allowed,
    Code::network_not_allowed, Code::tls_required};

bool is_stopped(Code verdict) { return std::ranges::find(stops, verdict) != std::end(stops); }

/// After a renaming a session is of a user that the caller did not name.
bool is_of_another(const schema::AnswerT& answer, const std::string& username) {
  const auto* authenticated = answer.body.AsAuthenticated();
  return authenticated != nullptr && authenticated->allowed && !username.empty() &&
         !same_username(authenticated->username, username);
}

bool gives_token(const schema::AnswerT& answer) {
  const auto* authenticated = answer.body.AsAuthenticated();
  return answer.code == Code::ok && authenticated != nullptr && authenticated->allowed &&
         !authenticated->token.empty() && authenticated->expires_ns > answer.time_ns;
}

}  // namespace

Asking::Asking(const Surroundings& surroundings, GuardedHistory& history, std::uint64_t& last_id)
    : lane_(surroundings, surroundings.options.queries), history_(history), last_id_(last_id) {
  if (surroundings.options.keep_tokens) kept_.emplace();
}

// ---- out

Result<std::uint64_t> Asking::post(schema::QueryT& query, std::chrono::milliseconds spent) {
  query.id = ++last_id_;
  const bool repeatable = !carries_password(query);
  auto bytes = pack(query);
  wipe_secrets(query);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  auto sent = lane_.send({.ticket = {0, query.id},
                          .bytes = std::move(*bytes),
                          .repeatable = repeatable,
                          .extra_time = std::chrono::milliseconds(query.wait_ms),
                          .spent = spent,
                          .uncollected = unexamined_.size() + ended_.size()});
  if (!sent) return std::unexpected(std::move(sent).error());
  return query.id;
}

/// The question keeps its credential.
Result<std::uint64_t> Asking::post_token(schema::QueryT& query, const std::string& token,
                                         std::chrono::milliseconds spent) {
  schema::TokenCredentialT stand_in;
  stand_in.token = token;
  // Whose the key must be, its session must be.
  if (const auto* key = credential_of(query)->AsKeyCredential()) stand_in.username = key->username;
  schema::CredentialUnion credential;
  credential.Set(std::move(stand_in));
  std::swap(credential, *credential_of(query));
  auto sent = post(query, spent);
  std::swap(credential, *credential_of(query));
  return sent;
}

Result<std::uint64_t> Asking::send(schema::QueryT& query, std::chrono::milliseconds spent) {
  // A token that was renewed is the one to send.
  if (!renewals_.empty()) turn();
  const schema::CredentialUnion* credential = credential_of(query);
  const auto* password = credential == nullptr ? nullptr : credential->AsPasswordCredential();
  const bool may_keep =
      password != nullptr || (credential != nullptr && credential->AsKeyCredential() != nullptr);
  if (!kept_ || !may_keep || declines_token(query)) return post(query, spent);
  Underway one;
  const auto now = SteadyClock::now();
  one.begun = now - spent;
  one.name = kept_->name_of(query, *credential);
  one.owner = {query.tenant, password == nullptr ? "" : password->username};
  const KeptTokens::KeptToken* kept = kept_->find(one.name, now);
  one.by_token = kept != nullptr;
  auto id = kept == nullptr ? post(query, spent) : post_token(query, kept->token, spent);
  if (!id) {
    wipe_secrets(query);
    return id;
  }
  one.shown = *id;
  if (one.by_token) one.question = std::move(query);
  if (one.by_token && kept->renew_at <= now && !kept->renewing) post_renewal(one.name);
  underway_.emplace(*id, std::move(one));
  return id;
}

/// Behind the question, so that it costs the question nothing.
void Asking::post_renewal(const KeptTokens::Name& name) {
  KeptTokens::KeptToken* kept = kept_->find(name, SteadyClock::now());
  if (kept == nullptr) return;
  schema::RenewSessionT renewal;
  renewal.token = kept->token;
  schema::QueryT query;
  query.body.Set(std::move(renewal));
  const auto id = post(query);
  if (!id) return;
  kept->renewing = true;
  renewals_.emplace(*id, name);
}

void Asking::forget_changed(const schema::CommandMessageT& message) {
  if (!kept_) return;
  for (const auto& command : message.commands) {
    if (command == nullptr) continue;
    const auto kind = command->body.type;
    if (kind == schema::CommandBody::ChangePassword || kind == schema::CommandBody::ResetPassword ||
        kind == schema::CommandBody::RotatePassword)
      kept_->drop_user(message.tenant, command->user);
  }
}

bool Asking::cancel(std::uint64_t id) {
  // A renewal nobody knows by its id.
  if (renewals_.contains(id)) return false;
  const auto place =
      std::ranges::find(underway_, id, [](const auto& entry) { return entry.second.shown; });
  const std::uint64_t on_the_wire = place == underway_.end() ? id : place->first;
  if (place != underway_.end()) underway_.erase(place);
  return lane_.cancel({0, on_the_wire}) || unexamined_.erase(id) != 0 || ended_.of(id).has_value();
}

// ---- back

void Asking::turn() {
  lane_.turn();
  while (auto one = lane_.ended().first()) {
    settle(one->id.low, std::move(one->answer));
    // What that has sent may have hidden that something is there.
    lane_.turn();
  }
}

void Asking::settle(std::uint64_t id, Result<schema::AnswerT> answer) {
  if (const auto renewal = renewals_.extract(id)) return learn_renewal(renewal.mapped(), answer);
  auto node = underway_.extract(id);
  if (node.empty()) return end(id, std::move(answer));
  Underway one = std::move(node.mapped());
  const std::uint64_t shown = one.shown;
  if (!answer) return end(shown, std::move(answer));
  const auto verdict = verdict_of(*answer);
  const bool refused =
      verdict && (is_stopped(*verdict) || is_of_another(*answer, one.owner.username));
  if (one.by_token && refused) return ask_with_credential(std::move(one));
  learn(one, *answer);
  answer->id = shown;
  end(shown, std::move(answer));
}

void Asking::ask_with_credential(Underway one) {
  kept_->drop(one.name);
  const auto spent =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - one.begun);
  const auto again = post(one.question, spent);
  if (!again) return end(one.shown, std::unexpected(again.error()));
  one.by_token = false;
  underway_.emplace(*again, std::move(one));
}

/// A status brings a checkpoint, which must agree with what is remembered. Whoever reaches the
/// queries alone is told the status, and remembers nothing new.
void Asking::end(std::uint64_t id, Result<schema::AnswerT> answer) {
  const auto* status = answer ? answer->body.AsStatus() : nullptr;
  if (status == nullptr) return ended_.add(id, std::move(answer));
  const std::string note = status->checkpoint;
  unexamined_.emplace(id, std::move(*answer));
  history_.examine(note, [this, id](const Result<Checkpoint>& agrees) {
    auto node = unexamined_.extract(id);
    if (node.empty()) return;
    if (agrees || agrees.error().kind == ErrorKind::unreachable)
      return ended_.add(id, std::move(node.mapped()));
    ended_.add(id, std::unexpected(agrees.error()));
  });
}

void Asking::learn(const Underway& one, schema::AnswerT& answer) {
  auto* authenticated = answer.body.AsAuthenticated();
  const auto now = SteadyClock::now();
  if (one.by_token) {
    // Who authenticates is given the token, whether it is a new one or not.
    const KeptTokens::KeptToken* kept = kept_->find(one.name, now);
    if (authenticated != nullptr && authenticated->allowed && kept != nullptr)
      authenticated->token = kept->token;
    return;
  }
  // C5: the next right password is to clear the count of the wrong ones.
  if (verdict_of(answer) == Code::invalid_credentials && !one.owner.username.empty())
    kept_->drop_user(one.owner.tenant, one.owner.username);
  if (gives_token(answer)) kept_->keep(one.name, one.owner, answer, now);
}

void Asking::learn_renewal(const KeptTokens::Name& name, const Result<schema::AnswerT>& answer) {
  const auto now = SteadyClock::now();
  KeptTokens::KeptToken* kept = kept_->find(name, now);
  if (kept == nullptr) return;
  kept->renewing = false;
  if (!answer || answer->code != Code::ok) return;
  if (!gives_token(*answer) || is_of_another(*answer, kept->owner.username))
    return kept_->drop(name);
  kept_->renew(*kept, *answer, now);
}

}  // namespace postern::client
