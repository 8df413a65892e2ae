#include "daemon/credential/seen_credentials.h"

#include <sodium.h>

#include <utility>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

SeenCredentials::SeenCredentials(platform::Entropy& entropy, std::size_t count_max)
    : half_max_(count_max / 2) {
  require(half_max_ > 0);
  sodium_ready();
  entropy.fill(key_);
}

SeenHash SeenCredentials::hash(const schema::Uuid& user, std::string_view credential) const {
  crypto_generichash_state state;
  const std::array<std::uint64_t, 2> id = {user.high(), user.low()};
  SeenHash hash{};
  const auto* key = reinterpret_cast<const unsigned char*>(key_.data());
  crypto_generichash_init(&state, key, key_.size(), sizeof hash);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(id.data()), sizeof id);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(credential.data()),
                            credential.size());
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(hash.data()), sizeof hash);
  sodium_memzero(&state, sizeof state);
  return hash;
}

const SeenCredentials::Finding* SeenCredentials::find(const SeenHash& hash) {
  if (const auto place = newer_.find(hash); place != newer_.end()) return &place->second;
  const auto place = older_.find(hash);
  if (place == older_.end()) return nullptr;
  remember(hash, Finding(place->second));
  return &newer_.find(hash)->second;
}

void SeenCredentials::remember(const SeenHash& hash, const Finding& finding) {
  if (newer_.size() >= half_max_ && !newer_.contains(hash)) {
    older_ = std::move(newer_);
    newer_ = Half();
  }
  newer_.insert_or_assign(hash, finding);
}

}  // namespace postern::credential
