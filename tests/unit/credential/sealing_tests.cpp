#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "daemon/credential/password.h"
#include "daemon/credential/personal.h"
#include "daemon/credential/sealing.h"
#include "schema/identifiers.h"

using namespace postern;
using namespace postern::credential;
using schema::Uuid;
using Octets = std::vector<std::uint8_t>;

namespace {

Key key_of(std::uint8_t first) {
  Key key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(first + i);
  return key;
}

Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

template <class Range>
std::string hex(const Range& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    const auto value = static_cast<unsigned>(byte);
    out += {digits[value >> 4], digits[value & 15]};
  }
  return out;
}

const Key key = key_of(0);
const Uuid user(0x0102030405060708, 0x090a0b0c0d0e0f10);
const Octets profile = octets("first name: Ada");

class FixedEntropy final : public platform::Entropy {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{7}); }
};

struct Sealed {
  platform::SystemEntropy entropy;
  Octets bytes = seal(key, user, PersonalPart::profile, profile, entropy);
};

bool is_refused(const Key& its_key, const Uuid& its_user, PersonalPart part, const Octets& sealed) {
  const auto opened = unseal(its_key, its_user, part, sealed);
  return !opened && opened.error().kind == FailureKind::damaged;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sealing_tests, Sealed)

BOOST_AUTO_TEST_CASE(U11_what_was_sealed_opens_under_its_users_key) {
  const auto opened = unseal(key, user, PersonalPart::profile, bytes);
  BOOST_REQUIRE(opened);
  BOOST_TEST(*opened == profile);
  BOOST_TEST(bytes.size() == profile.size() + 40);
  BOOST_TEST(std::ranges::search(bytes, octets("Ada")).empty());
}

BOOST_AUTO_TEST_CASE(U11_it_opens_under_no_other_key) {
  BOOST_TEST(is_refused(key_of(1), user, PersonalPart::profile, bytes));
  for (std::size_t i = 0; i < key.size(); ++i) {
    Key other = key;
    other[i] ^= std::byte{1};
    BOOST_TEST(is_refused(other, user, PersonalPart::profile, bytes));
  }
}

BOOST_AUTO_TEST_CASE(U11_it_cannot_be_moved_to_another_user_or_part) {
  BOOST_TEST(is_refused(key, user, PersonalPart::password, bytes));
  BOOST_TEST(is_refused(key, Uuid(user.low(), user.high()), PersonalPart::profile, bytes));
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = 1ULL << bit;
    BOOST_TEST(is_refused(key, Uuid(user.high() ^ flip, user.low()), PersonalPart::profile, bytes));
    BOOST_TEST(is_refused(key, Uuid(user.high(), user.low() ^ flip), PersonalPart::profile, bytes));
  }
}

BOOST_AUTO_TEST_CASE(U11_any_flipped_bit_of_it_is_found) {
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Octets flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1 << bit % 8);
    BOOST_TEST(is_refused(key, user, PersonalPart::profile, flipped), "bit " << bit);
  }
}

BOOST_AUTO_TEST_CASE(U11_it_cannot_be_cut_or_lengthened) {
  for (std::size_t size = 0; size < bytes.size(); ++size)
    BOOST_TEST(is_refused(key, user, PersonalPart::profile,
                          Octets(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))),
               "cut to " << size);
  Octets longer = bytes;
  longer.push_back(0);
  BOOST_TEST(is_refused(key, user, PersonalPart::profile, longer));
}

BOOST_AUTO_TEST_CASE(U11_the_same_plaintext_never_seals_alike) {
  BOOST_TEST(seal(key, user, PersonalPart::profile, profile, entropy) != bytes);
}

BOOST_AUTO_TEST_CASE(nothing_can_be_sealed) {
  const auto sealed = seal(key, user, PersonalPart::password, {}, entropy);
  const auto opened = unseal(key, user, PersonalPart::password, sealed);
  BOOST_REQUIRE(opened);
  BOOST_TEST(opened->empty());
}

namespace {

const std::string own_hash =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

schema::PersonalT with_hash(const std::string& hash) {
  schema::PersonalT personal;
  personal.password_hash = hash;
  return personal;
}

/// As each password was sealed before there was a short form.
Octets sealed_long(const schema::PersonalT& personal, platform::Entropy& entropy) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreatePersonal(builder, &personal), schema::personal_identifier);
  return seal(key, user, PersonalPart::password, {builder.GetBufferPointer(), builder.GetSize()},
              entropy);
}

}  // namespace

BOOST_AUTO_TEST_CASE(C4_a_hash_of_our_own_is_sealed_in_fewer_bytes) {
  const schema::PersonalT personal = with_hash(own_hash);
  const Octets sealed = seal_personal(key, user, PersonalPart::password, personal, entropy);
  BOOST_TEST(sealed.size() == 100U);
  BOOST_TEST(sealed_long(personal, entropy).size() == 172U);
  for (const Octets& form : {sealed, sealed_long(personal, entropy)}) {
    const auto opened = open_personal(key, user, PersonalPart::password, form);
    BOOST_REQUIRE(opened);
    BOOST_TEST((*opened == personal));
  }
  BOOST_TEST(imported_ns_of(key, user, sealed).value() == 0);
}

BOOST_AUTO_TEST_CASE(C12_what_is_more_or_other_than_a_hash_of_our_own_is_sealed_as_it_is) {
  std::vector<schema::PersonalT> others;
  for (const char* hash : {"", "$2b$10$abcdefghijklmnopqrstuuWlJx0VL6yqMxPkbV8Yg2gO7YZ1nYy2e",
                           // Numbers and base64 in another form than ours.
                           "$argon2id$v=19$m=019456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$"
                           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                           "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODx$"
                           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                           "$argon2id$v=19$m=19456,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$"
                           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})
    others.push_back(with_hash(hash));
  others.push_back(with_hash(own_hash));
  others.back().imported_ns = 5;
  others.push_back(with_hash(own_hash));
  others.back().note = "sees to the gate";
  for (const schema::PersonalT& personal : others) {
    const auto sealed = seal_personal(key, user, PersonalPart::password, personal, entropy);
    const auto opened = open_personal(key, user, PersonalPart::password, sealed);
    BOOST_REQUIRE(opened);
    BOOST_TEST((*opened == personal), personal.password_hash);
    BOOST_TEST(sealed.size() != 100U, personal.password_hash);
  }
}

BOOST_AUTO_TEST_CASE(what_begins_as_a_short_password_and_is_none_is_refused) {
  for (const std::size_t size : {0U, 3U, 4U, 59U, 61U}) {
    Octets plain = octets("PSPA");
    plain.resize(size);
    const auto opened = open_personal(key, user, PersonalPart::password,
                                      seal(key, user, PersonalPart::password, plain, entropy));
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().kind == FailureKind::damaged), size);
  }
}

/// The journal keeps these bytes for ever, so their form must not change.
BOOST_AUTO_TEST_CASE(the_short_form_of_a_hash_is_frozen) {
  const auto found = short_hash_of(own_hash);
  BOOST_REQUIRE(found);
  BOOST_TEST(hex(*found) ==
             "00004c0000000002000102030405060708090a0b0c0d0e0f"
             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  BOOST_TEST(string_of(*found) == own_hash);
}

/// The journal keeps these bytes for ever, so their form must not change.
BOOST_AUTO_TEST_CASE(the_sealed_form_is_frozen) {
  FixedEntropy fixed;
  BOOST_TEST(hex(seal(key, user, PersonalPart::profile, profile, fixed)) ==
             "07070707070707070707070707070707070707070707070780d629ab2a49aaf511ff4f07014318"
             "b1a3165f64e9afc833caa93eae040d60");
}

/// Against an independent implementation of BLAKE2b.
BOOST_AUTO_TEST_CASE(K1_hash_contents_is_keyed_blake2b) {
  const auto hash = [](std::string_view message) {
    return hex(hash_contents(key, std::as_bytes(std::span(message))));
  };
  BOOST_TEST(hash("") == "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
  BOOST_TEST(hash("message") == "2615bcafac3ebcd31940a8f15d876916435d805823d2db78c201a8e94624a0ae");
}

BOOST_AUTO_TEST_CASE(K1_other_contents_or_another_key_give_another_hash) {
  const std::string_view message = "create user";
  const std::string_view other = "create uses";
  const auto hash = hash_contents(key, std::as_bytes(std::span(message)));
  BOOST_TEST((hash == hash_contents(key, std::as_bytes(std::span(message)))));
  BOOST_TEST((hash != hash_contents(key, std::as_bytes(std::span(other)))));
  BOOST_TEST((hash != hash_contents(key_of(1), std::as_bytes(std::span(message)))));
}

/// Against an independent implementation of BLAKE2b.
BOOST_AUTO_TEST_CASE(U11_a_commitment_is_personalised_blake2b) {
  BOOST_TEST(hex(commitment_to(key)) ==
             "ca65ecf27fda079848aeea8ecee9fc294b3d269d9cbc4f4d99db4d8817a49873");
}

BOOST_AUTO_TEST_SUITE_END()
