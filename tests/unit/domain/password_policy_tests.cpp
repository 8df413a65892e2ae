#include <boost/test/unit_test.hpp>

#include "daemon/domain/password_policy.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::ForbiddenWords;

namespace {

std::vector<Code> broken(std::string_view password, const ForbiddenWords& words = {},
                         const schema::PoliciesT& policies = {}) {
  return domain::broken_rules(password, policies, words);
}

using Codes = std::vector<Code>;

}  // namespace

BOOST_AUTO_TEST_SUITE(password_policy_tests)

BOOST_AUTO_TEST_CASE(C1_at_least_eight_characters) {
  BOOST_TEST(broken("1234567") == Codes{Code::password_too_short});
  BOOST_TEST(broken("12345678") == Codes{});
  BOOST_TEST(broken("1\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9") ==
             Codes{Code::password_too_short});
  BOOST_TEST(broken("1\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9") == Codes{});
}

BOOST_AUTO_TEST_CASE(C1_the_policy_says_how_many_characters) {
  schema::PoliciesT policies;
  policies.password_length_min = 12;
  BOOST_TEST(broken("12345678901", {}, policies) == Codes{Code::password_too_short});
  BOOST_TEST(broken("123456789012", {}, policies) == Codes{});
}

BOOST_AUTO_TEST_CASE(C1_a_digit_or_a_non_alphanumeric) {
  BOOST_TEST(broken("abcdEFGH") == Codes{Code::password_lacks_digit_or_symbol});
  for (const char* good : {"abcdefg1", "abcdefg!", "abcdefg h", "abcdefg_"})
    BOOST_TEST(broken(good) == Codes{});
  schema::PoliciesT policies;
  policies.password_needs_digit_or_symbol = false;
  BOOST_TEST(broken("abcdEFGH", {}, policies) == Codes{});
}

BOOST_AUTO_TEST_CASE(C1_at_most_1024_bytes) {
  BOOST_TEST(broken(std::string(1'024, '1')) == Codes{});
  BOOST_TEST(broken(std::string(1'025, '1')) == Codes{Code::password_too_long});
}

BOOST_AUTO_TEST_CASE(C1_the_tenants_name_and_the_email_are_looked_for_word_by_word) {
  const ForbiddenWords words{"u1", "jane.doe-smith@Mail.globex.example", "gx",
                             "Globex & Sons (Europe), \xc3\x96l-Werk Inc."};
  for (const char* bad : {"1globex1x", "xGLOBEX-99", "sons-of-12", "9europe99", "werk12345",
                          "12JANE12x", "smith1234", "1mail1234", "1example1"})
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(broken(bad, words) == Codes{Code::password_contains_forbidden_word});
    }
  // Words under four letters, and what is no whole word of them.
  for (const char* good : {"doe-inc-99", "glob-ex-99", "janxdoe99", "1\xc3\x96l1234567"})
    BOOST_TEST_CONTEXT(good) { BOOST_TEST(broken(good, words) == Codes{}); }
}

BOOST_AUTO_TEST_CASE(C1_words_are_found_in_any_case) {
  const ForbiddenWords words{"Bob.Smith@acme-users", "bobby@mail.example", "acme-inc",
                             "Acme \xc3\xa9t\xc3\xa9"};
  for (const char* bad :
       {"1password1", "1PASSWORD1", "xxpassWORD9", "1bob.smith@ACME-users", "1BOB.SMITH1",
        "12bobbY12", "1bobby@mail.example", "1ACME-inc1", "1aCME \xc3\xa9t\xc3\xa9"})
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(broken(bad, words) == Codes{Code::password_contains_forbidden_word});
    }
  for (const char* good : {"1acm-inc1", "pass-word1", "1obby@post.org", "1ac-me-users1"})
    BOOST_TEST_CONTEXT(good) { BOOST_TEST(broken(good, words) == Codes{}); }
}

BOOST_AUTO_TEST_CASE(C1_parts_under_four_characters_are_not_looked_for) {
  BOOST_TEST(broken("12bob345", {"bob", "", "ab", "abc"}) == Codes{});
  BOOST_TEST(broken("12ann@x.org", {"", "ann@gx.org", "", ""}) == Codes{});
  BOOST_TEST(broken("12bobo345", {"bobo", "", "", ""}) ==
             Codes{Code::password_contains_forbidden_word});
  // Three characters in six bytes.
  BOOST_TEST(broken("12\xc3\xa9\xc3\xa9\xc3\xa9xyz", {"", "", "", "\xc3\xa9\xc3\xa9\xc3\xa9"}) ==
             Codes{});
}

BOOST_AUTO_TEST_CASE(C1_no_forbidden_character) {
  schema::PoliciesT policies;
  BOOST_TEST(broken("1234567&", {}, policies) == Codes{});
  policies.password_forbidden_characters = "&\xc3\xa9";
  BOOST_TEST(broken("1234567&", {}, policies) ==
             Codes{Code::password_contains_forbidden_character});
  BOOST_TEST(broken("1234567\xc3\xa9", {}, policies) ==
             Codes{Code::password_contains_forbidden_character});
  BOOST_TEST(broken("1234567\xc3\xa8", {}, policies) == Codes{});
}

BOOST_AUTO_TEST_CASE(C1_no_control_character) {
  for (const std::string& control :
       {std::string("\n"), std::string("\r"), std::string("\t"), std::string(1, '\0'),
        std::string("\x1b"), std::string("\x7f"), std::string("\xc2\x80"), std::string("\xc2\x9f")})
    for (const std::string& bad :
         {"1234567" + control, control + "1234567", "12" + control + "34567"})
      BOOST_TEST(broken(bad) == Codes{Code::password_contains_forbidden_character});
  for (const char* good : {"1234567 ", "1234567\xc2\xa0", "1234567\xc3\x80", "12345678\x80"})
    BOOST_TEST(broken(good) == Codes{});
  BOOST_TEST(broken("pass\nword") == Codes{Code::password_contains_forbidden_character});
  BOOST_TEST(broken("password\n") == (Codes{Code::password_contains_forbidden_word,
                                            Code::password_contains_forbidden_character}));
}

BOOST_AUTO_TEST_CASE(C1_every_broken_rule_is_listed) {
  schema::PoliciesT policies;
  policies.password_forbidden_characters = "w";
  policies.password_length_min = 1'024;
  BOOST_TEST(
      broken("password", {}, policies) ==
      (Codes{Code::password_too_short, Code::password_lacks_digit_or_symbol,
             Code::password_contains_forbidden_word, Code::password_contains_forbidden_character}));
  BOOST_TEST(broken("") == (Codes{Code::password_too_short, Code::password_lacks_digit_or_symbol}));
}

BOOST_AUTO_TEST_SUITE_END()
