#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <unordered_set>

#include "daemon/domain/access.h"
#include "daemon/domain/path.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::Grant;
using domain::GrantPointer;
using domain::Grants;
using domain::Matches;
using domain::Rights;
using domain::SharedGrants;

namespace {

struct Line {
  bool deny;
  const char* action;
  const char* resource;
};

/// Texts that grants share.
const std::string* text(const char* value) {
  static std::unordered_set<std::string> texts;
  return &*texts.emplace(value).first;
}

/// What all lists of these tests speak of.
Rights& all_rights() {
  static Rights all;
  return all;
}

SharedGrants grants_of(const std::vector<Line>& lines) {
  SharedGrants made = domain::no_grants();
  std::uint64_t seq = 0;
  for (const Line& line : lines) {
    Grant grant;
    grant.resource = text(line.resource);
    grant.action = text(line.action);
    grant.seq = ++seq & 0xffffU;
    grant.deny = line.deny;
    grant.wildcard = grant.resource->find('*') != std::string::npos;
    made = domain::with_grant(*made, grant, all_rights());
  }
  return made;
}

Line allow_line(const char* action, const char* resource) { return {false, action, resource}; }
Line deny_line(const char* action, const char* resource) { return {true, action, resource}; }

std::string name_of(GrantPointer grant) { return grant == nullptr ? "-" : *grant->resource; }

/// Found by marks, by an index of them, and by texts alone.
Matches match(const SharedGrants& held, const char* path, bool this_level_only = false) {
  const Grants& grants = *held;
  domain::PathLevels levels;
  BOOST_TEST_REQUIRE(domain::read_path(path, levels));
  const Matches found = domain::match(grants, {"read", {}, path, this_level_only, &levels}, {});
  const domain::MarkIndex index(grants.marks());
  for (const Matches& same :
       {domain::match(grants, {"read", {}, path, this_level_only}, {}),
        domain::match(grants, {"read", {}, path, this_level_only, &levels}, {}, &index)}) {
    BOOST_TEST((found.allow == same.allow), path);
    BOOST_TEST((found.deny == same.deny), path);
    BOOST_TEST((found.deny_below == same.deny_below), path);
    BOOST_TEST((found.unmet == same.unmet), path);
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_tests)

BOOST_AUTO_TEST_CASE(A2_a_grant_covers_all_below_it) {
  const SharedGrants grants = grants_of({allow_line("read", "table/customer")});
  for (const char* covered : {"table/customer", "table/customer/a", "table/customer/a/b/c"})
    BOOST_TEST(name_of(match(grants, covered).allow) == "table/customer");
  for (const char* apart : {"table", "table/other", "table/customers", "script/customer"})
    BOOST_TEST(name_of(match(grants, apart).allow) == "-");
}

BOOST_AUTO_TEST_CASE(A2_each_grant_is_found_in_a_list_of_any_length) {
  std::vector<std::string> paths;
  for (std::size_t place = 0; place < Grants::part_max; ++place)
    paths.push_back("table/t" + std::to_string(place));
  SharedGrants grants = domain::no_grants();
  for (std::size_t count = 1; count <= paths.size(); ++count) {
    Grant grant;
    grant.resource = text(paths[count - 1].c_str());
    grant.action = text("read");
    grant.seq = count;
    grants = domain::with_grant(*grants, grant, all_rights());
    for (std::size_t place = count <= 80 || count == paths.size() ? 0 : count - 1; place < count;
         ++place)
      BOOST_REQUIRE(name_of(match(grants, paths[place].c_str()).allow) == paths[place]);
  }
  BOOST_TEST(grants->in_one_part());
}

BOOST_AUTO_TEST_CASE(A2_what_only_begins_alike_is_not_below) {
  const SharedGrants grants =
      grants_of({allow_line("read", "table/customer"), deny_line("read", "table/customer-x"),
                 deny_line("read", "table/customer.x/y"), deny_line("read", "table/customer0")});
  for (const char* path : {"table/customer", "table/customer/a"}) {
    const Matches found = match(grants, path);
    BOOST_TEST(name_of(found.allow) == "table/customer");
    BOOST_TEST(name_of(found.deny) == "-");
    BOOST_TEST(name_of(found.deny_below) == "-");
  }
  for (const char* path : {"table/customer-x", "table/customer-x/a"}) {
    BOOST_TEST(name_of(match(grants, path).allow) == "-");
    BOOST_TEST(name_of(match(grants, path).deny) == "table/customer-x");
  }
  BOOST_TEST(name_of(match(grants, "table/customer.x").deny_below) == "table/customer.x/y");
}

BOOST_AUTO_TEST_CASE(A3_a_deny_below_is_found_among_what_begins_alike) {
  const SharedGrants grants =
      grants_of({allow_line("read", "table"), allow_line("read", "table/customer-a"),
                 allow_line("read", "table/customer.b"), deny_line("read", "table/customer/card"),
                 allow_line("read", "table/customer0")});
  BOOST_TEST(name_of(match(grants, "table/customer").deny_below) == "table/customer/card");
  BOOST_TEST(name_of(match(grants, "table").deny_below) == "table/customer/card");
  BOOST_TEST(name_of(match(grants, "table/customer-a").deny_below) == "-");
}

BOOST_AUTO_TEST_CASE(A3_a_deny_below_names_the_first) {
  const std::vector<Line> lines = {
      allow_line("read", "table"),     deny_line("read", "table/b/x"),
      deny_line("read", "table/a/z"),  deny_line("write", "table/a/a"),
      deny_line("read", "table/a-/b"), deny_line("read", "table/*/0"),
  };
  const SharedGrants grants = grants_of(lines);
  BOOST_TEST(name_of(match(grants, "table").deny_below) == "table/a-/b");
  BOOST_TEST(name_of(match(grants, "table/a").deny_below) == "table/a/z");
  BOOST_TEST(name_of(match(grants, "table/c").deny_below) == "table/*/0");
  BOOST_TEST(name_of(match(grants, "table/b").deny_below) == "table/b/x");
}

/// Records that no daemon wrote may hold one.
BOOST_AUTO_TEST_CASE(A3_a_deny_of_what_is_no_path_is_found_below_all_the_same) {
  const SharedGrants grants =
      grants_of({allow_line("read", "table"), deny_line("read", "table/Customer")});
  BOOST_TEST(name_of(match(grants, "table").deny_below) == "table/Customer");
  BOOST_TEST(name_of(match(grants, "table/other").deny_below) == "-");
}

BOOST_AUTO_TEST_CASE(A3_a_question_about_this_level_alone_looks_not_below) {
  const SharedGrants grants =
      grants_of({deny_line("read", "table/a/b"), deny_line("read", "table/*/c/d")});
  for (const char* path : {"table", "table/a", "table/z/c"}) {
    BOOST_TEST(name_of(match(grants, path).deny_below) != "-");
    BOOST_TEST(name_of(match(grants, path, true).deny_below) == "-");
  }
  BOOST_TEST(name_of(match(grants, "table/a/b", true).deny) == "table/a/b");
}

BOOST_AUTO_TEST_CASE(A2_a_star_stands_for_one_whole_segment) {
  const SharedGrants grants = grants_of({allow_line("read", "table/*/name")});
  for (const char* covered : {"table/a/name", "table/b-c/name", "table/a/name/first"})
    BOOST_TEST(name_of(match(grants, covered).allow) == "table/*/name");
  for (const char* apart : {"table", "table/a", "table/name", "table/a/b/name", "table/a/names"})
    BOOST_TEST(name_of(match(grants, apart).allow) == "-");
}

BOOST_AUTO_TEST_CASE(A2_denies_with_stars_are_found_above_and_below) {
  const SharedGrants grants =
      grants_of({allow_line("read", "table"), deny_line("read", "table/*/card")});
  BOOST_TEST(name_of(match(grants, "table/a/card/digits").deny) == "table/*/card");
  BOOST_TEST(name_of(match(grants, "table/a").deny_below) == "table/*/card");
  BOOST_TEST(name_of(match(grants, "table").deny_below) == "table/*/card");
  BOOST_TEST(name_of(match(grants, "table/a/name").deny) == "-");
  BOOST_TEST(name_of(match(grants, "table/a/name").deny_below) == "-");
}

BOOST_AUTO_TEST_CASE(A10_the_most_specific_allow_is_named) {
  const SharedGrants grants =
      grants_of({allow_line("read", "table"), allow_line("read", "table/a/b"),
                 allow_line("read", "table/a"), allow_line("read", "table/*/b")});
  BOOST_TEST(name_of(match(grants, "table/a/b/c").allow) == "table/a/b");
  BOOST_TEST(name_of(match(grants, "table/a/c").allow) == "table/a");
  BOOST_TEST(name_of(match(grants, "table/c").allow) == "table");
  BOOST_TEST(name_of(match(grants_of({allow_line("read", "table/*/b")}), "table/a/b").allow) ==
             "table/*/b");
}

BOOST_AUTO_TEST_CASE(A2_an_action_is_itself_or_a_star) {
  const SharedGrants grants =
      grants_of({allow_line("write", "table"), deny_line("write", "table/a")});
  BOOST_TEST(name_of(match(grants, "table/b").allow) == "-");
  BOOST_TEST(name_of(match(grants, "table").deny_below) == "-");
  const SharedGrants all = grants_of({allow_line("*", "table"), deny_line("*", "table/a")});
  BOOST_TEST(name_of(match(all, "table/b").allow) == "table");
  BOOST_TEST(name_of(match(all, "table/a").deny) == "table/a");
  BOOST_TEST(name_of(match(all, "table").deny_below) == "table/a");
}

BOOST_AUTO_TEST_CASE(A1_the_order_of_adding_makes_no_difference) {
  std::vector<Line> lines = {allow_line("read", "table"), deny_line("read", "table"),
                             allow_line("*", "table"), allow_line("read", "table/*"),
                             deny_line("read", "table/a-b")};
  const auto order = [](const SharedGrants& grants) {
    std::string text;
    for (const Grant& grant : grants->sorted())
      text += *grant.resource + ' ' + *grant.action + (grant.deny ? " deny; " : " allow; ");
    return text;
  };
  const auto by_name = [](const Line& left, const Line& right) {
    return std::tuple(std::string_view(left.resource), std::string_view(left.action), left.deny) <
           std::tuple(std::string_view(right.resource), std::string_view(right.action), right.deny);
  };
  std::ranges::sort(lines, by_name);
  const std::string first = order(grants_of(lines));
  while (std::ranges::next_permutation(lines, by_name).found) {
    const SharedGrants grants = grants_of(lines);
    BOOST_TEST(order(grants) == first);
    BOOST_TEST(grants->plain_count() == 4U);
  }
}

BOOST_AUTO_TEST_CASE(A1_a_grant_is_found_and_removed_by_what_names_it) {
  const SharedGrants grants = grants_of(
      {allow_line("read", "table/a"), deny_line("read", "table/a"), allow_line("read", "table/*")});
  const auto all = domain::find_grants(*grants, schema::Effect::deny, "read", "table/a");
  BOOST_REQUIRE(all.size() == 1U);
  const GrantPointer found = all.front();
  BOOST_REQUIRE(found != nullptr);
  BOOST_TEST(found->seq == 2U);
  BOOST_TEST((found->effect() == schema::Effect::deny));
  BOOST_TEST(domain::find_grants(*grants, schema::Effect::deny, "read", "table/*").empty());
  const auto fewer = domain::without_grant(*grants, 2, 0);
  BOOST_TEST(fewer->size() == 2U);
  BOOST_TEST(fewer->plain_count() == 1U);
  BOOST_TEST(domain::without_grant(*grants, 3, 0)->plain_count() == 2U);
  BOOST_TEST(domain::without_grant(*grants, 2, 1)->size() == 3U);
  BOOST_TEST(domain::no_grants()->size() == 0U);
}

// ---- many with stars

namespace {

/// As if all were tried one by one.
Matches naive(const SharedGrants& grants, std::string_view path, bool this_level_only) {
  Matches found;
  std::vector<GrantPointer> all;
  for (const GrantPointer grant : grants->pointers()) all.push_back(grant);
  std::ranges::sort(all, [](GrantPointer left, GrantPointer right) {
    return domain::is_named_before(*left, *right);
  });
  for (const GrantPointer grant : all) {
    if (*grant->action != "read" && *grant->action != "*") continue;
    const domain::Lie lie = domain::lie_of(path, *grant->resource);
    GrantPointer& slot = grant->deny ? found.deny : found.allow;
    if (lie != domain::Lie::covered) continue;
    // Of denies the first in the order of paths, of allows the nearest.
    if (slot == nullptr || (grant->deny && domain::precedes(*grant, *slot))) slot = grant;
  }
  for (const GrantPointer grant : grants->pointers())
    if (grant->deny && found.deny == nullptr && found.deny_below == nullptr && !this_level_only &&
        (*grant->action == "read" || *grant->action == "*") &&
        domain::lie_of(path, *grant->resource) == domain::Lie::above)
      found.deny_below = grant;
  return found;
}

std::string random_path(std::mt19937& random, std::size_t stars_max) {
  static const char* const names[] = {"a", "b", "a-", "a.b", "c0"};
  std::string path = random() % 8 == 0 ? "script" : "table";
  for (std::size_t count = random() % 6; count > 0; --count) {
    const bool star = stars_max > 0 && random() % 3 == 0;
    stars_max -= star;
    path.append("/").append(star ? "*" : names[random() % std::size(names)]);
  }
  return path;
}

/// 8,900 denies below stars, each of another name in its last segment.
SharedGrants many_denies(const std::string& front) {
  std::vector<Line> lines;
  static std::vector<std::string> kept;
  kept.reserve(100'000);
  for (int count = 0; count < 8'900; ++count)
    lines.push_back(
        deny_line("read", kept.emplace_back(front + "/n" + std::to_string(count)).c_str()));
  return grants_of(lines);
}

}  // namespace

BOOST_AUTO_TEST_CASE(A2_many_denies_with_stars_say_what_each_says) {
  std::size_t denied = 0, below = 0, allowed = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts;
    for (int count = 0; count < 150; ++count) texts.push_back(random_path(random, 4));
    std::vector<Line> lines;
    for (const std::string& resource : texts)
      lines.push_back({random() % 3 != 0, random() % 3 == 0 ? "write" : "read", resource.c_str()});
    const SharedGrants grants = grants_of(lines);
    for (int count = 0; count < 60; ++count) {
      const std::string path = random_path(random, 0);
      for (const bool this_level_only : {false, true}) {
        const Matches found = match(grants, path.c_str(), this_level_only);
        const Matches expected = naive(grants, path, this_level_only);
        BOOST_TEST(name_of(found.deny) == name_of(expected.deny), "seed " << seed << ' ' << path);
        BOOST_TEST(name_of(found.allow) == name_of(expected.allow), "seed " << seed << ' ' << path);
        if (found.deny == nullptr)
          BOOST_TEST(name_of(found.deny_below) == name_of(expected.deny_below),
                     "seed " << seed << ' ' << path);
        denied += found.deny != nullptr;
        below += found.deny_below != nullptr;
        allowed += found.allow != nullptr;
      }
    }
  }
  BOOST_TEST(denied > 100U);
  BOOST_TEST(below > 20U);
  BOOST_TEST(allowed > 100U);
}

BOOST_AUTO_TEST_CASE(fact_13_a_deep_question_does_not_look_at_every_deny_with_a_star) {
  std::string path = "table";
  for (int segment = 1; segment < 16; ++segment) path += "/s" + std::to_string(segment);
  for (const char* front : {"table/*", "table/*/*/*/*", "table/s1/s2/s3/*", "table/q/*",
                            "table/s1/s2/s3/s4/s5/s6/s7/s8/s9/s10/s11/*/s13/*"}) {
    const Matches found = match(many_denies(front), path.c_str());
    BOOST_TEST((found.deny == nullptr));
    BOOST_TEST(found.work < 1'000U, front << ": " << found.work);
  }
}

BOOST_AUTO_TEST_CASE(marks_are_those_of_the_grants_however_they_came_and_went) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    SharedGrants grants = domain::no_grants();
    std::uint64_t seq = 0;
    // In and out of one part.
    for (const std::size_t wanted : {40U, 10U, 600U, 90U, 0U}) {
      while (grants->size() != wanted) {
        if (grants->size() > wanted) {
          const Grant gone = grants->sorted()[random() % grants->size()];
          grants = domain::without_grant(*grants, gone.seq, gone.index);
        } else {
          Grant grant;
          grant.resource = text(random_path(random, random() % 4 == 0 ? 2 : 0).c_str());
          grant.action = text(random() % 2 == 0 ? "read" : "write");
          grant.seq = ++seq & 0xffffU;
          grant.deny = random() % 4 == 0;
          grant.wildcard = grant.resource->find('*') != std::string::npos;
          grants = domain::with_grant(*grants, grant, all_rights());
        }
        BOOST_TEST_REQUIRE(grants->has_true_marks(), "seed " << seed);
      }
      BOOST_TEST(grants->marks().size() == (grants->in_one_part() ? grants->plain_count() : 0U));
    }
  }
}

/// Short texts lie in the right itself, longer ones elsewhere.
BOOST_AUTO_TEST_CASE(a_path_of_any_length_is_found) {
  static std::unordered_set<std::string> texts;
  const std::string kind = "table/";
  for (std::size_t bytes = kind.size() + 1; bytes <= kind.size() + 64; ++bytes) {
    std::string path = kind + std::string(bytes - kind.size(), 'a');
    const char* const kept = texts.insert(path).first->c_str();
    const SharedGrants held = grants_of({allow_line("read", kept)});
    BOOST_TEST(held->right_at(0).text() == path);
    BOOST_TEST(name_of(match(held, kept).allow) == path);
    path.back() = 'b';
    BOOST_TEST(name_of(match(held, texts.insert(path).first->c_str()).allow) == "-");
  }
}

BOOST_AUTO_TEST_SUITE_END()
