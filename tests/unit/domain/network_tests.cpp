#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/network.h"

using namespace postern::domain;
namespace schema = postern::schema;

namespace {

/// What `compile` makes of these entries; they must be good.
Networks list_of(const std::vector<std::string>& entries) {
  flatbuffers::FlatBufferBuilder builder;
  schema::NetworksT list;
  list.entries = entries;
  builder.Finish(schema::Networks::Pack(builder, &list));
  const auto made =
      compile(flatbuffers::GetRoot<schema::Networks>(builder.GetBufferPointer()));
  BOOST_REQUIRE(made);
  return *made;
}

std::vector<std::string> errors_of(const std::vector<std::string>& entries) {
  flatbuffers::FlatBufferBuilder builder;
  schema::NetworksT list;
  list.entries = entries;
  builder.Finish(schema::Networks::Pack(builder, &list));
  const auto made =
      compile(flatbuffers::GetRoot<schema::Networks>(builder.GetBufferPointer()));
  BOOST_REQUIRE(!made);
  return made.error();
}

bool holds_text(const std::vector<std::string>& entries, const std::string& address,
                const Providers& providers = {}) {
  const auto parsed = parse_address(address);
  BOOST_REQUIRE_MESSAGE(parsed, address);
  return holds(*list_of(entries), *parsed, providers);
}

/// 10.0.0.0 to 10.0.0.9 and 10.0.1.0 to 10.0.1.0; 2001:db8:: to 2001:db8::1:0.
boost::intrusive_ptr<const ProviderRanges> some_ranges() {
  auto made = make_counted<ProviderRanges>();
  made->provider = schema::Provider::GOOGLE;
  made->v4 = {0x0a000000, 0x0a000009, 0x0a000100, 0x0a000100};
  made->v6 = {0x20010db800000000, 0, 0x20010db800000000, 0x10000};
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(network_tests)

BOOST_AUTO_TEST_CASE(N1_addresses_have_one_text) {
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"192.0.2.1", "192.0.2.1"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
  for (const auto& [written, canonical] : forms) {
    const auto address = parse_address(written);
    BOOST_REQUIRE_MESSAGE(address, written);
    BOOST_TEST(text_of(*address) == canonical);
  }
}

BOOST_AUTO_TEST_CASE(N6_a_mapped_address_is_ipv4) {
  for (const char* written : {"::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"}) {
    const auto address = parse_address(written);
    BOOST_REQUIRE_MESSAGE(address, written);
    BOOST_TEST(address->is_v4);
    BOOST_TEST(text_of(*address) == "192.0.2.1");
  }
  BOOST_TEST(!parse_address("::192.0.2.1")->is_v4);
  BOOST_TEST(!parse_address("::fffe:192.0.2.1")->is_v4);
  BOOST_TEST(holds_text({"192.0.2.0/24"}, "::ffff:192.0.2.7"));
  BOOST_TEST(holds_text({"::ffff:192.0.2.0/120"}, "192.0.2.7"));
  BOOST_TEST(!holds_text({"::ffff:192.0.2.0/120"}, "192.0.3.0"));
  BOOST_TEST(!holds_text({"::/0"}, "::ffff:192.0.2.7"));
}

BOOST_AUTO_TEST_CASE(N1_what_no_address_is) {
  for (const char* bad :
       {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "256.1.1.1", "1.2.3.04", "00.1.1.1",
        "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "-1.2.3.4", "1.2.3.4:80", "1.2.3.4/32", ":", ":::",
        "1:::2", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::g",
        "12345::", "fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:1", "localhost", "AWS"})
    BOOST_TEST(!parse_address(bad), bad);
}

BOOST_AUTO_TEST_CASE(N1_a_network_holds_its_first_and_last_address) {
  struct Case {
    const char* network;
    const char* before;
    const char* first;
    const char* last;
    const char* after;
  };
  for (const Case& row :
       {Case{"10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        Case{"192.0.2.128/25", "192.0.2.127", "192.0.2.128", "192.0.2.255", "192.0.3.0"},
        Case{"192.0.2.4/31", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"},
        Case{"192.0.2.4", "192.0.2.3", "192.0.2.4", "192.0.2.4", "192.0.2.5"},
        Case{"0.0.0.0/0", "::", "0.0.0.0", "255.255.255.255", "::1"},
        Case{"::/0", "0.0.0.0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
             "255.255.255.255"},
        Case{"2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
             "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
        Case{"2001:db8::/64", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
             "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
        Case{"2001:db8::8000/113", "2001:db8::7fff", "2001:db8::8000", "2001:db8::ffff",
             "2001:db8::1:0"},
        Case{"2001:db8::1/128", "2001:db8::", "2001:db8::1", "2001:db8::1", "2001:db8::2"}}) {
    BOOST_TEST_CONTEXT(row.network) {
      BOOST_TEST(!holds_text({row.network}, row.before));
      BOOST_TEST(holds_text({row.network}, row.first));
      BOOST_TEST(holds_text({row.network}, row.last));
      BOOST_TEST(!holds_text({row.network}, row.after));
    }
  }
}

BOOST_AUTO_TEST_CASE(N1_a_list_is_merged_and_holds_what_each_entry_holds) {
  const Networks list = list_of({"10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "192.0.2.1", "::1",
                                 "255.255.255.255", "2001:db8::/33", "2001:db8:8000::/33"});
  BOOST_TEST(list->ranges.size() == 5U);
  BOOST_TEST(list->entries.size() == 8U);
  for (const char* inside : {"10.0.0.0", "10.0.1.255", "192.0.2.1", "::1", "255.255.255.255",
                             "2001:db8:7fff::", "2001:db8:ffff::1"})
    BOOST_TEST(holds(*list, *parse_address(inside), {}), inside);
  for (const char* outside : {"9.255.255.255", "10.0.2.0", "192.0.2.0", "192.0.2.2", "::", "::2",
                              "255.255.255.254", "2001:db9::", "0.0.0.1"})
    BOOST_TEST(!holds(*list, *parse_address(outside), {}), outside);
}

BOOST_AUTO_TEST_CASE(N1_no_entries_are_no_restriction) {
  BOOST_TEST(*compile(nullptr) == nullptr);
  BOOST_TEST(list_of({}) == nullptr);
  BOOST_TEST(as_schema(nullptr) == nullptr);
  BOOST_TEST(as_schema(list_of({"AWS", "10.0.0.0/8"}))->entries.size() == 2U);
}

BOOST_AUTO_TEST_CASE(N1_every_bad_entry_is_told) {
  const auto errors = errors_of({"10.0.0.0/8", "10.1.2.3/8", "10.0.0.0/33", "2001:db8::/129",
                                 "10.0.0.0/08", "10.0.0.0/", "ows", "10.0.0/8", "2001:db8::1/64"});
  BOOST_REQUIRE_EQUAL(errors.size(), 8U);
  BOOST_TEST(errors[0] == "'10.1.2.3/8' has host bits set; the network is 10.0.0.0/8.");
  BOOST_TEST(errors[1] == "'10.0.0.0/33' needs a prefix length from 0 to 32 after the slash.");
  BOOST_TEST(errors[2] == "'2001:db8::/129' needs a prefix length from 0 to 128 after the slash.");
  BOOST_TEST(errors[5].contains("AWS, GOOGLE, AZURE, CLOUDFLARE, DIGITAL_OCEAN"));
  BOOST_TEST(errors[7] == "'2001:db8::1/64' has host bits set; the network is 2001:db8::/64.");
  const std::vector<std::string> many(network_entries_max + 1, "10.0.0.1");
  BOOST_TEST(errors_of(many).front() == "A list has at most 1000 networks, found 1001.");
}

BOOST_AUTO_TEST_CASE(N3_a_providers_name_means_its_ranges) {
  Providers providers;
  providers[static_cast<std::size_t>(schema::Provider::GOOGLE)] = some_ranges();
  for (const char* inside : {"10.0.0.0", "10.0.0.9", "10.0.1.0", "2001:db8::", "2001:db8::1:0"})
    BOOST_TEST(holds_text({"GOOGLE"}, inside, providers), inside);
  for (const char* outside : {"9.255.255.255", "10.0.0.10", "10.0.0.255", "10.0.1.1", "0.0.0.0",
                              "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1:1", "::"})
    BOOST_TEST(!holds_text({"GOOGLE"}, outside, providers), outside);
  BOOST_TEST(!holds_text({"AWS"}, "10.0.0.0", providers));
  BOOST_TEST(holds_text({"AWS", "10.0.0.0"}, "10.0.0.0", providers));
  BOOST_TEST(!holds_text({"GOOGLE"}, "10.0.0.0"), "never imported");
}

BOOST_AUTO_TEST_CASE(N6_the_entry_that_holds_is_told) {
  Providers providers;
  providers[static_cast<std::size_t>(schema::Provider::GOOGLE)] = some_ranges();
  const Networks list = list_of({"192.0.2.0/24", "GOOGLE", "10.0.0.9"});
  const auto entry = [&](const char* address) {
    return entry_that_holds(*list, *parse_address(address), providers);
  };
  BOOST_TEST(entry("192.0.2.9") == "192.0.2.0/24");
  BOOST_TEST(entry("10.0.0.9") == "GOOGLE");
  BOOST_TEST(entry("10.0.0.10").empty());
}

BOOST_AUTO_TEST_SUITE_END()
