#include "tools/cli/session.h"
#include "tools/cli/user_options.h"
#include "tools/cli/user_views.h"
#include "tools/text/ids.h"

namespace postern::cli {
namespace user_commands {
namespace {

// ---- create

struct Creation {
  std::vector<std::string> users;
  std::string status;
  std::string api_access;
  bool with_password = false;
  ProfileOptions profile;
  SettingsOptions settings;
};

int run_create(Session& session, const Creation& creation) {
  // Without a name: the tenant generates one (U2).
  const std::vector<std::string> users =
      creation.users.empty() ? std::vector<std::string>{""} : creation.users;
  if (creation.with_password && users.size() > 1)
    stop_usage("A password is for one user.",
               "Create the users without, then reset the password of each.");
  schema::CreateUserT body;
  if (!creation.status.empty())
    body.status =
        creation.status == "new" ? schema::UserStatus::new_user : schema::UserStatus::active;
  if (!creation.api_access.empty()) body.api_access = creation.api_access == "on";
  body.note = creation.profile.note();
  if (creation.profile.any_of_profile()) body.profile = creation.profile.profile();
  body.settings = creation.settings.settings();
  auto message = message_of(session.tenant(), users, body);
  for (const auto& command : message.commands)
    command->body.AsCreateUser()->username = std::exchange(command->user, {});
  if (creation.with_password)
    message.commands[0]->body.AsCreateUser()->password =
        session.input().new_password(users[0].empty() ? "Password" : "Password of " + users[0]);
  return session.change(std::move(message));
}

Handler create(Options& options) {
  auto creation =
      std::make_shared<Creation>(Creation{{},
                                          {},
                                          {},
                                          false,
                                          ProfileOptions(options, ProfileOptions::Of::new_user),
                                          SettingsOptions(options)});
  options.add("USER", &creation->users,
              "Names; public for ever, so better not a person's; none where the tenant "
              "generates them");
  options.add("--status", &creation->status, "new or active; else as the tenant's policy says")
      .one_of({"new", "active"});
  options.add("--api-access", &creation->api_access, "on or off; else as the tenant's policy says")
      .one_of({"on", "off"});
  options
      .add("--password", &creation->with_password,
           "Read a password from standard input, or ask for it twice")
      .without_value();
  return [creation](Session& session) { return run_create(session, *creation); };
}

// ---- changes of several users at once

std::shared_ptr<std::vector<std::string>> add_users(Options& options) {
  auto users = std::make_shared<std::vector<std::string>>();
  options.add("USER", users.get(), "Names; several are one batch, all or nothing").required();
  return users;
}

template <class Body>
Handler move(Options& options) {
  return [users = add_users(options)](Session& session) {
    return session.change(message_of(session.tenant(), *users, Body{}));
  };
}

// ---- erase

struct Erasure {
  std::vector<std::string> users;
  std::vector<std::string> ids;
};

/// U11: what cannot be undone needs a word also where nobody can be asked.
void demand_a_word(Session& session) {
  if (session.yes() || session.dry_run() || session.input().at_terminal()) return;
  stop_usage("Erasing cannot be undone, and there is no terminal to ask at.",
             "Say --yes; --dry-run shows what it would do.");
}

int run_erase(Session& session, const Erasure& erasure) {
  if (erasure.users.empty() && erasure.ids.empty())
    stop_usage("No user is named.", "Give names, or ids with --user-id.");
  auto message = message_of(session.tenant(), erasure.users, schema::EraseUserT{});
  for (const std::string& text : erasure.ids) {
    const auto id = text::parse_uuid(text);
    if (!id) stop_usage("--user-id takes a UUID.");
    add_command(message, "", schema::EraseUserT{});
    message.commands.back()->user_id = std::make_unique<schema::Uuid>(*id);
  }
  demand_a_word(session);
  return session.change(std::move(message));
}

Handler erase(Options& options) {
  auto erasure = std::make_shared<Erasure>();
  options.add("USER", &erasure->users, "Names of trashed users; several are one batch");
  options.add("--user-id", &erasure->ids,
              "Ids, beside the names or instead: a deleted user's name is free");
  return [erasure](Session& session) { return run_erase(session, *erasure); };
}

// ---- set and rename

struct Setting {
  std::shared_ptr<std::vector<std::string>> users;
  std::string api_access;
  ProfileOptions profile;
  SettingsOptions settings;
};

int run_set(Session& session, const Setting& asked) {
  schema::CommandMessageT message;
  message.tenant = session.tenant();
  const auto add = [&](const std::string& user, const auto& body) {
    add_command(message, user, body);
  };
  const bool sets_profile = asked.profile.any_of_profile() || asked.profile.any_of_note();
  for (const std::string& user : *asked.users) {
    if (!asked.api_access.empty()) {
      schema::SetApiAccessT access;
      access.allowed = asked.api_access == "on";
      add(user, access);
    }
    if (sets_profile) add(user, asked.profile.change());
    if (asked.settings.any()) add(user, asked.settings.change());
  }
  if (message.commands.empty()) stop_usage("Nothing is asked to be set.");
  return session.change(std::move(message));
}

Handler set(Options& options) {
  auto asked =
      std::make_shared<Setting>(Setting{add_users(options),
                                        {},
                                        ProfileOptions(options, ProfileOptions::Of::present_user),
                                        SettingsOptions(options)});
  options.add("--api-access", &asked->api_access, "on or off").one_of({"on", "off"});
  return [asked](Session& session) { return run_set(session, *asked); };
}

Handler rename(Options& options) {
  auto user = std::make_shared<std::string>();
  auto body = std::make_shared<schema::RenameUserT>();
  options.add("USER", user.get(), "Its name").required();
  options.add("NEW", &body->username, "Its new name; the old one is free then").required();
  return [user, body](Session& session) {
    return session.change(message_of(session.tenant(), *user, *body));
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes users.",
     "--tenant acme user create api.bob --email ops@acme.example --password", create},
    {"show", Kind::reads, "Shows a user: details, security, data access.",
     "--tenant acme user show api.bob", show_user},
    {"list", Kind::lists, "Lists the users of a tenant.",
     "--tenant acme user list --locked --sort changed --descending", list_users},
    {"set", Kind::changes, "Sets profile, note, settings and API access of users.",
     "--tenant acme user set api.bob --email ops@acme.example --networks 192.0.2.0/24", set},
    {"rename", Kind::changes, "Gives a user another name, if its tenant allows that.",
     "--tenant acme user rename api.bob api.robert", rename},
    {"enable", Kind::changes, "Makes new or inactive users active.",
     "--tenant acme user enable api.bob", move<schema::EnableUserT>},
    {"disable", Kind::changes, "Makes active users inactive.",
     "--tenant acme user disable api.bob api.eve --reason T-311", move<schema::DisableUserT>},
    {"trash", Kind::changes, "Moves users to the trash.", "--tenant acme user trash api.bob",
     move<schema::TrashUserT>},
    {"restore", Kind::changes, "Takes users out of the trash; they are inactive then.",
     "--tenant acme user restore api.bob", move<schema::RestoreUserT>},
    {"delete", Kind::changes, "Deletes users for ever; their history stays.",
     "--tenant acme user delete api.bob --dry-run", move<schema::DeleteUserT>},
    {"erase", Kind::changes,
     "Erases trashed or deleted users: nobody reads profile, note or password again.",
     "--tenant acme user erase api.bob --reason T-512 --yes", erase},
    {"lock", Kind::changes, "Locks users until they are unlocked.",
     "--tenant acme user lock api.bob --reason 'key leaked'", move<schema::LockUserT>},
    {"unlock", Kind::changes, "Clears the lock by an operator.",
     "--tenant acme user unlock api.bob", move<schema::UnlockUserT>},
};

}  // namespace
}  // namespace user_commands

const Noun user_noun = {"user", "API users of a tenant: accounts for programs.",
                        user_commands::verbs};

}  // namespace postern::cli
