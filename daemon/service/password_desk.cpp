#include "daemon/service/password_desk.h"

#include <algorithm>

#include "daemon/service/personal.h"

namespace postern::service {

LinePlace PasswordDesk::join(std::unique_ptr<PasswordCheck>& check) {
  const auto [place, is_first] = lines_.try_emplace(check->line, limits_.line_max);
  Line& line = place->second;
  if (!is_first && !line.places.take(check->holder)) return LinePlace::none;
  // The first has its place in the pool; here counts only that it is large.
  check->places = places_of(check->asking.query.bytes().size()) - (is_first ? 1 : 0);
  if (!places_.take(check->holder, check->places)) {
    if (is_first)
      lines_.erase(place);
    else
      line.places.give_back(check->holder);
    return LinePlace::none;
  }
  if (is_first) return LinePlace::first;
  line.checks.push_back(std::move(check));
  return LinePlace::behind;
}

std::unique_ptr<PasswordCheck> PasswordDesk::leave(std::unique_ptr<PasswordCheck> answered) {
  places_.give_back(answered->holder, answered->places);
  const auto place = lines_.find(answered->line);
  Line& behind = place->second;
  if (behind.checks.empty()) {
    lines_.erase(place);
    return nullptr;
  }
  std::unique_ptr<PasswordCheck> next = std::move(behind.checks.front());
  behind.checks.pop_front();
  behind.places.give_back(next->holder);
  places_.give_back(next->holder);
  --next->places;
  return next;
}

bool PasswordDesk::has_room(const PasswordCheck& check) const {
  return pool_.has_room({check.holder, check.tenant});
}

bool PasswordDesk::hash(std::unique_ptr<PasswordCheck>& check, const domain::User* user,
                        const domain::Tenant* tenant, std::int64_t now_ns) {
  const credential::Turn turn{check->holder, check->tenant};
  Against against;
  if (user != nullptr) {
    const domain::UserExtras& extras = domain::extras_of(*user);
    against.key = user->key;
    against.sealed = user->sealed_password;
    against.old_until_ns = extras.old_password_until_ns;
    if (against.old_until_ns > now_ns) against.old = extras.sealed_old_password;
    against.imports_ended_until_ns = imports_ended_until(tenant->policies, now_ns);
  }
  // What refuses work drops it; the check outlives that.
  auto holder = std::make_shared<std::unique_ptr<PasswordCheck>>(std::move(check));
  const bool accepted = pool_.submit(turn, [this, against, holder] {
    run(**holder, against);
    done_.post(std::move(*holder));
  });
  if (!accepted) check = std::move(*holder);
  return accepted;
}

void PasswordDesk::run(PasswordCheck& check, const Against& against) const {
  check.right = false;
  check.rehashed.clear();
  check.has_ended = false;
  if (against.sealed == nullptr) return credential::verify_nothing(check.password, cost_);
  const auto key = keys_.user_key(slot_of(against.key));
  const auto found =
      key ? verify_either({*key, check.user, *against.sealed, against.old.get(),
                           against.imports_ended_until_ns},
                          check.password)
          : std::unexpected(key.error());
  check.trouble = !found;
  if (check.trouble) return;
  check.right = found->right();
  check.has_ended = found->has_ended;
  if (check.has_ended) return;
  check.old_until_ns = found->is_newest ? 0 : against.old_until_ns;
  if (found->is_newest && credential::needs_rehash(found->hash, cost_))
    check.rehashed = hash_and_seal(check.password, cost_, *key, check.user, entropy_);
}

std::uint32_t PasswordDesk::retry_after_ms() const {
  constexpr std::size_t check_ms = 15;
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(pool_.waiting() * check_ms / 2, 100, 30'000));
}

}  // namespace postern::service
