#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/journal/sha256.h"
#include "tests/support/journal_bytes.h"

namespace postern::journal {

using support::bytes_of;
using support::hex;

BOOST_AUTO_TEST_SUITE(sha256_tests)

// FIPS 180-4's own examples.
BOOST_AUTO_TEST_CASE(known_answers) {
  Sha256 hasher;
  BOOST_TEST(hex(hasher.finish()) ==
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex(hasher.add(bytes_of("abc")).finish()) ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex(hasher.add(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
                     .finish()) ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

BOOST_AUTO_TEST_CASE(pieces_hash_as_the_whole_and_finishing_starts_afresh) {
  const Bytes text = bytes_of(std::string(1000, 'p'));
  Sha256 hasher;
  const Hash whole = hasher.add(text).finish();
  for (const std::size_t cut : {0U, 1U, 63U, 64U, 65U, 999U, 1000U}) {
    const View view = text;
    BOOST_TEST((hasher.add(view.first(cut)).add(view.subspan(cut)).finish() == whole));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
