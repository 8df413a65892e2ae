#include "tools/cli/list.h"
#include "tools/cli/policies.h"
#include "tools/cli/preset.h"
#include "tools/cli/session.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace tenant_commands {
namespace {

int run_show(Session& session, const std::string& alias) {
  schema::GetTenantT get;
  get.alias = alias.empty() ? session.tenant() : alias;
  const auto page = session.page(request(std::move(get)));
  const auto& tenants = Session::part(page.body.AsTenantPage()).tenants;
  if (tenants.size() != 1) Session::stop_unexpected();
  const auto& tenant = *tenants[0];
  if (session.format() != text::Format::table) {
    session.print(text::to_json(tenant));
    return exit_codes::yes;
  }
  text::write_tenant(session.out(), tenant);
  return exit_codes::yes;
}

int run_list(Session& session) {
  ShownList listing(session, text::tenant_columns());
  schema::ListTenantsT list;
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListTenantsT(list)));
    const auto& part = Session::part(page.body.AsTenantPage());
    for (const auto& tenant : part.tenants) {
      listing.add(*tenant, text::row_of(*tenant));
      list.after = tenant->alias;
    }
    listing.flush();
    more = part.more && !part.tenants.empty();
    if (!part.next.empty()) list.after = part.next;
  }
  listing.finish();
  return exit_codes::yes;
}

// ---- create and set

struct Creation {
  std::string alias;
  std::string name;
  std::string preset;
  PolicyOptions policies;
};

Handler create(Options& options) {
  auto asked = std::make_shared<Creation>(
      Creation{{}, {}, {}, PolicyOptions(options, PolicyOptions::Of::new_tenant)});
  options.add("ALIAS", &asked->alias, "Its name in calls: a-z, 0-9 and -, up to 63").required();
  options.add("--name", &asked->name, "Its name for people");
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  options
      .add("--preset", &asked->preset,
           "Policies and catalogue: " + text::joined(names) + ", or a file that ends in .json")
      .type_name("NAME|FILE");
  return [asked](Session& session) {
    auto body = asked->preset.empty() ? schema::CreateTenantT() : read_preset(asked->preset);
    body.alias = asked->alias;
    if (!asked->name.empty()) body.display_name = asked->name;
    if (asked->policies.any()) {
      if (!body.policies) body.policies = std::make_unique<schema::PolicyChangesT>();
      asked->policies.change(*body.policies);
    }
    return session.change(message_of("", "", std::move(body)));
  };
}

struct Setting {
  std::string alias;
  std::string name;
  PolicyOptions policies;
};

Handler set(Options& options) {
  auto asked = std::make_shared<Setting>(
      Setting{{}, {}, PolicyOptions(options, PolicyOptions::Of::present_tenant)});
  options.add("ALIAS", &asked->alias, "The tenant, instead of --tenant");
  options.add("--name", &asked->name, "Its name for people");
  return [asked](Session& session) {
    schema::SetTenantT body;
    body.display_name = asked->name;
    if (asked->policies.any()) {
      body.policies = std::make_unique<schema::PolicyChangesT>();
      asked->policies.change(*body.policies);
    } else if (asked->name.empty()) {
      stop_usage("Nothing is asked to be set.");
    }
    return session.change(
        message_of(asked->alias.empty() ? session.tenant() : asked->alias, "", std::move(body)));
  };
}

Handler show(Options& options) {
  auto alias = std::make_shared<std::string>();
  auto at = std::make_shared<At>();
  options.add("ALIAS", alias.get(), "The tenant, instead of --tenant");
  add_at(options, *at);
  return [alias, at](Session& session) {
    session.stand_at(*at);
    return run_show(session, *alias);
  };
}

Handler list(Options&) { return run_list; }

template <class Body>
Handler switch_to(Options& options) {
  auto alias = std::make_shared<std::string>();
  options.add("ALIAS", alias.get(), "The tenant, instead of --tenant");
  return [alias](Session& session) {
    return session.change(message_of(alias->empty() ? session.tenant() : *alias, "", Body{}));
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes a tenant; with --preset as a reference system has it.",
     "tenant create acme --name 'Acme Ltd' --preset exigo", create},
    {"set", Kind::changes, "Changes a tenant's policies, or its name for people.",
     "tenant set acme --password-length-min 10 --networks 10.0.0.0/8,AWS", set},
    {"show", Kind::reads, "Shows a tenant with its policies and catalogue.", "tenant show acme",
     show},
    {"list", Kind::lists, "Lists the tenants you may see.", "tenant list", list},
    {"enable", Kind::changes, "Enables a tenant; each of its users then needs a password reset.",
     "tenant enable acme --reason 'paid'", switch_to<schema::EnableTenantT>},
    {"disable", Kind::changes, "Disables a tenant: denies everything and locks all of its users.",
     "tenant disable acme --dry-run", switch_to<schema::DisableTenantT>},
};

}  // namespace
}  // namespace tenant_commands

const Noun tenant_noun = {"tenant", "The company accounts that own API users.",
                          tenant_commands::verbs};

}  // namespace postern::cli
