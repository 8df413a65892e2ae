#include <boost/test/unit_test.hpp>
#include <limits>
#include <sstream>

#include "tools/text/ids.h"
#include "tools/text/numbers.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/time_zone.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

namespace postern::text {
namespace {

BOOST_AUTO_TEST_SUITE(text_tests)

BOOST_AUTO_TEST_CASE(what_strangers_chose_cannot_move_the_cursor) {
  BOOST_TEST(printable("plain text") == "plain text");
  BOOST_TEST(printable("Grüezi 漢字 🙂") == "Grüezi 漢字 🙂");
  BOOST_TEST(printable("a\x1b[2Jb\nc\td\x7f") == "a\\x1b[2Jb\\x0ac\\x09d\\x7f");
  BOOST_TEST(printable("a\u202eb\u2066c\u0085d\ufeff") == "a\\u202eb\\u2066c\\u0085d\\ufeff");
  BOOST_TEST(printable(std::string("nul\0.", 5)) == "nul\\x00.");
  BOOST_TEST(printable("\xc2\x9b\xe2\x81\xa6\xef\xbb\xbf") == "\\u009b\\u2066\\ufeff");
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
  BOOST_TEST(time_text(-1) == "1969-12-31T23:59:59.999999999Z");
  BOOST_TEST(time_text_short(1'709'164'799'999'999'999) == "2024-02-28T23:59:59Z");
  BOOST_TEST(time_text(std::numeric_limits<std::int64_t>::max()) ==
             "2262-04-11T23:47:16.854775807Z");
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

BOOST_AUTO_TEST_CASE(seconds_have_at_most_three_places) {
  BOOST_TEST(read_milliseconds("10").value_or(0) == 10'000u);
  BOOST_TEST(read_milliseconds("0.25").value_or(0) == 250u);
  for (const char* text : {"", ".", "1.", ".5", "1.2345", "1e3", "nan", "-1", "4294967296"})
    BOOST_TEST(!read_milliseconds(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(ids_come_back) {
  const schema::Uuid id(0x0123'4567'89ab'7cdeU, 0x8001'0203'0405'0607U);
  BOOST_TEST(uuid_text(id) == "01234567-89ab-7cde-8001-020304050607");
  BOOST_TEST(uuid_text(std::unique_ptr<schema::Uuid>()) == "");
  for (const char* text :
       {"01234567-89ab-7cde-8001-020304050607", "01234567-89AB-7CDE-8001-020304050607"})
    BOOST_TEST((parse_uuid(text) == id), text);
  for (const char* text :
       {"", "01234567-89ab-7cde-8001-02030405060", "0123456789ab7cde8001020304050607",
        "{1234567-89ab-7cde-8001-02030405060}", "01234567-89ab-7cde-8001-02030405060g",
        "01234567-89ab-7cde-80010-20304050607", "0123456789ab7cde80010203040506070000"})
    BOOST_TEST(!parse_uuid(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_none_is_hexadecimal) {
  const std::vector<std::uint8_t> key(32, 7);
  BOOST_TEST(key_text(key).size() == 40u);
  BOOST_TEST((parse_key(key_text(key)) == key));
  BOOST_TEST(key_text(std::vector<std::uint8_t>{1, 255}) == "01ff");
  BOOST_TEST(!parse_key("01ff").has_value());
  BOOST_TEST(!parse_key(std::string(40, ' ')).has_value());
}

BOOST_AUTO_TEST_CASE(words_are_taken_apart_and_put_together) {
  BOOST_TEST((split_list("a,,b,") == std::vector<std::string>{"a", "", "b", ""}));
  BOOST_TEST(joined({"a", "", "b"}) == "a, , b");
  BOOST_TEST(joined({}) == "");
  BOOST_TEST(trimmed(" \ta b\r\n") == "a b");
  BOOST_TEST(trimmed(" \n") == "");
}

BOOST_AUTO_TEST_CASE(a_time_zone_that_nobody_knows_is_not_taken_for_utc) {
  BOOST_TEST(!set_time_zone("Europe/Nowhere"));
  BOOST_TEST(!set_time_zone("../etc/passwd"));
  BOOST_TEST(set_time_zone(""));
}

BOOST_AUTO_TEST_CASE(columns_align_by_characters) {
  static constexpr Column columns[] = {{"NAME"}, {"N"}};
  Table table(columns);
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
}  // namespace postern::text
