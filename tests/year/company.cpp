// Ordinary life: tenants, roles, users that come and go, keys that are changed.
#include <algorithm>

#include "tests/year/year.h"

namespace postern::year {

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

struct RoleGrant {
  const char* role;
  const char* action;
  const char* resource;
};
constexpr RoleGrant role_grants[] = {
    {"support", "read", "table/customers"},
    {"support", "read", "table/orders"},
    {"shop", "read", "table/products"},
    {"shop", "write", "table/orders"},
    {"shop", "call", "endpoint/checkout"},
    {"billing", "read", "table/payments"},
    {"billing", "read", "table/invoices"},
    {"billing", "write", "table/invoices"},
    {"warehouse", "read", "table/stock"},
    {"warehouse", "write", "table/stock"},
    {"warehouse", "run", "script/pick-list"},
    {"reporting", "read", "table/orders"},
    {"reporting", "read", "table/customers/statistics"},
    {"reporting", "call", "endpoint/query/reports"},
    {"partner", "call", "endpoint/catalogue"},
    {"legacy-sync", "read", "table/customers"},
    {"legacy-sync", "write", "table/customers"},
};
constexpr const char* role_names[] = {"support",   "shop",    "billing", "warehouse",
                                      "reporting", "partner", "office",  "legacy-sync"};

/// What users are for, with the role that they hold.
struct System {
  const char* name;
  const char* role;
};
constexpr System systems[] = {{"erp", "billing"},  {"shop", "shop"},     {"crm", "support"},
                              {"bi", "reporting"}, {"wms", "warehouse"}, {"feed", "partner"},
                              {"desk", "office"}};

/// Where a system of a tenant calls from.
std::string address_in(const std::string& tenant, const std::string& system, std::size_t host) {
  std::size_t number = 0;
  while (systems[number].name != system) ++number;
  return "10." + std::to_string(tenant[0] - 'a' + 1) + "." + std::to_string(10 + number) + "." +
         std::to_string(10 + host % 200);
}

}  // namespace

void Year::found() {
  add_operator("ada", schema::Role::administrator, 61'001);
  add_operator("marc", schema::Role::manager, 61'002);
  add_operator("nora", schema::Role::auditor, 61'003);
  add_operator("gateway", schema::Role::service, 61'004);
  struct Tenant {
    const char* alias;
    const char* name;
    std::size_t percent;
  };
  for (const auto& [alias, name, percent] : {Tenant{"atlas", "Atlas Retail", 60},
                                             {"birch", "Birch Logistics", 20},
                                             {"cedar", "Cedar Health", 12},
                                             {"delta", "Delta Print", 8}}) {
    schema::CreateTenantT body;
    body.alias = alias;
    body.display_name = name;
    run("owner", "the company is founded", "", "", std::move(body));
    add_roles(alias);
    hire(alias, std::max<std::size_t>(plan_.users * percent * 7 / 10 / 100, 1), 0);
  }
}

void Year::add_roles(const std::string& tenant) {
  schema::CommandMessageT message;
  message.tenant = tenant;
  for (const char* name : role_names) {
    schema::CreateRoleT body;
    body.name = name;
    body.description = std::string("what ") + name + " needs";
    add_command(message, "", std::move(body));
  }
  for (const auto& [role, action, resource] : role_grants)
    add_command(message, "", role_grant_of(role, action, resource));
  for (const char* inner : {"support", "reporting"}) {
    schema::NestRoleT body;
    body.role = "office";
    body.inner = inner;
    add_command(message, "", std::move(body));
  }
  send("ada", "CHG-1: the roles we begin with", std::move(message));
}

void Year::hire(const std::string& tenant, std::size_t count, int day) {
  constexpr std::size_t together = 50;
  while (count > 0) {
    std::vector<Caller> batch;
    for (; count > 0 && batch.size() < together; --count) {
      const System& system = choice_.any(systems);
      Caller caller;
      caller.tenant = tenant;
      caller.system = system.name;
      caller.username = caller.system + "-" + std::to_string(1'000 + ++made_count_);
      caller.client = caller.system + "/" + std::to_string(1 + choice_.below(4));
      caller.address = address_in(tenant, caller.system, choice_.below(200));
      caller.from_day = day;
      // A fifth each day, two in five each week, a fifth each month, the rest hardly or never.
      const std::size_t kind = choice_.below(10);
      caller.active_in_thousand = kind < 2   ? 900
                                  : kind < 6 ? 140
                                  : kind < 8 ? 33
                                  : kind < 9 ? 3
                                             : 0;
      // Some were busy once, and fell silent.
      if (choice_.in_hundred(8)) caller.until_day = day + 20 + static_cast<int>(choice_.below(120));
      batch.push_back(std::move(caller));
    }
    add_users(tenant, batch);
    give_keys(batch, day);
    callers_.insert(callers_.end(), batch.begin(), batch.end());
  }
}

void Year::add_users(const std::string& tenant, std::vector<Caller>& batch) {
  schema::CommandMessageT message;
  message.tenant = tenant;
  for (Caller& caller : batch) {
    schema::CreateUserT body;
    body.username = caller.username;
    body.profile = std::make_unique<schema::ProfileT>();
    body.profile->system = caller.system;
    body.profile->description = "calls for " + caller.system;
    body.settings = std::make_unique<schema::UserSettingsT>();
    body.settings->api_logging = choice_.in_hundred(80);
    if (choice_.in_hundred(70)) {
      body.settings->networks = std::make_unique<schema::NetworksT>();
      body.settings->networks->entries = {caller.address.substr(0, caller.address.rfind('.')) +
                                          ".0/24"};
    }
    add_command(message, "", std::move(body));
    const auto system = std::ranges::find(systems, caller.system, &System::name);
    schema::AssignRoleT role;
    role.role = system->role;
    add_command(message, caller.username, std::move(role));
    const std::string held = system->role == std::string("office") ? "support" : system->role;
    for (const auto& [name, action, resource] : role_grants)
      if (name == held) caller.asks.push_back({action, std::string(resource)});
    if (!choice_.in_hundred(30)) continue;
    // Something of its own, which only half of them ever use.
    const std::string own =
        "table/archive/" + caller.system + "-" + std::to_string(choice_.below(20));
    schema::AddGrantT grant = grant_of(schema::Effect::allow, "read", own);
    if (choice_.in_hundred(10)) {
      grant.conditions = std::make_unique<schema::ConditionsT>();
      grant.conditions->not_after_ns =
          plan_.until_ns + (static_cast<std::int64_t>(choice_.below(60)) - 20) * day_ns;
    }
    add_command(message, caller.username, std::move(grant));
    if (choice_.in_hundred(50)) caller.asks.push_back({"read", own});
  }
  send(choice_.in_hundred(50) ? "ada" : "marc",
       "CHG-" + std::to_string(100 + ++change_count_) + ": new users", std::move(message));
}

void Year::give_keys(std::vector<Caller>& batch, int) {
  schema::CommandMessageT message;
  message.tenant = batch.front().tenant;
  for (const Caller& caller : batch) {
    schema::CreateKeyT body;
    body.name = "main";
    if (choice_.in_hundred(5))
      body.expires_ns = plan_.until_ns + static_cast<std::int64_t>(1 + choice_.below(80)) * day_ns;
    add_command(message, caller.username, std::move(body));
  }
  const auto receipt = send("marc", "CHG-" + std::to_string(100 + change_count_) + ": their keys",
                            std::move(message));
  for (std::size_t place = 0; place < batch.size(); ++place)
    batch[place].key = receipt.secrets.at(place);
}

void Year::live_week(int day) {
  // Three in ten come during the year.
  const std::size_t newcomers = plan_.users * 3 / 10 / 52;
  for (std::size_t left = std::max<std::size_t>(newcomers, 1); left > 0;) {
    const bool delta_is_open = day < 250;
    const char* tenants[] = {"atlas", "atlas", "atlas",
                             "birch", "cedar", delta_is_open ? "delta" : "atlas"};
    const std::size_t count = std::min<std::size_t>(left, 10);
    hire(choice_.any(tenants), count, day);
    left -= count;
  }
  for (std::size_t left = plan_.users / 500 + 1; left > 0; --left) let_go(day);
  for (std::size_t left = plan_.users / 250 + 1; left > 0; --left) rotate_keys(day);
}

/// Some are disabled, some trashed, some deleted.
void Year::let_go(int day) {
  Caller& caller = choice_.any(callers_);
  if (caller.until_day <= day || caller.tenant == "delta") return;
  caller.until_day = day;
  const std::string reason = "CHG-" + std::to_string(100 + ++change_count_) + ": no longer needed";
  run("marc", reason, caller.tenant, caller.username, schema::DisableUserT());
  if (choice_.in_hundred(50)) return;
  run("marc", reason, caller.tenant, caller.username, schema::TrashUserT());
  if (choice_.in_hundred(50)) return;
  run("ada", reason, caller.tenant, caller.username, schema::DeleteUserT());
}

void Year::rotate_keys(int day) {
  Caller& caller = choice_.any(callers_);
  if (caller.until_day <= day || caller.tenant == "delta") return;
  const std::string reason = "CHG-" + std::to_string(100 + ++change_count_) + ": yearly change";
  schema::CreateKeyT body;
  body.name = "key-" + std::to_string(change_count_);
  const auto receipt = run("marc", reason, caller.tenant, caller.username, std::move(body));
  caller.key = receipt.secrets.at(0);
  // Half of the old ones are forgotten, and stay.
  const domain::Tenant* tenant = service_.state().tables().find_tenant(caller.tenant);
  const domain::User* user = service_.state().tables().find_user(tenant->id, caller.username);
  if (choice_.in_hundred(50)) return;
  schema::RevokeKeyT revoked;
  revoked.name = domain::extras_of(*user).keys.front().name;
  run("marc", reason, caller.tenant, caller.username, std::move(revoked));
}

}  // namespace postern::year
