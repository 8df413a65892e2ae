#include "daemon/calls/call_seals.h"

namespace postern::calls {

void CallSeals::open(Entry& entry) {
  const domain::User* user = find_user_(*entry.call.user);
  if (user == nullptr || entry.sealed.empty()) return;
  const auto [place, is_new] = read_.try_emplace(user->id);
  if (is_new) {
    const auto key = keys_.user_key({user->key.file, user->key.slot});
    if (key) place->second = *key;
  }
  if (place->second) unseal(entry, *place->second);
}

}  // namespace postern::calls
