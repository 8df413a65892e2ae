#include "daemon/credential/signature.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace postern::credential {

namespace {

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

template <class Array>
Array array_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  Array array;
  BOOST_REQUIRE(bytes.size() == array.size());
  std::ranges::copy(bytes, array.begin());
  return array;
}

struct KnownAnswer {
  std::string_view seed, public_key, message, signature;
};

// RFC 8032, 7.1: tests 1 to 3.
constexpr KnownAnswer known_answers[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(signature_tests)

BOOST_AUTO_TEST_CASE(H6_signatures_are_those_of_rfc_8032) {
  for (const KnownAnswer& known : known_answers) {
    const auto seed = array_of<Key>(known.seed);
    const auto message = from_hex(known.message);
    const auto public_key = signing_public_key(seed);
    const auto signature = sign(seed, message);
    BOOST_TEST((public_key == array_of<SigningPublicKey>(known.public_key)));
    BOOST_TEST((signature == array_of<Signature>(known.signature)));
    BOOST_TEST(verify_signature(public_key, message, signature));
  }
}

BOOST_AUTO_TEST_CASE(H6_a_bit_flipped_anywhere_is_no_signature) {
  const auto seed = array_of<Key>(known_answers[2].seed);
  const auto key = signing_public_key(seed);
  auto message = from_hex(known_answers[2].message);
  auto signature = sign(seed, message);
  for (std::byte& byte : signature) {
    byte ^= std::byte{1};
    BOOST_TEST(!verify_signature(key, message, signature));
    byte ^= std::byte{1};
  }
  BOOST_TEST(verify_signature(key, message, signature));
  message[0] ^= std::byte{1};
  BOOST_TEST(!verify_signature(key, message, signature));
  message[0] ^= std::byte{1};
  auto other = key;
  other[0] ^= std::byte{1};
  BOOST_TEST(!verify_signature(other, message, signature));
}

BOOST_AUTO_TEST_CASE(H6_a_key_of_small_order_verifies_nothing) {
  SigningPublicKey neutral{};
  neutral[0] = std::byte{1};
  Signature signature{};
  signature[0] = std::byte{1};
  BOOST_TEST(!verify_signature(neutral, from_hex("72"), signature));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::credential
