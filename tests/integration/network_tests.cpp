// Providers' ranges from their files into a running daemon (N3), with the command line as operators
// use it: small files of each form here, and the real ones where POSTERN_PROVIDER_RANGES names a
// folder with them.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <map>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::string> small_files = {
    {"AWS", R"({"syncToken": "1753388594", "prefixes": [
        {"ip_prefix": "192.0.2.0/26"}, {"ip_prefix": "198.51.100.0/28"},
        {"ip_prefix": "198.51.100.32/28"}, {"ip_prefix": "198.51.100.64/28"}],
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:a::/48"}]})"},
    {"GOOGLE",
     R"({"syncToken": "1753409788780",
        "creationTime": "2025-07-24T19:16:28",
        "prefixes": [{"ipv4Prefix": "192.0.2.64/26"}, {"ipv6Prefix": "2001:db8:b::/48"}]})"},
    {"AZURE", R"({"changeNumber": 363, "cloud": "Public", "values": [
        {"properties": {"addressPrefixes": ["192.0.2.128/26", "2001:db8:c::/48"]}}]})"},
    {"CLOUDFLARE", "192.0.2.192/27\n2001:db8:d::/48\n"},
    {"DIGITAL_OCEAN",
     "192.0.2.224/27,NL,NL-NH,Amsterdam,1098 XH\n2001:db8:e::/48,DE,DE-HE,Frankfurt,60341\n"}};

struct Known {
  const char* provider;
  const char* address;
  bool inside;
};

struct Networks : DaemonProcess {
  Networks() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  Ended postern(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data()});
    return run_program(words);
  }
  std::string said(std::vector<std::string> words) const {
    const Ended ended = postern(std::move(words));
    BOOST_TEST(ended.code == 0, ended.said);
    return ended.said;
  }
  std::string file(const std::string& text, const std::string& name = "ranges") const {
    const fs::path path = folder_.path() / name;
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  Ended import(const std::string& provider, const std::vector<std::string>& files,
               bool force = false) const {
    std::vector<std::string> words = {"network", "import", provider};
    words.insert(words.end(), files.begin(), files.end());
    if (force) words.emplace_back("--force");
    return postern(std::move(words));
  }
  void import_small() const {
    for (const auto& [provider, text] : small_files)
      BOOST_TEST(import(provider, {file(text)}).code == 0, provider);
  }
  bool has(const std::string& provider, const std::string& address) const {
    const std::string told = said({"network", "test", address});
    return told.find(provider) != std::string::npos;
  }
  void knows(const std::vector<Known>& all) const {
    for (const Known& known : all)
      BOOST_TEST(has(known.provider, known.address) == known.inside,
                 known.provider << ", " << known.address);
  }
  std::string digest() const { return said({"status", "--digest"}); }

  TemporaryFolder folder_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(network_tests, Networks)

BOOST_AUTO_TEST_CASE(N3_ranges_of_each_provider_are_imported_shown_and_tested) {
  import_small();
  const std::string shown = said({"network", "show"});
  for (const auto& [provider, text] : small_files)
    BOOST_TEST(shown.find(provider + ' ') != std::string::npos, provider);
  const std::vector<Known> all = {{"AWS", "192.0.1.255", false},
                                  {"AWS", "192.0.2.0", true},
                                  {"AWS", "192.0.2.63", true},
                                  {"AWS", "192.0.2.64", false},
                                  {"AWS", "2001:db8:a::", true},
                                  {"AWS", "2001:db8:a:ffff:ffff:ffff:ffff:ffff", true},
                                  {"GOOGLE", "192.0.2.64", true},
                                  {"GOOGLE", "192.0.2.127", true},
                                  {"GOOGLE", "192.0.2.128", false},
                                  {"GOOGLE", "2001:db8:a:ffff:ffff:ffff:ffff:ffff", false},
                                  {"GOOGLE", "2001:db8:b::", true},
                                  {"AZURE", "192.0.2.191", true},
                                  {"AZURE", "2001:db8:c::1", true},
                                  {"CLOUDFLARE", "192.0.2.192", true},
                                  {"CLOUDFLARE", "192.0.2.224", false},
                                  {"CLOUDFLARE", "2001:db8:d::1", true},
                                  {"DIGITAL_OCEAN", "192.0.2.255", true},
                                  {"DIGITAL_OCEAN", "192.0.3.0", false},
                                  {"DIGITAL_OCEAN", "2001:db8:e:ffff::", true},
                                  {"DIGITAL_OCEAN", "2001:db8:f::", false}};
  knows(all);
  const std::string before = digest();
  BOOST_TEST(stop().code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(digest() == before);
  knows(all);
}

BOOST_AUTO_TEST_CASE(N3_a_provider_allows_its_ranges_to_users_who_name_it) {
  import_small();
  auto asker = owner();
  const auto run = [&](schema::CommandMessageT message) {
    const auto got = asker.execute(std::move(message));
    BOOST_REQUIRE(got);
    BOOST_REQUIRE(got->code == schema::Code::ok);
  };
  run(create_tenant("acme"));
  run(create_user("acme", "shop"));
  schema::SetUserSettingsT settings;
  settings.networks = std::make_unique<schema::NetworksT>();
  settings.networks->entries = {"AZURE"};
  run(command_message("acme", "shop", std::move(settings)));
  const auto test = [&](const std::string& address) {
    return postern({"--tenant", "acme", "network", "test", address, "--user", "shop"});
  };
  BOOST_TEST(test("192.0.2.128").code == 0);
  BOOST_TEST(test("2001:db8:c::1").code == 0);
  BOOST_TEST(test("192.0.2.127").code == 1);
  BOOST_TEST(test("192.0.2.127").said.find("network_not_allowed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(N3_what_is_wrong_with_a_file_changes_nothing) {
  import_small();
  const std::string before = digest();
  const std::string& aws = small_files.at("AWS");
  struct Wrong {
    const char* provider;
    std::string text;
    int code;
    const char* told;
  };
  const Wrong all[] = {
      {"AWS", aws.substr(0, aws.size() / 2), 65, "breaks off"},
      {"AWS", "", 65, "breaks off"},
      {"AWS", small_files.at("GOOGLE"), 65, "it is GOOGLE's file"},
      {"AZURE", aws, 65, "it is AWS's file"},
      {"CLOUDFLARE", small_files.at("DIGITAL_OCEAN"), 65, "line 1"},
      {"CLOUDFLARE", "192.0.2.192/27\n2001:db8:d::/4x\n", 65, "line 2"},
      {"DIGITAL_OCEAN", "192.0.2.225/27,NL,NL-NH,Amsterdam,1098 XH\n", 65, "host bits"},
      {"AMAZON", aws, 64, "no provider"}};
  for (const Wrong& wrong : all) {
    const Ended ended = import(wrong.provider, {file(wrong.text)});
    BOOST_TEST(ended.code == wrong.code, ended.said);
    BOOST_TEST(ended.said.find(wrong.told) != std::string::npos, ended.said);
  }
  BOOST_TEST(import("AWS", {"/nowhere/ranges"}).code == 66);
  BOOST_TEST(digest() == before);
}

BOOST_AUTO_TEST_CASE(N3_ranges_that_shrank_to_under_half_need_force) {
  import_small();
  const std::string before = digest();
  const std::string one = file(R"({"syncToken": "1753388594",
      "prefixes": [{"ip_prefix": "203.0.113.0/24"}],
      "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:a::/48"}]})");
  const Ended refused = import("AWS", {one});
  BOOST_TEST(refused.code == 1);
  BOOST_TEST(refused.said.find("import it with force") != std::string::npos, refused.said);
  BOOST_TEST(digest() == before);
  BOOST_TEST(has("AWS", "192.0.2.0"));
  BOOST_TEST(import("AWS", {one}, true).code == 0);
  knows({{"AWS", "192.0.2.0", false}, {"AWS", "203.0.113.0", true}});
}

BOOST_AUTO_TEST_CASE(N3_the_real_files_are_imported_and_kept) {
  const char* folder = std::getenv("POSTERN_PROVIDER_RANGES");
  if (folder == nullptr || *folder == '\0') {
    BOOST_TEST_MESSAGE("POSTERN_PROVIDER_RANGES names no folder");
    return;
  }
  const auto real = [&](const char* name) { return (fs::path(folder) / name).string(); };
  const std::map<std::string, std::vector<std::string>> files = {
      {"AWS", {real("aws-ip-ranges.json")}},
      {"GOOGLE", {real("google-cloud-ip-ranges.json")}},
      {"AZURE", {real("microsoft-azure-ip-ranges.json")}},
      {"CLOUDFLARE", {real("cloudflare-v4-ip-ranges.txt"), real("cloudflare-v6-ip-ranges.txt")}},
      {"DIGITAL_OCEAN", {real("digitalocean.csv")}}};
  for (const auto& [provider, paths] : files) {
    const Ended ended = import(provider, paths);
    BOOST_TEST(ended.code == 0, ended.said);
  }
  const std::vector<Known> all = {{"AWS", "216.244.6.255", true},
                                  {"AWS", "216.244.7.0", false},
                                  {"AWS", "2a05:d07f:e000::", true},
                                  {"AWS", "2a05:d07f:e100::", false},
                                  {"GOOGLE", "8.34.208.0", true},
                                  {"GOOGLE", "8.34.207.255", false},
                                  {"GOOGLE", "2600:1901:81f0::", true},
                                  {"GOOGLE", "2600:1901:8200::", false},
                                  {"AZURE", "4.184.15.255", true},
                                  {"AZURE", "4.184.16.0", false},
                                  {"AZURE", "2a01:111:f403::", true},
                                  {"AZURE", "2a01:111:f404::", false},
                                  {"CLOUDFLARE", "198.41.128.0", true},
                                  {"CLOUDFLARE", "198.41.127.255", false},
                                  {"CLOUDFLARE", "2606:4700::1", true},
                                  {"CLOUDFLARE", "2606:4701::", false},
                                  {"DIGITAL_OCEAN", "209.97.191.255", true},
                                  {"DIGITAL_OCEAN", "209.97.192.0", false},
                                  {"DIGITAL_OCEAN", "2400:6180:0:d3:ffff::", true},
                                  {"DIGITAL_OCEAN", "2400:6180:0:d4::", false}};
  knows(all);
  const std::string before = digest();
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(run_program({POSTERN_REPLAY, "--data", data(), "fold"}).said == before);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(digest() == before);
  knows({all.begin(), all.begin() + 4});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
