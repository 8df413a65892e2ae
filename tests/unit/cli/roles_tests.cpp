// Roles, catalogue, conditions and networks: the message each verb makes, and what it says of words
// that make no sense.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

namespace data = boost::unit_test::data;
using schema::CommandBody;
using schema::Effect;
using support::FakeDaemon;

/// 2026-07-01T00:00:00Z.
constexpr std::int64_t july_ns = 1'782'864'000'000'000'000;
constexpr std::int64_t hour_ns = 3'600'000'000'000;

struct Acme : Fixture {
  /// The commands of the one message that a line of words makes for the tenant.
  std::vector<std::unique_ptr<schema::CommandT>> made_by(const std::string& line) {
    const auto ended = postern("--tenant acme " + line);
    BOOST_TEST(ended.exit_code == 0, ended.talk);
    auto message = sent();
    BOOST_TEST(message.tenant == "acme");
    return std::move(message.commands);
  }
};

/// Pages by hand: each request gets the next.
template <class Page>
void answer_pages(FakeDaemon& daemon, std::vector<Page> pages,
                  std::vector<schema::HistoryRequestT>& asked) {
  daemon.on_history = [=, &asked, next = std::size_t{0}](const auto& request) mutable {
    asked.push_back(request);
    auto page = FakeDaemon::page_to(request);
    page.body.Set(Page(pages.at(next++)));
    return FakeDaemon::Replies{packed(page)};
  };
}

BOOST_FIXTURE_TEST_SUITE(roles_tests, Acme)

// ---- roles (A8)

BOOST_AUTO_TEST_CASE(A8_role_create_sends_name_and_description) {
  const auto commands = made_by("role create clerk --description 'Sees orders'");
  BOOST_REQUIRE(commands.size() == 1u);
  const auto& body = *commands[0]->body.AsCreateRole();
  BOOST_TEST(body.name == "clerk");
  BOOST_TEST(body.description == "Sees orders");
  BOOST_TEST(commands[0]->user == "");
}

BOOST_AUTO_TEST_CASE(A8_role_delete_names_the_role) {
  BOOST_TEST(made_by("role delete clerk").at(0)->body.AsDeleteRole()->name == "clerk");
}

BOOST_AUTO_TEST_CASE(A8_several_resources_are_one_batch_of_a_role) {
  const auto commands = made_by("role grant clerk read table/orders table/invoices --deny");
  BOOST_REQUIRE(commands.size() == 2u);
  for (const auto& command : commands) {
    const auto& body = *command->body.AsAddRoleGrant();
    BOOST_TEST(body.role == "clerk");
    BOOST_TEST((body.effect == Effect::deny));
    BOOST_TEST(body.action == "read");
    BOOST_TEST((body.conditions == nullptr));
    BOOST_TEST(command->user == "");
  }
  BOOST_TEST(commands[1]->body.AsAddRoleGrant()->resource == "table/invoices");
}

BOOST_AUTO_TEST_CASE(A8_role_revoke_may_name_which_of_several) {
  const auto commands = made_by("role revoke clerk '*' table/orders --grant 12.3");
  const auto& body = *commands.at(0)->body.AsRemoveRoleGrant();
  BOOST_TEST(body.role == "clerk");
  BOOST_TEST((body.effect == Effect::allow));
  BOOST_TEST(body.action == "*");
  BOOST_TEST(body.resource == "table/orders");
  BOOST_TEST(body.grant->seq == 12u);
  BOOST_TEST(body.grant->index == 3u);
}

BOOST_AUTO_TEST_CASE(A8_a_role_is_assigned_to_users_in_one_batch) {
  const auto commands = made_by("role assign clerk api.bob api.eve");
  BOOST_REQUIRE(commands.size() == 2u);
  BOOST_TEST(commands[0]->user == "api.bob");
  BOOST_TEST(commands[1]->user == "api.eve");
  for (const auto& command : commands) BOOST_TEST(command->body.AsAssignRole()->role == "clerk");
}

BOOST_AUTO_TEST_CASE(A8_a_role_assigned_to_a_role_is_nested_in_it) {
  const auto commands = made_by("role assign clerk --to-role manager");
  const auto& nested = *commands.at(0)->body.AsNestRole();
  BOOST_TEST(nested.role == "manager");
  BOOST_TEST(nested.inner == "clerk");
}

BOOST_AUTO_TEST_CASE(A8_a_role_is_taken_from_users_and_roles) {
  BOOST_TEST(postern("--tenant acme role unassign clerk api.bob").exit_code == 0);
  BOOST_TEST(postern("--tenant acme role unassign clerk --from-role manager").exit_code == 0);
  daemon.stop();
  BOOST_TEST(commands_.at(0).commands.at(0)->user == "api.bob");
  BOOST_TEST(commands_[0].commands[0]->body.AsUnassignRole()->role == "clerk");
  const auto& unnested = *commands_.at(1).commands.at(0)->body.AsUnnestRole();
  BOOST_TEST(unnested.role == "manager");
  BOOST_TEST(unnested.inner == "clerk");
}

BOOST_AUTO_TEST_CASE(A8_role_list_reads_every_page) {
  schema::RolePageT first;
  for (const char* name : {"chief", "clerk"}) {
    auto& role = *first.roles.emplace_back(std::make_unique<schema::RoleViewT>());
    role.name = name;
    role.grant_count = 2;
    role.holder_count = 7;
  }
  first.roles[0]->inner = {"clerk", "auditor"};
  first.roles[0]->description = "Sees all";
  first.more = true;
  schema::RolePageT second;
  second.roles.emplace_back(std::make_unique<schema::RoleViewT>())->name = "zoo";
  std::vector<schema::HistoryRequestT> asked;
  answer_pages<schema::RolePageT>(daemon, {first, second}, asked);
  const auto ended = postern("--tenant acme role list");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.out, "chief  2       7        clerk, auditor  Sees all\n"), ended.out);
  BOOST_TEST(contains(ended.out, "\nzoo "));
  daemon.stop();
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(asked[0].body.AsListRoles()->tenant == "acme");
  BOOST_TEST(asked[1].body.AsListRoles()->after == "clerk");
}

// ---- conditions (A9)

BOOST_AUTO_TEST_CASE(A9_conditions_are_sent_as_they_were_said) {
  const auto commands = made_by(
      "grant add api.bob read table/orders --not-before 2026-07-01T00:00:00Z "
      "--not-after 2026-07-01T01:00:00Z --networks 192.0.2.0/24,AWS --require-tls");
  const auto& conditions = *commands.at(0)->body.AsAddGrant()->conditions;
  BOOST_TEST(*conditions.not_before_ns == july_ns);
  BOOST_TEST(*conditions.not_after_ns == july_ns + hour_ns);
  const std::vector<std::string> networks = {"192.0.2.0/24", "AWS"};
  BOOST_TEST(conditions.networks->entries == networks, boost::test_tools::per_element());
  BOOST_TEST(conditions.secure_transport);
}

BOOST_AUTO_TEST_CASE(A9_what_was_not_said_is_no_condition) {
  const auto commands = made_by("role grant clerk read table/orders --require-tls");
  const auto& conditions = *commands.at(0)->body.AsAddRoleGrant()->conditions;
  BOOST_TEST(!conditions.not_before_ns.has_value());
  BOOST_TEST(!conditions.not_after_ns.has_value());
  BOOST_TEST((conditions.networks == nullptr));
  BOOST_TEST(conditions.secure_transport);
}

BOOST_AUTO_TEST_CASE(A9_a_grant_of_several_is_named_by_its_record) {
  const auto commands = made_by("grant remove api.bob read table/orders --grant 9.0");
  const auto& body = *commands.at(0)->body.AsRemoveGrant();
  BOOST_TEST(body.grant->seq == 9u);
  BOOST_TEST(body.grant->index == 0u);
}

// ---- catalogue (A7)

BOOST_AUTO_TEST_CASE(A7_catalogue_define_adds_resources_to_a_kind_as_it_is) {
  const auto commands = made_by(
      "catalogue define endpoint --resource endpoint/query/sales,endpoint/query/tax --open "
      "--description 'Sales' --warning 'Lets data out.'");
  const auto& body = *commands.at(0)->body.AsDefineCatalogue();
  BOOST_TEST(!body.replace);
  BOOST_REQUIRE(body.kinds.size() == 1u);
  const auto& kind = *body.kinds[0];
  BOOST_TEST(kind.name == "endpoint");
  BOOST_TEST(!kind.open);
  BOOST_TEST(kind.description == "");
  BOOST_REQUIRE(kind.resources.size() == 2u);
  BOOST_TEST(kind.resources[1]->path == "endpoint/query/tax");
  BOOST_TEST(kind.resources[1]->open);
  BOOST_TEST(kind.resources[1]->description == "Sales");
  BOOST_TEST(kind.resources[1]->warning == "Lets data out.");
}

BOOST_AUTO_TEST_CASE(A6_catalogue_define_adds_actions_that_imply_another) {
  const auto commands = made_by("catalogue define project --action print,export --implies preview");
  const auto& body = *commands.at(0)->body.AsDefineCatalogue();
  const auto& kind = *body.kinds.at(0);
  BOOST_REQUIRE(kind.actions.size() == 2u);
  BOOST_TEST(kind.actions[0]->name == "print");
  const std::vector<std::string> preview = {"preview"};
  for (const auto& action : kind.actions)
    BOOST_TEST(action->implies == preview, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(A7_catalogue_define_without_parts_is_about_the_kind) {
  const auto commands = made_by("catalogue define ticket --open --description 'Tickets'");
  const auto& body = *commands.at(0)->body.AsDefineCatalogue();
  BOOST_TEST(body.replace);
  BOOST_TEST(body.kinds.at(0)->open);
  BOOST_TEST(body.kinds.at(0)->description == "Tickets");
}

BOOST_AUTO_TEST_CASE(A7_catalogue_retire_takes_parts_or_the_kind) {
  BOOST_TEST(postern("--tenant acme catalogue retire ticket --action open,close "
                     "--resource ticket/sales")
                 .exit_code == 0);
  BOOST_TEST(postern("--tenant acme catalogue retire ticket").exit_code == 0);
  daemon.stop();
  const auto& parts = *commands_.at(0).commands.at(0)->body.AsRetireCatalogue();
  BOOST_TEST(parts.kinds.empty());
  BOOST_REQUIRE(parts.actions.size() == 2u);
  BOOST_TEST(parts.actions[1]->kind == "ticket");
  BOOST_TEST(parts.actions[1]->action == "close");
  BOOST_TEST(parts.resources.at(0) == "ticket/sales");
  const auto& whole = *commands_.at(1).commands.at(0)->body.AsRetireCatalogue();
  BOOST_TEST(whole.kinds.at(0) == "ticket");
  BOOST_TEST(whole.actions.empty());
}

BOOST_AUTO_TEST_CASE(A7_an_imported_catalogue_is_sent_in_parts_that_fit) {
  std::string text = R"({"kinds": [{"name": "table", "actions": [{"name": "read"}],
    "resources": [)";
  for (int place = 0; place < 250; ++place)
    text +=
        std::string(place == 0 ? "" : ",") + R"({"path": "table/t)" + std::to_string(place) + "\"}";
  text += "]}]}";
  const auto file = daemon.folder / "catalogue.json";
  write_file(file, text);
  const auto commands = made_by("catalogue import " + file.string());
  BOOST_REQUIRE(commands.size() == 4u);
  BOOST_TEST(commands[0]->body.AsDefineCatalogue()->kinds.at(0)->actions.size() == 1u);
  std::size_t resources = 0;
  for (const auto& command : commands)
    resources += command->body.AsDefineCatalogue()->kinds.at(0)->resources.size();
  BOOST_TEST(resources == 250u);
}

BOOST_AUTO_TEST_CASE(A7_catalogue_show_reads_every_page_of_resources) {
  std::vector<std::string> after;
  daemon.on_history = [&after](const auto& request) {
    auto page = FakeDaemon::page_to(request);
    if (request.body.AsGetTenant() != nullptr) {
      schema::TenantPageT tenants;
      auto& tenant = *tenants.tenants.emplace_back(std::make_unique<schema::TenantViewT>());
      auto& kind = *tenant.catalogue.emplace_back(std::make_unique<schema::CatalogueKindT>());
      kind.name = "endpoint";
      auto& action = *kind.actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
      action.name = "call";
      action.warning = "Careful.";
      page.body.Set(std::move(tenants));
    } else {
      after.push_back(request.body.AsListCatalogue()->after);
      schema::CataloguePageT resources;
      resources.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>())->path =
          after.back().empty() ? "endpoint/a" : "endpoint/b";
      resources.more = after.back().empty();
      page.body.Set(std::move(resources));
    }
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme catalogue show endpoint");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  for (const char* part : {"what is listed", "call", "Careful.", "endpoint/a", "endpoint/b"})
    BOOST_TEST(contains(ended.out, part), part << " is not in\n" << ended.out);
  daemon.stop();
  const std::vector<std::string> expected = {"", "endpoint/a"};
  BOOST_TEST(after == expected, boost::test_tools::per_element());
}

// ---- networks (N1 to N3)

BOOST_AUTO_TEST_CASE(N3_network_show_lists_file_and_record) {
  schema::RangesPageT ranges;
  auto& one = *ranges.ranges.emplace_back(std::make_unique<schema::RangesViewT>());
  one.provider = schema::Provider::CLOUDFLARE;
  one.source_name = "ips-v4, ips-v6";
  one.source_sha256.assign(32, 0xab);
  one.v4_count = 15;
  one.v6_count = 7;
  std::vector<schema::HistoryRequestT> asked;
  answer_pages<schema::RangesPageT>(daemon, {ranges}, asked);
  const auto ended = postern("network show");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  BOOST_TEST(contains(ended.out, "CLOUDFLARE  15    7     ips-v4, ips-v6"), ended.out);
  BOOST_TEST(contains(ended.out, "abababababab "), ended.out);
}

BOOST_AUTO_TEST_CASE(N3_network_test_tells_providers_and_entries) {
  schema::AddressTestedT tested;
  tested.address = "192.0.2.1";
  tested.providers = {schema::Provider::AWS, schema::Provider::AZURE};
  tested.tenant_entry = "AWS";
  std::vector<schema::HistoryRequestT> asked;
  auto refused = tested;
  refused.code = schema::Code::network_not_allowed;
  answer_pages<schema::AddressTestedT>(daemon, {tested, refused}, asked);
  const auto allowed = postern("network test ::ffff:192.0.2.1");
  BOOST_TEST(allowed.exit_code == 0);
  BOOST_TEST(contains(allowed.out, "AWS, AZURE"), allowed.out);
  BOOST_TEST(!contains(allowed.out, "answer"));
  const auto denied = postern("--tenant acme network test 192.0.2.1 --user shop");
  BOOST_TEST(denied.exit_code == 1);
  BOOST_TEST(contains(denied.out, "network_not_allowed"), denied.out);
  daemon.stop();
  BOOST_TEST(asked.at(0).body.AsTestAddress()->address == "::ffff:192.0.2.1");
  BOOST_TEST(asked[0].body.AsTestAddress()->tenant == "");
  BOOST_TEST(asked.at(1).body.AsTestAddress()->tenant == "acme");
  BOOST_TEST(asked[1].body.AsTestAddress()->username == "shop");
}

// ---- what makes no sense

struct Wrong {
  const char* line;
  const char* said;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.line; }

const Wrong wrongs[] = {
    {"role create", "ROLE"},
    {"role assign clerk", "Name users, or one role"},
    {"role assign clerk api.bob --to-role manager", "Name users, or one role"},
    {"role grant clerk read", "RESOURCE"},
    {"role revoke clerk read table/a --grant 12", "as 12.0"},
    {"role revoke clerk read table/a --grant 12.x", "as 12.0"},
    {"role revoke clerk read table/a --grant 12.99999", "as 12.0"},
    {"grant remove api.bob read table/a --grant .1", "as 12.0"},
    {"grant add api.bob read table/a --not-before yesterday", "2027-01-31T00:00:00Z"},
    {"grant add api.bob read table/a --not-before 2026-02-30", "--not-before takes a time"},
    {"grant add api.bob read table/a --not-after 2026-07-01T24:00:00Z", "--not-after takes a time"},
    {"grant add api.bob read table/a --not-after 2026-07-01T12:00:00", "--not-after takes a time"},
    {"role grant clerk read table/a --not-after 2300-01-01", "--not-after takes a time"},
    {"grant remove api.bob read table/a --require-tls", "--require-tls"},
    {"catalogue define", "KIND"},
    {"catalogue define ticket --open --closed", "either --open or --closed"},
    {"catalogue import", "FILE"},
    {"network import AMAZON ips.json", "AMAZON is no provider"},
    {"network import AWS", "FILE"},
    {"network test", "ADDRESS"},
};

BOOST_DATA_TEST_CASE_F(Acme, words_that_make_no_sense_end_64_and_send_nothing, data::make(wrongs),
                       wrong) {
  const auto ended = postern("--tenant acme " + std::string(wrong.line));
  BOOST_TEST(ended.exit_code == 64);
  BOOST_TEST(ended.out == "");
  BOOST_TEST(contains(ended.talk, wrong.said), ended.talk);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(what_needs_a_tenant_says_so) {
  for (const char* line : {"role create clerk", "role list", "catalogue show",
                           "grant add api.bob read table/a", "network test 192.0.2.1 --user bob"}) {
    const auto ended = postern(line);
    BOOST_TEST(ended.exit_code == 64, line);
    BOOST_TEST(contains(ended.talk, "--tenant"), line);
  }
}

BOOST_AUTO_TEST_CASE(A7_a_file_that_holds_no_catalogue_sends_nothing) {
  const auto file = daemon.folder / "catalogue.json";
  for (const char* text : {"", "[]", "{\"kinds\": 7}", "{\"kind\": []}", "{\"kinds\": ["}) {
    write_file(file, text);
    const auto ended = postern("--tenant acme catalogue import " + file.string());
    BOOST_TEST(ended.exit_code == 64, text << ": " << ended.talk);
  }
  BOOST_TEST(postern("--tenant acme catalogue import /nowhere").exit_code == 66);
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
