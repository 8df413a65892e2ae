#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "daemon/credential/locked_keys.h"

using postern::credential::Key;
using postern::credential::LockedKeys;

namespace {

Key key_of(std::size_t number) {
  Key key;
  std::ranges::fill(key, static_cast<std::byte>(number));
  key[0] = static_cast<std::byte>(number >> 8);
  return key;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(locked_keys_tests)

BOOST_AUTO_TEST_CASE(keys_stay_as_the_list_grows) {
  LockedKeys keys;
  BOOST_TEST(keys.size() == 0U);
  for (std::size_t i = 0; i < 1'000; ++i) keys.push_back(key_of(i));
  BOOST_TEST(keys.size() == 1'000U);
  for (std::size_t i = 0; i < 1'000; ++i) BOOST_REQUIRE((keys[i] == key_of(i)));
}

BOOST_AUTO_TEST_SUITE_END()
