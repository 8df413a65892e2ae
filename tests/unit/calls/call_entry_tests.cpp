#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "daemon/calls/call_entry.h"
#include "daemon/platform/entropy.h"
#include "tests/unit/calls/notes.h"

using namespace postern;
using namespace postern::support;

namespace {

credential::Key key_of(unsigned byte) {
  credential::Key key;
  key.fill(static_cast<std::byte>(byte));
  return key;
}

std::vector<std::byte> entry_of(const Noted& noted, const credential::Key* key) {
  platform::SystemEntropy entropy;
  // As in the line: the note stands at an address fit for it.
  std::vector<std::uint64_t> aligned(256);
  const auto bytes = bytes_of(noted);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  return calls::pack_entry(*reinterpret_cast<const calls::CallNote*>(aligned.data()), key, entropy);
}

bool holds(const std::vector<std::byte>& bytes, std::string_view text) {
  return !std::ranges::search(bytes, std::as_bytes(std::span(text))).empty();
}

const Noted logged = {.logged = true};

}  // namespace

BOOST_AUTO_TEST_SUITE(call_entry_tests)

BOOST_AUTO_TEST_CASE(D2_an_entry_holds_enough_to_be_asked_again) {
  const credential::Key key = key_of(1);
  auto entry = calls::open_entry(entry_of(logged, &key));
  BOOST_REQUIRE(entry.has_value());
  calls::unseal(*entry, key);
  const schema::CallViewT& call = entry->call;
  BOOST_TEST((entry->tenant == domain::Uuid(0, 9)));
  BOOST_TEST(call.time_ns == logged.time_ns);
  BOOST_TEST(call.seq == 5u);
  BOOST_TEST((*call.user == domain::Uuid(0, 1)));
  BOOST_TEST((*call.service == domain::Uuid(0, 77)));
  BOOST_TEST(call.address == "10.1.2.3");
  BOOST_TEST(call.client == "shop");
  BOOST_TEST(call.tls);
  BOOST_REQUIRE(call.question != nullptr);
  BOOST_TEST(call.question->action == "read");
  BOOST_TEST(call.question->resource == "table/customer");
  BOOST_TEST(call.allowed);
  BOOST_TEST((call.reason == schema::Code::ok));
  BOOST_REQUIRE(call.grant != nullptr);
  BOOST_TEST(call.grant->seq == 4u);
}

BOOST_AUTO_TEST_CASE(L2_address_and_label_are_sealed_under_the_users_key) {
  const credential::Key key = key_of(1);
  const auto bytes = entry_of(logged, &key);
  BOOST_TEST(!holds(bytes, "10.1.2.3"));
  BOOST_TEST(!holds(bytes, "shop"));
  BOOST_TEST(holds(bytes, "table/customer"));
  auto entry = calls::open_entry(bytes);
  calls::unseal(*entry, key_of(2));
  BOOST_TEST(entry->call.address == "");
  BOOST_TEST(entry->call.client == "");
  calls::unseal(*entry, key);
  BOOST_TEST(entry->call.address == "10.1.2.3");
}

BOOST_AUTO_TEST_CASE(L2_without_a_key_the_call_is_recorded_without_them) {
  const auto bytes = entry_of(logged, nullptr);
  BOOST_TEST(!holds(bytes, "10.1.2.3"));
  BOOST_TEST(!holds(bytes, "shop"));
  const auto entry = calls::open_entry(bytes);
  BOOST_REQUIRE(entry.has_value());
  BOOST_TEST(entry->sealed.empty());
  BOOST_TEST(entry->call.question->resource == "table/customer");
}

BOOST_AUTO_TEST_CASE(L2_bytes_that_are_no_entry_are_none) {
  const credential::Key key = key_of(1);
  const auto bytes = entry_of(logged, &key);
  // The last bytes may be padding.
  for (std::size_t size = 0; size + 8 < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<int>(size));
    BOOST_REQUIRE(!calls::open_entry(cut).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
