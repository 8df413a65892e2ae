#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <new>
#include <set>
#include <span>

#include "tools/client/client.h"

namespace postern::client {
namespace {

BOOST_AUTO_TEST_SUITE(identity_tests)

BOOST_AUTO_TEST_CASE(K1_a_made_id_is_a_uuid_of_version_7_and_of_now) {
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const auto id = make_uuid();
  const auto after = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::milliseconds(id.high() >> 16);
  BOOST_TEST((milliseconds >= std::chrono::floor<std::chrono::milliseconds>(before)));
  BOOST_TEST((milliseconds <= after));
  BOOST_TEST(((id.high() >> 12) & 0xf) == 7u);
  BOOST_TEST((id.low() >> 62) == 2u);
}

BOOST_AUTO_TEST_CASE(K1_made_ids_differ) {
  std::set<std::string> seen;
  for (int count = 0; count < 1'000; ++count) seen.insert(uuid_text(make_uuid()));
  BOOST_TEST(seen.size() == 1'000u);
}

BOOST_AUTO_TEST_CASE(the_text_of_an_id_has_the_most_significant_half_first) {
  const schema::Uuid id{0x0123456789abcdef, 0xfedcba9876543210};
  BOOST_TEST(uuid_text(id) == "01234567-89ab-cdef-fedc-ba9876543210");
  BOOST_TEST((parse_uuid("01234567-89AB-cdef-FEDC-ba9876543210") == id));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_id_is_refused) {
  for (const char* text :
       {"", "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba98765432100",
        "01234567089ab-cdef-fedc-ba9876543210", "g1234567-89ab-cdef-fedc-ba9876543210",
        "0123456789abcdef-fedc-ba98-765432100", "01234567-89ab-cdef-fedc-ba98765432-0"})
    BOOST_TEST(!parse_uuid(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(keys_come_back_from_their_text) {
  const auto pair = make_key_pair();
  BOOST_TEST((pair.public_key != pair.secret_key));
  BOOST_TEST(key_text(pair.public_key).size() == 40u);
  BOOST_TEST((parse_key(key_text(pair.public_key)) == pair.public_key));
  BOOST_TEST(!parse_key("too short").has_value());
  BOOST_TEST(!parse_key(std::string(40, '"')).has_value());
}

BOOST_AUTO_TEST_CASE(options_leave_no_key_behind) {
  alignas(Options) std::array<std::byte, sizeof(Options)> memory{};
  auto* options = new (memory.data()) Options;
  options->keys = make_key_pair();
  options->signing_seed = make_signing_key_pair().secret_key;
  const Options handed_on = std::move(*options);
  const auto lies_there = [&](const Key& key) {
    return !std::ranges::search(memory, std::as_bytes(std::span(key))).empty();
  };
  BOOST_TEST(lies_there(handed_on.keys->public_key));
  options->~Options();
  BOOST_TEST(!lies_there(handed_on.keys->secret_key));
  BOOST_TEST(!lies_there(*handed_on.signing_seed));
}

BOOST_AUTO_TEST_CASE(C4_wiping_overwrites_the_whole_buffer) {
  std::string secret = "a long secret that does not fit into the string object itself";
  secret.resize(10);
  const char* memory = secret.data();
  const auto size = secret.capacity();
  wipe(secret);
  BOOST_TEST(secret.empty());
  BOOST_TEST(secret.data() == memory);
  for (std::size_t place = 0; place < size; ++place) BOOST_TEST_REQUIRE(memory[place] == '\0');
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
