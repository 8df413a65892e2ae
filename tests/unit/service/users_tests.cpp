// Users through the writer, and as the auditor lists and shows them.
#include <boost/test/unit_test.hpp>
#include <set>

#include "daemon/service/permissions.h"
#include "schema/cleared_text.h"
#include "tests/unit/service/audit.h"

using namespace postern;
using namespace postern::support;

namespace {

using schema::UserSort;
using schema::UserStatus;

const std::string other_password = "An0ther-horse";

template <class Body>
void add(schema::CommandMessageT& message, std::string user, Body body) {
  message.commands.push_back(std::make_unique<schema::CommandT>());
  message.commands.back()->user = std::move(user);
  message.commands.back()->body.Set(std::move(body));
}

schema::RenameUserT rename_to(std::string name) {
  schema::RenameUserT body;
  body.username = std::move(name);
  return body;
}

schema::ResetPasswordT reset_to(std::string password) {
  schema::ResetPasswordT body;
  body.password = std::move(password);
  return body;
}

schema::CreateUserT creation(std::string name) {
  schema::CreateUserT body;
  body.username = std::move(name);
  return body;
}

std::vector<std::string> names_of(const std::vector<schema::UserSummaryT>& users) {
  std::vector<std::string> names;
  for (const auto& user : users) names.push_back(user.username);
  return names;
}

struct Users : ServiceFixture {
  Users() { create_acme(); }

  schema::ReceiptT accept(schema::CommandMessageT message) {
    auto receipt = run(std::move(message));
    if (receipt.code != Code::ok) BOOST_FAIL(receipt.problems.at(0)->sentence);
    return receipt;
  }
  template <class Body>
  void accept(std::string user, Body body) {
    accept(message("acme", std::move(user), std::move(body)));
  }
  Code login(const std::string& name, const std::string& password) {
    auto got = answer(ask(by_password("acme", name, password)));
    return got.body.AsAuthenticated()->reason;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(users_tests, Users)

// ---- through the writer

BOOST_AUTO_TEST_CASE(U2_a_generated_name_is_told_by_the_receipt) {
  schema::SetTenantT policy;
  policy.policies = std::make_unique<schema::PolicyChangesT>();
  policy.policies->username_generated = true;
  accept("", std::move(policy));
  std::set<std::string> names;
  for (int count = 0; count < 20; ++count) {
    const auto receipt = accept(message("acme", "", schema::CreateUserT()));
    const std::string name = receipt.events.at(0)->body.AsUserCreated()->username;
    BOOST_TEST(name.size() == 8U + 12U + 5U);
    BOOST_TEST(name.starts_with("apiuser-"));
    BOOST_TEST(name.ends_with("@acme"));
    BOOST_TEST(name.substr(8, 12).find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") ==
               std::string::npos);
    names.insert(name);
  }
  BOOST_TEST(names.size() == 20U);
}

BOOST_AUTO_TEST_CASE(U2_a_password_follows_a_renaming_in_the_same_message) {
  create_user("ann", good_password);
  create_user("bob", good_password);
  schema::CommandMessageT batch;
  batch.tenant = "acme";
  add(batch, "ann", rename_to("x"));
  add(batch, "bob", rename_to("ann"));
  add(batch, "x", rename_to("bob"));
  add(batch, "bob", reset_to(other_password));
  accept(std::move(batch));
  BOOST_TEST((login("bob", other_password) == Code::ok));
  BOOST_TEST((login("ann", good_password) == Code::ok));
}

BOOST_AUTO_TEST_CASE(U2_a_password_goes_to_the_new_holder_of_a_name) {
  schema::SetTenantT policy;
  policy.policies = std::make_unique<schema::PolicyChangesT>();
  policy.policies->direct_deletion = true;
  accept("", std::move(policy));
  create_user("bob", good_password);
  schema::CommandMessageT batch;
  batch.tenant = "acme";
  add(batch, "bob", schema::DeleteUserT());
  add(batch, "", creation("bob"));
  add(batch, "bob", reset_to(other_password));
  accept(std::move(batch));
  BOOST_TEST((login("bob", other_password) == Code::ok));
}

BOOST_AUTO_TEST_CASE(U3_a_profile_is_merged_with_what_is_sealed) {
  schema::CreateUserT create = creation("bob");
  create.profile = std::make_unique<schema::ProfileT>();
  create.profile->email = "robert@acme.example";
  create.profile->phone = "1";
  create.note = "private";
  schema::SetProfileT change;
  change.profile = std::make_unique<schema::ProfileT>();
  change.profile->phone = schema::cleared_text;
  change.profile->system = "shop";
  schema::CommandMessageT batch;
  batch.tenant = "acme";
  add(batch, "", std::move(create));
  add(batch, "bob", change);
  const auto receipt = accept(std::move(batch));
  BOOST_TEST(receipt.events.at(1)->body.AsProfileChanged()->sealed_profile.empty());
  change.profile->system = "till";
  accept("bob", change);
  schema::GetUserT wanted;
  wanted.tenant = "acme";
  wanted.username = "bob";
  const auto page = Audit(*this).ask(std::move(wanted));
  const auto& details = *page.body.AsUserView()->details;
  BOOST_TEST(details.profile->email == "robert@acme.example");
  BOOST_TEST(details.profile->phone == "");
  BOOST_TEST(details.profile->system == "till");
  BOOST_TEST(details.note == "private");
  BOOST_TEST((run(message("acme", "bob", change)).code == Code::unchanged));
}

BOOST_AUTO_TEST_CASE(C1_an_email_set_in_the_same_message_is_not_part_of_a_password) {
  create_user("bob");
  schema::SetProfileT change;
  change.profile = std::make_unique<schema::ProfileT>();
  change.profile->email = "robert@acme.example";
  schema::CommandMessageT batch;
  batch.tenant = "acme";
  add(batch, "bob", std::move(change));
  add(batch, "bob", reset_to("robert-the-1st"));
  BOOST_TEST((run(std::move(batch)).code == Code::password_contains_forbidden_word));
}

// ---- lists

BOOST_AUTO_TEST_CASE(Q6_every_order_is_complete_page_by_page) {
  const std::vector<std::string> made = {"m", "B", "a", "z", "c", "K", "d"};
  for (const auto& name : made) create_user(name);
  accept("a", schema::LockUserT());
  accept("z", schema::LockUserT());
  Audit audit(*this);
  struct Order {
    UserSort sort;
    std::vector<std::string> names;
  };
  const Order orders[] = {
      {UserSort::username, {"a", "B", "c", "d", "K", "m", "z"}},
      {UserSort::created, made},
      {UserSort::changed, {"m", "B", "c", "K", "d", "a", "z"}},
  };
  for (const Order& order : orders)
    for (const std::uint32_t count : {1U, 2U, 3U, 7U, 100U})
      for (const bool descending : {false, true}) {
        schema::ListUsersT wanted;
        wanted.sort = order.sort;
        wanted.descending = descending;
        wanted.count_max = count;
        auto expected = order.names;
        if (descending) std::ranges::reverse(expected);
        BOOST_TEST(names_of(audit.list_all(wanted)) == expected, boost::test_tools::per_element());
      }
  schema::ListUsersT wanted;
  wanted.sort = UserSort::last_used;
  wanted.count_max = 2;
  BOOST_TEST(audit.list_all(wanted).size() == made.size());
}

BOOST_AUTO_TEST_CASE(Q6_a_name_alone_is_a_place_too) {
  for (const auto& name : {"ann", "bob", "cid"}) create_user(name);
  Audit audit(*this);
  schema::ListUsersT wanted;
  wanted.count_max = 9;
  wanted.after = "BOB";
  BOOST_TEST(names_of(audit.list_all(wanted)) == std::vector<std::string>{"cid"});
  wanted.descending = true;
  BOOST_TEST(names_of(audit.list_all(wanted)) == std::vector<std::string>{"ann"});
}

BOOST_AUTO_TEST_CASE(Q6_deleted_users_of_one_name_are_told_apart) {
  std::set<std::uint64_t> ids;
  for (int count = 0; count < 4; ++count) {
    create_user("bob");
    ids.insert(user("bob").id.low());
    accept("bob", schema::TrashUserT());
    accept("bob", schema::DeleteUserT());
  }
  create_user("bob");
  Audit audit(*this);
  for (const bool descending : {false, true}) {
    schema::ListUsersT wanted;
    wanted.status = UserStatus::deleted;
    wanted.count_max = 1;
    wanted.descending = descending;
    std::set<std::uint64_t> found;
    for (const auto& one : audit.list_all(wanted)) found.insert(one.id->low());
    BOOST_TEST(found == ids, boost::test_tools::per_element());
  }
  BOOST_TEST(audit.list({}).users.size() == 1U);
}

BOOST_AUTO_TEST_CASE(Q6_filters) {
  for (const auto& name : {"api.ann", "API.bob", "cid"}) create_user(name);
  accept("cid", schema::LockUserT());
  accept("api.ann", schema::TrashUserT());
  Audit audit(*this);
  schema::ListUsersT wanted;
  wanted.count_max = 10;
  wanted.text = "Pi.";
  BOOST_TEST(audit.list_all(wanted).size() == 2U);
  wanted.status = UserStatus::trashed;
  BOOST_TEST(names_of(audit.list_all(wanted)) == std::vector<std::string>{"api.ann"});
  wanted = {};
  wanted.count_max = 10;
  wanted.locked = true;
  const auto locked = audit.list_all(wanted);
  BOOST_TEST(names_of(locked) == std::vector<std::string>{"cid"});
  BOOST_TEST((locked[0].locks.at(0) == schema::LockCause::operator_command));
  BOOST_TEST(locked[0].created_ns != 0);
  BOOST_TEST(locked[0].changed_ns >= locked[0].created_ns);
  wanted.tenant = "acme";
  wanted.role = "nobody";
  BOOST_TEST((audit.ask(wanted).code == Code::role_unknown));
  wanted.role.clear();
  wanted.sort = UserSort::created;
  wanted.after = "bob";
  BOOST_TEST((audit.ask(wanted).code == Code::field_malformed));
}

BOOST_AUTO_TEST_CASE(Q6_lists_tell_names_and_descriptions_and_find_them) {
  schema::CreateUserT jane = creation("api.one");
  jane.profile = std::make_unique<schema::ProfileT>();
  jane.profile->first_name = "Jane";
  jane.profile->last_name = "Smith";
  jane.profile->description = "Till of the north hall";
  jane.profile->email = "hidden@example.com";
  jane.note = "never listed";
  accept("", std::move(jane));
  for (const auto& name : {"api.two", "smithy", "api.three"}) create_user(name);
  Audit audit(*this);
  const auto found = [&](const std::string& text, std::uint32_t count_max) {
    schema::ListUsersT wanted;
    wanted.text = text;
    wanted.count_max = count_max;
    return audit.list_all(wanted);
  };
  for (const std::uint32_t count : {1U, 2U, 9U}) {
    BOOST_TEST(names_of(found("JANE", count)) == std::vector<std::string>{"api.one"});
    BOOST_TEST(names_of(found("smith", count)) == (std::vector<std::string>{"api.one", "smithy"}));
    BOOST_TEST(names_of(found("north hall", count)) == std::vector<std::string>{"api.one"});
    BOOST_TEST(found("hidden@", count).empty());
    BOOST_TEST(found("never", count).empty());
  }
  const auto one = found("", 9).at(0);
  BOOST_TEST(one.first_name == "Jane");
  BOOST_TEST(one.last_name == "Smith");
  BOOST_TEST(one.description == "Till of the north hall");
}

BOOST_AUTO_TEST_CASE(U4_a_note_is_told_to_owners_and_administrators_alone) {
  schema::CreateUserT body = creation("bob");
  body.note = "ends in June";
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->first_name = "Jane";
  accept("", std::move(body));
  for (const auto role : {schema::Role::administrator, schema::Role::manager,
                          schema::Role::auditor}) {
    schema::AddOperatorT add;
    add.name = schema::EnumNameRole(role);
    add.role = role;
    add.standing = std::make_unique<schema::OperatorStandingT>();
    add.standing->uid = 100 + static_cast<std::uint32_t>(role);
    add.standing->all_tenants = true;
    accept(message("", "", std::move(add)));
  }
  Audit audit(*this);
  const auto told_to = [&](const std::string& asker) {
    schema::GetUserT wanted;
    wanted.tenant = "acme";
    wanted.username = "bob";
    const auto page = audit.ask(std::move(wanted), asker);
    const auto& details = *page.body.AsUserView()->details;
    BOOST_TEST(details.profile->first_name == "Jane");
    return details.note;
  };
  for (const char* reader : {"owner", "administrator"})
    BOOST_TEST(told_to(reader) == "ends in June", reader);
  for (const char* other : {"manager", "auditor"}) BOOST_TEST(told_to(other) == "", other);
}

BOOST_AUTO_TEST_CASE(Q6_the_portal_view_has_settings_and_their_cause) {
  create_user("bob");
  schema::SetUserSettingsT change;
  change.networks = std::make_unique<schema::NetworksT>();
  change.networks->entries = {"10.0.0.0/8"};
  change.session_timeout_seconds = 600;
  accept("bob", std::move(change));
  schema::GetUserT wanted;
  wanted.tenant = "acme";
  wanted.username = "bob";
  const auto page = Audit(*this).ask(std::move(wanted));
  const auto& details = *page.body.AsUserView()->details;
  BOOST_REQUIRE(details.settings != nullptr);
  BOOST_TEST(details.settings->networks->entries.at(0) == "10.0.0.0/8");
  BOOST_TEST(details.settings->session_timeout_seconds == 600U);
  BOOST_REQUIRE(details.settings_changed != nullptr);
  BOOST_TEST(details.settings_changed->seq == user("bob").last_seq);
  BOOST_TEST(details.use == nullptr);
}

BOOST_AUTO_TEST_CASE(U13_what_the_daemon_records_is_no_change_of_the_user) {
  create_user("shop", "Corr3ct-horse");
  create_user("later");
  const auto changed = [&] {
    schema::GetUserT wanted;
    wanted.tenant = "acme";
    wanted.username = "shop";
    const auto page = Audit(*this).ask(std::move(wanted));
    return page.body.AsUserView()->details->changed->seq;
  };
  const auto created = changed();
  const auto before = user("shop").last_seq;
  BOOST_REQUIRE(
      !answer(ask(by_password("acme", "shop", "wrong-0ne"))).body.AsAuthenticated()->allowed);
  BOOST_TEST(user("shop").last_seq > before);
  BOOST_TEST(changed() == created);
  schema::ListUsersT wanted;
  wanted.sort = schema::UserSort::changed;
  wanted.descending = true;
  wanted.count_max = 10;
  BOOST_TEST(Audit(*this).list_all(std::move(wanted)).at(0).username == "later");
  BOOST_REQUIRE(run(message("acme", "shop", schema::LockUserT())).code == Code::ok);
  BOOST_TEST(changed() == user("shop").last_seq);
}

BOOST_AUTO_TEST_CASE(Q6_an_id_beside_another_name_is_nobodys) {
  create_user("shop");
  create_user("other");
  for (const auto& [name, code] : {std::pair<std::string, Code>{"shop", Code::ok},
                                   {"SHOP", Code::ok},
                                   {"", Code::ok},
                                   {"other", Code::user_unknown}}) {
    schema::GetUserT wanted;
    wanted.tenant = "acme";
    wanted.username = name;
    wanted.user_id = std::make_unique<schema::Uuid>(user("shop").id);
    BOOST_TEST((Audit(*this).ask(std::move(wanted)).code == code), name);
  }
}

BOOST_AUTO_TEST_CASE(Q5_the_remedy_is_for_the_state_that_the_user_is_in) {
  create_user("shop");
  const auto explained = [&] {
    schema::ExplainT wanted;
    wanted.tenant = "acme";
    wanted.username = "shop";
    const auto page = Audit(*this).ask(std::move(wanted));
    const auto& stops = page.body.AsExplanation()->stops;
    return stops.empty() ? std::string() : stops[0]->remedy;
  };
  const auto after = [&](auto body) {
    BOOST_REQUIRE(run(message("acme", "shop", std::move(body))).code == Code::ok);
    return explained();
  };
  BOOST_TEST(after(schema::LockUserT()) == "Unlock it with 'user unlock'.");
  after(schema::UnlockUserT());
  BOOST_TEST(after(schema::DisableUserT()) == "Enable the user with 'user enable'.");
  BOOST_TEST(after(schema::TrashUserT()) ==
             "Restore the user with 'user restore', then enable it.");
  // Found by name no more; what lists it by id still may explain nothing else.
  after(schema::DeleteUserT());
  schema::ExplainT wanted;
  wanted.tenant = "acme";
  wanted.username = "shop";
  const auto page = Audit(*this).ask(std::move(wanted));
  BOOST_REQUIRE(page.body.AsExplanation() != nullptr);
  BOOST_TEST((page.body.AsExplanation()->stops.at(0)->code == Code::user_unknown));
}

BOOST_AUTO_TEST_CASE(Q2_a_mistyped_name_is_told_to_who_reads_lists_and_to_no_service) {
  create_user("shop");
  add_operator("shopfront", schema::Role::service, 7, true);
  for (const auto& [sender, code] : {std::pair<std::string, Code>{owner, Code::user_unknown},
                                     {"uid:7", Code::invalid_credentials}}) {
    const auto told = answer(ask(by_name("acme", "shpo", "read", "table/customer"), sender));
    BOOST_TEST((told.body.AsChecked()->decisions.at(0)->reason == code), sender);
  }
}

BOOST_AUTO_TEST_CASE(U4_a_service_may_ask_nothing_that_carries_a_note) {
  using schema::HistoryBody;
  domain::Operator asker;
  asker.role = schema::Role::service;
  asker.all_tenants = true;
  for (const auto kind : {HistoryBody::GetUser, HistoryBody::ListUsers, HistoryBody::GetRecords})
    BOOST_TEST(service::refusal(asker, kind).has_value());
}

// ---- who may do what

BOOST_AUTO_TEST_CASE(Q4_who_can_is_complete_page_by_page) {
  for (const char* name : {"ann", "bob", "carl", "dora", "emil"}) create_user(name);
  for (const char* name : {"ann", "carl", "dora"}) allow(name, "table/customer");
  accept("dora", schema::LockUserT());
  Audit audit(*this);
  const auto who_can = [&](bool usable_only) {
    std::vector<std::string> names;
    schema::WhoCanT wanted;
    wanted.tenant = "acme";
    wanted.question = std::make_unique<schema::QuestionT>();
    wanted.question->action = "read";
    wanted.question->resource = "table/customer/email";
    wanted.count_max = 1;
    wanted.usable_only = usable_only;
    for (bool more = true; more;) {
      auto page = audit.ask(schema::WhoCanT(wanted));
      BOOST_REQUIRE(page.code == Code::ok);
      const auto& holders = *page.body.AsHolderPage();
      BOOST_REQUIRE(holders.holders.size() <= 1);
      for (const auto& holder : holders.holders) {
        BOOST_TEST(holder->grant->resource == "table/customer");
        BOOST_TEST((holder->state == Code::user_locked) == (holder->username == "dora"));
        names.push_back(holder->username);
      }
      more = holders.more;
      wanted.after = holders.next;
    }
    return names;
  };
  BOOST_TEST((who_can(false) == std::vector<std::string>{"ann", "carl", "dora"}));
  BOOST_TEST((who_can(true) == std::vector<std::string>{"ann", "carl"}));
}

BOOST_AUTO_TEST_CASE(Q4_who_lacks_only_a_condition_is_listed_with_that_as_state) {
  create_user("ann");
  schema::AddGrantT grant;
  grant.effect = schema::Effect::allow;
  grant.action = "read";
  grant.resource = "table/customer";
  grant.conditions = std::make_unique<schema::ConditionsT>();
  grant.conditions->secure_transport = true;
  accept("ann", std::move(grant));
  Audit audit(*this);
  schema::WhoCanT wanted;
  wanted.tenant = "acme";
  wanted.question = std::make_unique<schema::QuestionT>();
  wanted.question->action = "read";
  wanted.question->resource = "table/customer";
  wanted.call = std::make_unique<schema::CallT>();
  const auto states = [&](bool tls, bool usable_only) {
    wanted.call->tls = tls;
    wanted.usable_only = usable_only;
    const auto page = audit.ask(schema::WhoCanT(wanted));
    BOOST_REQUIRE(page.code == Code::ok);
    std::vector<Code> found;
    for (const auto& holder : page.body.AsHolderPage()->holders) found.push_back(holder->state);
    return found;
  };
  BOOST_TEST((states(false, false) == std::vector<Code>{Code::condition_not_met}));
  BOOST_TEST(states(false, true).empty());
  BOOST_TEST((states(true, true) == std::vector<Code>{Code::ok}));
}

BOOST_AUTO_TEST_CASE(Q3_permissions_tell_each_grant_and_what_stops_the_user) {
  create_user("ann");
  allow("ann", "table/customer");
  accept("ann", schema::LockUserT());
  schema::ListPermissionsT wanted;
  wanted.tenant = "acme";
  wanted.username = "ann";
  auto page = Audit(*this).ask(std::move(wanted));
  BOOST_REQUIRE(page.code == Code::ok);
  const auto& told = *page.body.AsPermissionPage();
  BOOST_REQUIRE(told.permissions.size() == 1);
  BOOST_TEST(told.permissions[0]->grant->resource == "table/customer");
  BOOST_TEST((told.permissions[0]->state == Code::ok));
  BOOST_REQUIRE(told.stops.size() == 1);
  BOOST_TEST((told.stops[0]->code == Code::user_locked));
  BOOST_TEST(!told.more);
}

BOOST_AUTO_TEST_SUITE_END()
