// The root file under a key of the service manager's.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>

#include "daemon/credential/key_format.h"
#include "daemon/credential/sealed_key_folder.h"
#include "tests/support/temporary_folder.h"

namespace postern::tests {

namespace {

using credential::KeyStore;
using credential::OwnKey;

/// What the service manager hands over; taken back at the end.
struct Manager : support::TemporaryFolder {
  platform::SystemEntropy entropy;
  std::filesystem::path keys = path() / "keys";
  std::filesystem::path credentials = path() / "credentials";

  Manager() { std::filesystem::create_directory(credentials); }
  ~Manager() { take_back(); }

  void hand_over(const std::string& text) const {
    std::ofstream(credentials / credential::sealing_credential) << text;
    ::setenv("CREDENTIALS_DIRECTORY", credentials.c_str(), 1);
  }
  static void take_back() { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  std::vector<std::byte> root_bytes() const {
    return *credential::KeyFolder(keys).read(credential::root_name, credential::root_size_max);
  }
  Expected<credential::Key> server_key() {
    const auto store = KeyStore::open(keys, entropy);
    if (!store) return std::unexpected(store.error());
    return (*store)->own_key(OwnKey::server_curve_secret);
  }
  FailureKind refused() {
    const auto key = server_key();
    BOOST_REQUIRE(!key);
    BOOST_TEST(!key.error().remedy.empty());
    return key.error().kind;
  }
};

const std::string one(64, '1');
const std::string another(64, '2');

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sealed_root_tests, Manager)

BOOST_AUTO_TEST_CASE(a_root_made_with_a_key_is_opened_by_that_key_alone) {
  hand_over(one);
  BOOST_REQUIRE(KeyStore::create(keys, entropy));
  BOOST_TEST(credential::is_sealed_root(root_bytes()));
  BOOST_TEST(server_key().has_value());
  hand_over(another);
  BOOST_TEST((refused() == FailureKind::configuration));
  take_back();
  BOOST_TEST((refused() == FailureKind::configuration));
}

BOOST_AUTO_TEST_CASE(a_root_that_is_there_is_sealed_when_that_is_asked) {
  BOOST_REQUIRE(KeyStore::create(keys, entropy));
  const auto before = server_key();
  BOOST_REQUIRE(before);
  hand_over(one);
  {
    const auto store = KeyStore::open(keys, entropy);
    BOOST_REQUIRE(store);
    BOOST_TEST(!credential::is_sealed_root(root_bytes()));
    BOOST_TEST(credential::seal_root(keys, entropy).has_value());
    BOOST_TEST(credential::seal_root(keys, entropy).has_value());
  }
  const auto bytes = root_bytes();
  BOOST_TEST(credential::is_sealed_root(bytes));
  BOOST_TEST(std::ranges::search(bytes, *before).empty());
  const auto after = server_key();
  BOOST_REQUIRE(after);
  BOOST_TEST((*after == *before));
}

BOOST_AUTO_TEST_CASE(a_change_of_the_root_stays_sealed) {
  hand_over(one);
  BOOST_REQUIRE(KeyStore::create(keys, entropy));
  const auto before = server_key();
  for (const auto step : {KeyStore::ServerKeyStep::plan, KeyStore::ServerKeyStep::take})
    BOOST_REQUIRE(KeyStore::change_server_key(keys, step, entropy));
  BOOST_TEST(credential::is_sealed_root(root_bytes()));
  const auto after = server_key();
  BOOST_REQUIRE((before && after));
  BOOST_TEST((*after != *before));
}

BOOST_AUTO_TEST_CASE(every_changed_byte_and_every_cut_is_refused) {
  hand_over(one);
  BOOST_REQUIRE(KeyStore::create(keys, entropy));
  const auto good = root_bytes();
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= std::byte{1};
    BOOST_REQUIRE(credential::KeyFolder(keys).write(credential::root_name, bad));
    BOOST_TEST(!server_key().has_value(), "byte " << at);
    bad.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
    BOOST_REQUIRE(credential::KeyFolder(keys).write(credential::root_name, bad));
    BOOST_TEST(!server_key().has_value(), "cut at " << at);
  }
}

BOOST_AUTO_TEST_CASE(too_little_is_no_key) {
  hand_over(std::string(31, '1'));
  const auto made = KeyStore::create(keys, entropy);
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().kind == FailureKind::configuration));
  BOOST_TEST(made.error().remedy.find("openssl rand") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_that_name_among_the_credentials_nothing_is_sealed) {
  ::setenv("CREDENTIALS_DIRECTORY", credentials.c_str(), 1);
  BOOST_REQUIRE(KeyStore::create(keys, entropy));
  BOOST_TEST(!credential::is_sealed_root(root_bytes()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
