// Providers' published files: small ones of each form here, and the real ones where
// POSTERN_PROVIDER_RANGES names a folder with them.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "daemon/domain/network.h"
#include "tests/unit/cli/fixture.h"
#include "tools/cli/provider_file.h"

namespace postern::cli {
namespace {

using schema::Provider;

const std::string aws =
    R"({"syncToken": "1753388594", "createDate": "2025-07-24-20-23-14",
  "prefixes": [
    {"ip_prefix": "192.0.2.0/25", "region": "eu-west-1", "service": "AMAZON"},
    {"ip_prefix": "192.0.2.128/25", "region": "eu-west-1", "service": "S3"},
    {"ip_prefix": "192.0.2.4/32", "region": "eu-west-1", "service": "S3"},
    {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "S3"}],
  "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "eu-west-1"}]})";
const std::string google =
    R"({"syncToken": "1753409788780", "creationTime": "2025-07-24T19:16:28.780563",
  "prefixes": [{"scope": "x", "ipv4Prefix": "192.0.2.0/24"}, {"ipv6Prefix": "2001:db8::/44"}]})";
const std::string azure =
    R"({"changeNumber": 363, "cloud": "Public", "values": [
  {"name": "A", "properties": {"addressPrefixes": ["192.0.2.0/30", "2001:db8::/62"]}},
  {"name": "B", "properties": {"addressPrefixes": []}},
  {"name": "C", "properties": {"addressPrefixes": ["192.0.2.4/30"]}}]})";
const std::string cloudflare_v4 = "192.0.2.0/24\n198.51.100.0/24";
const std::string cloudflare_v6 = "2001:db8::/32\n";
const std::string digital_ocean =
    "192.0.2.0/24,NL,NL-NH,Amsterdam,1098 XH\r\n2001:db8::/64,DE,DE-HE,Frankfurt,60341\n";

std::vector<std::string> errors_of(Provider provider, const std::string& text) {
  const ProviderFile file{"file", text};
  const auto read = read_provider_files(provider, {&file, 1});
  BOOST_REQUIRE_MESSAGE(!read, text.substr(0, 60));
  return read.error();
}

schema::ImportRangesT read_of(Provider provider, const std::vector<ProviderFile>& files) {
  auto read = read_provider_files(provider, files);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().front()));
  return std::move(*read);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto place = text.find(from);
  BOOST_REQUIRE(place != text.npos);
  return text.replace(place, from.size(), to);
}

domain::ProviderRanges ranges_of(const schema::ImportRangesT& body) {
  domain::ProviderRanges made;
  made.v4 = body.v4;
  made.v6 = body.v6;
  return made;
}

/// The address before one that is not the first of its family.
domain::Address before(domain::Address address) {
  if (address.low == 0) --address.high;
  --address.low;
  return address;
}

const std::vector<std::uint32_t> test_net_1 = {0xc0000200, 0xc00002ff};
const std::vector<std::uint64_t> first_64 = {0x20010db800000000, 0, 0x20010db800000000, ~0ULL};

}  // namespace

BOOST_AUTO_TEST_SUITE(provider_file_tests)

BOOST_AUTO_TEST_CASE(N3_aws_publishes_two_lists_which_are_merged) {
  const auto body = read_of(Provider::AWS, {{"ip-ranges.json", aws}});
  const std::vector<std::uint32_t> v4 = {0xc0000200, 0xc00002ff, 0xc6336400, 0xc63364ff};
  const std::vector<std::uint64_t> v6 = {0x20010db800000000, 0, 0x20010db8ffffffff, ~0ULL};
  BOOST_TEST(body.v4 == v4, boost::test_tools::per_element());
  BOOST_TEST(body.v6 == v6, boost::test_tools::per_element());
  BOOST_TEST(body.source_name == "ip-ranges.json");
  BOOST_TEST(body.source_time_ns == 1'753'388'594'000'000'000);
  BOOST_TEST(body.source_sha256.size() == 32U);
  BOOST_TEST(!body.force);
}

BOOST_AUTO_TEST_CASE(N3_each_provider_has_its_own_form) {
  const auto of_google = read_of(Provider::GOOGLE, {{"cloud.json", google}});
  BOOST_TEST(of_google.v4 == test_net_1, boost::test_tools::per_element());
  BOOST_TEST(of_google.v6.size() == 4U);
  BOOST_TEST(of_google.source_time_ns == 1'753'409'788'780'000'000);
  // One entry may have both families.
  const auto both =
      read_of(Provider::GOOGLE,
              {{"cloud.json", replaced(google, "\"}, {\"ipv6Prefix", "\", \"ipv6Prefix")}});
  BOOST_TEST(both.v4 == of_google.v4, boost::test_tools::per_element());
  BOOST_TEST(both.v6 == of_google.v6, boost::test_tools::per_element());
  const auto of_azure = read_of(Provider::AZURE, {{"tags.json", azure}});
  const std::vector<std::uint32_t> eight = {0xc0000200, 0xc0000207};
  BOOST_TEST(of_azure.v4 == eight, boost::test_tools::per_element());
  BOOST_TEST(of_azure.source_time_ns == 0);
  const auto of_cloudflare =
      read_of(Provider::CLOUDFLARE, {{"ips-v4", cloudflare_v4}, {"ips-v6", cloudflare_v6}});
  BOOST_TEST(of_cloudflare.v4.size() == 4U);
  BOOST_TEST(of_cloudflare.v6.size() == 4U);
  BOOST_TEST(of_cloudflare.source_name == "ips-v4, ips-v6");
  const auto of_ocean = read_of(Provider::DIGITAL_OCEAN, {{"google.csv", digital_ocean}});
  BOOST_TEST(of_ocean.v4 == test_net_1, boost::test_tools::per_element());
  BOOST_TEST(of_ocean.v6 == first_64, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(N3_the_hash_is_of_the_file) {
  // Of several files, of one behind the other.
  const auto body =
      read_of(Provider::CLOUDFLARE, {{"a", "192.0.2.0/24\n"}, {"b", "2001:db8::/32"}});
  const auto same = read_of(Provider::CLOUDFLARE, {{"a", "192.0.2.0/24\n2001:db8::/32"}});
  BOOST_TEST(body.source_sha256 == same.source_sha256, boost::test_tools::per_element());
  const auto other = read_of(Provider::CLOUDFLARE, {{"a", "192.0.2.0/24\n2001:db8::/32\n"}});
  BOOST_TEST((body.source_sha256 != other.source_sha256));
}

BOOST_AUTO_TEST_CASE(N3_another_providers_file_is_refused) {
  struct Form {
    Provider provider;
    const std::string& text;
  };
  const std::vector<Form> forms = {{Provider::AWS, aws},
                                   {Provider::GOOGLE, google},
                                   {Provider::AZURE, azure},
                                   {Provider::CLOUDFLARE, cloudflare_v4},
                                   {Provider::DIGITAL_OCEAN, digital_ocean}};
  for (const Form& wanted : forms)
    for (const Form& given : forms)
      if (wanted.provider != given.provider)
        BOOST_TEST(!errors_of(wanted.provider, given.text).front().empty());
  BOOST_TEST(errors_of(Provider::GOOGLE, aws).front() == "file: it is AWS's file, not GOOGLE's.");
  BOOST_TEST(errors_of(Provider::AWS, azure).front() == "file: it is AZURE's file, not AWS's.");
  BOOST_TEST(errors_of(Provider::CLOUDFLARE, aws).front() ==
             "file: it is JSON, which CLOUDFLARE does not publish.");
}

BOOST_AUTO_TEST_CASE(N3_a_file_that_broke_off_is_refused) {
  for (const auto& [provider, text] :
       {std::pair{Provider::AWS, aws}, {Provider::GOOGLE, google}, {Provider::AZURE, azure}})
    for (std::size_t size = 0; size < text.size(); size += 7)
      BOOST_TEST(!errors_of(provider, text.substr(0, size)).empty());
  BOOST_TEST(errors_of(Provider::AWS, aws.substr(0, 200)).front().contains("breaks off"));
  for (std::size_t cut = 1; cut < 5; ++cut)
    BOOST_TEST(!errors_of(Provider::CLOUDFLARE,
                          cloudflare_v6 + cloudflare_v4.substr(0, cloudflare_v4.size() - cut))
                    .empty());
  BOOST_TEST(errors_of(Provider::DIGITAL_OCEAN, "192.0.2.0/24,NL,NL-NH\n").front() ==
             "file: line 1: found 3 columns, each line has 5: network, country, region, city, "
             "postal code.");
}

BOOST_AUTO_TEST_CASE(N3_what_is_malformed_is_refused_with_its_place) {
  const auto first = [](Provider provider, const std::string& text) {
    return errors_of(provider, text).front();
  };
  BOOST_TEST(first(Provider::AWS, replaced(aws, "198.51.100.0/24", "198.51.100.1/24")) ==
             "file: prefixes[3].ip_prefix: '198.51.100.1/24' has host bits set; the network is "
             "198.51.100.0/24.");
  BOOST_TEST(first(Provider::AWS, replaced(aws, "192.0.2.4/32", "2001:db8::/32")) ==
             "file: prefixes[2].ip_prefix: '2001:db8::/32' is of the other address family.");
  BOOST_TEST(
      first(Provider::AWS, replaced(aws, "198.51.100.0/24", "0.0.0.0/0")).contains("wider than"));
  // As wide as all of IPv4, though its prefix counts the bits of IPv6.
  BOOST_TEST(first(Provider::AZURE, replaced(azure, "2001:db8::/62", "::ffff:0.0.0.0/96"))
                 .contains("wider than"));
  BOOST_TEST(first(Provider::AWS, replaced(aws, "1753388594", "yesterday")).contains("syncToken"));
  BOOST_TEST(first(Provider::AWS, replaced(aws, "ipv6_prefix\"", "prefix\"")) ==
             "file: ipv6_prefixes[0]: it has no 'ipv6_prefix'.");
  BOOST_TEST(first(Provider::AZURE, replaced(azure, "\"192.0.2.4/30\"", "7")) ==
             "file: values[2].properties.addressPrefixes[0]: it must be a text.");
  BOOST_TEST(first(Provider::GOOGLE, replaced(google, "ipv4Prefix", "prefix")) ==
             "file: prefixes[0]: it has no 'ipv4Prefix'.");
  BOOST_TEST(first(Provider::AWS, aws + "x").contains("not well-formed JSON"));
  BOOST_TEST(first(Provider::AWS, "[]") == "file: it must be a JSON object.");
  BOOST_TEST(first(Provider::AWS, "{}") == "file: it does not look like AWS's file.");
  BOOST_TEST(first(Provider::CLOUDFLARE, "192.0.2.0/24\n192.0.2.7\n") ==
             "file: line 2: '192.0.2.7' has no prefix length.");
  BOOST_TEST(first(Provider::CLOUDFLARE, cloudflare_v4).contains("give both"));
  BOOST_TEST(first(Provider::DIGITAL_OCEAN, "").contains("empty"));
  std::string many;
  for (int line = 0; line < 30; ++line) many += "nonsense\n";
  const auto errors = errors_of(Provider::CLOUDFLARE, many);
  BOOST_TEST(errors.size() == 11U);
  BOOST_TEST(errors.back() == "And 20 more like these.");
}

BOOST_AUTO_TEST_CASE(N3_the_real_files_hold_what_the_providers_own) {
  const char* folder = std::getenv("POSTERN_PROVIDER_RANGES");
  if (folder == nullptr || *folder == '\0') {
    BOOST_TEST_MESSAGE("POSTERN_PROVIDER_RANGES names no folder");
    return;
  }
  struct Known {
    Provider provider;
    std::vector<std::string> files;
    std::vector<std::string> inside;
    std::vector<std::string> outside;
    /// First and last address of ranges, as another program merged them.
    std::vector<std::pair<std::string, std::string>> ranges;
  };
  const std::vector<Known> all = {
      {Provider::AWS,
       {"aws-ip-ranges.json"},
       {"3.4.12.4", "3.5.140.0", "3.5.143.255", "2600:1f69:7400::"},
       {"127.0.0.1", "8.8.8.8", "2001:db8::1"},
       {{"1.178.4.0", "1.178.11.255"},
        {"52.93.229.148", "52.93.229.149"},
        {"216.244.0.0", "216.244.6.255"},
        {"2001:3fc0:800::", "2001:3fc0:8ff:ffff:ffff:ffff:ffff:ffff"},
        {"2a05:d07f:e000::", "2a05:d07f:e0ff:ffff:ffff:ffff:ffff:ffff"}}},
      {Provider::GOOGLE,
       {"google-cloud-ip-ranges.json"},
       {"34.1.208.0", "34.35.255.255", "2600:1900:4280::", "2600:1900:428f:ffff::"},
       {"127.0.0.1", "3.4.12.4", "2001:db8::1"},
       {{"8.34.208.0", "8.34.223.255"},
        {"34.157.124.0", "34.157.137.255"},
        {"199.223.232.0", "199.223.236.255"},
        {"2600:1900:4000::", "2600:1900:40ff:ffff:ffff:ffff:ffff:ffff"},
        {"2600:1901:81f0::", "2600:1901:81ff:ffff:ffff:ffff:ffff:ffff"}}},
      {Provider::AZURE,
       {"microsoft-azure-ip-ranges.json"},
       {"4.145.74.52", "4.145.74.55", "4.144.0.0", "2a01:111:f403:f910::"},
       {"127.0.0.1", "104.16.0.0", "2001:db8::1"},
       {{"4.144.0.0", "4.184.15.255"},
        {"52.225.144.0", "52.226.255.255"},
        {"216.220.208.0", "216.220.210.255"},
        {"2602:fd5e:1::", "2602:fd5e:1:2:ffff:ffff:ffff:ffff"},
        {"2a01:111:f403::", "2a01:111:f403:ffff:ffff:ffff:ffff:ffff"}}},
      {Provider::CLOUDFLARE,
       {"cloudflare-v4-ip-ranges.txt", "cloudflare-v6-ip-ranges.txt"},
       {"104.16.0.0", "104.27.255.255", "173.245.63.255", "2606:4700::1", "2a06:98c7:ffff::"},
       {"104.15.255.255", "104.28.0.0", "173.245.64.0", "2606:4701::", "2a06:98c8::"},
       {{"103.21.244.0", "103.21.247.255"},
        {"162.158.0.0", "162.159.255.255"},
        {"198.41.128.0", "198.41.255.255"},
        {"2400:cb00::", "2400:cb00:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"2c0f:f248::", "2c0f:f248:ffff:ffff:ffff:ffff:ffff:ffff"}}},
      {Provider::DIGITAL_OCEAN,
       {"digitalocean.csv"},
       {"5.101.96.0", "5.101.107.255", "24.144.64.0", "2a03:b0c0:3:e0::"},
       {"5.101.95.255", "127.0.0.1", "2001:db8::1"},
       {{"5.101.96.0", "5.101.107.255"},
        {"146.190.0.0", "146.190.179.255"},
        {"209.97.128.0", "209.97.191.255"},
        {"2400:6180:0:d0::", "2400:6180:0:d3:ffff:ffff:ffff:ffff"},
        {"2a03:b0c0:3:f0::", "2a03:b0c0:3:f0:ffff:ffff:ffff:ffff"}}}};
  std::size_t bytes = 0;
  for (const Known& known : all) {
    std::vector<ProviderFile> files;
    for (const std::string& name : known.files)
      files.push_back({name, read_file(std::filesystem::path(folder) / name)});
    const auto body = read_of(known.provider, files);
    const domain::ProviderRanges ranges = ranges_of(body);
    bytes += ranges.v4.size() * sizeof(ranges.v4[0]) + ranges.v6.size() * sizeof(ranges.v6[0]);
    BOOST_TEST_MESSAGE(schema::EnumNameProvider(known.provider)
                       << ": " << body.v4.size() / 2 << " ranges of IPv4, " << body.v6.size() / 4
                       << " of IPv6");
    for (const std::string& inside : known.inside)
      BOOST_TEST(domain::holds(ranges, *domain::parse_address(inside)), inside);
    for (const std::string& outside : known.outside)
      BOOST_TEST(!domain::holds(ranges, *domain::parse_address(outside)), outside);
    for (const auto& [first, last] : known.ranges) {
      const auto begin = *domain::parse_address(first);
      const auto end = *domain::parse_address(last);
      BOOST_TEST(domain::holds(ranges, begin), first);
      BOOST_TEST(domain::holds(ranges, end), last);
      BOOST_TEST(!domain::holds(ranges, before(begin)), "before " << first);
      BOOST_TEST(!domain::holds(ranges, *domain::next_of(end)), "behind " << last);
    }
    // Each range's ends are inside, what lies beside is not, since ranges do not touch.
    for (std::size_t place = 0; place < body.v4.size(); place += 2) {
      const domain::Address first{.is_v4 = true, .low = body.v4[place]};
      const domain::Address last{.is_v4 = true, .low = body.v4[place + 1]};
      const auto after = domain::next_of(last);
      BOOST_REQUIRE(domain::holds(ranges, first));
      BOOST_REQUIRE(!domain::holds(ranges, before(first)));
      BOOST_REQUIRE(domain::holds(ranges, last));
      BOOST_REQUIRE((!after || !domain::holds(ranges, *after)));
    }
    for (std::size_t place = 0; place < body.v6.size(); place += 4) {
      const domain::Address first{.high = body.v6[place], .low = body.v6[place + 1]};
      const domain::Address last{.high = body.v6[place + 2], .low = body.v6[place + 3]};
      const auto after = domain::next_of(last);
      BOOST_REQUIRE(domain::holds(ranges, first));
      BOOST_REQUIRE(!domain::holds(ranges, before(first)));
      BOOST_REQUIRE(domain::holds(ranges, last));
      BOOST_REQUIRE((!after || !domain::holds(ranges, *after)));
    }
    for (std::size_t size : {files[0].text.size() / 2, files[0].text.rfind('}')}) {
      if (known.provider == Provider::CLOUDFLARE || known.provider == Provider::DIGITAL_OCEAN)
        break;
      BOOST_TEST(!errors_of(known.provider, files[0].text.substr(0, size)).empty());
    }
  }
  BOOST_TEST(bytes <= 4U << 20U);
}

BOOST_FIXTURE_TEST_CASE(N3_network_import_sends_what_the_file_holds, Fixture) {
  write_file(daemon.folder / "cloud.json", google);
  const auto ended =
      postern("network import GOOGLE " + (daemon.folder / "cloud.json").string() + " --force");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.talk, "1 ranges of IPv4, 1 of IPv6"));
  const auto message = sent();
  const auto* body = message.commands.at(0)->body.AsImportRanges();
  BOOST_REQUIRE(body != nullptr);
  BOOST_TEST((body->provider == Provider::GOOGLE));
  BOOST_TEST(body->source_name == "cloud.json");
  BOOST_TEST(body->force);
  BOOST_TEST(message.tenant.empty());
}

BOOST_FIXTURE_TEST_CASE(N3_network_import_sends_nothing_of_a_bad_file, Fixture) {
  write_file(daemon.folder / "bad.json", aws.substr(0, 300));
  const auto path = (daemon.folder / "bad.json").string();
  const auto ended = postern("network import AWS " + path);
  BOOST_TEST(ended.exit_code == 65);
  BOOST_TEST(contains(ended.talk, "bad.json: line"));
  BOOST_TEST(commands_.empty());
  BOOST_TEST(postern("network import moon " + path).exit_code == 64);
  BOOST_TEST(postern("network import AWS /nowhere/file").exit_code == 66);
}

BOOST_AUTO_TEST_CASE(N3_a_providers_name_is_taken_in_any_case) {
  for (const char* name : {"AWS", "aws", "Aws"})
    BOOST_TEST((provider_named(name) == schema::Provider::AWS), name);
  BOOST_TEST((provider_named("digital_Ocean") == schema::Provider::DIGITAL_OCEAN));
  for (const char* name : {"", "none", "NONE", "aws ", "moon"})
    BOOST_TEST((provider_named(name) == schema::Provider::none), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::cli
