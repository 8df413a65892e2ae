// What a replica takes of pages: nothing that does not fit what went before.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/access.h"
#include "tools/client/replica_feed.h"

namespace postern::client {

namespace {

using Bytes = domain::Bytes;

Bytes asker_entry() {
  domain::Operator asker;
  asker.id = {1, 1};
  asker.role = schema::Role::service;
  asker.vouches = true;
  asker.all_tenants = true;
  return domain::replica_entry(asker);
}

Bytes user_entry(std::string name) {
  domain::User user;
  user.id = {2, 2};
  user.tenant = {3, 3};
  user.username = std::move(name);
  user.status = schema::UserStatus::active;
  user.grants = domain::no_grants();
  return domain::replica_entry(user);
}

Bytes tenant_entry() {
  domain::Tenant tenant;
  tenant.id = {3, 3};
  tenant.alias = "acme";
  return domain::replica_entry(tenant);
}

void add(schema::AccessPageT& page, const Bytes& entry, std::size_t begin = 0,
         std::size_t end = std::string::npos) {
  auto& part = page.parts.emplace_back(std::make_unique<schema::AccessPartT>());
  end = std::min(end, entry.size());
  part->bytes.assign(entry.begin() + static_cast<std::ptrdiff_t>(begin),
                     entry.begin() + static_cast<std::ptrdiff_t>(end));
  part->offset = begin;
  part->size = entry.size();
}

schema::AccessPageT page(std::uint64_t from, std::uint64_t to, bool complete = true) {
  schema::AccessPageT made;
  made.from_seq = from;
  made.to_seq = to;
  made.complete = complete;
  made.journal = "postern/one";
  made.next = "on";
  return made;
}

/// One that has been told everything up to seq 5.
struct Told {
  Told() {
    auto first = page(5, 5);
    add(first, asker_entry());
    add(first, tenant_entry());
    add(first, user_entry("shop"));
    const auto taken = feed.take(first, 5);
    if (!taken) BOOST_FAIL(taken.error().sentence);
    BOOST_REQUIRE(*taken);
  }

  void refused(const schema::AccessPageT& wrong, std::uint64_t seq, ErrorKind kind) {
    const auto taken = feed.take(wrong, seq);
    BOOST_REQUIRE(!taken);
    BOOST_TEST((taken.error().kind == kind), taken.error().sentence);
    BOOST_TEST(!taken.error().remedy.empty());
  }
  const domain::User* user(std::string_view name) const {
    return feed.state().tables().find_user(domain::Uuid{3, 3}, name);
  }

  ReplicaFeed feed;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replica_feed_gate_tests, Told)

BOOST_AUTO_TEST_CASE(pages_follow_on_each_other) {
  auto next = page(5, 9);
  add(next, user_entry("till"));
  BOOST_TEST(*feed.take(next, 9));
  BOOST_TEST(user("shop") == nullptr);
  BOOST_REQUIRE(user("till") != nullptr);
  BOOST_TEST(feed.seq() == 9U);
  BOOST_TEST(feed.next(std::chrono::milliseconds(7)).next == "on");
  BOOST_TEST(feed.next(std::chrono::milliseconds(7)).wait_ms == 7U);
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_feed_is_a_contradiction) {
  refused(page(6, 9), 9, ErrorKind::contradiction);
}

BOOST_AUTO_TEST_CASE(a_history_that_goes_back_is_a_contradiction) {
  refused(page(5, 5), 4, ErrorKind::contradiction);
  refused(page(5, 4), 4, ErrorKind::contradiction);
  refused(page(4, 9), 9, ErrorKind::contradiction);
  refused(page(5, 6), 7, ErrorKind::contradiction);
}

BOOST_AUTO_TEST_CASE(who_begins_anew_holds_the_journal_to_what_was_followed) {
  const auto anew = [&](const std::string& journal, std::uint64_t seq) {
    ReplicaFeed again(feed.followed());
    auto first = page(seq, seq);
    first.journal = journal;
    add(first, asker_entry());
    return again.take(first, seq);
  };
  BOOST_TEST(anew("postern/one", 5).has_value());
  for (const auto& wrong : {anew("postern/two", 5), anew("postern/one", 4)}) {
    BOOST_REQUIRE(!wrong);
    BOOST_TEST((wrong.error().kind == ErrorKind::contradiction));
  }
  // What was followed before that counts, too.
  ReplicaFeed silent(feed.followed());
  BOOST_TEST(silent.followed().journal == "postern/one");
  BOOST_TEST(silent.followed().seq == 5U);
}

BOOST_AUTO_TEST_CASE(another_journal_is_a_contradiction) {
  auto other = page(5, 9);
  other.journal = "postern/two";
  refused(other, 9, ErrorKind::contradiction);
}

BOOST_AUTO_TEST_CASE(an_entry_in_parts_is_taken_when_it_is_whole) {
  const Bytes entry = user_entry("till");
  auto first = page(5, 6, false);
  add(first, entry, 0, 10);
  BOOST_TEST(!*feed.take(first, 9));
  BOOST_TEST(user("till") == nullptr);
  auto second = page(6, 6, false);
  add(second, entry, 10, 20);
  BOOST_TEST(!*feed.take(second, 9));
  // It has changed meanwhile.
  const Bytes other = user_entry("another");
  auto anew = page(6, 6, false);
  add(anew, other, 0, 30);
  BOOST_TEST(!*feed.take(anew, 9));
  auto last = page(6, 9);
  add(last, other, 30);
  BOOST_TEST(*feed.take(last, 9));
  BOOST_TEST(user("till") == nullptr);
  BOOST_TEST(user("another") != nullptr);
}

BOOST_AUTO_TEST_CASE(parts_that_do_not_fit_are_refused) {
  const Bytes entry = user_entry("till");
  auto unbegun = page(5, 9);
  add(unbegun, entry, 10);
  refused(unbegun, 9, ErrorKind::protocol);
  auto unended = page(5, 9);
  add(unended, entry, 0, 10);
  refused(unended, 9, ErrorKind::protocol);
  Told other;
  auto larger = page(5, 9);
  add(larger, entry);
  larger.parts[0]->size = ReplicaFeed::entry_bytes_max + 1;
  other.refused(larger, 9, ErrorKind::protocol);
  Told third;
  auto nothing = page(5, 9);
  nothing.parts.emplace_back(std::make_unique<schema::AccessPartT>());
  third.refused(nothing, 9, ErrorKind::protocol);
}

BOOST_AUTO_TEST_CASE(a_page_that_leads_nowhere_is_refused) {
  auto wrong = page(5, 9);
  wrong.next.clear();
  refused(wrong, 9, ErrorKind::protocol);
}

BOOST_AUTO_TEST_CASE(who_asks_must_be_told_first_and_stays_the_same) {
  ReplicaFeed fresh;
  auto first = page(5, 5);
  add(first, tenant_entry());
  const auto taken = fresh.take(first, 5);
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().kind == ErrorKind::protocol));
  domain::Operator other;
  other.id = {9, 9};
  auto next = page(5, 9);
  add(next, domain::replica_entry(other));
  refused(next, 9, ErrorKind::protocol);
}

BOOST_AUTO_TEST_CASE(whatever_the_bytes_are_a_replica_takes_whole_entries_or_none) {
  for (const Bytes& entry : {user_entry("till"), tenant_entry(), asker_entry()}) {
    for (std::size_t size = 1; size < entry.size(); ++size) {
      Told told;
      auto cut = page(5, 9);
      add(cut, Bytes(entry.begin(), entry.begin() + static_cast<std::ptrdiff_t>(size)));
      told.refused(cut, 9, ErrorKind::protocol);
      BOOST_TEST(told.user("till") == nullptr);
    }
    Bytes longer = entry;
    longer.push_back(0);
    Told told;
    auto more = page(5, 9);
    add(more, longer);
    told.refused(more, 9, ErrorKind::protocol);
    for (std::size_t place = 0; place < entry.size(); ++place) {
      Bytes changed = entry;
      changed[place] ^= 0x55U;
      Told another;
      auto wrong = page(5, 9);
      add(wrong, changed);
      // Some of them are entries.
      const auto taken = another.feed.take(wrong, 9);
      if (!taken) BOOST_TEST((taken.error().kind == ErrorKind::protocol));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::client
