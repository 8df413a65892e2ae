#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tools/cli/output.h"
#include "tools/cli/text.h"

namespace postern::cli {
namespace {

BOOST_AUTO_TEST_SUITE(text_tests)

BOOST_AUTO_TEST_CASE(what_strangers_chose_cannot_move_the_cursor) {
  BOOST_TEST(printable("plain text") == "plain text");
  BOOST_TEST(printable("Grüezi 漢字 🙂") == "Grüezi 漢字 🙂");
  BOOST_TEST(printable("a\x1b[2Jb\nc\td\x7f") == "a\\x1b[2Jb\\x0ac\\x09d\\x7f");
  BOOST_TEST(printable("a\u202eb\u2066c\u0085d\ufeff") == "a\\u202eb\\u2066c\\u0085d\\ufeff");
  BOOST_TEST(printable(std::string("nul\0.", 5)) == "nul\\x00.");
}

BOOST_AUTO_TEST_CASE(broken_utf8_is_shown_byte_by_byte) {
  BOOST_TEST(printable("\xff\xfe") == "\\xff\\xfe");
  BOOST_TEST(printable("\xc0\xaf") == "\\xc0\\xaf");
  BOOST_TEST(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  BOOST_TEST(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  BOOST_TEST(printable("ends \xe2\x82") == "ends \\xe2\\x82");
  BOOST_TEST(valid_utf8("a\xff\xe2\x82z") == "a\ufffd\ufffd\ufffdz");
}

BOOST_AUTO_TEST_CASE(U12_times_are_rfc_3339_in_utc) {
  BOOST_TEST(time_text(0) == "1970-01-01T00:00:00.000000000Z");
  BOOST_TEST(time_text(1'709'210'096'000'000'007) == "2024-02-29T12:34:56.000000007Z");
  BOOST_TEST(time_text_short(1'709'210'096'999'999'999) == "2024-02-29T12:34:56Z");
  BOOST_TEST(time_text_short(-1) == "1969-12-31T23:59:59Z");
}

BOOST_AUTO_TEST_CASE(a_code_this_program_does_not_know_is_not_taken_for_ok) {
  BOOST_TEST(code_name(schema::Code::user_exists) == "user_exists");
  BOOST_TEST(code_name(static_cast<schema::Code>(999)) == "code 999");
  BOOST_TEST(code_sentence(static_cast<schema::Code>(999)) != code_sentence(schema::Code::ok));
}

BOOST_AUTO_TEST_CASE(hexadecimal_comes_back) {
  const std::vector<std::uint8_t> bytes{0x00, 0x7f, 0xff};
  BOOST_TEST(hex_text(bytes) == "007fff");
  BOOST_TEST((parse_hex("007fff") == bytes));
  BOOST_TEST(!parse_hex("0").has_value());
  BOOST_TEST(!parse_hex("zz").has_value());
}

BOOST_AUTO_TEST_CASE(columns_align_by_characters) {
  Table table({"NAME", "N"});
  table.add({"ü", "1"});
  table.add({"longer name", "2"});
  table.add({"", "3"});
  std::ostringstream out;
  table.write(out);
  BOOST_TEST(out.str() ==
             "NAME         N\n"
             "ü            1\n"
             "longer name  2\n"
             "-            3\n");
  table.add({"x", "4"});
  out.str("");
  table.write(out);
  BOOST_TEST(out.str() == "x            4\n");
}

BOOST_AUTO_TEST_CASE(an_empty_list_is_still_json) {
  std::ostringstream out;
  Listing(out, Format::json, {}).finish();
  BOOST_TEST(out.str() == "[]\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
