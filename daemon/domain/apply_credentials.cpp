// Credentials.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

void open_passwords_lock(User& user) {
  const UserExtras& before = extras_of(user);
  if (before.passwords_lock_seq == 0 && before.passwords_lock_ns == 0) return;
  edit_extras(user, [](UserExtras& extras) {
    extras.passwords_lock_seq = 0;
    extras.passwords_lock_ns = 0;
  });
}

void end_sessions(const Scene& scene, User& user) {
  edit_extras(user, [&](UserExtras& extras) {
    extras.session_epoch = scene.record.seq;
    // With all of them dead, none need be remembered.
    extras.ended_sessions.clear();
  });
}

/// C5.
static void count_failures(User& user, std::uint32_t failures) {
  if (extras_of(user).failures != failures)
    edit_extras(user, [&](UserExtras& extras) { extras.failures = failures; });
}

void drop_old_password(User& user) {
  if (extras_of(user).sealed_old_password == nullptr) return;
  edit_extras(user, [](UserExtras& extras) {
    extras.sealed_old_password.reset();
    extras.old_password_until_ns = 0;
  });
}

void password_reset(const Scene& scene, const schema::PasswordReset& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = sealed_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    count_failures(user, 0);
    open_passwords_lock(user);
    clear_tenant_lock(scene, user);
    drop_old_password(user);
    end_sessions(scene, user);
  });
}

void password_changed(const Scene& scene, const schema::PasswordChanged& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = sealed_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    count_failures(user, 0);
    open_passwords_lock(user);
    drop_old_password(user);
  });
}

void password_rotated(const Scene& scene, const schema::PasswordRotated& body) {
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      extras.sealed_old_password = user.sealed_password;
      extras.old_password_until_ns = body.old_valid_until_ns();
    });
    user.sealed_password = sealed_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
  });
}

/// A password is looked at only while no lock is closed: so one that stands had opened by its time
/// (C6), and is over.
void password_failed(const Scene& scene, const schema::PasswordFailed& body) {
  edit_user(scene, [&](User& user) {
    count_failures(user, body.failures());
    open_passwords_lock(user);
  });
}

void password_accepted(const Scene& scene, const schema::PasswordAccepted&) {
  edit_user(scene, [](User& user) {
    count_failures(user, 0);
    open_passwords_lock(user);
  });
}

void password_rehashed(const Scene& scene, const schema::PasswordRehashed& body) {
  edit_user(scene,
            [&](User& user) { user.sealed_password = sealed_bytes(body.sealed_password()); });
}

// ---- keys (C8)

void key_created(const Scene& scene, const schema::KeyCreated& body) {
  if (body.key() == nullptr) return;
  ApiKey key;
  key.id = *body.key();
  key.name = view_of(body.name());
  if (body.hash() != nullptr && body.hash()->size() == key.hash.size())
    std::ranges::copy(*body.hash(), key.hash.begin());
  key.expires_ns = body.expires_ns();
  std::vector<Narrowing> parts;
  if (body.narrowed_to() != nullptr)
    for (const schema::Narrowing* part : *body.narrowed_to())
      parts.push_back(
          {flatbuffers::GetString(part->action()), flatbuffers::GetString(part->resource())});
  key.narrowed_to = std::move(parts);
  key.created_seq = scene.record.seq;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) { extras.keys.push_back(std::move(key)); });
  });
}

void key_revoked(const Scene& scene, const schema::KeyRevoked& body) {
  if (body.key() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      std::erase_if(extras.keys, [&](const ApiKey& key) { return key.id == *body.key(); });
    });
  });
}

// ---- sessions (S3)

void session_ended(const Scene& scene, const schema::SessionEnded& body) {
  if (body.session() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      std::erase_if(extras.ended_sessions, [&](const EndedSession& ended) {
        return ended.until_ns <= scene.record.time_ns;
      });
      extras.ended_sessions.push_back({*body.session(), body.until_ns()});
    });
  });
}

void sessions_ended(const Scene& scene, const schema::SessionsEnded&) {
  edit_user(scene, [&](User& user) { end_sessions(scene, user); });
}

void tenant_sessions_ended(const Scene& scene, const schema::TenantSessionsEnded&) {
  edit_tenant(scene, [&](Tenant& tenant) { tenant.session_epoch = scene.record.seq; });
}

}  // namespace postern::domain
