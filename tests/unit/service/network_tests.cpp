// Addresses and transport as questions bring them, and providers' ranges as commands do.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/audit.h"

namespace postern::support {

namespace {

using schema::Provider;

const std::string password = "Corr3ct-horse";

struct Gate : ServiceFixture {
  Gate() {
    create_acme();
    create_user("shop", password);
    allow("shop", "table/customer");
  }

  Code check(const std::string& address, bool tls = true) {
    return reason(called(by_name("acme", "shop", "read", "table/customer"), address, tls));
  }
  Code authenticate(const std::string& secret, const std::string& address) {
    return reason(called(by_password("acme", "shop", secret), address, true));
  }
  static schema::QueryT called(schema::QueryT query, const std::string& address, bool tls) {
    query.call = std::make_unique<schema::CallT>();
    query.call->address = address;
    query.call->tls = tls;
    return query;
  }
  Code reason(schema::QueryT query) {
    const auto got = answer(ask(std::move(query)));
    if (got.code != Code::ok) return got.code;
    if (const auto* authenticated = got.body.AsAuthenticated()) return authenticated->reason;
    return got.body.AsChecked()->decisions.at(0)->reason;
  }
  void set(schema::SetUserSettingsT settings) {
    BOOST_REQUIRE((run(message("acme", "shop", std::move(settings))).code == Code::ok));
  }
  void set_networks(std::vector<std::string> entries) {
    schema::SetUserSettingsT settings;
    settings.networks = std::make_unique<schema::NetworksT>();
    settings.networks->entries = std::move(entries);
    set(std::move(settings));
  }
};

schema::ImportRangesT some_ranges() {
  schema::ImportRangesT body;
  body.provider = Provider::CLOUDFLARE;
  body.source_name = "ips-v4, ips-v6";
  body.source_sha256.assign(32, 1);
  body.v4 = {0xc0000200, 0xc00002ff};
  return body;
}

schema::ImportRangesT ranges_of(Provider provider, std::vector<std::uint32_t> v4,
                                std::vector<std::uint64_t> v6 = {}) {
  schema::ImportRangesT body = some_ranges();
  body.provider = provider;
  body.v4 = std::move(v4);
  body.v6 = std::move(v6);
  return body;
}

schema::TestAddressT test_of(const std::string& address, const std::string& tenant = {},
                             const std::string& username = {}) {
  schema::TestAddressT body;
  body.address = address;
  body.tenant = tenant;
  body.username = username;
  return body;
}

/// What an operator is told of an address.
struct Tester : Gate {
  Tester() {
    import(ranges_of(Provider::AWS, {0xc0000200, 0xc00002ff}));
    import(ranges_of(Provider::CLOUDFLARE, {0xc0000280, 0xc00003ff},
                     {0x20010db800000000, 0, 0x20010db8ffffffff, ~0ULL}));
  }
  void import(schema::ImportRangesT body) {
    BOOST_REQUIRE((run(message("", "", std::move(body))).code == Code::ok));
  }
  void set_policies(const std::function<void(schema::PolicyChangesT&)>& edit) {
    schema::SetTenantT body;
    body.policies = std::make_unique<schema::PolicyChangesT>();
    edit(*body.policies);
    BOOST_REQUIRE((run(message("acme", "", std::move(body))).code == Code::ok));
  }
  schema::AddressTestedT told(schema::TestAddressT wanted) {
    const auto page = Audit(*this).ask(std::move(wanted));
    BOOST_REQUIRE(page.code == Code::ok);
    return *page.body.AsAddressTested();
  }
  /// The field of the one problem.
  std::string refused(Code code, schema::TestAddressT wanted, std::string_view asker = "owner") {
    const auto page = Audit(*this).ask(std::move(wanted), asker);
    BOOST_TEST((page.code == code));
    BOOST_REQUIRE(page.problems.size() == 1u);
    return page.problems[0]->field;
  }
};

/// So many ranges of one address each.
schema::ImportRangesT many_ranges(std::uint32_t count) {
  schema::ImportRangesT body = some_ranges();
  body.v4.clear();
  for (std::uint32_t place = 0; place < count; ++place)
    body.v4.insert(body.v4.end(), {2 * place, 2 * place});
  return body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(network_tests)

BOOST_FIXTURE_TEST_CASE(N6_what_is_no_address_refuses_the_question, Gate) {
  for (const char* bad : {"192.0.2", "192.0.2.1:443", "[::1]", "somewhere", "192.0.2.0/24"}) {
    const auto got =
        answer(ask(called(by_name("acme", "shop", "read", "table/customer"), bad, true)));
    BOOST_TEST((got.code == Code::field_malformed), bad);
    BOOST_TEST(got.problems.at(0)->field == "address");
    BOOST_TEST(got.problems.at(0)->sentence.contains(bad));
  }
  BOOST_TEST((check("") == Code::ok), "no address and no rule");
  BOOST_TEST((check("2001:db8::1") == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(N2_the_reader_asks_the_users_networks, Gate) {
  set_networks({"192.0.2.0/24"});
  BOOST_TEST((check("192.0.2.1") == Code::ok));
  BOOST_TEST((check("::ffff:192.0.2.1") == Code::ok));
  BOOST_TEST((check("192.0.3.1") == Code::network_not_allowed));
  BOOST_TEST((check("") == Code::network_not_allowed));
}

BOOST_FIXTURE_TEST_CASE(N5_the_reader_asks_for_tls, Gate) {
  schema::SetUserSettingsT settings;
  settings.secure_transport_required = true;
  set(std::move(settings));
  BOOST_TEST((check("192.0.2.1", true) == Code::ok));
  BOOST_TEST((check("192.0.2.1", false) == Code::tls_required));
}

BOOST_FIXTURE_TEST_CASE(C5_a_wrong_network_counts_no_password, Gate) {
  set_networks({"192.0.2.0/24"});
  for (int attempt = 0; attempt < 7; ++attempt)
    BOOST_TEST((authenticate("wr0ng-password", "198.51.100.1") == Code::network_not_allowed));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0);
  BOOST_TEST(events_of(schema::EventBody::PasswordFailed) == 0);
  BOOST_TEST((authenticate(password, "192.0.2.9") == Code::ok));
  BOOST_TEST((authenticate("wr0ng-password", "192.0.2.9") == Code::invalid_credentials));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1);
}

BOOST_FIXTURE_TEST_CASE(N3_imported_ranges_decide_the_next_question, Gate) {
  set_networks({"CLOUDFLARE"});
  BOOST_TEST((check("192.0.2.1") == Code::network_not_allowed));
  const auto receipt = run(message("", "", some_ranges()));
  BOOST_REQUIRE((receipt.code == Code::ok));
  BOOST_TEST(receipt.events.at(0)->body.AsRangesImported()->v4.empty(), "no place for megabytes");
  BOOST_TEST((check("192.0.2.1") == Code::ok));
  BOOST_TEST((check("192.0.3.0") == Code::network_not_allowed));
  schema::ImportRangesT next = some_ranges();
  next.v4 = {0xc0000300, 0xc00003ff};
  BOOST_REQUIRE((run(message("", "", next)).code == Code::ok));
  BOOST_TEST((check("192.0.2.1") == Code::network_not_allowed));
  BOOST_TEST((check("192.0.3.0") == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(N3_an_import_that_was_not_synced_decides_nothing, Gate) {
  set_networks({"CLOUDFLARE"});
  journal.fail_from(journal.head().seq + 1);
  BOOST_TEST((run(message("", "", some_ranges())).code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() >= 1);
  BOOST_TEST((check("192.0.2.1") == Code::network_not_allowed));
}

BOOST_FIXTURE_TEST_CASE(N3_an_import_may_have_four_mebibytes_and_nothing_else_may, ServiceFixture) {
  BOOST_TEST((run(message("", "", many_ranges(520'000))).code == Code::ok));
  const auto over = run(message("", "", many_ranges(540'000)));
  BOOST_TEST((over.code == Code::too_large));
  BOOST_TEST(over.problems.at(0)->sentence.contains("4259840"));
  schema::CreateTenantT tenant;
  tenant.alias = "acme";
  tenant.display_name.assign(70'000, 'x');
  const auto single = run(message("", "", tenant));
  BOOST_TEST((single.code == Code::too_large));
  BOOST_TEST(single.problems.at(0)->sentence.contains("65536"));
  schema::CommandMessageT batch = message("", "", many_ranges(200'000));
  tenant.display_name.clear();
  batch.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(tenant);
  const auto two = run(std::move(batch));
  BOOST_TEST((two.code == Code::too_large));
  BOOST_TEST(two.problems.at(0)->sentence.contains("1048576"));
}

// ---- what an operator is told of an address

BOOST_FIXTURE_TEST_CASE(N3_a_test_names_every_provider_of_an_address, Tester) {
  const std::vector<Provider> none;
  const std::vector<Provider> aws = {Provider::AWS};
  const std::vector<Provider> both = {Provider::AWS, Provider::CLOUDFLARE};
  const std::vector<Provider> cloudflare = {Provider::CLOUDFLARE};
  BOOST_TEST((told(test_of("192.0.1.255")).providers == none));
  BOOST_TEST((told(test_of("192.0.2.0")).providers == aws));
  BOOST_TEST((told(test_of("192.0.2.127")).providers == aws));
  BOOST_TEST((told(test_of("192.0.2.128")).providers == both));
  BOOST_TEST((told(test_of("192.0.3.255")).providers == cloudflare));
  BOOST_TEST((told(test_of("192.0.4.0")).providers == none));
  BOOST_TEST((told(test_of("2001:db8:ffff::1")).providers == cloudflare));
  BOOST_TEST((told(test_of("2001:db9::")).providers == none));
  const auto mapped = told(test_of("::ffff:192.0.2.128"));
  BOOST_TEST(mapped.address == "192.0.2.128");
  BOOST_TEST((mapped.providers == both));
  BOOST_TEST((mapped.code == Code::ok), "no tenant, no rule");
}

BOOST_FIXTURE_TEST_CASE(N1_a_test_names_the_entry_of_the_tenants_list, Tester) {
  BOOST_TEST((told(test_of("198.51.100.1", "acme")).code == Code::ok));
  set_policies([](auto& policies) {
    policies.networks = std::make_unique<schema::NetworksT>();
    policies.networks->entries = {"198.51.100.0/24", "AWS"};
  });
  BOOST_TEST(told(test_of("198.51.100.1", "acme")).tenant_entry == "198.51.100.0/24");
  BOOST_TEST(told(test_of("192.0.2.1", "acme", "shop")).tenant_entry == "AWS");
  const auto outside = told(test_of("203.0.113.1", "acme"));
  BOOST_TEST((outside.code == Code::network_not_allowed));
  BOOST_TEST(outside.tenant_entry == "");
}

BOOST_FIXTURE_TEST_CASE(N2_N4_a_test_answers_for_the_user_as_a_question_would, Tester) {
  set_policies([](auto& policies) {
    policies.networks = std::make_unique<schema::NetworksT>();
    policies.networks->entries = {"AWS"};
  });
  set_networks({"192.0.2.64/26", "CLOUDFLARE"});
  const auto agrees = [&](const std::string& address) {
    const auto tested = told(test_of(address, "acme", "shop"));
    BOOST_TEST((tested.code == check(address)), address);
    return tested;
  };
  BOOST_TEST((agrees("192.0.2.65").code == Code::ok));
  BOOST_TEST(agrees("192.0.2.65").user_entry == "192.0.2.64/26");
  BOOST_TEST(agrees("192.0.2.200").user_entry == "CLOUDFLARE");
  BOOST_TEST((agrees("192.0.2.1").code == Code::network_not_allowed), "its own list has it not");
  BOOST_TEST((agrees("192.0.3.1").code == Code::network_not_allowed), "the tenant's has it not");
  schema::SetUserSettingsT skips;
  skips.skip_ip_check = true;
  set(std::move(skips));
  BOOST_TEST((agrees("192.0.3.1").code == Code::ok));
  set_networks({});
  BOOST_TEST((agrees("203.0.113.1").code == Code::ok));
  set_policies([](auto& policies) { policies.user_networks_mandatory = true; });
  BOOST_TEST((agrees("203.0.113.1").code == Code::network_not_allowed));
}

BOOST_FIXTURE_TEST_CASE(N6_a_test_that_cannot_be_answered_says_why, Tester) {
  for (const char* bad : {"", "192.0.2", "192.0.2.0/24", "AWS", "192.0.2.1 "})
    BOOST_TEST(refused(Code::field_malformed, test_of(bad)) == "address", bad);
  BOOST_TEST(refused(Code::tenant_unknown, test_of("192.0.2.1", "nowhere")) == "tenant");
  BOOST_TEST(refused(Code::field_missing, test_of("192.0.2.1", "", "shop")) == "tenant");
  BOOST_TEST(refused(Code::user_unknown, test_of("192.0.2.1", "acme", "nobody")) == "username");
  // O2: out of scope is as if it did not exist.
  schema::CreateTenantT other;
  other.alias = "globex";
  BOOST_REQUIRE((run(message("", "", std::move(other))).code == Code::ok));
  schema::AddOperatorT auditor;
  auditor.name = "elsewhere";
  auditor.role = schema::Role::auditor;
  auditor.standing = std::make_unique<schema::OperatorStandingT>();
  auditor.standing->uid = 9;
  auditor.standing->tenants = {"globex"};
  BOOST_REQUIRE((run(message("", "", std::move(auditor))).code == Code::ok));
  BOOST_TEST(refused(Code::tenant_unknown, test_of("192.0.2.1", "acme", "shop"), "elsewhere") ==
             "tenant");
}

BOOST_FIXTURE_TEST_CASE(N3_the_list_of_ranges_tells_file_and_record, Tester) {
  const auto seq = journal.head().seq;
  const auto page = Audit(*this).ask(schema::ListRangesT());
  BOOST_REQUIRE(page.code == Code::ok);
  const auto& ranges = page.body.AsRangesPage()->ranges;
  BOOST_REQUIRE(ranges.size() == 2u);
  BOOST_TEST((ranges[0]->provider == Provider::AWS));
  BOOST_TEST(ranges[0]->v4_count == 1u);
  BOOST_TEST(ranges[0]->v6_count == 0u);
  BOOST_TEST((ranges[1]->provider == Provider::CLOUDFLARE));
  BOOST_TEST(ranges[1]->v6_count == 1u);
  BOOST_TEST(ranges[1]->source_name == "ips-v4, ips-v6");
  BOOST_TEST(ranges[1]->source_sha256.size() == 32u);
  BOOST_TEST(ranges[1]->imported->seq == seq);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
