// C: passwords and what their checks found.
#include "codes.h"
#include "daemon/domain/authorize.h"
#include "daemon/domain/password_policy.h"
#include "daemon/domain/rules.h"
#include "daemon/domain/time_text.h"

namespace postern::domain {

using schema::Code;

namespace {

/// C7: 90 days.
constexpr std::int64_t old_password_ns_max = 90LL * 86'400 * 1'000'000'000;

/// C5: one more wrong password, and the lock it may bring.
void cause_failure(const Case& asked, const Tenant& tenant, const User& user, const Uuid& service) {
  schema::PasswordFailedT failed;
  // C6: a lock that stands has opened by its time, and the count starts anew.
  failed.failures = extras_of(user).passwords_lock_seq != 0 ? 1 : extras_of(user).failures + 1;
  failed.service = std::make_unique<Uuid>(service);
  const bool locks = failed.failures >= tenant.policies.lockout_failures;
  asked.cause(user, failed);
  if (!locks) return;
  schema::UserLockedT locked;
  locked.cause = schema::LockCause::passwords;
  asked.cause(user, locked);
}

/// C9: what depends on the user reads to a service as a wrong password does, in every field. A
/// wrong password is told from its record, which keeps no field.
void refuse_unverified(const Case& asked, const Tenant& tenant, Code true_reason) {
  const bool told = asked.asker().role != schema::Role::service || tenant.policies.tell_reasons ||
                    true_reason == Code::tenant_disabled;
  if (told) return asked.refuse(true_reason, "user");
  asked.refuse(Code::invalid_credentials, "");
}

/// What is wrong with a user's own change, whoever the user is.
void check_change(const Case& asked) {
  const schema::CommandMessage& message = *asked.context.message;
  if (message.commands()->size() > 1)
    asked.refuse(Code::field_malformed, "body", "A user's own change stands alone in its message.");
  if (message.dry_run() && asked.asker().role == schema::Role::service)
    asked.refuse(Code::not_permitted, "dry_run",
                 "It would tell of a user whose password is not verified.");
  if (asked.material.current_password.empty())
    asked.refuse(Code::field_missing, "current_password");
  if (asked.material.password.empty()) asked.refuse(Code::field_missing, "password");
}

}  // namespace

void check_new_password(const Case& asked, const Tenant& tenant, std::string_view username) {
  const Material& material = asked.material;
  if (material.password_confirmation && *material.password_confirmation != material.password)
    asked.refuse(Code::password_confirmation_differs, "password_confirmation");
  const ForbiddenWords words{username, material.email, tenant.alias, tenant.display_name};
  for (const Code code : broken_rules(material.password, tenant.policies, words)) {
    const bool by_control = code == Code::password_contains_forbidden_character &&
                            contains_control_character(material.password);
    asked.refuse(code, "password",
                 by_control ? "It contains a control character, as a line's end or a tab." : "");
  }
}

void reset_password(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  check_new_password(asked, *asked.state.tables().find_tenant(user->tenant), user->username);
  if (!asked.decision.refusals.empty()) return;
  schema::PasswordResetT reset;
  reset.sealed_password = asked.material.sealed_password;
  asked.cause(*user, reset);
}

void change_password(const Case& asked) {
  check_change(asked);
  if (!asked.decision.refusals.empty()) return;
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const User* user = find_target(asked.state, *tenant, asked.command);
  const Stop stop = first_stop_of_standing(tenant, user, asked.context.now_ns);
  if (stop.code != Code::ok) return refuse_unverified(asked, *tenant, stop.code);
  if (user->password_seq == 0) return refuse_unverified(asked, *tenant, Code::password_not_set);
  const Material& material = asked.material;
  if (material.current_password_right == false) {
    cause_failure(asked, *tenant, *user, asked.asker().id);
    return asked.refuse(Code::invalid_credentials, "");
  }
  if (!material.sealed_password.empty() && material.current_password_right != true)
    return refuse_unverified(asked, *tenant, Code::invalid_credentials);
  if (material.current_password_right == true && require_version(asked, *user))
    check_new_password(asked, *tenant, user->username);
  if (!asked.decision.refusals.empty()) return;
  schema::PasswordChangedT changed;
  changed.sealed_password = material.sealed_password;
  asked.cause(*user, changed);
}

void rotate_password(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  if (user->password_seq == 0) return asked.refuse(Code::password_not_set, "user");
  const std::int64_t until_ns = asked.command.body_as_RotatePassword()->old_valid_until_ns();
  const std::int64_t now_ns = asked.context.now_ns;
  if (until_ns <= now_ns || until_ns > now_ns + old_password_ns_max)
    asked.refuse(Code::field_malformed, "old_valid_until_ns",
                 "It must lie in the future, at most 90 days ahead; found " + time_text(until_ns) +
                     ", and now is " + time_text(now_ns) + ".");
  check_new_password(asked, *asked.state.tables().find_tenant(user->tenant), user->username);
  if (!asked.decision.refusals.empty()) return;
  schema::PasswordRotatedT rotated;
  rotated.sealed_password = asked.material.sealed_password;
  rotated.old_valid_until_ns = until_ns;
  asked.cause(*user, rotated);
}

void record_attempt(const Case& asked) {
  const User* user = require_known_user(asked);
  if (user == nullptr) return;
  const auto& body = *asked.command.body_as_RecordAttempt();
  if (body.service() == nullptr) return asked.refuse(Code::field_missing, "service");
  const Tenant& tenant = *asked.state.tables().find_tenant(user->tenant);
  const Stop stop = first_stop_of_standing(&tenant, user, asked.context.now_ns);
  if (stop.code != Code::ok) return asked.refuse(stop.code, "user");
  if (user->password_seq == 0) return asked.refuse(Code::password_not_set, "user");
  if (body.password_seq() != user->password_seq)
    return asked.refuse(Code::version_conflict, "password_seq");
  if (!body.succeeded()) return cause_failure(asked, tenant, *user, *body.service());
  if (extras_of(*user).failures != 0) {
    schema::PasswordAcceptedT accepted;
    accepted.service = std::make_unique<Uuid>(*body.service());
    asked.cause(*user, accepted);
  }
  if (asked.material.sealed_password.empty()) return;
  schema::PasswordRehashedT rehashed;
  rehashed.sealed_password = asked.material.sealed_password;
  asked.cause(*user, rehashed);
}

}  // namespace postern::domain
