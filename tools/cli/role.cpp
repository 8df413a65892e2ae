#include "tools/cli/catalogue_names.h"
#include "tools/cli/conditions.h"
#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/view_text.h"

namespace postern::cli {
namespace role_commands {
namespace {

struct Arguments {
  std::string role;
  std::string action;
  std::vector<std::string> resources;
  bool deny = false;
  ConditionArguments conditions;
  std::string grant;
  std::vector<std::string> users;
  std::string other_role;
};

template <class Body>
Body grant_body(const Arguments& asked, GrantArguments grant) {
  Body body;
  body.role = asked.role;
  body.effect = asked.deny ? schema::Effect::deny : schema::Effect::allow;
  body.action = std::move(grant.action);
  body.resource = std::move(grant.resource);
  return body;
}

std::shared_ptr<Arguments> add_role(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("ROLE", &asked->role, "Its name").required();
  return asked;
}

std::shared_ptr<Arguments> add_grant(Options& options) {
  auto asked = add_role(options);
  add_grant_options(options, asked->action, asked->resources, asked->deny);
  return asked;
}

Handler grant(Options& options) {
  auto asked = add_grant(options);
  add_condition_options(options, asked->conditions);
  return [asked](Session& session) {
    schema::CommandMessageT message;
    message.tenant = session.tenant();
    for (auto& one : grants_asked(session, asked->action, asked->resources)) {
      auto body = grant_body<schema::AddRoleGrantT>(*asked, std::move(one));
      body.conditions = conditions_of(asked->conditions);
      add_command(message, "", std::move(body));
    }
    return session.change(std::move(message));
  };
}

Handler revoke(Options& options) {
  auto asked = add_grant(options);
  options.add("--grant", &asked->grant, "Which of several that differ in conditions, as 12.0");
  return [asked](Session& session) {
    schema::CommandMessageT message;
    message.tenant = session.tenant();
    for (auto& one : grants_asked(session, asked->action, asked->resources)) {
      auto body = grant_body<schema::RemoveRoleGrantT>(*asked, std::move(one));
      body.grant = parse_reference(asked->grant);
      add_command(message, "", std::move(body));
    }
    return session.change(std::move(message));
  };
}

Handler create(Options& options) {
  auto body = std::make_shared<schema::CreateRoleT>();
  options.add("ROLE", &body->name, "Its name: a-z, 0-9, '.', '_' and '-', up to 63").required();
  options.add("--description", &body->description, "What it is for");
  return
      [body](Session& session) { return session.change(message_of(session.tenant(), "", *body)); };
}

Handler remove(Options& options) {
  auto body = std::make_shared<schema::DeleteRoleT>();
  options.add("ROLE", &body->name, "Its name").required();
  return
      [body](Session& session) { return session.change(message_of(session.tenant(), "", *body)); };
}

/// To or from users, or another role.
template <class OfUser, class OfRole>
Handler hold(Options& options, const char* option) {
  auto asked = add_role(options);
  options.add("USER", &asked->users, "Their names; several are one batch");
  options.add(option, &asked->other_role, "A role instead of users: it holds all of ROLE");
  return [asked](Session& session) {
    if (asked->users.empty() == asked->other_role.empty())
      stop_usage("It is not said whom it concerns.", "Name users, or one role.");
    if (asked->other_role.empty()) {
      OfUser body;
      body.role = asked->role;
      return session.change(message_of(session.tenant(), asked->users, body));
    }
    OfRole body;
    body.role = asked->other_role;
    body.inner = asked->role;
    return session.change(message_of(session.tenant(), "", std::move(body)));
  };
}

Handler assign(Options& options) {
  return hold<schema::AssignRoleT, schema::NestRoleT>(options, "--to-role");
}

Handler unassign(Options& options) {
  return hold<schema::UnassignRoleT, schema::UnnestRoleT>(options, "--from-role");
}

int run_list(Session& session, const At& at) {
  session.stand_at(at);
  ShownList listing(session, text::role_columns());
  schema::ListRolesT list;
  list.tenant = session.tenant();
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListRolesT(list)));
    const auto& part = Session::part(page.body.AsRolePage());
    for (const auto& role : part.roles) {
      listing.add(*role, text::row_of(*role));
      list.after = role->name;
    }
    listing.flush();
    more = part.more && !part.roles.empty();
    if (!part.next.empty()) list.after = part.next;
  }
  listing.finish();
  return exit_codes::yes;
}

Handler list(Options& options) {
  auto at = std::make_shared<At>();
  add_at(options, *at);
  return [at](Session& session) { return run_list(session, *at); };
}

Handler show(Options& options) {
  auto asked = add_role(options);
  auto at = std::make_shared<At>();
  add_at(options, *at);
  return [asked, at](Session& session) {
    session.stand_at(*at);
    schema::GetRoleT get;
    get.tenant = session.tenant();
    get.name = asked->role;
    auto page = session.page(request(schema::GetRoleT(get)));
    auto& role = Session::part(page.body.AsRoleView());
    while (role.more && role.next != get.after) {
      get.after = role.next;
      auto further = session.page(request(schema::GetRoleT(get)));
      auto& part = Session::part(further.body.AsRoleView());
      std::ranges::move(part.grants, std::back_inserter(role.grants));
      role.more = part.more;
      role.next = part.next;
    }
    if (session.format() != text::Format::table) {
      session.print(text::to_json(role));
      return exit_codes::yes;
    }
    text::write_role(session.out(), role);
    return exit_codes::yes;
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes a role without grants.",
     "--tenant acme role create clerk --description 'Reads orders'", create},
    {"delete", Kind::changes, "Deletes a role that nobody holds.",
     "--tenant acme role delete clerk", remove},
    {"show", Kind::reads, "Shows a role with its own grants.", "--tenant acme role show clerk",
     show},
    {"list", Kind::lists, "Lists the tenant's roles.", "--tenant acme role list", list},
    {"grant", Kind::changes, "Allows all holders of a role an action on a resource and all below.",
     "--tenant acme role grant clerk read table/orders", grant},
    {"revoke", Kind::changes, "Takes exactly this grant back from a role.",
     "--tenant acme role revoke clerk read table/orders", revoke},
    {"assign", Kind::changes, "Gives a role to users, or to another role.",
     "--tenant acme role assign clerk api.bob", assign},
    {"unassign", Kind::changes, "Takes a role from users, or from another role.",
     "--tenant acme role unassign clerk --from-role manager", unassign},
};

}  // namespace
}  // namespace role_commands

const Noun role_noun = {"role", "Named sets of grants, held by users and by other roles.",
                        role_commands::verbs};

}  // namespace postern::cli
