// Tables as spreadsheets write them.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tools/intake/csv.h"
#include "tools/intake/nearest.h"

namespace postern::intake {
namespace {

using Cells = std::vector<std::string>;

std::vector<CsvRow> read(const std::string& text, char separator = '\0') {
  std::istringstream in(text);
  CsvReader reader(in, separator);
  std::vector<CsvRow> rows;
  CsvRow row;
  while (reader.next(row)) rows.push_back(row);
  return rows;
}

BOOST_AUTO_TEST_SUITE(csv_tests)

BOOST_AUTO_TEST_CASE(a_mark_crlf_and_semicolons_are_a_spreadsheets) {
  const auto rows = read("\xef\xbb\xbfname;mail, all;x\r\n\r\na;\"b;\"\"c\"\"\r\nd\";\r\n;;\r\n");
  BOOST_REQUIRE(rows.size() == 3U);
  BOOST_TEST((rows[0].cells == Cells{"name", "mail, all", "x"}));
  BOOST_TEST((rows[1].cells == Cells{"a", "b;\"c\"\r\nd", ""}));
  BOOST_TEST(rows[1].line == 3U);
  BOOST_TEST((rows[2].cells == Cells{"", "", ""}));
  BOOST_TEST(rows[2].line == 5U);
  BOOST_TEST(rows[1].text == "a;\"b;\"\"c\"\"\r\nd\";");
}

BOOST_AUTO_TEST_CASE(a_separator_within_quotes_is_not_counted) {
  BOOST_TEST((read("\"a,b,c\"\td\n1\t2\n")[1].cells == Cells{"1", "2"}));
  BOOST_TEST((read("a;b,c\n")[0].cells == Cells{"a;b", "c"}));
  BOOST_TEST((read("a;b,c\n", ';')[0].cells == Cells{"a", "b,c"}));
}

BOOST_AUTO_TEST_CASE(what_has_no_form_is_told_and_the_next_line_read) {
  const auto rows = read("a,b\n1,\"x\"y\n2,3");
  BOOST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(!rows[1].fault.empty());
  BOOST_TEST(rows[1].fault_column == 2U);
  BOOST_TEST((rows[2].cells == Cells{"2", "3"}));
  const auto open = read("a\n\"never closed\nat all\n");
  BOOST_TEST(open.back().line == 2U);
  BOOST_TEST(open.back().fault.contains("not closed"));
}

BOOST_AUTO_TEST_CASE(a_huge_row_and_too_many_cells_are_bounded) {
  const auto rows = read("a\n\"" + std::string(3'000'000, 'x') + "\"\nb\n");
  BOOST_TEST(!rows[1].fault.empty());
  BOOST_TEST(!read(std::string(1'500, ',') + "\n")[0].fault.empty());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const Cells cells{"",   "plain", "a,b", "say \"no\"", "two\r\nlines", "=1+1",    "-5",
                    "@x", "'",     "'=",  "a;b",        "tab\t",        " blank ", "\xc3\xa9"};
  const auto rows = read(csv_line(cells));
  BOOST_REQUIRE(rows.size() == 1U);
  Cells found;
  for (const auto& cell : rows[0].cells) found.emplace_back(cell_text(cell));
  BOOST_TEST(found == cells);
  BOOST_TEST(csv_line({"=1+1"}) == "'=1+1\r\n");
}

BOOST_AUTO_TEST_CASE(utf8_is_told_from_other_bytes) {
  BOOST_TEST(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bytes : {"\xe9", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    BOOST_TEST(!is_utf8(bytes));
}

BOOST_AUTO_TEST_CASE(the_nearest_known_name_is_told) {
  const Cells known{"email", "username", "roles"};
  BOOST_TEST(nearest("emial", known) == "email");
  BOOST_TEST(nearest("usernam", known) == "username");
  BOOST_TEST(nearest("colour", known).empty());
  BOOST_TEST(nearest(std::string(100'000, 'x'), known).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::intake
