#include "tools/cli/catalogue_names.h"
#include "tools/cli/conditions.h"
#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/cli/user_views.h"
#include "tools/text/output.h"
#include "tools/text/view_text.h"

namespace postern::cli {
namespace grant_commands {
namespace {

struct Arguments {
  std::string user;
  std::string action;
  std::vector<std::string> resources;
  bool deny = false;
  ConditionArguments conditions;
  std::string grant;
};

template <class Body>
Handler change(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("USER", &asked->user, "Its name").required();
  add_grant_options(options, asked->action, asked->resources, asked->deny);
  if constexpr (std::is_same_v<Body, schema::AddGrantT>)
    add_condition_options(options, asked->conditions);
  else
    options.add("--grant", &asked->grant, "Which of several that differ in conditions, as 12.0");
  return [asked](Session& session) {
    schema::CommandMessageT message;
    message.tenant = session.tenant();
    for (auto& one : grants_asked(session, asked->action, asked->resources)) {
      Body body;
      body.effect = asked->deny ? schema::Effect::deny : schema::Effect::allow;
      body.action = std::move(one.action);
      body.resource = std::move(one.resource);
      if constexpr (std::is_same_v<Body, schema::AddGrantT>)
        body.conditions = conditions_of(asked->conditions);
      else
        body.grant = parse_reference(asked->grant);
      add_command(message, asked->user, std::move(body));
    }
    return session.change(std::move(message));
  };
}

Handler list(Options& options) {
  auto user = std::make_shared<std::string>();
  auto at = std::make_shared<At>();
  options.add("USER", user.get(), "Its name").required();
  add_at(options, *at);
  return [user, at](Session& session) {
    session.stand_at(*at);
    const auto page = read_user(session, *user);
    const auto& view = Session::part(page.body.AsUserView());
    ShownList listing(session, text::grant_columns());
    for (const auto& held : view.data_access)
      if (held->grant || session.format() != text::Format::table)
        listing.add(*held, text::row_of(*held));
    listing.finish();
    if (session.format() == text::Format::table) text::write_roles_of(session.out(), view);
    return exit_codes::yes;
  };
}

constexpr Verb verbs[] = {
    {"add", Kind::changes, "Allows a user an action on a resource and all below it.",
     "--tenant acme grant add api.bob read,write table/customer", change<schema::AddGrantT>},
    {"remove", Kind::changes, "Takes back exactly this grant.",
     "--tenant acme grant remove api.bob read table/customer", change<schema::RemoveGrantT>},
    {"list", Kind::lists, "Lists a user's grants.", "--tenant acme grant list api.bob", list},
};

}  // namespace
}  // namespace grant_commands

const Noun grant_noun = {"grant", "What a user may do: USER ACTION RESOURCE.",
                         grant_commands::verbs};

}  // namespace postern::cli
