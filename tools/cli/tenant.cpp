#include "tools/cli/session.h"
#include "tools/cli/text.h"
#include "tools/cli/views.h"

namespace postern::cli {
namespace {

constexpr std::uint32_t page_count = 1'000;

std::string enabled_text(bool enabled) { return enabled ? "enabled" : "disabled"; }

void print_policies(std::ostream& out, const schema::PoliciesT& policies) {
  Fields fields;
  for (const auto& [name, value] : to_json(policies))
    fields.add(std::string(name), plain_text(value));
  out << "Policies\n";
  fields.write(out, 2);
}

void print_catalogue(std::ostream& out, const schema::TenantViewT& tenant) {
  Table table({"KIND", "ACTIONS", "KNOWN"});
  for (const auto& kind : tenant.catalogue) {
    std::vector<std::string> actions;
    for (const auto& action : kind->actions) actions.push_back(action->name);
    table.add({kind->name, joined(actions), kind->open ? "anything below" : "what is listed"});
  }
  out << "Catalogue\n";
  table.write(out);
}

int run_show(Session& session, const std::string& alias) {
  schema::GetTenantT get;
  get.alias = alias.empty() ? session.tenant() : alias;
  const auto page = session.page(request(std::move(get)));
  const auto& tenants = Session::part(page.body.AsTenantPage()).tenants;
  if (tenants.size() != 1) Session::stop_unexpected();
  const auto& tenant = *tenants[0];
  if (session.format() != Format::table) {
    session.print(to_json(tenant));
    return exit_codes::yes;
  }
  Fields fields;
  fields.add("id", uuid_text(tenant.id));
  fields.add("alias", tenant.alias);
  fields.add("display name", tenant.display_name);
  fields.add("status", enabled_text(tenant.enabled));
  fields.add("users", std::to_string(tenant.user_count));
  fields.add("created", cause_text(tenant.created));
  fields.add("status changed", cause_text(tenant.status_changed));
  fields.write(session.out());
  if (tenant.policies) print_policies(session.out(), *tenant.policies);
  if (!tenant.catalogue.empty()) print_catalogue(session.out(), tenant);
  return exit_codes::yes;
}

int run_list(Session& session) {
  Listing listing(session.out(), session.format(), {"ALIAS", "STATUS", "USERS", "NAME", "ID"});
  schema::ListTenantsT list;
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListTenantsT(list)));
    const auto& part = Session::part(page.body.AsTenantPage());
    for (const auto& tenant : part.tenants) {
      listing.add(*tenant,
                  {tenant->alias, enabled_text(tenant->enabled), std::to_string(tenant->user_count),
                   tenant->display_name, uuid_text(tenant->id)});
      list.after = tenant->alias;
    }
    listing.flush();
    more = part.more && !part.tenants.empty();
  }
  listing.finish();
  return exit_codes::yes;
}

Handler create(CLI::App& command) {
  auto body = std::make_shared<schema::CreateTenantT>();
  command.add_option("ALIAS", body->alias, "Its name in calls: a-z, 0-9 and -, up to 63")
      ->required();
  command.add_option("--name", body->display_name, "Its name for people");
  return [body](Session& session) { return session.change(message_of("", "", *body)); };
}

Handler show(CLI::App& command) {
  auto alias = std::make_shared<std::string>();
  command.add_option("ALIAS", *alias, "The tenant, instead of --tenant");
  return [alias](Session& session) { return run_show(session, *alias); };
}

Handler list(CLI::App&) { return run_list; }

template <class Body>
Handler switch_to(CLI::App& command) {
  auto alias = std::make_shared<std::string>();
  command.add_option("ALIAS", *alias, "The tenant, instead of --tenant");
  return [alias](Session& session) {
    return session.change(message_of(alias->empty() ? session.tenant() : *alias, "", Body{}));
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes a tenant.", "tenant create acme --name 'Acme Ltd'", create},
    {"show", Kind::reads, "Shows a tenant with its policies and catalogue.", "tenant show acme",
     show},
    {"list", Kind::reads, "Lists the tenants you may see.", "tenant list", list},
    {"enable", Kind::changes, "Enables a tenant; each of its users then needs a password reset.",
     "tenant enable acme --reason 'paid'", switch_to<schema::EnableTenantT>},
    {"disable", Kind::changes, "Disables a tenant: denies everything and locks all of its users.",
     "tenant disable acme --dry-run", switch_to<schema::DisableTenantT>},
};

}  // namespace

const Noun tenant_noun = {"tenant", "The company accounts that own API users.", verbs};

}  // namespace postern::cli
