// Accounts from tables and JSON lines, and grants as lines.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tools/intake/account_source.h"

namespace postern::intake {
namespace {

std::vector<Entry> read_table(const std::string& text, const CsvForm& form = {}) {
  std::istringstream in(text);
  CsvSource source(in, form);
  std::vector<Entry> entries;
  if (!source.faults().empty()) {
    entries.emplace_back().faults = source.faults();
    return entries;
  }
  Entry entry;
  while (source.next(entry)) entries.push_back(std::move(entry));
  return entries;
}

BOOST_AUTO_TEST_SUITE(account_tests)

BOOST_AUTO_TEST_CASE(columns_come_in_any_order_under_any_capitals) {
  const auto entries = read_table(
      "Kunde,E-Mail,API access,Username,attribute.badge,roles,Networks\n"
      "x,a@b.example,No,api.bob,B-17,reader|writer,\"10.0.0.0/8, AWS\"\n",
      {',', {{"Kunde", "organization"}}});
  BOOST_REQUIRE(entries.size() == 1U);
  BOOST_TEST(entries[0].faults.empty());
  const Account& account = entries[0].account;
  BOOST_TEST(account.user.username == "api.bob");
  BOOST_TEST(account.user.profile->organization == "x");
  BOOST_TEST(account.user.profile->email == "a@b.example");
  BOOST_TEST(account.user.profile->attributes.at(0)->value == "B-17");
  BOOST_TEST((account.user.api_access == false));
  BOOST_TEST((account.roles == std::vector<std::string>{"reader", "writer"}));
  BOOST_TEST(
      (account.user.settings->networks->entries == std::vector<std::string>{"10.0.0.0/8", "AWS"}));
}

BOOST_AUTO_TEST_CASE(each_fault_has_line_column_and_title) {
  const auto entries = read_table(
      "username,Status,api_access,session_timeout_seconds\n"
      "a,gone,perhaps,-1\n"
      "b,active\n");
  BOOST_REQUIRE(entries.size() == 2U);
  const auto& faults = entries[0].faults;
  BOOST_REQUIRE(faults.size() == 3U);
  BOOST_TEST(faults[0].line == 2U);
  BOOST_TEST(faults[0].column == 2U);
  BOOST_TEST(faults[0].field == "Status");
  BOOST_TEST(faults[2].column == 4U);
  BOOST_TEST(entries[1].faults.at(0).sentence.contains("2 cells"));
}

BOOST_AUTO_TEST_CASE(a_heading_that_cannot_be_used_is_told) {
  BOOST_TEST(read_table("username,emial\n").at(0).faults.at(0).sentence.contains("'email'"));
  BOOST_TEST(read_table("username,Username\n").at(0).faults.size() == 1U);
  BOOST_TEST(read_table("username,\n").at(0).faults.size() == 1U);
  BOOST_TEST(read_table("").at(0).faults.size() == 1U);
  BOOST_TEST(read_table("username\n", {',', {{"Kunde", "-"}}}).at(0).faults.size() == 1U);
  BOOST_TEST(read_table(std::string("u\0s\0e\0r\0", 8)).at(0).faults.size() == 1U);
}

BOOST_AUTO_TEST_CASE(other_bytes_than_utf8_are_told) {
  BOOST_TEST(read_table("username,address\na,Z\xfcrich\n").at(0).faults.at(0).column == 2U);
}

BOOST_AUTO_TEST_CASE(json_lines_say_the_same) {
  std::istringstream in(
      "{\"username\":\"api.bob\",\"api_access\":true,\"session_timeout_seconds\":60,"
      "\"grants\":[\"read table/x\"],\"attributes\":{\"a\":\"b\"}}\r\n\n"
      "{\"username\":[1]}\nnone\n{\"nmae\":\"x\"}\n");
  JsonlSource source(in);
  Entry entry;
  BOOST_REQUIRE(source.next(entry));
  BOOST_TEST(entry.faults.empty());
  BOOST_TEST((entry.account.user.api_access == true));
  BOOST_TEST(entry.account.user.settings->session_timeout_seconds == 60U);
  BOOST_TEST(entry.account.grants.at(0).resource == "table/x");
  for (const std::uint64_t line : {3U, 4U, 5U}) {
    BOOST_REQUIRE(source.next(entry));
    BOOST_TEST(entry.line == line);
    BOOST_TEST(entry.faults.size() == 1U);
  }
  BOOST_TEST(!source.next(entry));
}

BOOST_AUTO_TEST_CASE(A9_a_grant_is_a_line_and_back) {
  const char* const lines[] = {
      "read table/customer",
      "deny * table/*/secret",
      "allow deny table/x",
      "run script/a until 2028-01-01T00:00:00.000000001Z networks 10.0.0.0/8,AWS tls",
      "run script/a from 2027-01-01T00:00:00Z",
  };
  for (const std::string line : lines) {
    const auto grant = read_grant(line);
    BOOST_REQUIRE_MESSAGE(grant.has_value(), line);
    BOOST_TEST(grant_line(*grant) == line);
  }
  const char* const wrong[] = {"",
                               "read",
                               "deny read",
                               "read t/x fron y",
                               "read t/x from",
                               "read t/x until tomorrow",
                               "read t/x networks a,,b"};
  for (const std::string line : wrong) BOOST_TEST(!read_grant(line).has_value(), line);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::intake
