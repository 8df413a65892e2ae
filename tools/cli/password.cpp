#include "tools/cli/session.h"
#include "tools/cli/text.h"

namespace postern::cli {
namespace {

int run_reset(Session& session, const std::string& user) {
  const auto& tenant = session.tenant();
  schema::ResetPasswordT body;
  body.password = session.input().new_password("New password of " + user);
  return session.change(message_of(tenant, user, std::move(body)));
}

int run_change(Session& session, const std::string& user) {
  const auto& tenant = session.tenant();
  schema::ChangePasswordT body;
  body.current_password = session.input().password("Current password of " + user);
  body.password = session.input().new_password("New password of " + user);
  return session.change(message_of(tenant, user, std::move(body)));
}

struct Rotation {
  std::string user;
  std::string old_until;
};

Handler rotate(CLI::App& command) {
  auto rotation = std::make_shared<Rotation>();
  command.add_option("USER", rotation->user, "Its name")->required();
  command.add_option("--old-until", rotation->old_until,
                     "Until when the old one is valid too, as 2027-01-31T00:00:00Z")
      ->required();
  return [rotation](Session& session) {
    const auto& tenant = session.tenant();
    schema::RotatePasswordT body;
    body.old_valid_until_ns = parse_time("--old-until", rotation->old_until);
    body.password = session.input().new_password("New password of " + rotation->user);
    return session.change(message_of(tenant, rotation->user, std::move(body)));
  };
}

template <int (*run)(Session&, const std::string&)>
Handler with_user(CLI::App& command) {
  auto user = std::make_shared<std::string>();
  command.add_option("USER", *user, "Its name")->required();
  return [user](Session& session) { return run(session, *user); };
}

constexpr Verb verbs[] = {
    {"reset", Kind::changes, "Sets a user's password: a line of standard input, or typed twice.",
     "--tenant acme password reset api.bob <new-password.txt", with_user<run_reset>},
    {"change", Kind::changes,
     "Changes a password for its user: two lines, the current one and the new.",
     "--tenant acme password change api.bob", with_user<run_change>},
    {"rotate", Kind::changes, "Sets a second password; the old one stays valid for a while.",
     "--tenant acme password rotate api.bob --old-until 2027-01-31T00:00:00Z <new.txt", rotate},
};

}  // namespace

const Noun password_noun = {
    "password", "Passwords, from standard input or a prompt; never an argument.", verbs};

}  // namespace postern::cli
