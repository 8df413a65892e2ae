#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/cli/generated_password.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/cli/values.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace password_commands {
namespace {

struct Reset {
  std::vector<std::string> users;
  std::string list;
  bool generate = false;
  std::string out;
};

/// Those of the arguments, then those of the list, a name a line.
std::vector<std::string> users_of(Session& session, const Reset& asked) {
  std::vector<std::string> users = asked.users;
  if (!asked.list.empty()) {
    const int descriptor = ::open(asked.list.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      throw Stop{
          exit_codes::missing,
          fmt::format("Cannot read {}: {}.", text::printable(asked.list), std::strerror(errno)),
          "Name a file with a user's name on each line."};
    const std::unique_ptr<const int, void (*)(const int*)> closer(
        &descriptor, [](const int* opened) { ::close(*opened); });
    Input list(descriptor, session.talk());
    while (const auto line = list.line())
      if (const auto name = text::trimmed(*line); !name.empty()) users.push_back(name);
  }
  if (users.empty()) stop_usage("No user is named.", "Give names, or a file of them with --users.");
  auto sorted = users;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    stop_usage(fmt::format("{} is named twice.", text::printable(*twice)));
  return users;
}

/// A line for each user of a pipe or file, and nothing more; at a terminal each is typed twice.
std::string next_password(Session& session, const std::vector<std::string>& users,
                          std::size_t place) {
  auto& input = session.input();
  const auto prompt = "New password of " + users[place];
  if (users.size() == 1 || input.at_terminal()) return input.new_password(prompt);
  auto password = input.password(prompt);
  if (place + 1 == users.size() && input.line())
    stop_usage(fmt::format("There are more lines than the {} users.", users.size()),
               "Send one password a line, in the order of the users.");
  return password;
}

int run_reset(Session& session, const Reset& asked) {
  if (asked.generate != !asked.out.empty())
    stop_usage("Generated passwords go to a file.", "Say both --generate and --out FILE.");
  const auto users = users_of(session, asked);
  schema::CommandMessageT message;
  message.tenant = session.tenant();
  const auto policies = asked.generate ? policies_of(session) : schema::PoliciesT();
  std::string lines;
  for (std::size_t place = 0; place < users.size(); ++place) {
    schema::ResetPasswordT body;
    body.password = asked.generate ? generated_password(policies, random_byte)
                                   : next_password(session, users, place);
    if (asked.generate) lines += users[place] + " " + body.password + "\n";
    add_command(message, users[place], std::move(body));
  }
  std::vector<NewFile> files;
  if (asked.generate && !session.dry_run()) files.emplace_back(asked.out).write(lines);
  client::wipe(lines);
  return change_with_files(session, std::move(message), std::move(files), "Names and passwords");
}

Handler reset(Options& options) {
  auto asked = std::make_shared<Reset>();
  options.add("USER", &asked->users, "Names; several are one batch, all or nothing");
  options.add("--users", &asked->list, "A file with a user's name on each line").type_name("FILE");
  options.add("--generate", &asked->generate, "Make the passwords; they go to --out");
  options.add("--out", &asked->out, "A new file, its owner's alone: name and password on each line")
      .type_name("FILE");
  return [asked](Session& session) { return run_reset(session, *asked); };
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

Handler rotate(Options& options) {
  auto rotation = std::make_shared<Rotation>();
  options.add("USER", &rotation->user, "Its name").required();
  options
      .add("--old-until", &rotation->old_until,
           "Until when the old one is valid too, as 2027-01-31T00:00:00Z")
      .required();
  return [rotation](Session& session) {
    const auto& tenant = session.tenant();
    schema::RotatePasswordT body;
    body.old_valid_until_ns = parse_time("--old-until", rotation->old_until);
    body.password = session.input().new_password("New password of " + rotation->user);
    return session.change(message_of(tenant, rotation->user, std::move(body)));
  };
}

template <int (*run)(Session&, const std::string&)>
Handler with_user(Options& options) {
  auto user = std::make_shared<std::string>();
  options.add("USER", user.get(), "Its name").required();
  return [user](Session& session) { return run(session, *user); };
}

constexpr Verb verbs[] = {
    {"reset", Kind::changes,
     "Sets users' passwords: a line of standard input for each, typed twice, or generated.",
     "--tenant acme password reset api.bob api.eve --generate --out new-passwords.txt", reset},
    {"change", Kind::changes,
     "Changes a password for its user: two lines, the current one and the new.",
     "--tenant acme password change api.bob", with_user<run_change>},
    {"rotate", Kind::changes, "Sets a second password; the old one stays valid for a while.",
     "--tenant acme password rotate api.bob --old-until 2027-01-31T00:00:00Z <new.txt", rotate},
};

}  // namespace
}  // namespace password_commands

const Noun password_noun = {"password",
                            "Passwords, from standard input or a prompt; never an argument.",
                            password_commands::verbs};

}  // namespace postern::cli
