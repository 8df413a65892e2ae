// How tables find room: on screens of any width no line is wider; elsewhere they are as they were.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::text {
namespace {

constexpr Column columns[] = {
    {"NAME", 0, 8}, {"STATE", 0, 0, Shade::state}, {"SEEN", 2}, {"TEXT", 1, 10}, {"ID", 3}};

const std::vector<std::vector<std::string>> rows = {
    {"api.shop", "active", "2026-07-01T12:00:00Z", "Checkout and till", "0197f0c4"},
    {"api.with-a-long-name", "trashed", "", "東京都渋谷区の倉庫管理システム", "0197f0c5"},
    {"e\u0301clair", "denied", "-", "🔑🔑🔑 of the tills", "0197f0c6"},
};

std::string shown(const Screen& screen, std::vector<std::size_t> chosen = {}) {
  std::ostringstream out;
  set_screen(out, screen);
  Table table(columns, std::move(chosen));
  for (const auto& row : rows) table.add(row);
  table.write(out);
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

BOOST_AUTO_TEST_SUITE(layout_tests)

BOOST_AUTO_TEST_CASE(width_is_counted_in_columns_of_a_terminal) {
  BOOST_TEST(width_of("plain") == 5U);
  BOOST_TEST(width_of("Grüezi") == 6U);
  BOOST_TEST(width_of("漢字") == 4U);
  BOOST_TEST(width_of("e\u0301") == 1U);
  BOOST_TEST(width_of("🔑") == 2U);
  BOOST_TEST(width_of("\xff") == 1U);
  BOOST_TEST(bytes_within("漢字", 3) == 3U);
  BOOST_TEST(bytes_within("e\u0301x", 1) == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_cut_ends_with_an_ellipsis_within_its_width) {
  BOOST_TEST(cut("short", 5) == "short");
  BOOST_TEST(cut("longer", 5) == "long…");
  BOOST_TEST(cut("漢字漢字", 6) == "漢字…");
  BOOST_TEST(width_of(cut("漢字漢字", 5)) <= 5U);
  BOOST_TEST(cut("anything", 1) == "…");
}

BOOST_AUTO_TEST_CASE(text_is_wrapped_between_words_and_long_words_are_cut) {
  BOOST_TEST((wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"}));
  BOOST_TEST((wrapped("abcdefgh", 3) == std::vector<std::string>{"abc", "def", "gh"}));
  BOOST_TEST((wrapped("", 3) == std::vector<std::string>{""}));
  for (const std::string& line : wrapped("東京都 渋谷区の倉庫 管理システム", 10))
    BOOST_TEST(width_of(line) <= 10U);
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_any_screen) {
  for (std::size_t width = 20; width <= 140; ++width)
    for (const auto& chosen : {std::vector<std::size_t>{}, {4, 0, 1, 2, 3}, {3}})
      for (const std::string& line : lines_of(shown({width, false, 0}, chosen)))
        BOOST_TEST(width_of(line) <= width, line << " at " << width);
}

BOOST_AUTO_TEST_CASE(columns_go_by_their_rank_and_are_told) {
  const auto heads = [](std::size_t width) { return lines_of(shown({width, false, 0}))[0]; };
  BOOST_TEST(heads(100) ==
             "NAME                  STATE    SEEN                  TEXT                   "
             "         ID");
  BOOST_TEST(heads(60).find("ID") == std::string::npos);
  BOOST_TEST(heads(60).find("SEEN") != std::string::npos);
  BOOST_TEST(heads(40).find("SEEN") == std::string::npos);
  BOOST_TEST(heads(40).find("TEXT") != std::string::npos);
  BOOST_TEST(heads(20).find("NAME") == 0U);
  std::ostringstream out;
  set_screen(out, {40, false, 0});
  Table table(columns);
  table.add(rows[0]);
  BOOST_TEST(table.left_out().empty());
  table.write(out);
  BOOST_TEST((table.left_out() == std::vector<std::string>{"seen", "id"}));
}

BOOST_AUTO_TEST_CASE(
    what_is_to_spare_goes_before_anything_is_cut_and_what_is_empty_before_the_rest) {
  static constexpr Column spare[] = {{"NAME", 0, 4}, {"WHY", 1}, {"SEEN", 3}, {"ID", spare_rank}};
  const std::vector<std::size_t> widths = {10, 3, 10, 8};
  const std::vector<bool> none_empty(4, false);
  using Places = std::vector<std::size_t>;
  BOOST_TEST((columns_that_fit(spare, widths, none_empty, 37) == Places{0, 1, 2, 3}));
  BOOST_TEST((columns_that_fit(spare, widths, none_empty, 36) == Places{0, 1, 2}));
  BOOST_TEST((columns_that_fit(spare, widths, none_empty, 21) == Places{0, 1, 2}));
  BOOST_TEST((columns_that_fit(spare, widths, none_empty, 20) == Places{0, 1}));
  BOOST_TEST((columns_that_fit(spare, widths, {false, true, false, false}, 20) == Places{0, 2}));
}

BOOST_AUTO_TEST_CASE(later_pages_have_the_columns_of_the_first) {
  std::ostringstream out;
  set_screen(out, {40, false, 0});
  Table table(columns);
  table.add({"a", "new", "-", "b", "c"});
  table.write(out);
  table.add(rows[1]);
  table.write(out);
  const auto lines = lines_of(out.str());
  BOOST_REQUIRE(lines.size() == 3U);
  for (const std::string& line : lines) BOOST_TEST(width_of(line) <= 40U, line);
}

BOOST_AUTO_TEST_CASE(where_nobody_looks_on_nothing_is_cut_or_coloured) {
  const auto lines = lines_of(shown({}));
  BOOST_TEST(lines[1] ==
             "api.shop              active   2026-07-01T12:00:00Z  Checkout and till              "
             " 0197f0c4");
  BOOST_TEST(lines[2].find("東京都渋谷区の倉庫管理システム") != std::string::npos);
  BOOST_TEST(shown({}).find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(colours_say_what_is_good_and_what_is_not) {
  const std::string text = shown({200, true, 0});
  BOOST_TEST(text.find("\x1b[1mNAME\x1b[0m") == 0U);
  BOOST_TEST(text.find("\x1b[32mactive\x1b[0m") != std::string::npos);
  BOOST_TEST(text.find("\x1b[31mtrashed\x1b[0m") != std::string::npos);
  constexpr std::int64_t now_ns = 1'782'907'200'000'000'000;  // 2026-07-01T12:00:00Z
  BOOST_TEST((style_of(Shade::until, "2026-07-01T11:59:59Z", now_ns) == Style::bad));
  BOOST_TEST((style_of(Shade::until, "2026-07-20T00:00:00Z", now_ns) == Style::doubtful));
  BOOST_TEST((style_of(Shade::until, "2027-07-20T00:00:00Z", now_ns) == Style::plain));
  BOOST_TEST((style_of(Shade::until, "never", now_ns) == Style::plain));
  BOOST_TEST((style_of(Shade::state, "trashed, erased", now_ns) == Style::bad));
  BOOST_TEST((style_of(Shade::fault, "-", now_ns) == Style::plain));
}

BOOST_AUTO_TEST_CASE(values_and_last_columns_go_on_below_themselves) {
  std::ostringstream out;
  set_screen(out, {30, false, 0});
  Fields fields;
  fields.add("description", "reads what was ordered by everybody");
  fields.write(out, 2);
  BOOST_TEST(out.str() ==
             "  description  reads what was\n"
             "               ordered by\n"
             "               everybody\n");
  out.str("");
  static constexpr Column two[] = {{"A"}, {"B", 0, 4}};
  Table table(two);
  table.wrap_last().indent(2);
  table.add({"x", "one two three four five six seven"});
  table.write(out);
  for (const std::string& line : lines_of(out.str())) BOOST_TEST(width_of(line) <= 30U, line);
  BOOST_TEST(out.str().find("seven") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::text
