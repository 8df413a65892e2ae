// Lists of grants as values: packed, shared, in parts.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <limits>
#include <random>
#include <tuple>

#include "daemon/domain/access.h"
#include "daemon/domain/compact_grants.h"
#include "daemon/domain/grants.h"

using namespace postern;
using domain::Conditions;
using domain::Grant;
using domain::Grants;
using domain::Rights;
using domain::Seq;
using domain::SharedGrants;

namespace {

/// Texts of one state, and what grants speak of.
struct Texts {
  const std::string* text(std::string value) { return &kept.emplace_back(std::move(value)); }

  Grant grant(std::string resource, Seq seq, std::uint64_t index = 0) {
    Grant made;
    made.wildcard = resource.find('*') != std::string::npos;
    made.resource = text(std::move(resource));
    made.action = read;
    made.seq = seq & ((Seq{1} << 51) - 1);
    made.index = index & 1023U;
    return made;
  }

  std::deque<std::string> kept;
  Rights rights;
  const std::string* const read = text("read");
};

auto all_of(const Grant& grant) {
  return std::tuple(*grant.resource, *grant.action, std::uint64_t{grant.seq},
                    std::uint64_t{grant.index}, std::uint64_t{grant.conditional},
                    std::uint64_t{grant.deny}, std::uint64_t{grant.wildcard});
}

bool are_same(const Grants& held, const std::vector<Grant>& expected) {
  const auto plain =
      std::ranges::count_if(expected, [](const Grant& one) { return !one.wildcard; });
  return held.size() == expected.size() && held.plain_count() == static_cast<std::size_t>(plain) &&
         held.has_true_marks() &&
         std::ranges::equal(held.sorted(), expected, [](const Grant& left, const Grant& right) {
           return all_of(left) == all_of(right);
         });
}

std::string numbered(const std::string& front, std::size_t number) {
  const std::string digits = std::to_string(number);
  return front + std::string(6 - digits.size(), '0') + digits;
}

std::vector<Grant> many(Texts& texts, std::size_t count) {
  std::vector<Grant> made;
  for (std::size_t number = 0; number < count; ++number)
    made.push_back(texts.grant(numbered("table/a", number), 7 + number % 5, number % 1'000));
  return made;
}

/// Numbers for what a list speaks of, and a state's rights under them.
struct Numbered {
  explicit Numbered(const SharedGrants& grants) : numbers(entries_with(grants)) {
    for (const domain::SnapshotRight& right : numbers.rights())
      BOOST_REQUIRE(domain::add_right(*numbers.texts().at(right.resource),
                                      *numbers.texts().at(right.action), table));
  }

  std::vector<std::uint8_t> written(const SharedGrants& grants) const {
    domain::SnapshotWriter out(numbers);
    out.grants(grants);
    return {out.written().begin(), out.written().end()};
  }
  /// What failed; empty: nothing.
  std::string read(const std::vector<std::uint8_t>& bytes, SharedGrants& grants) const {
    domain::SnapshotReader in(bytes, table);
    in.grants(grants);
    if (in.good() && !in.at_end()) return "something is left";
    return in.failure();
  }

  domain::EntryList entries_with(const SharedGrants& grants) {
    user.grants = grants;
    domain::EntryList list;
    list.users = {&user};
    return list;
  }

  domain::User user;
  domain::SnapshotNumbers numbers;
  Rights rights;
  domain::RightTable table{&rights};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(grants_tests)

BOOST_AUTO_TEST_CASE(a_list_is_read_from_a_snapshot_as_it_was_written) {
  Texts texts;
  for (const std::size_t count : {0U, 1U, 2U, 20U, 254U, 255U, 256U, 510U, 511U, 1'000U}) {
    std::vector<Grant> all;
    std::vector<domain::ConditionsOfGrant> conditions;
    for (std::size_t number = 0; number < count; ++number) {
      const bool wildcard = number >= count - count / 4;
      // Seqs that lie far apart, some of them shared.
      Grant& grant = all.emplace_back(
          texts.grant(numbered(wildcard ? "table/*/a" : "table/a", number),
                      number % 7 == 3 ? (Seq{1} << 50) + number : 9 + number % 5, number % 1'000));
      grant.deny = number % 3 == 1;
      grant.conditional = number % 10 == 2;
      if (!grant.conditional) continue;
      conditions.push_back({grant.seq, static_cast<std::uint16_t>(grant.index), {}});
      conditions.back().conditions.not_after_ns = static_cast<std::int64_t>(number);
    }
    std::ranges::sort(conditions, {},
                      [](const auto& held) { return std::pair(held.seq, held.index); });
    const SharedGrants held = Grants::of(all, texts.rights, domain::Chunked(conditions));
    const Numbered numbered(held);
    SharedGrants read;
    BOOST_TEST(numbered.read(numbered.written(held), read) == "");
    BOOST_TEST(are_same(*read, all), count << " grants");
    BOOST_TEST(
        std::ranges::equal(read->conditions(), conditions, [](const auto& one, const auto& two) {
          return one.seq == two.seq && one.index == two.index &&
                 one.conditions.not_after_ns == two.conditions.not_after_ns;
        }));
  }
}

BOOST_AUTO_TEST_CASE(a_list_in_a_snapshot_that_does_not_hold_together_is_refused) {
  Texts texts;
  std::vector<Grant> all = many(texts, 3);
  for (Grant& grant : all) grant.seq = 7;
  const SharedGrants held = Grants::of(all, texts.rights);
  const Numbered numbered(held);
  const auto good = numbered.written(held);
  // Count, number of seqs, the seq; then three grants.
  BOOST_REQUIRE(good.size() == 3U + 3U * 8U);
  const auto refused = [&](std::size_t place, std::uint8_t byte) {
    auto bytes = good;
    bytes[place] = byte;
    SharedGrants read;
    return numbered.read(bytes, read);
  };
  BOOST_TEST(refused(1, 0) == "grants are of no records");
  BOOST_TEST(refused(1, 4) == "grants are of no records");
  BOOST_TEST(refused(2, 0) == "the records of grants are out of order");
  BOOST_TEST(refused(3, 2) == "grants are out of order");
  BOOST_TEST(refused(3 + 16, 3) == "a right is not there");
  BOOST_TEST(refused(3 + 5, 4) == "a grant is of no record");
  BOOST_TEST(refused(3 + 7, 1) == "a grant says more than there is to say");
  BOOST_TEST(refused(0, 4) == "the bytes end too early");
  BOOST_TEST(refused(0, 2) == "something is left");
}

BOOST_AUTO_TEST_CASE(rights_are_numbered_in_the_order_of_their_grants) {
  Rights rights;
  domain::RightTable table{&rights};
  const std::string a = "table/a";
  const std::string all = "table/*";
  const std::string read = "read";
  const std::string write = "write";
  BOOST_TEST(domain::add_right(a, read, table));
  BOOST_TEST(!domain::add_right(a, read, table));
  BOOST_TEST(domain::add_right(a, write, table));
  BOOST_TEST(domain::add_right(all, read, table));
  BOOST_TEST(!domain::add_right(a, write, table));
  BOOST_TEST(rights.size() == 3U);
  BOOST_TEST(table.marks.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_packed_is_read_again_at_every_length) {
  Texts texts;
  for (const std::size_t count : {0U, 1U, 2U, 254U, 255U, 256U, 257U, 1'000U, 70'000U}) {
    const std::vector<Grant> all = many(texts, count);
    const SharedGrants held = Grants::of(all, texts.rights);
    BOOST_TEST(are_same(*held, all), count << " grants");
    BOOST_TEST(held->in_one_part() == (count <= Grants::part_max));
    for (const std::size_t place : {std::size_t{0}, count / 2, count - 1})
      if (place < count)
        BOOST_TEST((all_of(held->sorted()[place]) == all_of(all[place])), "place " << place);
  }
  BOOST_TEST(texts.rights.size() > 65'536U);
}

BOOST_AUTO_TEST_CASE(one_more_and_one_less_at_every_place) {
  Texts texts;
  for (const std::size_t count : {0U, 1U, 20U, 254U, 255U, 256U, 600U}) {
    const std::vector<Grant> all = many(texts, count);
    const SharedGrants held = Grants::of(all, texts.rights);
    // With a star it is behind all others.
    const std::pair<std::size_t, std::string> additions[] = {
        {0, "table/b"}, {count / 2, "table/b"}, {count, "table/b"}, {count, "table/*/b"}};
    for (const auto& [place, front] : additions) {
      const Grant added = texts.grant(numbered(front, place), 100);
      std::vector<Grant> more = all;
      more.insert(more.begin() + static_cast<std::ptrdiff_t>(place), added);
      const SharedGrants with = held->with(held->sorted().nth(place), added, texts.rights, {});
      BOOST_TEST(are_same(*with, more), count << " grants, one more at " << place);
      BOOST_TEST(are_same(*with->without(with->sorted().nth(place), {}), all),
                 count << " grants, back again from " << place);
    }
    BOOST_TEST(are_same(*held, all), "an earlier list changed");
  }
}

BOOST_AUTO_TEST_CASE(one_less_after_the_other_until_none_is_left) {
  for (const std::size_t share : {1U, 2U, 1'000U}) {
    Texts texts;
    std::vector<Grant> all = many(texts, 600);
    SharedGrants held = Grants::of(all, texts.rights);
    while (!all.empty()) {
      const std::size_t place = (all.size() - 1) / share;
      held = held->without(held->sorted().nth(place), {});
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(place));
      BOOST_REQUIRE(are_same(*held, all));
    }
  }
}

BOOST_AUTO_TEST_CASE(seqs_of_any_order_and_distance) {
  Texts texts;
  constexpr Seq newest = (Seq{1} << 51) - 1;
  constexpr Seq far = std::numeric_limits<std::uint32_t>::max();
  for (const std::vector<Seq>& seqs : std::vector<std::vector<Seq>>{{5},
                                                                    {5, 5, 5},
                                                                    {9, 5, 7, 5},
                                                                    {1, 1 + far},
                                                                    {1, 2 + far},
                                                                    {2 + far, 1},
                                                                    {newest, 0, far, newest},
                                                                    {0, newest, newest - 1}}) {
    std::vector<Grant> all;
    for (const Seq seq : seqs)
      all.push_back(texts.grant(numbered("table/a", all.size()), seq, seq & 1023U));
    BOOST_TEST(are_same(*Grants::of(all, texts.rights), all));
    SharedGrants one_by_one = domain::no_grants();
    for (const Grant& grant : all)
      one_by_one = domain::with_grant(*one_by_one, grant, texts.rights);
    BOOST_TEST(are_same(*one_by_one, all));
  }
}

// A list lies in fewer bytes as long as its rights and records have small numbers.
BOOST_AUTO_TEST_CASE(a_list_grows_beyond_small_numbers_and_back) {
  Texts texts;
  const std::vector<Grant> few = many(texts, 20);
  const SharedGrants held = Grants::of(few, texts.rights);
  for (std::size_t number = 0; number < 70'000; ++number)
    texts.rights.intern(*texts.text(numbered("table/c", number)), *texts.read);
  for (const std::size_t place : {std::size_t{0}, few.size() / 2, few.size()}) {
    const Grant added = texts.grant(numbered("table/c", place), 5'000, 7);
    const Grant after = texts.grant(numbered("table/d", place), 6'000, 8);
    std::vector<Grant> more = few;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(place), added);
    const SharedGrants with = held->with(held->sorted().nth(place), added, texts.rights, {});
    BOOST_TEST(are_same(*with, more));
    const SharedGrants further = with->with(with->sorted().nth(0), after, texts.rights, {});
    more.insert(more.begin(), after);
    BOOST_TEST(are_same(*further, more));
    BOOST_TEST(are_same(*with->without(with->sorted().nth(place), {}), few));
  }
}

BOOST_AUTO_TEST_CASE(each_grant_of_a_record_of_its_own) {
  Texts texts;
  SharedGrants held = domain::no_grants();
  std::vector<Grant> all;
  for (Seq seq = 1; seq <= 300; ++seq) {
    all.push_back(texts.grant(numbered("table/a", seq), seq * 1'000));
    held = domain::with_grant(*held, all.back(), texts.rights);
  }
  BOOST_TEST(are_same(*held, all));
}

BOOST_AUTO_TEST_CASE(A9_conditions_stay_with_their_grants) {
  Texts texts;
  std::mt19937 random(4);
  SharedGrants held = domain::no_grants();
  std::vector<Grant> all;
  for (Seq seq = 1; seq <= 700; ++seq) {
    Grant grant = texts.grant(numbered(random() % 5 == 0 ? "table/*/a" : "table/a", random() % 900),
                              seq, random() % 1'024);
    grant.deny = random() % 4 == 0;
    grant.conditional = random() % 3 == 0;
    Conditions conditions;
    conditions.not_after_ns = static_cast<std::int64_t>(seq);
    all.push_back(grant);
    held =
        domain::with_grant(*held, grant, texts.rights, grant.conditional ? &conditions : nullptr);
    if (seq % 3 != 0) continue;
    const std::size_t gone = random() % all.size();
    held = domain::without_grant(*held, all[gone].seq, all[gone].index);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(gone));
  }
  std::ranges::sort(all, domain::precedes);
  BOOST_TEST(are_same(*held, all));
  std::size_t conditional = 0;
  for (const Grant& grant : held->sorted()) {
    const Conditions* conditions = domain::conditions_of(*held, grant);
    BOOST_TEST((conditions != nullptr) == (grant.conditional != 0));
    if (conditions == nullptr) continue;
    ++conditional;
    BOOST_TEST(*conditions->not_after_ns == static_cast<std::int64_t>(grant.seq));
  }
  BOOST_TEST(held->conditions().size() == conditional);
}

BOOST_AUTO_TEST_CASE(a_list_of_another_state_is_told_in_this_ones_rights) {
  Texts texts;
  Rights others;
  others.intern(*texts.text("script/z"), *texts.read);
  for (const std::size_t count : {1U, 20U, 400U}) {
    std::vector<Grant> all = many(texts, count);
    const SharedGrants theirs = Grants::of(all, others);
    const Grant added = texts.grant("table/c", 100);
    const SharedGrants ours = domain::with_grant(*theirs, added, texts.rights);
    all.push_back(added);
    BOOST_TEST(are_same(*ours, all));
    BOOST_TEST((ours->rights() == &texts.rights));
    BOOST_TEST((theirs->rights() == &others));
  }
}

BOOST_AUTO_TEST_CASE(places_are_found_as_in_a_plain_list) {
  Texts texts;
  for (const std::size_t count : {1U, 255U, 256U, 2'000U}) {
    const std::vector<Grant> all = many(texts, count);
    const SharedGrants held = Grants::of(all, texts.rights);
    for (std::size_t wanted = 0; wanted <= count; wanted += 1 + count / 7) {
      const std::string text = numbered("table/a", wanted);
      const auto found = held->sorted().partition_point(
          [&](const Grant& grant) { return *grant.resource < text; });
      BOOST_TEST(std::distance(held->sorted().begin(), found) ==
                 static_cast<std::ptrdiff_t>(wanted));
      BOOST_TEST((found == held->sorted().nth(wanted)));
    }
  }
}

// ---- rights

BOOST_AUTO_TEST_CASE(a_right_has_one_number_and_stays_where_it_is) {
  Rights rights;
  Texts texts;
  const std::string* const action = texts.read;
  const std::string* const other = texts.text("write");
  std::vector<const domain::Right*> places;
  for (std::size_t number = 0; number < 70'000; ++number) {
    const std::string* resource = texts.text(numbered("table/a", number));
    const domain::RightId id = rights.intern(*resource, number % 2 == 0 ? *action : *other);
    BOOST_REQUIRE(id == number);
    places.push_back(&rights[id]);
    BOOST_REQUIRE(rights.intern(*resource, number % 2 == 0 ? *action : *other) == id);
  }
  BOOST_TEST(rights.size() == 70'000U);
  for (std::size_t number = 0; number < places.size(); ++number) {
    BOOST_REQUIRE(&rights[static_cast<domain::RightId>(number)] == places[number]);
    BOOST_REQUIRE(*places[number]->resource == numbered("table/a", number));
    BOOST_REQUIRE(places[number]->action == (number % 2 == 0 ? action : other));
  }
}

BOOST_AUTO_TEST_CASE(rights_that_are_taken_back_are_as_if_they_had_never_been) {
  Rights rights;
  Texts texts;
  const std::string* const first = texts.text("table/a");
  const std::string* const second = texts.text("table/*/b");
  rights.intern(*first, *texts.read);
  rights.intern(*second, *texts.read);
  rights.keep_first(1);
  BOOST_TEST(rights.size() == 1U);
  const std::string* const third = texts.text("table/c");
  BOOST_TEST(rights.intern(*third, *texts.read) == 1U);
  BOOST_TEST(*rights[1].resource == "table/c");
  BOOST_TEST(!rights[1].wildcard);
  BOOST_TEST(rights.intern(*second, *texts.read) == 2U);
  BOOST_TEST(rights[2].wildcard);
}

BOOST_AUTO_TEST_SUITE_END()
