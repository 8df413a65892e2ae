// The index that tables find entries by, against a map.
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>

#include "daemon/domain/tables.h"

using namespace postern;
using domain::ByUsername;
using domain::NameInTenant;
using domain::Owned;
using domain::User;

namespace {

using Names = domain::Index<Owned<User>, ByUsername>;

const domain::Uuid acme{1, 1};

Owned<User> named(std::string name) {
  auto user = domain::make_counted<User>();
  user->tenant = acme;
  user->username = std::move(name);
  return user;
}

NameInTenant key(const std::string& name) { return {acme, name}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(index_tests)

BOOST_AUTO_TEST_CASE(an_empty_index_finds_nothing) {
  Names names;
  BOOST_TEST(names.size() == 0U);
  BOOST_TEST((names.find(key("bob")) == nullptr));
  BOOST_TEST((names.take(key("bob")) == nullptr));
  names.for_each([](const User&) { BOOST_ERROR("it holds one"); });
}

BOOST_AUTO_TEST_CASE(one_with_the_same_key_takes_the_place) {
  Names names;
  const Owned<User> first = named("bob");
  const Owned<User> second = named("BOB");
  BOOST_TEST((names.put(first) == nullptr));
  BOOST_TEST((names.put(second) == first));
  BOOST_TEST(names.size() == 1U);
  BOOST_TEST((*names.find(key("bob")) == second));
}

BOOST_AUTO_TEST_CASE(it_holds_what_a_map_holds) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    Names names;
    std::map<std::string, Owned<User>> expected;
    // Grows, shrinks to nothing and grows again, with clusters that are taken apart.
    for (std::size_t step = 0; step < 40'000; ++step) {
      const std::string name = "user-" + std::to_string(random() % 6'000);
      const bool shrinks = step / 10'000 % 2 == 1;
      if (random() % 4 < (shrinks ? 3U : 1U)) {
        const Owned<User> taken = names.take(key(name));
        const auto place = expected.find(name);
        BOOST_REQUIRE((taken == (place == expected.end() ? nullptr : place->second)));
        if (place != expected.end()) expected.erase(place);
      } else {
        Owned<User> entry = named(name);
        Owned<User>& held = expected[name];
        BOOST_REQUIRE((names.put(entry) == held));
        held = std::move(entry);
      }
      BOOST_REQUIRE(names.size() == expected.size());
    }
    for (std::size_t number = 0; number < 6'000; ++number) {
      const std::string name = "user-" + std::to_string(number);
      const auto* found = names.find(key(name));
      const auto place = expected.find(name);
      BOOST_REQUIRE(((found == nullptr) == (place == expected.end())));
      if (found != nullptr) BOOST_REQUIRE((*found == place->second));
    }
    std::size_t visited = 0;
    names.for_each([&](const User& user) {
      ++visited;
      BOOST_REQUIRE((expected.at(user.username).get() == &user));
    });
    BOOST_TEST(visited == expected.size());
    while (!expected.empty()) {
      BOOST_REQUIRE((names.take(key(expected.begin()->first)) == expected.begin()->second));
      expected.erase(expected.begin());
    }
    BOOST_TEST(names.size() == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
