// The index that tables find entries by, against a map.
#include <array>
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

BOOST_AUTO_TEST_CASE(a_hint_tells_where_an_entry_lay_last) {
  using domain::NumberPart;
  using Places = std::pair<const void*, const void*>;
  const auto part = NumberPart::of(8, true);
  std::array<User, 3> users;
  std::array<User, 3> lists;
  const auto guessed = [](const NumberPart& asked, std::size_t hash) {
    Places places;
    const auto number = asked.guess(hash, [&](const void* entry, const void* with_it) {
      places = {entry, with_it};
    });
    return std::pair(number, places);
  };
  constexpr std::size_t hash = 0x9e3779b97f4a7c15;
  BOOST_TEST(guessed(*part, hash).first == domain::no_entry);
  part->add(hash, 7);
  part->hint(hash, 7, &users[0], &lists[0]);
  BOOST_TEST(guessed(*part, hash).first == 7U);
  BOOST_TEST((guessed(*part, hash).second == Places(&users[0], &lists[0])));
  part->hint(hash, 7, &users[1], &lists[1]);
  BOOST_TEST((guessed(*part, hash).second == Places(&users[1], &lists[1])));
  // Of one that is not there.
  part->hint(hash, 8, &users[2], &lists[2]);
  BOOST_TEST((guessed(*part, hash).second == Places(&users[1], &lists[1])));
  const auto instead = part->with(hash, 7, 9);
  BOOST_TEST(guessed(*instead, hash).first == 9U);
  BOOST_TEST((guessed(*instead, hash).second == Places(&users[1], &lists[1])));
}

/// Whichever steps of a search are taken, it finds what the tables have.
BOOST_AUTO_TEST_CASE(a_search_in_steps_finds_what_a_look_up_does) {
  for (const bool gives_hints : {false, true}) {
    domain::Tables<Owned> tables;
    if (gives_hints) tables.give_hints();
    std::vector<domain::PartChange> told;
    std::vector<Owned<User>> kept;
    std::mt19937 random(3);
    for (std::uint64_t step = 0; step < 20'000; ++step) {
      auto user = domain::make_counted<User>();
      user->id = {random() % 5'000, 1};
      user->tenant = acme;
      user->username = "user-" + std::to_string(random() % 8'000);
      user->grants = domain::no_grants();
      if (tables.find_user(acme, user->username) == nullptr) tables.put(std::move(user), told);
    }
    BOOST_TEST(tables.names_taken_over() == 0U);
    std::size_t found = 0;
    for (std::size_t number = 0; number < 8'000; ++number) {
      const std::string name = "user-" + std::to_string(number);
      auto search = tables.search_user(acme, name);
      if (number % 2 == 0) search.locate();
      if (number % 3 == 0) search.approach();
      BOOST_REQUIRE(search.found() == tables.find_user(acme, name));
      found += search.found() != nullptr;
    }
    BOOST_TEST(found == tables.live_user_count());
  }
}

BOOST_AUTO_TEST_SUITE_END()
