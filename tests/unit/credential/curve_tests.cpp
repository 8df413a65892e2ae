// CURVE keys as text, and their pairs; the known values are those of libzmq's manual (zmq_curve).
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/credential/curve.h"

namespace postern::credential {

namespace {

constexpr std::string_view public_text = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
constexpr std::string_view secret_text = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
constexpr std::uint64_t public_words[] = {0xbb88471d65e2659b, 0x30c55a5321cebb5a,
                                          0xab2b70a398645c26, 0xdca2b2fcb43fc518};

BOOST_AUTO_TEST_SUITE(curve_tests)

BOOST_AUTO_TEST_CASE(z85_is_read_and_written_as_libzmq_does) {
  const auto key = z85_decode(public_text);
  BOOST_REQUIRE(key);
  BOOST_TEST(z85_encode(*key) == public_text);
  for (std::size_t index = 0; index < key->size(); ++index)
    BOOST_TEST(std::to_integer<std::uint8_t>((*key)[index]) ==
               (public_words[index / 8] >> (56 - index % 8 * 8) & 0xff));
}

BOOST_AUTO_TEST_CASE(a_public_key_comes_from_its_secret) {
  const auto secret = z85_decode(secret_text);
  BOOST_REQUIRE(secret);
  BOOST_TEST(z85_encode(curve_public_key(*secret)) == public_text);
}

BOOST_AUTO_TEST_CASE(pairs_fit_and_differ) {
  const CurveKeyPair one = make_curve_key_pair();
  const CurveKeyPair two = make_curve_key_pair();
  BOOST_TEST((curve_public_key(one.secret_key) == one.public_key));
  BOOST_TEST((one.public_key != two.public_key));
  BOOST_TEST((one.secret_key != two.secret_key));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_key_is_refused_and_not_quoted) {
  std::string with_nul(public_text);
  with_nul[20] = '\0';
  std::string with_space(public_text);
  with_space[20] = ' ';
  std::string with_high_byte(public_text);
  with_high_byte[20] = '\xe4';
  const std::vector<std::string> wrong{"",
                                       std::string(public_text).substr(1),
                                       std::string(public_text).append("0"),
                                       std::string(public_text).append("01234"),
                                       std::string(40, '#'),
                                       with_nul,
                                       with_space,
                                       with_high_byte};
  for (const auto& text : wrong) {
    const auto key = z85_decode(text);
    BOOST_REQUIRE(!key);
    BOOST_TEST((key.error().kind == FailureKind::usage));
    if (!text.empty()) BOOST_TEST(key.error().sentence.find(text) == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::credential
