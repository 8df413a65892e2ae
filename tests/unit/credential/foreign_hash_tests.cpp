// C12: hashes that were brought along.
#include <boost/test/unit_test.hpp>

#include "daemon/credential/foreign_hash.h"
#include "daemon/credential/password.h"

namespace postern::credential {
namespace {

struct Vector {
  const char* hash;
  const char* password;
};

/// Of the specification of SHA-crypt, and of bcrypt's own tests.
constexpr Vector vectors[] = {
    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"},
    {"$5$rounds=10000$saltstringsaltst$3xv.VbSCBX41eDL9L3voiEw6xWHLNV6rHsY.IAw2gSB", nullptr},
    {"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOf"
     "aS35inz1",
     "Hello world!"},
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
};

BOOST_AUTO_TEST_SUITE(foreign_hash_tests)

BOOST_AUTO_TEST_CASE(C12_bcrypt_and_sha_crypt_are_verified) {
  for (const auto& [hash, password] : vectors) {
    BOOST_TEST((kind_of_hash(hash) == HashKind::foreign), hash);
    if (password == nullptr) continue;
    BOOST_TEST(verify_password(hash, Secret(password)), hash);
    for (const char* wrong : {"", "Hello world", "hello world!", "U*", "U*V"})
      BOOST_TEST(!verify_password(hash, Secret(wrong)), hash);
    BOOST_TEST(needs_rehash(hash, {}));
  }
}

BOOST_AUTO_TEST_CASE(C12_a_zero_byte_ends_no_password) {
  using namespace std::string_view_literals;
  BOOST_TEST(!verify_password(vectors[3].hash, Secret("U*U\0"sv)));
  BOOST_TEST(!verify_password(vectors[3].hash, Secret("U*U\0more"sv)));
}

BOOST_AUTO_TEST_CASE(C12_other_kinds_and_costs_are_not_taken) {
  const std::string digest(31, 'x');
  const std::string salt(22, 'x');
  const std::string sha(43, 'x');
  for (const std::string& hash : {std::string(""),
                                  std::string("secret"),
                                  std::string("$apr1$salt$" + std::string(22, 'x')),
                                  "$2x$05$" + salt + digest,
                                  "$2a$03$" + salt + digest,
                                  "$2a$15$" + salt + digest,
                                  "$2a$0x$" + salt + digest,
                                  "$2a$05$" + salt,
                                  "$2a$05$" + salt + digest + "x",
                                  "$2a$05$" + salt + digest.substr(1) + ":",
                                  "$5$" + sha,
                                  "$5$$" + sha,
                                  "$5$a b$" + sha,
                                  "$5$rounds=999$a$" + sha,
                                  "$5$rounds=1000001$a$" + sha,
                                  "$5$rounds=$a$" + sha,
                                  std::string("$5$rounds=5000"),
                                  std::string("$5$"),
                                  std::string("$6$"),
                                  "$5$a$" + sha + "x",
                                  "$6$a$" + sha,
                                  "$5$" + std::string(17, 'x') + "$" + sha,
                                  std::string("$y$j9T$a$b")}) {
    BOOST_TEST((kind_of_hash(hash) == HashKind::unknown), hash);
    BOOST_TEST(!verify_password(hash, Secret("secret")), hash);
  }
}

BOOST_AUTO_TEST_CASE(C12_argon2id_that_is_too_dear_is_not_taken) {
  const auto hash = hash_password(Secret("hunter2!"), {.memory_kib = 8, .passes = 1});
  BOOST_TEST((kind_of_hash(hash) == HashKind::argon2id));
  const auto dearer = [&](const std::string& from, const std::string& to) {
    std::string made = hash;
    made.replace(made.find(from), from.size(), to);
    return kind_of_hash(made);
  };
  BOOST_TEST((dearer("m=8", "m=262144") == HashKind::argon2id));
  BOOST_TEST((dearer("m=8", "m=262145") == HashKind::unknown));
  BOOST_TEST((dearer("t=1", "t=17") == HashKind::unknown));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::credential
