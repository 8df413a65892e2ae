#include <fmt/format.h>

#include "tools/cli/session.h"
#include "tools/cli/text.h"
#include "tools/cli/views.h"

namespace postern::cli {
namespace {

constexpr std::uint32_t page_count = 1'000;

// ---- create

struct ProfileOption {
  const char* option;
  std::string schema::ProfileT::*field;
  const char* help;
};

constexpr ProfileOption profile_options[] = {
    {"--first-name", &schema::ProfileT::first_name, "First name"},
    {"--last-name", &schema::ProfileT::last_name, "Last name"},
    {"--email", &schema::ProfileT::email, "E-mail"},
    {"--description", &schema::ProfileT::description, "What it is for"},
    {"--organization", &schema::ProfileT::organization, "Organization"},
    {"--department", &schema::ProfileT::department, "Department"},
    {"--warehouse", &schema::ProfileT::warehouse, "Warehouse"},
    {"--language", &schema::ProfileT::language, "BCP 47 tag, as de-CH"},
    {"--time-zone", &schema::ProfileT::time_zone, "IANA name, as Europe/Zurich"},
    {"--phone", &schema::ProfileT::phone, "Phone"},
    {"--address", &schema::ProfileT::address, "Postal address"},
    {"--hire-date", &schema::ProfileT::hire_date, "ISO 8601 date"},
    {"--system", &schema::ProfileT::system, "The one system the user is for"},
};

struct Creation {
  std::vector<std::string> users;
  std::string status;
  std::string api_access;
  bool with_password = false;
  std::string note;
  schema::ProfileT profile;
  std::vector<std::string> attributes;
};

void read_attributes(Creation& creation) {
  for (const auto& pair : creation.attributes) {
    const auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0) stop_usage("--attribute takes NAME=VALUE.");
    auto attribute = std::make_unique<schema::AttributeT>();
    attribute->name = pair.substr(0, equals);
    attribute->value = pair.substr(equals + 1);
    creation.profile.attributes.push_back(std::move(attribute));
  }
}

int run_create(Session& session, Creation& creation) {
  read_attributes(creation);
  if (creation.with_password && creation.users.size() > 1)
    stop_usage("A password is for one user.",
               "Create the users without, then reset the password of each.");
  schema::CreateUserT body;
  if (!creation.status.empty())
    body.status =
        creation.status == "new" ? schema::UserStatus::new_user : schema::UserStatus::active;
  if (!creation.api_access.empty()) body.api_access = creation.api_access == "on";
  body.note = creation.note;
  if (!(creation.profile == schema::ProfileT{}))
    body.profile = std::make_unique<schema::ProfileT>(creation.profile);
  auto message = message_of(session.tenant(), creation.users, body);
  for (std::size_t index = 0; index < creation.users.size(); ++index) {
    auto& command = *message.commands[index];
    command.body.AsCreateUser()->username = std::exchange(command.user, {});
  }
  if (creation.with_password)
    message.commands[0]->body.AsCreateUser()->password =
        session.input().new_password("Password of " + creation.users[0]);
  return session.change(std::move(message));
}

Handler create(CLI::App& command) {
  auto creation = std::make_shared<Creation>();
  command.add_option("USER", creation->users, "Names; public for ever, so better not a person's")
      ->required();
  command
      .add_option("--status", creation->status, "new or active; else as the tenant's policy says")
      ->check(CLI::IsMember({"new", "active"}));
  command
      .add_option("--api-access", creation->api_access,
                  "on or off; else as the tenant's policy says")
      ->check(CLI::IsMember({"on", "off"}));
  command.add_flag("--password", creation->with_password,
                   "Read a password from standard input, or ask for it twice");
  command.add_option("--note", creation->note, "Private note for operators");
  for (const auto& option : profile_options)
    command.add_option(option.option, creation->profile.*option.field, option.help);
  command.add_option("--attribute", creation->attributes, "NAME=VALUE; up to 64 times")
      ->allow_extra_args(false);
  return [creation](Session& session) { return run_create(session, *creation); };
}

// ---- show and list

void print_details(std::ostream& out, const schema::UserDetailsT& details) {
  Fields fields;
  fields.add("id", uuid_text(details.id));
  fields.add("tenant", details.tenant);
  fields.add("username", details.username);
  fields.add("status", status_text(details.status));
  fields.add("version", std::to_string(details.version));
  if (details.profile) {
    for (const auto& option : profile_options)
      fields.add(option.option + 2, (*details.profile).*option.field);
    for (const auto& attribute : details.profile->attributes)
      fields.add(attribute->name, attribute->value);
  }
  fields.add("note", details.note);
  fields.add("created", cause_text(details.created));
  fields.add("status changed", cause_text(details.status_changed));
  fields.add("last changed", cause_text(details.changed));
  out << "Details\n";
  fields.write(out, 2);
}

void print_use(std::ostream& out, const schema::UseT& use) {
  Fields fields;
  const auto with_others = [](const std::vector<std::string>& names, std::uint32_t others) {
    return joined(names) + (others == 0 ? "" : fmt::format(" and {} more", others));
  };
  const auto time = [](std::int64_t time_ns) {
    return time_ns == 0 ? std::string() : time_text_short(time_ns);
  };
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  for (const auto& day : use.days) {
    allowed += day->allowed;
    denied += day->denied;
  }
  fields.add("first", time(use.first_ns));
  fields.add("last", time(use.last_ns));
  fields.add("days", std::to_string(use.days.size()));
  fields.add("allowed", std::to_string(allowed));
  fields.add("denied", std::to_string(denied));
  fields.add("password", time(use.password_last_ns));
  for (const auto& key : use.keys)
    fields.add("key", fmt::format("{}: {} times, last {}", uuid_text(key->key), key->count,
                                  time(key->last_ns)));
  fields.add("networks", with_others(use.networks, use.networks_left_out));
  fields.add("clients", with_others(use.clients, use.clients_left_out));
  fields.add("grants", std::to_string(use.grants.size()));
  out << "Use\n";
  fields.write(out, 2);
}

void print_security(std::ostream& out, const schema::UserSecurityT& security) {
  Fields fields;
  fields.add("api access", security.api_access ? "on" : "off");
  fields.add("access changed", cause_text(security.api_access_changed));
  if (security.locks.empty()) fields.add("locked", "no");
  for (const auto& lock : security.locks)
    fields.add("locked", "by " + lock_text(lock->cause) + ": " + cause_text(lock->caused_by));
  fields.add("failures", std::to_string(security.failures));
  fields.add("password", security.password_set ? "set" : "none");
  fields.add("password set", cause_text(security.password_changed));
  out << "Security\n";
  fields.write(out, 2);
}

schema::HistoryPageT read_user(Session& session, const std::string& user,
                               const std::string& user_id) {
  if (user.empty() && user_id.empty())
    stop_usage("No user is named.", "Give its name, or its id with --user-id.");
  schema::GetUserT get;
  get.tenant = session.tenant();
  get.username = user;
  if (!user_id.empty()) {
    const auto id = client::parse_uuid(user_id);
    if (!id) stop_usage("--user-id takes a UUID.");
    get.user_id = std::make_unique<schema::Uuid>(*id);
  }
  return session.page(request(std::move(get)));
}

int run_show(Session& session, const std::string& user, const std::string& user_id) {
  const auto page = read_user(session, user, user_id);
  const auto& view = Session::part(page.body.AsUserView());
  if (session.format() != Format::table) {
    session.print(to_json(view));
    return exit_codes::yes;
  }
  if (view.details) print_details(session.out(), *view.details);
  if (view.security) print_security(session.out(), *view.security);
  if (view.details && view.details->use) print_use(session.out(), *view.details->use);
  session.out() << "Data access\n";
  print_grants(session.out(), view.data_access);
  return exit_codes::yes;
}

Handler show(CLI::App& command) {
  auto user = std::make_shared<std::string>();
  auto user_id = std::make_shared<std::string>();
  command.add_option("USER", *user, "Its name");
  command.add_option("--user-id", *user_id, "Its id, instead of the name; finds deleted users too")
      ->excludes("USER");
  return [user, user_id](Session& session) { return run_show(session, *user, *user_id); };
}

struct ListAsked {
  schema::ListUsersT request;
  std::string status;
  std::uint64_t count_max = 0;
};

schema::UserStatus parse_status(const std::string& text) {
  for (const auto status : schema::EnumValuesUserStatus())
    if (status_text(status) == text) return status;
  return schema::UserStatus::unset;
}

int run_list(Session& session, const ListAsked& asked) {
  Listing listing(session.out(), session.format(),
                  {"USER", "STATUS", "LOCKED BY", "ACCESS", "GRANTS", "VERSION", "ID"});
  auto list = asked.request;
  list.tenant = session.tenant();
  list.status = parse_status(asked.status);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (bool more = true; more && left > 0;) {
    list.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
    const auto page = session.page(request(schema::ListUsersT(list)));
    const auto& part = Session::part(page.body.AsUserPage());
    for (const auto& user : part.users) {
      std::vector<std::string> locks;
      for (const auto lock : user->locks) locks.push_back(lock_text(lock));
      listing.add(*user, {user->username, status_text(user->status), joined(locks),
                          user->api_access ? "on" : "off", std::to_string(user->grant_count),
                          std::to_string(user->version), uuid_text(user->id)});
      list.after = user->username;
      if (--left == 0) break;
    }
    listing.flush();
    more = part.more && !part.users.empty();
  }
  listing.finish();
  return exit_codes::yes;
}

Handler list(CLI::App& command) {
  auto asked = std::make_shared<ListAsked>();
  command.add_option("--status", asked->status, "Only with this status")
      ->check(CLI::IsMember({"new", "active", "inactive", "trashed", "deleted"}));
  command.add_flag("--locked", asked->request.locked, "Only locked ones");
  command.add_option("--text", asked->request.text, "Only with this in the name");
  command.add_option("--count", asked->count_max, "End after so many");
  return [asked](Session& session) { return run_list(session, *asked); };
}

// ---- changes of several users at once

std::shared_ptr<std::vector<std::string>> add_users(CLI::App& command) {
  auto users = std::make_shared<std::vector<std::string>>();
  command.add_option("USER", *users, "Names; several are one batch, all or nothing")->required();
  return users;
}

template <class Body>
Handler move(CLI::App& command) {
  return [users = add_users(command)](Session& session) {
    return session.change(message_of(session.tenant(), *users, Body{}));
  };
}

Handler set(CLI::App& command) {
  auto users = add_users(command);
  auto access = std::make_shared<std::string>();
  command.add_option("--api-access", *access, "on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->required();
  return [users, access](Session& session) {
    schema::SetApiAccessT body;
    body.allowed = *access == "on";
    return session.change(message_of(session.tenant(), *users, body));
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes users.",
     "--tenant acme user create api.bob --email ops@acme.example --password", create},
    {"show", Kind::reads, "Shows a user: details, security, data access.",
     "--tenant acme user show api.bob", show},
    {"list", Kind::reads, "Lists the users of a tenant.", "--tenant acme user list --locked", list},
    {"set", Kind::changes, "Switches API access.",
     "--tenant acme user set api.bob --api-access off", set},
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
    {"lock", Kind::changes, "Locks users until they are unlocked.",
     "--tenant acme user lock api.bob --reason 'key leaked'", move<schema::LockUserT>},
    {"unlock", Kind::changes, "Clears the lock by an operator.",
     "--tenant acme user unlock api.bob", move<schema::UnlockUserT>},
};

}  // namespace

const Noun user_noun = {"user", "API users of a tenant: accounts for programs.", verbs};

}  // namespace postern::cli
