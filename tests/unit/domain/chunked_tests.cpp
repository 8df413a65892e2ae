#include <boost/test/unit_test.hpp>
#include <random>

#include "daemon/domain/chunked.h"

using postern::domain::Chunked;

namespace {

using Numbers = Chunked<std::uint64_t>;

Numbers::Iterator place_of(const Numbers& numbers, std::uint64_t wanted) {
  return numbers.partition_point([&](std::uint64_t number) { return number < wanted; });
}

void are_the_same(const Numbers& numbers, const std::vector<std::uint64_t>& expected) {
  BOOST_REQUIRE(numbers.size() == expected.size());
  BOOST_REQUIRE(numbers.empty() == expected.empty());
  BOOST_REQUIRE(std::ranges::equal(numbers, expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chunked_tests)

BOOST_AUTO_TEST_CASE(it_holds_what_a_vector_would) {
  std::mt19937 random(1);
  Numbers numbers;
  std::vector<std::uint64_t> expected;
  const auto step = [&](bool adds) {
    const std::uint64_t number = random() % 10'000;
    const auto at = std::ranges::lower_bound(expected, number);
    const Numbers before = numbers;
    const std::size_t size = expected.size();
    if (adds) {
      numbers = numbers.with(place_of(numbers, number), number);
      expected.insert(at, number);
    } else if (at != expected.end()) {
      BOOST_REQUIRE(*place_of(numbers, number) == *at);
      numbers = numbers.without(place_of(numbers, number));
      expected.erase(at);
    }
    // What it was made from stays.
    BOOST_REQUIRE(before.size() == size);
  };
  // Up through several chunks, down to none, and up again.
  for (const auto& [count, adding] : {std::pair(6'000, 4U), std::pair(30'000, 1U),
                                      std::pair(3'000, 4U)})
    for (int done = 0; done < count; ++done) {
      step(random() % 5 < adding);
      if (done % 97 == 0) are_the_same(numbers, expected);
    }
  are_the_same(numbers, expected);
  are_the_same(Numbers(expected), expected);
  for (const std::size_t place : {std::size_t{0}, expected.size() / 2, expected.size() - 1})
    BOOST_TEST(numbers[place] == expected[place]);
  BOOST_TEST((numbers.nth(expected.size()) == numbers.end()));
}

BOOST_AUTO_TEST_CASE(a_search_within_a_range_stays_within_it) {
  std::vector<std::uint64_t> all(5'000);
  for (std::size_t place = 0; place < all.size(); ++place) all[place] = 2 * place;
  const Numbers numbers(all);
  for (std::size_t from = 0; from < all.size(); from += 499)
    for (std::size_t to = from; to <= all.size(); to += 313)
      for (std::uint64_t wanted = 1; wanted < 10'000; wanted += 1'733) {
        const auto before = [&](std::uint64_t number) { return number < wanted; };
        const auto at = [&](std::size_t place) {
          return all.begin() + static_cast<std::ptrdiff_t>(place);
        };
        const auto found = numbers.partition_point(numbers.nth(from), numbers.nth(to), before);
        const auto place =
            static_cast<std::size_t>(std::partition_point(at(from), at(to), before) - all.begin());
        BOOST_REQUIRE((found == numbers.nth(place)));
      }
}

BOOST_AUTO_TEST_CASE(adding_shares_what_does_not_change) {
  std::vector<std::uint64_t> all(10'000);
  for (std::size_t place = 0; place < all.size(); ++place) all[place] = place;
  const Numbers numbers(all);
  const Numbers more = numbers.with(numbers.nth(5'000), 4'999);
  std::size_t copied = 0;
  auto old = numbers.begin();
  for (auto place = more.begin(); place != more.end(); ++place) {
    while (old != numbers.end() && *old < *place) ++old;
    copied += old == numbers.end() || &*old != &*place;
  }
  BOOST_TEST(copied <= 2 * Numbers::chunk_max + 1);
}

BOOST_AUTO_TEST_SUITE_END()
