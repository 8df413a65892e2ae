#include <array>
#include <boost/test/unit_test.hpp>
#include <string_view>

#include "daemon/platform/crc32c.h"

namespace postern::platform {

BOOST_AUTO_TEST_SUITE(crc32c_tests)

BOOST_AUTO_TEST_CASE(it_is_the_one_of_rfc_3720) {
  constexpr std::array<std::byte, 32> zeros{};
  BOOST_TEST(crc32c({zeros}) == 0x8a91'36aaU);
  const auto digits = std::as_bytes(std::span(std::string_view("123456789")));
  BOOST_TEST(crc32c({digits}) == 0xe306'9283U);
  BOOST_TEST(crc32c({digits.first(4), {}, digits.subspan(4)}) == 0xe306'9283U);
  BOOST_TEST(crc32c({}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::platform
