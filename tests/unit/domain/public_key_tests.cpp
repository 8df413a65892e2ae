#include <sodium.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "daemon/domain/public_key.h"

namespace postern {

namespace {

using Key = std::vector<std::uint8_t>;

/// Whether two secrets agree with the holder of this key on two things.
bool agrees(const Key& key) {
  Key secret(32, 3);
  Key shared(32);
  return crypto_scalarmult_curve25519(shared.data(), secret.data(), key.data()) == 0;
}

Key of_hex(std::string_view text) {
  Key key(32);
  sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, nullptr, nullptr);
  return key;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(public_key_tests)

BOOST_AUTO_TEST_CASE(O3_a_key_of_small_order_names_nobody) {
  const char* const small[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (const char* text : small) {
    Key key = of_hex(text);
    for (const unsigned high_bit : {0U, 0x80U}) {
      key.back() = static_cast<std::uint8_t>((key.back() & 0x7fU) | high_bit);
      BOOST_TEST(!agrees(key), text);
      BOOST_TEST(!domain::names_somebody(key), text);
    }
  }
}

BOOST_AUTO_TEST_CASE(O3_every_key_that_is_made_names_somebody) {
  for (std::uint8_t number = 0; number < 100; ++number) {
    const Key secret(32, number);
    Key key(32);
    crypto_scalarmult_curve25519_base(key.data(), secret.data());
    BOOST_TEST(agrees(key));
    BOOST_TEST(domain::names_somebody(key));
  }
}

BOOST_AUTO_TEST_CASE(O3_a_key_has_32_bytes) {
  for (const std::size_t bytes : {0u, 31u, 33u}) BOOST_TEST(!domain::names_somebody(Key(bytes, 9)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern
