// The stops on network and transport, in the ladder of authorize.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/authorize.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::CallFacts;

namespace {

domain::Networks list_of(const std::vector<std::string>& entries) {
  flatbuffers::FlatBufferBuilder builder;
  schema::NetworksT list;
  list.entries = entries;
  builder.Finish(schema::Networks::Pack(builder, &list));
  return *domain::compile(flatbuffers::GetRoot<schema::Networks>(builder.GetBufferPointer()));
}

/// A user of a tenant, both to be changed at will.
struct Guarded {
  domain::Tenant tenant;
  domain::User user;
  domain::UserExtras extras;
  domain::Providers providers;

  Guarded() {
    auto story = given(support::tenant("acme"), support::user("bob"));
    tenant = story.tenant();
    user = story.user("bob");
    tenant.policies_seq = 40;
    extras.settings_seq = 50;
  }

  CallFacts call(std::string_view address, bool tls = true) const {
    CallFacts made;
    made.address = domain::parse_address(address);
    made.tls = tls;
    made.providers = &providers;
    return made;
  }
  domain::Stop stop(const CallFacts& facts) {
    user.extras = domain::make_counted<const domain::UserExtras>(extras);
    return domain::first_stop_before_credential(&tenant, &user, facts);
  }
  Code code(std::string_view address, bool tls = true) { return stop(call(address, tls)).code; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(network_stops_tests)

BOOST_AUTO_TEST_CASE(N1_a_tenants_networks_bind_its_users) {
  Guarded bob;
  BOOST_TEST(bob.code("198.51.100.1") == Code::ok, "no list is no restriction");
  bob.tenant.networks = list_of({"192.0.2.0/24", "2001:db8::/32"});
  BOOST_TEST(bob.code("192.0.2.255") == Code::ok);
  BOOST_TEST(bob.code("2001:db8::1") == Code::ok);
  BOOST_TEST(bob.code("192.0.3.0") == Code::network_not_allowed);
  BOOST_TEST(bob.code("2001:db9::") == Code::network_not_allowed);
  BOOST_TEST(bob.stop(bob.call("192.0.3.0")).seq == 40U);
}

BOOST_AUTO_TEST_CASE(N2_a_users_own_networks_bind_it_beside_its_tenants) {
  Guarded bob;
  bob.extras.networks = list_of({"192.0.2.0/25"});
  BOOST_TEST(bob.code("192.0.2.1") == Code::ok);
  BOOST_TEST(bob.code("192.0.2.200") == Code::network_not_allowed);
  BOOST_TEST(bob.stop(bob.call("192.0.2.200")).seq == 50U);
  bob.tenant.networks = list_of({"192.0.2.64/26"});
  BOOST_TEST(bob.code("192.0.2.1") == Code::network_not_allowed, "the tenant's list");
  BOOST_TEST(bob.code("192.0.2.64") == Code::ok, "both");
  BOOST_TEST(bob.code("192.0.2.128") == Code::network_not_allowed, "neither");
}

BOOST_AUTO_TEST_CASE(N2_mandatory_networks_deny_who_has_none) {
  Guarded bob;
  bob.tenant.policies.user_networks_mandatory = true;
  BOOST_TEST(bob.code("192.0.2.1") == Code::network_not_allowed);
  BOOST_TEST(bob.stop(bob.call("192.0.2.1")).seq == 40U);
  bob.extras.skip_ip_check = true;
  BOOST_TEST(bob.code("192.0.2.1") == Code::network_not_allowed, "N4 exempts from N1 alone");
  bob.extras.networks = list_of({"0.0.0.0/0", "::/0"});
  BOOST_TEST(bob.code("192.0.2.1") == Code::ok);
}

BOOST_AUTO_TEST_CASE(N3_a_provider_stands_for_its_ranges_in_every_list) {
  Guarded bob;
  bob.tenant.networks = list_of({"AZURE"});
  BOOST_TEST(bob.code("192.0.2.1") == Code::network_not_allowed, "not imported yet");
  auto ranges = domain::make_counted<domain::ProviderRanges>();
  ranges->v4 = {0xc0000200, 0xc00002ff};
  bob.providers[static_cast<std::size_t>(schema::Provider::AZURE)] = ranges;
  BOOST_TEST(bob.code("192.0.2.1") == Code::ok);
  BOOST_TEST(bob.code("192.0.3.1") == Code::network_not_allowed);
  CallFacts without = bob.call("192.0.2.1");
  without.providers = nullptr;
  BOOST_TEST(bob.stop(without).code == Code::network_not_allowed);
}

BOOST_AUTO_TEST_CASE(N4_skip_ip_check_exempts_from_the_tenants_networks_alone) {
  Guarded bob;
  bob.tenant.networks = list_of({"192.0.2.0/24"});
  bob.extras.skip_ip_check = true;
  BOOST_TEST(bob.code("198.51.100.1") == Code::ok);
  BOOST_TEST(bob.code("") == Code::ok, "no address, no rule");
  bob.extras.networks = list_of({"203.0.113.0/24"});
  BOOST_TEST(bob.code("198.51.100.1") == Code::network_not_allowed);
  BOOST_TEST(bob.code("203.0.113.1") == Code::ok);
}

BOOST_AUTO_TEST_CASE(N5_secure_transport_by_tenant_or_user) {
  Guarded bob;
  BOOST_TEST(bob.code("192.0.2.1", false) == Code::ok);
  bob.tenant.policies.secure_transport_required = true;
  BOOST_TEST(bob.code("192.0.2.1", false) == Code::tls_required);
  BOOST_TEST(bob.stop(bob.call("192.0.2.1", false)).seq == 40U);
  BOOST_TEST(bob.code("192.0.2.1", true) == Code::ok);
  bob.tenant.policies.secure_transport_required = false;
  bob.extras.secure_transport_required = true;
  BOOST_TEST(bob.code("192.0.2.1", false) == Code::tls_required);
  BOOST_TEST(bob.stop(bob.call("192.0.2.1", false)).seq == 50U);
  BOOST_TEST(bob.code("192.0.2.1", true) == Code::ok);
}

BOOST_AUTO_TEST_CASE(N6_no_address_fails_every_address_rule) {
  Guarded bob;
  BOOST_TEST(bob.code("") == Code::ok, "where there is no rule, there is nothing to fail");
  bob.tenant.networks = list_of({"0.0.0.0/0", "::/0"});
  BOOST_TEST(bob.code("") == Code::network_not_allowed);
  bob.tenant.networks = nullptr;
  bob.extras.networks = list_of({"0.0.0.0/0", "::/0"});
  BOOST_TEST(bob.code("") == Code::network_not_allowed);
}

BOOST_AUTO_TEST_CASE(N6_network_stands_before_transport_and_after_api_access) {
  Guarded bob;
  bob.tenant.networks = list_of({"192.0.2.0/24"});
  bob.tenant.policies.secure_transport_required = true;
  bob.extras.networks = list_of({"192.0.2.0/25"});
  bob.extras.secure_transport_required = true;
  bob.user.api_access = false;
  bob.user.extras = domain::make_counted<const domain::UserExtras>(bob.extras);
  std::vector<Code> codes;
  for (const domain::Stop& stop :
       domain::all_stops(&bob.tenant, &bob.user, bob.call("10.0.0.1", false), nullptr))
    codes.push_back(stop.code);
  const std::vector<Code> expected = {Code::api_access_not_allowed, Code::network_not_allowed,
                                      Code::network_not_allowed, Code::tls_required,
                                      Code::tls_required};
  BOOST_TEST(codes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(C5_a_recorded_attempt_was_let_through_when_it_was_made) {
  Guarded bob;
  bob.tenant.networks = list_of({"192.0.2.0/24"});
  BOOST_TEST(domain::first_stop_of_standing(&bob.tenant, &bob.user, 0).code == Code::ok);
  bob.user.api_access = false;
  BOOST_TEST(domain::first_stop_of_standing(&bob.tenant, &bob.user, 0).code ==
             Code::api_access_not_allowed);
}

BOOST_AUTO_TEST_SUITE_END()
