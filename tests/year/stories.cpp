#include "tests/year/stories.h"

#include <algorithm>
#include <stdexcept>

namespace postern::year {

namespace {

constexpr const char* atlas = "atlas";

}  // namespace

Caller& Stories::make(const std::string& username, const std::string& client,
                      const std::string& address) {
  schema::CreateUserT body;
  body.username = username;
  body.settings = std::make_unique<schema::UserSettingsT>();
  body.settings->api_logging = true;
  year_.run("ada", "CHG-2: " + username, atlas, "", std::move(body));
  schema::CreateKeyT key;
  key.name = "main";
  Caller caller;
  caller.tenant = atlas;
  caller.username = username;
  caller.client = client;
  caller.address = address;
  caller.key = year_.run("ada", "CHG-2: its key", atlas, username, std::move(key)).secrets.at(0);
  return cast_[username] = std::move(caller);
}

void Stories::begin() {
  const auto allow = [&](const std::string& username, const std::string& action,
                         const std::string& resource) {
    year_.run("ada", "CHG-2: what it needs", atlas, username,
              grant_of(schema::Effect::allow, action, resource));
  };
  make("feed-prices", "feed/2", "10.1.15.20");
  allow("feed-prices", "call", "endpoint/catalogue");
  allow("feed-prices", "read", "table/products");
  make("report-nightly", "bi/3", "10.1.13.30");
  allow("report-nightly", "read", "table/orders");
  make("integration-shared", "erp/4", "10.1.10.40");
  allow("integration-shared", "read", "table/orders");
  allow("integration-shared", "write", "table/orders");
  make("batch-loader", "wms/1", "10.1.14.50");
  allow("batch-loader", "write", "table/stock");

  schema::CreateUserT keller;
  keller.username = "import-042";
  keller.profile = std::make_unique<schema::ProfileT>();
  keller.profile->first_name = "Johanna";
  keller.profile->last_name = "Keller";
  keller.profile->email = "j.keller@atlas.example";
  keller.note = "her own import of the customers of 2025";
  year_.run("ada", "CHG-2: import-042", atlas, "", std::move(keller));
  allow("import-042", "write", "table/customers");

  schema::CreateUserT kiosk;
  kiosk.username = "kiosk-login";
  kiosk.password = "Copper-Field-9";
  year_.run("ada", "CHG-2: kiosk-login", atlas, "", std::move(kiosk));
  allow("kiosk-login", "read", "table/products");

  schema::CreateRoleT role;
  role.name = "support-plus";
  role.description = "support, and a little more";
  year_.run("ada", "CHG-3: a role for hard cases", atlas, "", std::move(role));
}

void Stories::hour(int day, int hour) {
  leaked_key(day, hour);
  bad_grant(day, hour);
  shared_user(day, hour);
  erased_person(day, hour);
  disabled_tenant(day, hour);
  growing_role(day, hour);
  name_of_two(day, hour);
  locked_out(day, hour);
}

void Stories::call_from(const std::string& username, const std::string& client,
                        const std::string& address, const std::vector<Asked>& asks) {
  Caller caller = cast_.at(username);
  caller.client = client;
  caller.address = address;
  caller.asks = asks;
  year_.clock_.advance_ms(2'000);
  year_.call(caller, 1 + year_.choice_.below(3));
}

/// A key in a public repository: for three nights somebody else reads with it.
void Stories::leaked_key(int day, int hour) {
  if (hour == 5 && (day < 118 || day > 120))
    call_from("feed-prices", "feed/2", "10.1.15.20",
              {{"call", "endpoint/catalogue"}, {"read", "table/products/prices"}});
  if (day >= 118 && day <= 120 && hour == 5)
    call_from("feed-prices", "feed/2", "10.1.15.20", {{"call", "endpoint/catalogue"}});
  if (day >= 118 && day <= 120 && (hour == 2 || hour == 3))
    for (int again = 0; again < 20; ++again)
      call_from("feed-prices", "python-requests/2.31", "203.0.113.77",
                {{"read", "table/products/prices"}, {"read", "table/customers"}});
  if (day != 121 || hour != 9) return;
  schema::CreateKeyT key;
  key.name = "after-inc-204";
  const auto receipt =
      year_.run("ada", "INC-204: a key that nobody else has", atlas, "feed-prices", std::move(key));
  cast_.at("feed-prices").key = receipt.secrets.at(0);
  schema::RevokeKeyT revoked;
  revoked.name = "main";
  year_.run("ada", "INC-204: this key lay in a public repository", atlas, "feed-prices",
            std::move(revoked));
}

/// For a week a report reads payments.
void Stories::bad_grant(int day, int hour) {
  if (day == 200 && hour == 10)
    year_.run("marc", "CHG-311: the report needs the payments", atlas, "report-nightly",
              grant_of(schema::Effect::allow, "read", "table/payments"));
  if (hour == 1) call_from("report-nightly", "bi/3", "10.1.13.30", {{"read", "table/orders"}});
  if (hour == 1 && day > 200 && day <= 207)
    for (int again = 0; again < 6; ++again)
      call_from("report-nightly", "bi/3", "10.1.13.30", {{"read", "table/payments"}});
  if (day != 207 || hour != 15) return;
  schema::RemoveGrantT removed;
  removed.effect = schema::Effect::allow;
  removed.action = "read";
  removed.resource = "table/payments";
  year_.run("ada", "CHG-311 was a mistake: it needs the sums, not the payments", atlas,
            "report-nightly", std::move(removed));
}

/// Three systems call as one user.
void Stories::shared_user(int day, int hour) {
  if (day < 30 || day % 7 > 4 || hour < 8 || hour > 17 || hour % 3 != 2) return;
  call_from("integration-shared", "erp/4", "10.1.10.40", {{"write", "table/orders"}});
  call_from("integration-shared", "shop/2", "10.1.11.41", {{"read", "table/orders"}});
  call_from("integration-shared", "bi/3", "10.1.13.42", {{"read", "table/orders"}});
}

/// Somebody asks that nothing of her be kept.
void Stories::erased_person(int day, int hour) {
  if (hour != 11) return;
  if (day == 150)
    year_.run("marc", "CHG-260: her import is done", atlas, "import-042", schema::TrashUserT());
  if (day == 210)
    year_.run("ada", "DSR-88: erasure asked for", atlas, "import-042", schema::EraseUserT());
}

void Stories::disabled_tenant(int day, int hour) {
  if (day != 250 || hour != 12) return;
  year_.run("owner", "unpaid since summer", "delta", "", schema::DisableTenantT());
  // Its programs do not notice at once.
  for (Caller& caller : year_.callers_)
    if (caller.tenant == "delta") caller.until_day = std::min(caller.until_day, 262);
}

/// Each step had its reason.
void Stories::growing_role(int day, int hour) {
  struct Step {
    int day;
    const char* action;
    const char* resource;
    const char* reason;
  };
  constexpr Step steps[] = {{10, "read", "table/customers", "CHG-120: as support"},
                            {60, "read", "table/orders", "CHG-181: orders too"},
                            {110, "read", "table/payments", "CHG-240: refunds are asked about"},
                            {160, "write", "table/customers", "CHG-275: addresses are put right"},
                            {230, "write", "table/payments", "CHG-330: refunds are made"},
                            {300, "*", "table", "CHG-402: no more tickets for each table"}};
  if (hour != 14) return;
  for (const Step& step : steps)
    if (step.day == day)
      year_.run("ada", step.reason, atlas, "",
                role_grant_of("support-plus", step.action, step.resource));
  // Every month some more hold it.
  if (day < 10 || day % 30 != 10) return;
  std::size_t left = 1 + year_.plan_.users / 500;
  for (std::size_t tries = 0; tries < 200 && left > 0; ++tries) {
    Caller& caller = year_.choice_.any(year_.callers_);
    if (caller.tenant != atlas || caller.system != "crm" || caller.until_day <= day) continue;
    caller.system = "crm+";
    schema::AssignRoleT role;
    role.role = "support-plus";
    year_.run("marc", "CHG-121: hard cases", atlas, caller.username, std::move(role));
    caller.asks.push_back({"read", "table/customers/addresses"});
    --left;
  }
}

/// A name that was free again.
void Stories::name_of_two(int day, int hour) {
  if (hour != 16) return;
  if (day < 90 || day > 120)
    call_from("batch-loader", "wms/1", "10.1.14.50", {{"write", "table/stock"}});
  if (day == 90) {
    year_.run("marc", "CHG-222: replaced", atlas, "batch-loader", schema::TrashUserT());
    year_.run("ada", "CHG-222: replaced", atlas, "batch-loader", schema::DeleteUserT());
  }
  if (day != 120) return;
  make("batch-loader", "shop/2", "10.1.11.51");
  year_.run("ada", "CHG-250: the new loader", atlas, "batch-loader",
            grant_of(schema::Effect::allow, "read", "table/products"));
}

/// C5: wrong passwords, and an operator who may not do what he tries.
void Stories::locked_out(int day, int hour) {
  if (day != 330 || hour != 8) return;
  for (int attempt = 0; attempt < 5; ++attempt) {
    schema::QueryT query;
    query.tenant = atlas;
    schema::AuthenticateT body;
    schema::PasswordCredentialT credential;
    credential.username = "kiosk-login";
    credential.password = "not-It-" + std::to_string(attempt);
    body.credential.Set(std::move(credential));
    query.body.Set(std::move(body));
    year_.service_.ask(query, year_.identity_of("gateway"));
    year_.clock_.advance_ms(3'000);
  }
  schema::CommandMessageT message;
  message.tenant = atlas;
  message.reason = "it is in the way";
  add_command(message, "kiosk-login", schema::DeleteUserT());
  const auto receipt = year_.service_.send(std::move(message), year_.identity_of("marc"));
  if (receipt.code != schema::Code::not_permitted)
    throw std::runtime_error("a manager could delete a user");
}

}  // namespace postern::year
