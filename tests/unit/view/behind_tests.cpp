// Views share the indexes of their state, and each shows its own record: one that is behind finds
// what it shows.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "daemon/domain/access.h"
#include "daemon/view/view.h"

using namespace postern;
using domain::Changes;
using domain::Owned;
using domain::State;
using domain::User;
using schema::UserStatus;
using view::View;

namespace {

const domain::Uuid acme{1, 1};

domain::Uuid id_of(std::uint64_t number) {
  return {number * 0x9e3779b97f4a7c15U, number * 0xd6e8feb86659fd93U + 1};
}

Owned<User> made_user(std::uint64_t number, std::string name,
                      UserStatus status = UserStatus::active) {
  auto user = domain::make_counted<User>();
  user->id = id_of(number);
  user->tenant = acme;
  user->username = std::move(name);
  user->status = status;
  user->grants = domain::no_grants();
  return user;
}

std::string name_of(std::uint64_t number) { return "user-" + std::to_string(number); }

/// What a view must find: who has which name, and who is there at all.
struct Expected {
  std::map<std::string, std::uint64_t> names;
  std::map<std::uint64_t, const User*> users;
};

void check(const View& view, const Expected& expected, std::uint64_t numbers) {
  const auto& tables = view.tables();
  for (std::uint64_t number = 0; number < numbers; ++number) {
    const auto there = expected.users.find(number);
    BOOST_REQUIRE(tables.find_user(id_of(number)) ==
                  (there == expected.users.end() ? nullptr : there->second));
  }
  for (std::uint64_t number = 0; number < numbers; ++number) {
    const auto named = expected.names.find(name_of(number));
    const User* found = tables.find_user(acme, name_of(number));
    BOOST_REQUIRE((found == nullptr) == (named == expected.names.end()));
    if (found != nullptr) BOOST_REQUIRE(found == expected.users.at(named->second));
  }
  std::size_t visited = 0;
  for (std::size_t part = 0; part < View::Tables::user_parts; ++part)
    tables.for_each_user_in(part, [&](const User& user) {
      ++visited;
      BOOST_REQUIRE(tables.find_user(user.id) == &user);
    });
  BOOST_REQUIRE(visited == expected.users.size());
  BOOST_REQUIRE(tables.live_user_count() == expected.names.size());
  BOOST_REQUIRE(tables.live_user_count(acme) == expected.names.size());
}

/// A state whose users come, are renamed and go, and what it was after each message.
class Story {
 public:
  explicit Story(std::uint32_t seed) : random_(seed) {}

  static constexpr std::uint64_t numbers = 3'000;

  void change() {
    Changes& changes = changes_.emplace_back();
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t number = random_() % numbers;
      const auto there = now_.users.find(number);
      const std::string name = name_of(random_() % numbers);
      if (now_.names.contains(name)) continue;
      if (there == now_.users.end()) {
        put(number, made_user(number, name), changes);
      } else if (domain::has_name(*there->second)) {
        now_.names.erase(there->second->username);
        const bool goes = random_() % 4 == 0;
        put(number,
            made_user(number, goes ? there->second->username : name,
                      goes ? UserStatus::deleted : UserStatus::active),
            changes);
      }
    }
    moments_.push_back(now_);
    // What nobody records leaves nothing behind.
    Changes refused;
    for (int step = 0; step < 3; ++step)
      state_.replace(made_user(numbers + random_() % 100, name_of(random_() % numbers)), refused);
    state_.revert(refused);
  }
  const State& state() const { return state_; }
  const Changes& changes(std::size_t place) const { return changes_[place]; }
  const Expected& moment(std::size_t place) const { return moments_[place]; }

 private:
  void put(std::uint64_t number, const Owned<User>& user, Changes& changes) {
    state_.replace(user, changes);
    now_.users[number] = user.get();
    if (domain::has_name(*user)) now_.names[user->username] = number;
  }

  std::mt19937 random_;
  State state_;
  Expected now_;
  /// Hold what was replaced.
  std::vector<Changes> changes_;
  std::vector<Expected> moments_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(behind_tests)

BOOST_AUTO_TEST_CASE(a_view_that_is_behind_finds_what_it_shows) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    Story story(seed);
    constexpr std::size_t messages = 120;
    View from_the_start;
    View loaded_midway;
    for (std::size_t message = 0; message < messages; ++message) {
      story.change();
      if (message == messages / 2) loaded_midway.load(story.state().tables());
    }
    for (std::size_t message = 0; message < messages; ++message) {
      from_the_start.take(story.changes(message));
      if (message > messages / 2) loaded_midway.take(story.changes(message));
      if (message % 10 != 0 && message != messages / 2) continue;
      check(from_the_start, story.moment(message), Story::numbers);
      if (message >= messages / 2) check(loaded_midway, story.moment(message), Story::numbers);
    }
    // Back to where a list began, and on again.
    for (std::size_t message = messages; message-- > 1;) {
      loaded_midway.take_back(story.changes(message));
      from_the_start.take_back(story.changes(message));
      if (message == messages / 2) break;
      if (message % 10 == 0) check(loaded_midway, story.moment(message - 1), Story::numbers);
    }
    check(from_the_start, story.moment(messages / 2 - 1), Story::numbers);
    for (std::size_t message = messages / 2; message < messages; ++message)
      from_the_start.take(story.changes(message));
    check(from_the_start, story.moment(messages - 1), Story::numbers);
  }
}

BOOST_AUTO_TEST_CASE(views_look_up_while_their_state_adds) {
  State state;
  Changes kept;
  constexpr std::uint64_t shown = 2'000;
  for (std::uint64_t number = 0; number < shown; ++number)
    state.replace(made_user(number, name_of(number)), kept);
  std::atomic<bool> ended = false;
  std::atomic<std::uint64_t> looked = 0;
  std::atomic<std::uint64_t> missed = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread)
    threads.emplace_back([&, view = [&] {
      View made;
      made.load(state.tables());
      return made;
    }()] {
      do {
        for (std::uint64_t number = 0; number < shown; ++number) {
          missed += view.tables().find_user(id_of(number)) == nullptr;
          missed += view.tables().find_user(acme, name_of(number)) == nullptr;
          missed += view.tables().find_user(id_of(shown + number)) != nullptr;
          ++looked;
        }
      } while (!ended);
    });
  Changes changes;
  for (std::uint64_t number = 0; number < 20'000; ++number) {
    state.replace(made_user(number, "other-" + std::to_string(number)), changes);
    if (number % 64 == 0) {
      Changes refused;
      state.replace(made_user(90'000 + number, name_of(number)), refused);
      state.revert(refused);
    }
  }
  ended = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(looked.load() >= 2 * shown);
  BOOST_TEST(missed.load() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
