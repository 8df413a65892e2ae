// Providers' ranges, and what the rules on addresses say of one (N1 to N4).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandT amazon() {
  schema::ImportRangesT body;
  body.provider = schema::Provider::AWS;
  body.source_name = "ip-ranges.json";
  body.source_sha256.assign(32, 7);
  body.v4 = {0x0a000000, 0x0a0000ff};
  return command(std::move(body));
}

schema::CommandT networks(std::string username, std::vector<std::string> entries) {
  schema::SetUserSettingsT body;
  body.networks = std::make_unique<schema::NetworksT>();
  body.networks->entries = std::move(entries);
  return to(std::move(username), std::move(body));
}

struct Addresses : AskedView {
  Addresses() : AskedView(given(tenant("acme"), user("bob"))) {
    story.in("").given(amazon()).in("acme").given(networks("bob", {"AWS", "192.0.2.0/24"}));
    refresh();
    wanted.address = "::ffff:10.0.0.1";
  }

  schema::TestAddressT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(networks_tests, Addresses)

BOOST_AUTO_TEST_CASE(N3_ranges_are_told_with_what_imported_them) {
  const auto made = page(schema::ListRangesT());
  BOOST_REQUIRE(made.ranges.size() == 1U);
  BOOST_TEST((made.ranges[0]->provider == schema::Provider::AWS));
  BOOST_TEST(made.ranges[0]->v4_count == 1U);
  BOOST_TEST(made.ranges[0]->imported->operator_name == "root");
}

BOOST_AUTO_TEST_CASE(N3_an_address_is_told_with_whose_it_is) {
  const auto made = page(wanted);
  BOOST_TEST(made.address == "10.0.0.1");
  BOOST_REQUIRE(made.providers.size() == 1U);
  BOOST_TEST(made.code == Code::ok);
  wanted.address = "10.0.0.0/8";
  BOOST_TEST(refusal(wanted) == Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(N2_an_address_is_judged_by_a_users_list) {
  wanted.tenant = "acme";
  wanted.username = "bob";
  BOOST_TEST(page(wanted).code == Code::ok);
  BOOST_TEST(page(wanted).user_entry == "AWS");
  wanted.address = "192.0.2.7";
  BOOST_TEST(page(wanted).user_entry == "192.0.2.0/24");
  wanted.address = "198.51.100.1";
  BOOST_TEST(page(wanted).code == Code::network_not_allowed);
  wanted.username = "alice";
  BOOST_TEST(refusal(wanted) == Code::user_unknown);
  wanted.tenant = "";
  BOOST_TEST(refusal(wanted) == Code::field_missing);
  wanted.tenant = "globex";
  BOOST_TEST(refusal(wanted) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_SUITE_END()
