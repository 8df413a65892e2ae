// Credentials.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

void password_reset(const Scene& scene, const schema::PasswordReset& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = shared_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    user.failures = 0;
    user.passwords_lock_seq = 0;
    clear_tenant_lock(scene, user);
  });
}

void password_changed(const Scene& scene, const schema::PasswordChanged& body) {
  edit_user(scene, [&](User& user) {
    user.sealed_password = shared_bytes(body.sealed_password());
    user.password_seq = scene.record.seq;
    user.failures = 0;
  });
}

void password_failed(const Scene& scene, const schema::PasswordFailed& body) {
  edit_user(scene, [&](User& user) { user.failures = body.failures(); });
}

void password_accepted(const Scene& scene, const schema::PasswordAccepted&) {
  edit_user(scene, [](User& user) { user.failures = 0; });
}

void password_rehashed(const Scene& scene, const schema::PasswordRehashed& body) {
  edit_user(scene,
            [&](User& user) { user.sealed_password = shared_bytes(body.sealed_password()); });
}

}  // namespace postern::domain
