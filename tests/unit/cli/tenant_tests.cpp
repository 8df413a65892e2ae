// Policies and presets at the command line.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "command_generated.h"
#include "schema/cleared_text.h"
#include "tests/unit/cli/fixture.h"
#include "tools/cli/policies.h"
#include "tools/cli/preset.h"

namespace postern::cli {
namespace {

namespace data = boost::unit_test::data;
using support::FakeDaemon;

/// The daemon's side sees cleared text as empty, so what it got is read from the bytes.
const schema::CommandMessage& bytes_of(const std::string& bytes) {
  return *flatbuffers::GetRoot<schema::CommandMessage>(bytes.data());
}

BOOST_FIXTURE_TEST_SUITE(tenant_tests, Fixture)

BOOST_AUTO_TEST_CASE(T4_every_policy_has_an_option) {
  std::set<std::string> known;
  const auto* type = schema::PolicyChangesTypeTable();
  for (std::size_t field = 0; field < type->num_elems; ++field) known.insert(type->names[field]);
  // Not a policy: how programs say that one is cleared.
  known.erase("cleared");
  const auto fields = policy_fields();
  BOOST_TEST((std::set<std::string>(fields.begin(), fields.end()) == known));
  BOOST_TEST(fields.size() == known.size());
}

BOOST_AUTO_TEST_CASE(T4_tenant_set_sends_what_was_said_and_nothing_else) {
  const auto ended = postern(
      "tenant set acme --name 'Acme Ltd' --password-length-min 10 --networks 10.0.0.0/8,AWS "
      "--direct-deletion on --new-user-status new --username-prefix-rule warn "
      "--username-prefix API_ --lock-seconds 0");
  BOOST_TEST(ended.exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.tenant == "acme");
  const auto& body = *message.commands.at(0)->body.AsSetTenant();
  BOOST_TEST(body.display_name == "Acme Ltd");
  const auto& policies = *body.policies;
  BOOST_TEST(policies.password_length_min.value_or(0) == 10);
  BOOST_TEST((policies.networks->entries == std::vector<std::string>{"10.0.0.0/8", "AWS"}));
  BOOST_TEST(policies.direct_deletion.value_or(false));
  BOOST_TEST((policies.new_user_status == schema::UserStatus::new_user));
  BOOST_TEST((policies.username_prefix_rule == schema::PrefixRule::warn));
  BOOST_TEST(policies.username_prefix == "API_");
  BOOST_TEST(policies.lock_seconds.has_value());
  BOOST_TEST(!policies.lockout_failures.has_value());
  BOOST_TEST(!policies.tell_reasons.has_value());
}

BOOST_AUTO_TEST_CASE(T4_tenant_set_clears) {
  BOOST_TEST(postern("--tenant acme tenant set --network none --clear username-prefix").exit_code ==
             0);
  daemon.stop();
  const auto& body = *bytes_of(daemon.command_bytes.at(0)).commands()->Get(0);
  const auto& policies = *body.body_as_SetTenant()->policies();
  BOOST_REQUIRE(policies.networks() != nullptr);
  BOOST_TEST((policies.networks()->entries() == nullptr));
  BOOST_REQUIRE(policies.username_prefix() != nullptr);
  BOOST_TEST(policies.username_prefix()->size() == 0U);
  BOOST_TEST((policies.password_forbidden_characters() == nullptr));
}

const char* const wrong[] = {
    "tenant set acme",
    "tenant set acme --direct-deletion perhaps",
    "tenant set acme --lockout-failures many",
    "tenant set acme --lockout-failures 70000",
    "tenant set acme --new-user-status trashed",
    "tenant set acme --username-prefix-rule maybe",
    "tenant set acme --networks 10.0.0.0/8,,AWS",
};

BOOST_DATA_TEST_CASE_F(Fixture, T4_what_does_not_fit_is_a_usage_error, data::make(wrong), line) {
  BOOST_TEST(postern(line).exit_code == 64);
}

BOOST_AUTO_TEST_CASE(T4_tenant_show_tells_each_policy_in_words) {
  daemon.on_history = [](const auto& request) {
    schema::TenantPageT tenants;
    auto& tenant = tenants.tenants.emplace_back(std::make_unique<schema::TenantViewT>());
    tenant->policies = std::make_unique<schema::PoliciesT>();
    tenant->policies->networks = std::make_unique<schema::NetworksT>();
    tenant->policies->networks->entries = {"10.0.0.0/8", "AWS"};
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(tenants));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("tenant show acme");
  BOOST_TEST(ended.exit_code == 0);
  for (const char* part :
       {"  password length min        8\n", "  direct deletion            off\n",
        "  session timeout            1800 s\n", "  lock seconds               never\n",
        "  new user status            active\n", "  networks                   10.0.0.0/8, AWS\n",
        "  username prefix rule       off\n", "  password forbidden         none\n"})
    BOOST_TEST(contains(ended.out, part), part << " in\n" << ended.out);
}

// ---- presets

BOOST_AUTO_TEST_CASE(T5_the_program_carries_the_four_presets) {
  std::set<std::string_view> names;
  for (const Preset& preset : presets()) names.insert(preset.name);
  BOOST_TEST((names == std::set<std::string_view>{"exigo", "dotdigital", "idc", "konnektive"}));
}

BOOST_AUTO_TEST_CASE(T5_exigo) {
  BOOST_TEST(postern("tenant create acme --preset exigo").exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.commands.size() == 1U);
  const auto& body = *message.commands[0]->body.AsCreateTenant();
  BOOST_TEST(body.alias == "acme");
  BOOST_TEST(body.policies->username_prefix == "API_");
  BOOST_TEST((body.policies->username_prefix_rule == schema::PrefixRule::warn));
  BOOST_TEST(!body.policies->new_user_api_access.value_or(true));
  BOOST_TEST(body.policies->session_timeout_seconds.value_or(0) == 1'800U);
  BOOST_REQUIRE(body.catalogue.size() == 3U);
  const auto& tables = *body.catalogue[0];
  BOOST_TEST(tables.name == "table");
  BOOST_TEST(!tables.open);
  BOOST_TEST(tables.actions.size() == 2U);
  BOOST_REQUIRE(tables.resources.size() == 11U);
  for (const auto& group : tables.resources) BOOST_TEST(group->open);
  BOOST_TEST(tables.resources[4]->path == "table/customer-subscriptions-and-points");
  BOOST_TEST(tables.resources[4]->description == "Customer Subscriptions & Points");
  BOOST_TEST(body.catalogue[1]->name == "script");
  BOOST_TEST(body.catalogue[2]->name == "endpoint");
  BOOST_TEST(body.catalogue[2]->open);
}

BOOST_AUTO_TEST_CASE(T5_dotdigital) {
  const auto body = read_preset("dotdigital");
  BOOST_TEST(body.policies->username_generated.value_or(false));
  BOOST_TEST(body.policies->username_fixed.value_or(false));
  BOOST_TEST(body.policies->lockout_failures.value_or(0) == 5);
  BOOST_TEST(body.policies->direct_deletion.value_or(false));
  BOOST_TEST((body.policies->new_user_status == schema::UserStatus::active));
  BOOST_TEST(body.policies->new_user_api_access.value_or(false));
}

BOOST_AUTO_TEST_CASE(T5_idc) {
  const auto body = read_preset("idc");
  BOOST_TEST(!body.policies->direct_deletion.value_or(true));
  BOOST_TEST(!body.policies->username_fixed.value_or(true));
  BOOST_TEST((body.policies->new_user_status == schema::UserStatus::active));
  const auto& projects = *body.catalogue.at(0);
  BOOST_TEST(projects.name == "project");
  BOOST_REQUIRE(projects.actions.size() == 10U);
  BOOST_TEST(projects.actions[4]->description == "Trash/Delete Records");
  BOOST_TEST(projects.actions[8]->name == "print-card");
  BOOST_TEST((projects.actions[8]->implies == std::vector<std::string>{"preview-card"}));
}

BOOST_AUTO_TEST_CASE(T5_konnektive) {
  const auto body = read_preset("konnektive");
  BOOST_TEST(body.policies->password_forbidden_characters == "&");
  BOOST_TEST(body.policies->user_networks_mandatory.value_or(false));
  const auto& query = *body.catalogue.at(0)->resources.at(0);
  BOOST_TEST(query.path == "endpoint/query");
  BOOST_TEST(contains(query.warning, "data"));
}

BOOST_AUTO_TEST_CASE(T5_a_preset_of_ones_own_and_options_over_it) {
  start();
  const auto file = daemon.folder / "mine.json";
  write_file(file, R"({"policies": {"lockout_failures": 3, "lock_seconds": 60}})");
  BOOST_TEST(
      postern("tenant create acme --preset " + file.string() + " --lock-seconds 90").exit_code ==
      0);
  const auto message = sent();
  const auto& policies = *message.commands.at(0)->body.AsCreateTenant()->policies;
  BOOST_TEST(policies.lockout_failures.value_or(0) == 3);
  BOOST_TEST(policies.lock_seconds.value_or(0) == 90U);
}

BOOST_AUTO_TEST_CASE(T5_a_preset_that_is_none) {
  start();
  BOOST_TEST(postern("tenant create acme --preset nobody").exit_code == 66);
  BOOST_TEST(postern("tenant create acme --preset ./nowhere.json").exit_code == 66);
  const auto file = daemon.folder / "bad.json";
  for (const char* text : {"[]", "{", R"({"policies": {"fly": true}})", R"({"alias": "x"})"}) {
    write_file(file, text);
    BOOST_TEST(postern("tenant create acme --preset " + file.string()).exit_code == 64);
  }
}

BOOST_AUTO_TEST_CASE(T5_a_desired_state_is_no_folder_and_is_read_as_far_as_it_may_go) {
  const auto folder = postern("apply " + daemon.folder.string());
  BOOST_TEST(folder.exit_code == 66);
  BOOST_TEST(contains(folder.talk, daemon.folder.string() + " is a folder."), folder.talk);
  const auto endless = postern("apply /dev/zero");
  BOOST_TEST(endless.exit_code == 64);
  BOOST_TEST(contains(endless.talk, "It is over 64 MiB."), endless.talk);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
