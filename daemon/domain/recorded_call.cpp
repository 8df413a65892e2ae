#include "daemon/domain/recorded_call.h"

#include <span>

namespace postern::domain {

using schema::Code;

RecordedCall recorded_call_of(const schema::CallViewT& call) {
  RecordedCall made;
  made.user = *call.user;
  made.time_ns = call.time_ns;
  if (call.question != nullptr) {
    made.action = call.question->action;
    made.resource = call.question->resource;
    made.this_level_only = call.question->this_level_only;
  }
  if (call.key != nullptr) made.key = *call.key;
  made.by_password = call.credential == schema::CredentialKind::password;
  made.by_token = call.credential == schema::CredentialKind::token;
  made.seq = call.seq;
  made.address = parse_address(call.address);
  made.tls = call.tls;
  made.interactive = call.channel != schema::Channel::program;
  return made;
}

AnswerAgain ask_again(const Answerer& state, const RecordedCall& call, std::int64_t now_ns) {
  if (state.tenant == nullptr) return {Code::tenant_unknown};
  if (state.user == nullptr) return {Code::user_unknown};
  CallFacts facts;
  facts.now_ns = now_ns;
  facts.providers = state.providers;
  facts.interactive = call.interactive;
  facts.address = call.address;
  facts.tls = call.tls;
  facts.tls_told = true;
  facts.with_password = call.by_password;
  const Code stop = first_stop_before_credential(state.tenant, state.user, facts).code;
  if (stop != Code::ok) return {stop};
  std::span<const Narrowing> parts;
  if (!is_zero(call.key)) {
    const ApiKey* key = find_key(*state.user, call.key);
    if (key == nullptr) return {Code::invalid_credentials};
    if (is_expired(*key, now_ns)) return {Code::credential_expired};
    parts = {key->narrowed_to.data(), key->narrowed_to.size()};
  }
  if (call.action.empty()) return {};
  const Verdict verdict = authorize(
      *state.tenant, *state.user, {call.action, call.resource, call.this_level_only}, facts, parts);
  return {verdict.reason, 1 + verdict.work};
}

}  // namespace postern::domain
