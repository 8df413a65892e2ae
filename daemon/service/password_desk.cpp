#include "daemon/service/password_desk.h"

#include <algorithm>

#include "daemon/service/personal.h"

namespace postern::service {

Ask PasswordDesk::join(Ask ask, bool& full) {
  const auto [place, is_first] = lines_.try_emplace(ask->line);
  if (is_first) return ask;
  full = place->second.size() >= limits_.line_max || waiting_ >= limits_.waiting_max;
  if (full) return ask;
  ++waiting_;
  place->second.push_back(std::move(ask));
  return nullptr;
}

Ask PasswordDesk::leave(const std::string& line) {
  const auto place = lines_.find(line);
  if (place->second.empty()) {
    lines_.erase(place);
    return nullptr;
  }
  --waiting_;
  Ask next = std::move(place->second.front());
  place->second.pop_front();
  return next;
}

bool PasswordDesk::check(Ask& ask, const domain::User* user) {
  const credential::Turn turn{ask->asker, ask->tenant};
  const domain::KeyReference key = user == nullptr ? domain::KeyReference() : user->key;
  const std::shared_ptr<const domain::Bytes> sealed =
      user == nullptr ? nullptr : user->sealed_password;
  auto holder = std::make_shared<Ask>(std::move(ask));
  const bool accepted = pool_.submit(turn, [this, key, sealed, holder] {
    run(**holder, key, sealed);
    done_.post(std::move(*holder));
  });
  if (!accepted) ask = std::move(*holder);
  return accepted;
}

void PasswordDesk::run(PasswordAsk& ask, const domain::KeyReference& key,
                       const std::shared_ptr<const domain::Bytes>& sealed) const {
  ask.right = false;
  ask.rehashed.clear();
  if (sealed == nullptr) return credential::verify_nothing(ask.password, cost_);
  const auto user_key = keys_.user_key(slot_of(key));
  const auto hash = user_key ? open_password_hash(*user_key, ask.user, *sealed)
                             : std::unexpected(user_key.error());
  ask.trouble = !hash;
  if (ask.trouble) return;
  ask.right = credential::verify_password(*hash, ask.password);
  if (ask.right && credential::needs_rehash(*hash, cost_))
    ask.rehashed = hash_and_seal(ask.password, cost_, *user_key, ask.user, entropy_);
}

std::uint32_t PasswordDesk::retry_after_ms() const {
  constexpr std::size_t check_ms = 15;
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(pool_.waiting() * check_ms / 2, 100, 30'000));
}

}  // namespace postern::service
