#include <boost/test/unit_test.hpp>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "daemon/credential/key_store.h"
#include "daemon/credential/secret.h"
#include "tests/unit/credential/freed_blocks.h"

using postern::credential::Key;
using postern::credential::Secret;
using postern::credential::UserKey;
using postern::credential::wipe;
using postern::testing::freed_blocks;

namespace {

/// A size that nothing else in this program allocates.
constexpr std::size_t odd_size = 4'099;

const std::string& text() {
  static const std::string made(odd_size, 'S');
  return made;
}

const void* place_of(const Secret& secret) { return secret.reveal().data(); }

template <class Value>
concept printable_value = requires(std::ostream& stream, const Value& value) {
  stream << value;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_tests)

BOOST_AUTO_TEST_CASE(C4_a_secret_is_wiped_when_it_goes) {
  {
    const Secret secret(text());
    freed_blocks = {.size_watched = odd_size};
  }
  BOOST_TEST(freed_blocks.freed == 1);
  BOOST_TEST(freed_blocks.freed_unwiped == 0);
}

BOOST_AUTO_TEST_CASE(C4_a_secret_is_wiped_when_another_takes_its_place) {
  Secret secret(text());
  freed_blocks = {.size_watched = odd_size};
  secret = Secret("other");
  BOOST_TEST(freed_blocks.freed == 1);
  BOOST_TEST(freed_blocks.freed_unwiped == 0);
  BOOST_TEST(secret.reveal() == "other");
}

BOOST_AUTO_TEST_CASE(C4_moving_a_secret_makes_no_copy_and_leaves_nothing) {
  Secret first(text());
  const void* place = place_of(first);
  Secret second(std::move(first));
  BOOST_TEST(first.empty());
  BOOST_TEST(first.reveal() == "");
  BOOST_TEST(second.reveal() == text());
  BOOST_TEST(place_of(second) == place);

  Secret third("third");
  third = std::move(second);
  BOOST_TEST(second.empty());
  BOOST_TEST(place_of(third) == place);
}

BOOST_AUTO_TEST_CASE(U11_a_users_key_and_every_copy_of_it_are_wiped) {
  Key filled;
  filled.fill(std::byte{'K'});
  // As many as make a block of a size that nothing else has.
  constexpr std::size_t count = 137;
  {
    const std::vector<UserKey> keys(count, filled);
    const std::vector<UserKey> copies = keys;
    BOOST_TEST((copies.back() == filled));
    freed_blocks = {.size_watched = count * sizeof(UserKey)};
  }
  BOOST_TEST(freed_blocks.freed == 2);
  BOOST_TEST(freed_blocks.freed_unwiped == 0);
}

BOOST_AUTO_TEST_CASE(a_secret_moved_onto_itself_stays) {
  Secret secret("stays");
  Secret& same = secret;
  secret = std::move(same);
  BOOST_TEST(secret.reveal() == "stays");
}

BOOST_AUTO_TEST_CASE(C4_a_secret_cannot_be_printed_copied_or_converted) {
  static_assert(printable_value<std::string>);
  static_assert(!printable_value<Secret>);
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!std::is_copy_assignable_v<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<std::string_view, Secret>);
  static_assert(std::is_nothrow_move_constructible_v<Secret>);
  BOOST_TEST(Secret().empty());
}

BOOST_AUTO_TEST_CASE(a_secret_keeps_every_byte) {
  const std::string_view bytes("a\0b\xff", 4);
  BOOST_TEST(Secret(bytes).reveal() == bytes);
}

BOOST_AUTO_TEST_CASE(C4_wipe_overwrites_every_byte) {
  std::string message = "password=hunter2";
  wipe(std::as_writable_bytes(std::span(message)));
  BOOST_TEST(message == std::string(message.size(), '\0'));
}

BOOST_AUTO_TEST_SUITE_END()
