// Q10: what the status says, and to whom.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;
using schema::Role;

schema::StatusT status(WholeService& service, std::uint32_t uid) {
  schema::QueryT query;
  query.body.Set(schema::GetStatusT());
  const auto bytes = service.ask(std::move(query), "uid:" + std::to_string(uid));
  schema::AnswerT answer;
  flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&answer);
  BOOST_REQUIRE(answer.body.AsStatus() != nullptr);
  return std::move(*answer.body.AsStatus());
}

void create_tenant(WholeService& service, const std::string& alias, int users) {
  schema::CreateTenantT tenant;
  tenant.alias = alias;
  service.run("", "", std::move(tenant));
  for (int number = 0; number < users; ++number) {
    schema::CreateUserT user;
    user.username = "user-" + std::to_string(number);
    service.run(alias, "", std::move(user));
  }
}

bool tells(const schema::StatusT& told, std::string_view part) {
  return std::ranges::any_of(told.warnings, [&](const std::string& warning) {
    return warning.find(part) != std::string::npos;
  });
}

Code send_something(WholeService& service) {
  schema::CommandMessageT message;
  schema::CreateTenantT tenant;
  tenant.alias = "dry";
  message.dry_run = true;
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(tenant));
  return flatbuffers::GetRoot<schema::Receipt>(service.send(std::move(message), "uid:1").data())
      ->code();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_tests)

BOOST_AUTO_TEST_CASE(O2_the_status_counts_what_lies_in_the_askers_tenants) {
  WholeService service;
  create_tenant(service, "a", 3);
  create_tenant(service, "b", 5);
  create_tenant(service, "c", 7);
  service.add_operator("of-a", Role::manager, 10, {"a"});
  service.add_operator("of-both", Role::auditor, 11, {"a", "b"});
  schema::DeleteUserT deleted;
  schema::TrashUserT trashed;
  service.run("b", "user-0", std::move(trashed));
  service.run("b", "user-0", std::move(deleted));
  const auto all = status(service, 1);
  BOOST_TEST(all.tenant_count == 3u);
  BOOST_TEST(all.user_count == 14u);
  BOOST_TEST(all.operator_count == 3u);
  BOOST_TEST(all.counters.size() > 0u);
  BOOST_TEST(tells(all, "below the floor of 19456 KiB"));
  const auto one = status(service, 10);
  BOOST_TEST(one.tenant_count == 1u);
  BOOST_TEST(one.user_count == 3u);
  BOOST_TEST(one.operator_count == 1u);
  BOOST_TEST(one.counters.empty());
  BOOST_TEST(one.warnings.empty());
  BOOST_TEST(one.disk_free == 0u);
  const auto both = status(service, 11);
  BOOST_TEST(both.tenant_count == 2u);
  BOOST_TEST(both.user_count == 7u);
  BOOST_TEST(both.operator_count == 2u);
}

BOOST_AUTO_TEST_CASE(Q10_the_status_says_that_commands_are_refused_whenever_they_are) {
  WholeService service;
  service.add_operator("of-none", Role::service, 10);
  BOOST_TEST((status(service, 1).commands_refused == Code::ok));
  BOOST_TEST((send_something(service) == Code::ok));
  for (const service::Refusing& reason : service::refusing) {
    (service.vitals.*reason.holds) = true;
    for (const std::uint32_t uid : {1u, 10u})
      BOOST_TEST((status(service, uid).commands_refused == reason.code),
                 schema::EnumNameCode(reason.code));
    BOOST_TEST(tells(status(service, 1), reason.sentence));
    BOOST_TEST((send_something(service) == reason.code), schema::EnumNameCode(reason.code));
    (service.vitals.*reason.holds) = false;
  }
  BOOST_TEST((status(service, 1).commands_refused == Code::ok));
}

BOOST_AUTO_TEST_CASE(N3_ranges_imported_long_ago_are_warned_of) {
  WholeService service;
  schema::ImportRangesT ranges;
  ranges.provider = schema::Provider::AWS;
  ranges.source_name = "ip-ranges.json";
  ranges.source_sha256.assign(32, 1);
  ranges.v4 = {1, 2};
  service.run("", "", schema::ImportRangesT(ranges));
  constexpr std::int64_t day_ms = 86'400'000;
  service.clock.advance_ms(30 * day_ms);
  BOOST_TEST(!tells(status(service, 1), "AWS"));
  service.clock.advance_ms(1 * day_ms);
  BOOST_TEST(tells(status(service, 1), "the ranges of AWS were imported 31 days ago"));
  BOOST_TEST(tells(status(service, 1), "postern network import AWS FILE"));
  service.run("", "", std::move(ranges));
  BOOST_TEST(!tells(status(service, 1), "AWS"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
