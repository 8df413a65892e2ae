#include "daemon/service/password_desk.h"

#include <algorithm>

#include "daemon/service/personal.h"

namespace postern::service {

Ask PasswordDesk::join(Ask ask, bool& full) {
  const auto [place, is_first] =
      lines_.try_emplace(ask->line, Line{{}, FairPlaces(limits_.line_max)});
  Line& line = place->second;
  full = !is_first && !line.places.take(ask->asker);
  if (full) return ask;
  // The first has its place in the pool; here counts only that it is large.
  ask->places = places_of(ask->query.bytes().size()) - (is_first ? 1 : 0);
  full = !places_.take(ask->asker, ask->places);
  if (full) {
    if (is_first)
      lines_.erase(place);
    else
      line.places.give_back(ask->asker);
    return ask;
  }
  if (is_first) return ask;
  line.asks.push_back(std::move(ask));
  return nullptr;
}

Ask PasswordDesk::leave(Ask answered) {
  places_.give_back(answered->asker, answered->places);
  const auto place = lines_.find(answered->line);
  Line& behind = place->second;
  if (behind.asks.empty()) {
    lines_.erase(place);
    return nullptr;
  }
  Ask next = std::move(behind.asks.front());
  behind.asks.pop_front();
  behind.places.give_back(next->asker);
  places_.give_back(next->asker);
  --next->places;
  return next;
}

bool PasswordDesk::has_room(const PasswordAsk& ask) const {
  return pool_.has_room({ask.asker, ask.tenant});
}

bool PasswordDesk::check(Ask& ask, const domain::User* user, std::int64_t now_ns) {
  const credential::Turn turn{ask->asker, ask->tenant};
  Against against;
  if (user != nullptr) {
    const domain::UserExtras& extras = domain::extras_of(*user);
    against.key = user->key;
    against.sealed = user->sealed_password;
    against.old_until_ns = extras.old_password_until_ns;
    if (against.old_until_ns > now_ns) against.old = extras.sealed_old_password;
  }
  auto holder = std::make_shared<Ask>(std::move(ask));
  const bool accepted = pool_.submit(turn, [this, against, holder] {
    run(**holder, against);
    done_.post(std::move(*holder));
  });
  if (!accepted) ask = std::move(*holder);
  return accepted;
}

void PasswordDesk::run(PasswordAsk& ask, const Against& against) const {
  ask.right = false;
  ask.rehashed.clear();
  if (against.sealed == nullptr) return credential::verify_nothing(ask.password, cost_);
  auto key = keys_.user_key(slot_of(against.key));
  const credential::WipeReadKey wiping{key};
  const auto found =
      key ? verify_either({*key, ask.user, *against.sealed, against.old.get()}, ask.password)
          : std::unexpected(key.error());
  ask.trouble = !found;
  if (ask.trouble) return;
  ask.right = found->right();
  ask.old_until_ns = found->is_newest ? 0 : against.old_until_ns;
  if (found->is_newest && credential::needs_rehash(found->hash, cost_))
    ask.rehashed = hash_and_seal(ask.password, cost_, *key, ask.user, entropy_);
}

std::uint32_t PasswordDesk::retry_after_ms() const {
  constexpr std::size_t check_ms = 15;
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(pool_.waiting() * check_ms / 2, 100, 30'000));
}

}  // namespace postern::service
