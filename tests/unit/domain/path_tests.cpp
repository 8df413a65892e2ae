#include <boost/test/unit_test.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/domain/equal_texts.h"
#include "daemon/domain/path.h"

using namespace postern::domain;

namespace {

std::string segments(std::size_t count, const std::string& segment) {
  std::string path = "table";
  while (--count > 0) path += '/' + segment;
  return path;
}

const char* name_of(Lie lie) {
  return lie == Lie::apart ? "apart" : lie == Lie::covered ? "covered" : "above";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_tests)

BOOST_AUTO_TEST_CASE(A2_what_a_path_is) {
  for (const std::string& good :
       {std::string("t"), std::string("0"), std::string("table/a"), std::string("table/a.b_c-d"),
        std::string("table/0--"), std::string("table/a..b"), "table/" + std::string(64, 'a'),
        segments(16, "x"), segments(8, std::string(64, 'x')) + '/' + std::string(51, 'x')}) {
    BOOST_TEST_CONTEXT(good) {
      BOOST_TEST(is_path(good));
      BOOST_TEST(is_path_pattern(good));
    }
  }
}

BOOST_AUTO_TEST_CASE(A2_what_no_path_is) {
  for (const std::string& bad :
       {std::string(),         std::string("/"),
        std::string("/a"),     std::string("a/"),
        std::string("a//b"),   std::string("A"),
        std::string("a/B"),    std::string("a/."),
        std::string("a/.."),   std::string("a/.b"),
        std::string("a/-b"),   std::string("a/_b"),
        std::string("a b"),    std::string("a\n"),
        std::string("a\0", 2), std::string("a\\b"),
        std::string("a/%62"),  std::string("\xc3\xa9"),
        std::string("a/*b"),   std::string("a/b*"),
        std::string("a/**"),   std::string("*"),
        std::string("*/a"),    "table/" + std::string(65, 'a'),
        segments(17, "x"),     segments(8, std::string(64, 'x')) + '/' + std::string(52, 'x')}) {
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(!is_path(bad));
      BOOST_TEST(!is_path_pattern(bad));
    }
  }
}

BOOST_AUTO_TEST_CASE(A2_the_bounds_are_16_segments_and_512_bytes) {
  const std::string longest = segments(8, std::string(64, 'x')) + '/' + std::string(51, 'x');
  BOOST_TEST(longest.size() == path_bytes_max);
  BOOST_TEST(is_path(longest));
  BOOST_TEST(!is_path(longest + 'x'));
  BOOST_TEST(path_segments_max == 16U);
}

BOOST_AUTO_TEST_CASE(A2_a_star_stands_in_grants_only_for_whole_segments_at_most_four_times) {
  for (const char* good :
       {"table/*", "table/*/a", "table/a/*", "table/*/*/*/*", "table/*/a/*/b/*/*"}) {
    BOOST_TEST_CONTEXT(good) {
      BOOST_TEST(is_path_pattern(good));
      BOOST_TEST(!is_path(good));
    }
  }
  for (const char* bad : {"table/*/*/*/*/*", "*", "*/table", "table/a*", "table/*/", "table/*/A"})
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(!is_path_pattern(bad)); }
}

BOOST_AUTO_TEST_CASE(A2_an_action_is_a_name) {
  for (const std::string& good :
       {std::string("r"), std::string("print-card"), std::string("v1.2_x"), std::string(64, 'a')})
    BOOST_TEST(is_action(good));
  for (const std::string& bad :
       {std::string(), std::string("*"), std::string("Read"), std::string("-a"), std::string("a/b"),
        std::string("a b"), std::string(65, 'a')})
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(!is_action(bad)); }
}

BOOST_AUTO_TEST_CASE(A2_the_first_segment_is_the_kind) {
  BOOST_TEST(kind_of("table") == "table");
  BOOST_TEST(kind_of("table/a/b") == "table");
  BOOST_TEST(parent_of("table/a/b") == "table/a");
  BOOST_TEST(parent_of("table/a") == "table");
  BOOST_TEST(parent_of("table") == "");
}

BOOST_AUTO_TEST_CASE(A2_how_a_path_lies_to_a_pattern) {
  struct Row {
    const char* path;
    const char* pattern;
    Lie lie;
  };
  const Row rows[] = {
      {"table", "table", Lie::covered},
      {"table/a", "table", Lie::covered},
      {"table/a/b", "table", Lie::covered},
      {"table", "table/a", Lie::above},
      {"table", "table/*", Lie::above},
      {"table", "table/*/x", Lie::above},
      {"table/a", "table/*", Lie::covered},
      {"table/a/b/c", "table/*", Lie::covered},
      {"table/a", "table/*/x", Lie::above},
      {"table/a/x", "table/*/x", Lie::covered},
      {"table/a/x/y", "table/*/x", Lie::covered},
      {"table/a/y", "table/*/x", Lie::apart},
      {"table/a/y/x", "table/*/x", Lie::apart},
      {"table/a/b", "table/*/*/c", Lie::above},
      {"tables", "table", Lie::apart},
      {"table", "tables", Lie::apart},
      {"script/a", "table/*", Lie::apart},
      {"table/customer-x", "table/customer", Lie::apart},
      {"table/customer.x", "table/customer", Lie::apart},
      {"table/customer", "table/customer-x", Lie::apart},
      {"table/customer-x/a", "table/*/a", Lie::covered},
  };
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.path << " to " << row.pattern) {
      BOOST_TEST(name_of(lie_of(row.path, row.pattern)) == name_of(row.lie));
    }
}

BOOST_AUTO_TEST_CASE(A2_the_levels_of_a_path_are_the_places_on_it_with_their_marks) {
  PathLevels levels;
  const std::string path = "table/customer.eu/a_1";
  BOOST_TEST_REQUIRE(read_path(path, levels));
  BOOST_TEST_REQUIRE(levels.size() == 3U);
  std::string_view place = path;
  for (std::size_t level = 3; level > 0; --level) {
    BOOST_TEST(levels[level - 1].size == place.size());
    BOOST_TEST(levels[level - 1].mark == mark_of(place));
    place = parent_of(place);
  }
  BOOST_TEST(mark_of("table/a") != mark_of("table/b"));
  std::string deepest = "a";
  for (int segment = 1; segment < 16; ++segment) deepest += "/b";
  BOOST_TEST(read_path(deepest, levels));
  BOOST_TEST(levels.size() == 16U);
  BOOST_TEST(!read_path(deepest + "/b", levels));
}

BOOST_AUTO_TEST_CASE(places_that_differ_in_one_character_are_told_apart_by_what_marks_begin_with) {
  const std::string path = "table/customers/order-lines";
  for (std::size_t place = 0; place < path.size(); ++place) {
    if (path[place] == '/') continue;
    std::set<unsigned> beginnings;
    for (const char character : std::string("abcdefghijklmnopqrstuvwxyz012345")) {
      std::string other = path;
      other[place] = character;
      beginnings.insert(mark_of(other) >> 10U);
    }
    // Thirty-two thrown into sixty-four hit twenty-five on average.
    BOOST_TEST(beginnings.size() > 12U, "at " << place << ": " << beginnings.size());
  }
}

BOOST_AUTO_TEST_CASE(A2_a_path_with_its_levels_is_what_a_pattern_without_stars_is) {
  constexpr std::uint64_t seed = 2;
  std::mt19937_64 random(seed);
  const std::string usual = "abcxyz0129";
  const std::string rare = "._-/*`{:@[A \x80\xff";
  int paths = 0;
  constexpr int tries = 200'000;
  for (int round = 0; round < tries; ++round) {
    std::string text;
    for (std::size_t left = random() % 70; left > 0; --left)
      text += random() % 8 == 0 && !text.empty() && text.back() != '/'
                  ? '/'
                  : usual[random() % usual.size()];
    if (!text.empty() && random() % 2 == 0)
      text[random() % text.size()] = rare[random() % rare.size()];
    // What lies behind a text is no part of it.
    const std::string longer = text + usual[random() % usual.size()];
    PathLevels levels;
    const bool is_read = read_path(std::string_view(longer).substr(0, text.size()), levels);
    BOOST_TEST_CONTEXT("seed " << seed << ", round " << round << ": " << text) {
      BOOST_REQUIRE(is_read == (is_path_pattern(text) && !text.contains('*')));
      if (!is_read) continue;
      ++paths;
      BOOST_REQUIRE(levels[levels.size() - 1].size == text.size());
      for (std::size_t level = 0; level < levels.size(); ++level)
        BOOST_REQUIRE(levels[level].mark == mark_of(text.substr(0, levels[level].size)));
    }
  }
  BOOST_TEST(paths > tries / 4);
  BOOST_TEST(paths < tries * 3 / 4);
}

BOOST_AUTO_TEST_CASE(texts_are_equal_where_all_their_characters_are) {
  const std::string text = "a text of as many characters as are compared in several steps";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string left = text.substr(0, size);
    BOOST_TEST(equal_texts(left, std::string(left)));
    BOOST_TEST(!equal_texts(left, left + '\0'));
    for (std::size_t place = 0; place < size; ++place) {
      std::string right = left;
      right[place] ^= 0x20;
      BOOST_TEST(!equal_texts(left, right));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
