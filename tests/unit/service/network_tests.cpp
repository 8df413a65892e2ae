// Addresses and transport as questions bring them, and providers' ranges as commands do.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/service_fixture.h"

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
};

schema::ImportRangesT some_ranges() {
  schema::ImportRangesT body;
  body.provider = Provider::CLOUDFLARE;
  body.source_name = "ips-v4, ips-v6";
  body.source_sha256.assign(32, 1);
  body.v4 = {0xc0000200, 0xc00002ff};
  return body;
}

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
    const auto got = answer(ask(called(by_name("acme", "shop", "read", "table/customer"), bad,
                                       true)));
    BOOST_TEST((got.code == Code::field_malformed), bad);
    BOOST_TEST(got.problems.at(0)->field == "address");
    BOOST_TEST(got.problems.at(0)->sentence.contains(bad));
  }
  BOOST_TEST((check("") == Code::ok), "no address and no rule");
  BOOST_TEST((check("2001:db8::1") == Code::ok));
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
