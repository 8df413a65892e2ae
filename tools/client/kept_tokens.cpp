#include "tools/client/kept_tokens.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "tools/client/client.h"

namespace postern::client {

namespace {

/// A prolonged session ends at least so much later than before.
constexpr std::chrono::seconds prolonged_least{1};

class TokenHash {
 public:
  explicit TokenHash(const std::array<std::uint8_t, 32>& key) {
    crypto_generichash_init(&state_, key.data(), key.size(), sizeof(KeptTokens::Name));
  }
  ~TokenHash() { sodium_memzero(&state_, sizeof state_); }
  TokenHash(const TokenHash&) = delete;
  TokenHash& operator=(const TokenHash&) = delete;

  /// With its length before it, so that no two lists of parts are the same bytes.
  void add(std::string_view part) {
    const std::uint64_t size = part.size();
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
  }
  KeptTokens::Name finish() {
    KeptTokens::Name name;
    crypto_generichash_final(&state_, name.data(), name.size());
    return name;
  }

 private:
  crypto_generichash_state state_;
};

std::chrono::nanoseconds lifetime_of(const schema::AnswerT& answer) {
  return std::chrono::nanoseconds(answer.body.AsAuthenticated()->expires_ns - answer.time_ns);
}

char folded(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

bool same_username(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, folded, folded);
}

KeptTokens::KeptToken::~KeptToken() { wipe(token); }

KeptTokens::KeptTokens(std::size_t count_max) : half_max_(std::max<std::size_t>(count_max / 2, 1)) {
  // No random numbers, no key: nothing can be kept without.
  if (sodium_init() < 0) std::abort();
  randombytes_buf(key_.data(), key_.size());
}

KeptTokens::~KeptTokens() { sodium_memzero(key_.data(), key_.size()); }

KeptTokens::Name KeptTokens::name_of(const schema::QueryT& query,
                                     const schema::CredentialUnion& credential) const {
  TokenHash hash(key_);
  hash.add(schema::EnumNameCredential(credential.type));
  hash.add(query.tenant);
  if (const schema::CallT* call = query.call.get()) {
    hash.add(schema::EnumNameChannel(call->channel));
    hash.add(call->address);
    hash.add(call->tls ? "tls" : "");
  }
  if (const auto* password = credential.AsPasswordCredential()) {
    hash.add(password->username);
    hash.add(password->password);
  }
  if (const auto* key = credential.AsKeyCredential()) hash.add(key->key);
  return hash.finish();
}

KeptTokens::KeptToken* KeptTokens::find(const Name& name, Moment now) {
  auto place = newer_.find(name);
  if (place == newer_.end()) {
    auto node = older_.extract(name);
    if (node.empty()) return nullptr;
    age();
    place = newer_.insert(std::move(node)).position;
  }
  if (place->second.ends > now) return &place->second;
  newer_.erase(place);
  return nullptr;
}

void KeptTokens::keep(const Name& name, Owner owner, const schema::AnswerT& answer, Moment now) {
  drop(name);
  age();
  KeptToken& kept = newer_[name];
  kept.owner = std::move(owner);
  kept.token = answer.body.AsAuthenticated()->token;
  kept.ends = now + lifetime_of(answer);
  kept.renew_at = now + lifetime_of(answer) / 2;
}

void KeptTokens::renew(KeptToken& kept, const schema::AnswerT& answer, Moment now) {
  const Moment ends = now + lifetime_of(answer);
  // At the session's own end nothing prolongs it any more.
  kept.renew_at =
      ends > kept.ends + prolonged_least ? now + lifetime_of(answer) / 2 : Moment::max();
  kept.ends = ends;
  wipe(kept.token);
  kept.token = answer.body.AsAuthenticated()->token;
}

void KeptTokens::drop(const Name& name) {
  newer_.erase(name);
  older_.erase(name);
}

void KeptTokens::drop_user(std::string_view tenant, std::string_view username) {
  const auto is_theirs = [&](const auto& entry) {
    const Owner& owner = entry.second.owner;
    return owner.tenant == tenant && same_username(owner.username, username);
  };
  std::erase_if(newer_, is_theirs);
  std::erase_if(older_, is_theirs);
}

void KeptTokens::age() {
  if (newer_.size() < half_max_) return;
  older_ = std::move(newer_);
  newer_.clear();
}

}  // namespace postern::client
