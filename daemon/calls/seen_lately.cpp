#include "daemon/calls/seen_lately.h"

#include <algorithm>
#include <utility>

namespace postern::calls {

void SeenLately::add(const CallNote& note) {
  if (!note.verified || (!note.has_session && domain::is_zero(note.key))) return;
  const std::scoped_lock lock(mutex_);
  if (note.has_session) add_session(note);
  if (!domain::is_zero(note.key)) add_key(note.key, note.time_ns);
}

void SeenLately::add_key(const Uuid& key, std::int64_t time_ns) {
  if (const auto place = keys_.find(key); place != keys_.end()) {
    place->second = std::max(place->second, time_ns);
    return;
  }
  if (keys_.size() * 2 >= keys_max_) older_keys_ = std::exchange(keys_, {});
  keys_.emplace(key, time_ns);
}

void SeenLately::add_session(const CallNote& note) {
  const SessionNote token = note.session();
  auto place = sessions_.find(token.session);
  if (place == sessions_.end()) {
    if (sessions_.size() >= sessions_max_) {
      left_out_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    place = sessions_.try_emplace(token.session).first;
    place->second.user = note.user;
    place->second.tenant = note.tenant;
  }
  SeenSession& seen = place->second;
  // A token from before a renewal may still be used.
  if (token.expires_ns >= seen.token.expires_ns) seen.token = token;
  seen.key = note.key;
  if (note.time_ns >= seen.last_used_ns) {
    seen.last_used_ns = note.time_ns;
    seen.service = note.service;
  }
  ++seen.call_count;
}

void SeenLately::forget_expired(std::int64_t now_ns) {
  const std::scoped_lock lock(mutex_);
  boost::unordered::erase_if(
      sessions_, [&](const auto& entry) { return entry.second.token.expires_ns <= now_ns; });
}

std::vector<SeenSession> SeenLately::sessions_of(const Uuid& tenant, const Uuid* user) const {
  std::vector<SeenSession> found;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, seen] : sessions_)
    if (seen.tenant == tenant && (user == nullptr || seen.user == *user)) found.push_back(seen);
  return found;
}

std::int64_t SeenLately::key_used_ns(const Uuid& key) const {
  const std::scoped_lock lock(mutex_);
  std::int64_t last_ns = 0;
  for (const Keys* keys : {&keys_, &older_keys_})
    if (const auto place = keys->find(key); place != keys->end())
      last_ns = std::max(last_ns, place->second);
  return last_ns;
}

}  // namespace postern::calls
