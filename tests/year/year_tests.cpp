// A small year, and whether the stories in it can be found again.
#include "tests/year/small_year.h"

using namespace postern;
using year::small_year;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The row of a finding that names the user, as JSON; empty: there is none.
std::string row_of(const std::string& json, std::string_view kind, std::string_view username) {
  const std::size_t finding = json.find("\"kind\":\"" + std::string(kind) + "\"");
  if (finding == std::string::npos) return {};
  const std::size_t end = json.find("\"kind\":", finding + 1);
  const std::string part = json.substr(finding, end - finding);
  const std::size_t row = part.find("\"username\":\"" + std::string(username) + "\"");
  return row == std::string::npos ? std::string() : part.substr(row, part.find('}', row) - row);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(year_tests)

BOOST_AUTO_TEST_CASE(a_year_is_whole) {
  BOOST_TEST(contains(small_year().replay({"verify"}), "whole"));
  BOOST_TEST(small_year().recorded > 2'500U);
  BOOST_TEST(small_year().recorded < 20'000U);
  BOOST_TEST(small_year().dropped == 0U);
}

BOOST_AUTO_TEST_CASE(D3_the_shared_user_of_the_year_is_found) {
  const std::string json =
      small_year().replay({"report", "--tenant", "atlas", "--output", "json", "--rows", "1000"});
  const std::string row = row_of(json, "users_shared", "integration-shared");
  BOOST_TEST(contains(row, "\"bi/3\",\"erp/4\",\"shop/2\""), row);
  // The leaked key was used from two networks within a day.
  BOOST_TEST(contains(row_of(json, "users_shared", "feed-prices"), "203.0.113.0/24"));
  BOOST_TEST(row_of(json, "users_shared", "report-nightly").empty());
}

BOOST_AUTO_TEST_CASE(H8_the_year_is_reviewed) {
  const std::string json =
      small_year().replay({"report", "--tenant", "atlas", "--output", "json", "--rows", "1000"});
  BOOST_TEST(contains(json, "\"role\":\"legacy-sync\""));
  BOOST_TEST(!row_of(json, "users_locked", "kiosk-login").empty());
  // The role that grew covers every table by now.
  BOOST_TEST(contains(json, "\"area\":\"table\",\"action\":\"write\""));
  const std::string before =
      small_year().replay({"report", "--tenant", "atlas", "--output", "json", "--at", "200"});
  BOOST_TEST(!contains(before, "\"area\":\"table\",\"action\":\"write\""));
  BOOST_TEST(contains(before, "\"seq\":200,"));
}

BOOST_AUTO_TEST_CASE(H8_every_count_on_the_page_leads_to_its_rows) {
  const std::string page = small_year().replay({"report", "--html", "-"});
  BOOST_TEST(page.starts_with("<!doctype html>"));
  for (const std::string_view fetched : {"http://", "https://", "<script", "url(", "<img", "<link"})
    BOOST_TEST(!contains(page, fetched), fetched);
  std::size_t links = 0;
  for (std::size_t place = 0; (place = page.find("href=\"#", place)) != std::string::npos;) {
    place += 7;
    const std::string id = page.substr(place, page.find('"', place) - place);
    BOOST_TEST(contains(page, " id=\"" + id + "\""), id);
    ++links;
  }
  BOOST_TEST(links > 20U);
}

BOOST_AUTO_TEST_CASE(H8_a_report_without_its_place_says_what_is_wrong) {
  const auto refused = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--data", small_year().path().string(), "report"});
    std::ostringstream out;
    std::ostringstream talk;
    return std::pair(replay::run(arguments, {out, talk}), talk.str());
  };
  BOOST_TEST(refused({"--tenant", "nobody"}).first == 66);
  BOOST_TEST(refused({"--at", "3"}).first == 66);
  BOOST_TEST(refused({"--at", "2262-01-01T00:00:00Z"}).first == 66);
  BOOST_TEST(refused({"--from-seq", "999999999"}).first == 66);
  BOOST_TEST(refused({"--rows", "0"}).first == 64);
  BOOST_TEST(refused({"--html", "/nowhere/page.html"}).first == 73);
}

BOOST_AUTO_TEST_SUITE_END()
