// What takes long is made in slices (H2, H8, H10, Q9): it yields to others, is charged by
// its work, told how far it is, and made on only while somebody asks.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/audit.h"

namespace postern::support {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

template <class Body>
schema::HistoryRequestT request_of(Body body, std::uint64_t id = 1) {
  schema::HistoryRequestT request;
  request.id = id;
  request.body.Set(std::move(body));
  return request;
}

schema::HistoryRequestT report_request(std::uint64_t id = 1) {
  schema::GetReportT body;
  body.tenant = "acme";
  return request_of(std::move(body), id);
}
schema::HistoryRequestT difference_request(std::uint64_t from_seq) {
  schema::GetDifferenceT body;
  body.tenant = "acme";
  body.from_seq = from_seq;
  return request_of(std::move(body));
}
schema::HistoryRequestT short_request(std::uint64_t id) {
  schema::ListRolesT body;
  body.tenant = "acme";
  return request_of(std::move(body), id);
}
schema::HistoryRequestT list_at(std::uint64_t seq) {
  schema::ListUsersT body;
  body.tenant = "acme";
  auto request = request_of(std::move(body));
  request.at_seq = seq;
  return request;
}

/// A tenant with a user; `fill` makes a journal that takes several slices to read.
struct Long : ServiceFixture {
  Long() {
    create_acme();
    create_user("bob");
    add_operator("other", schema::Role::auditor, 2);
  }

  /// One after the other, whatever the writer has time for at once.
  void fill(std::size_t records = 3 * service::RecordWalk::slice_records) {
    for (std::size_t count = 0; count < records; count += 2) {
      send(message("acme", "bob", schema::LockUserT()));
      const std::string last = send(message("acme", "bob", schema::UnlockUserT()));
      if (count % 512 == 0 || count + 2 >= records) turn_until([&] { return has_receipt(last); });
    }
    BOOST_REQUIRE(journal.head().seq >= records);
  }
};

bool tells(const schema::HistoryPageT& page, std::string_view part) {
  return !page.problems.empty() && page.problems[0]->sentence.find(part) != std::string::npos;
}

/// Turns until each is made.
void make(service::WholePasts& pasts, const std::vector<service::WholeMoment>& moments,
          std::int64_t now_ns) {
  const view::View present;
  const auto found = pasts.find(moments, now_ns);
  BOOST_REQUIRE(found);
  for (const auto& past : *found)
    while (!past->is_made()) BOOST_REQUIRE(pasts.go_on(*past, present, now_ns));
}

std::size_t made_count(service::WholePasts& pasts, const std::vector<service::WholeMoment>& moments,
                       std::int64_t now_ns) {
  const auto found = pasts.find(moments, now_ns);
  BOOST_REQUIRE(found);
  return static_cast<std::size_t>(
      std::ranges::count_if(*found, [](const auto& past) { return past->is_made(); }));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(long_answers_tests, Long)

// ---- pasts of whole tenants

BOOST_AUTO_TEST_CASE(Q9_pasts_that_are_asked_about_in_turn_are_all_kept) {
  for (const char* name : {"ann", "carl", "dora"}) create_user(name);
  const domain::Uuid acme = user("bob").tenant;
  const domain::Seq head = journal.head().seq;
  service::WholePasts pasts(journal, {});
  const std::vector<service::WholeMoment> first{{{acme}, head - 3}, {{acme}, head}};
  const std::vector<service::WholeMoment> second{{{acme}, head - 2}, {{acme}, head - 1}};
  make(pasts, first, second_ns);
  make(pasts, second, second_ns);
  for (std::int64_t turn = 2; turn < 10; ++turn) {
    BOOST_TEST(made_count(pasts, first, turn * second_ns) == 2u);
    BOOST_TEST(made_count(pasts, second, turn * second_ns) == 2u);
  }
}

BOOST_AUTO_TEST_CASE(Q9_what_was_not_asked_about_the_longest_goes_first) {
  for (const char* name : {"ann", "carl"}) create_user(name);
  const domain::Uuid acme = user("bob").tenant;
  const domain::Seq head = journal.head().seq;
  service::WholePasts::Limits limits;
  limits.places_max = 2;
  service::WholePasts pasts(journal, limits);
  make(pasts, {{{acme}, head}}, second_ns);
  make(pasts, {{{acme}, head - 1}}, 2 * second_ns);
  // Both are asked about: nobody's goes.
  const auto busy = pasts.find({{{acme}, head - 2}}, 3 * second_ns);
  BOOST_REQUIRE(!busy);
  BOOST_TEST((busy.error().code == Code::busy));
  BOOST_TEST(made_count(pasts, {{{acme}, head}}, 4 * second_ns) == 1u);
  make(pasts, {{{acme}, head - 2}}, 13 * second_ns);
  BOOST_TEST(made_count(pasts, {{{acme}, head}}, 13 * second_ns) == 1u);
  BOOST_TEST(pasts.size() == 2u);
}

BOOST_AUTO_TEST_CASE(Q9_a_past_that_is_asked_about_is_nobody_elses_beginning) {
  create_user("ann");
  const domain::Uuid acme = user("bob").tenant;
  const domain::Seq head = journal.head().seq;
  service::WholePasts pasts(journal, {});
  make(pasts, {{{acme}, head - 1}}, second_ns);
  make(pasts, {{{acme}, head}}, 2 * second_ns);
  BOOST_TEST(made_count(pasts, {{{acme}, head - 1}}, 3 * second_ns) == 1u);
  // Once nobody asks, the later one goes on from it.
  create_user("carl");
  make(pasts, {{{acme}, head + 1}}, 60 * second_ns);
  BOOST_TEST(pasts.size() == 2u);
}

BOOST_AUTO_TEST_CASE(H2_a_past_is_kept_as_long_as_a_difference_uses_it) {
  const domain::Uuid acme = user("bob").tenant;
  service::WholePasts pasts(journal, {});
  const service::WholeMoment moment{{acme}, journal.head().seq};
  make(pasts, {moment}, second_ns);
  const auto held = pasts.find({moment}, second_ns);
  constexpr std::int64_t step_ns = service::WholePasts::kept_ns / 2;
  for (std::int64_t now_ns = second_ns; now_ns < 5 * step_ns; now_ns += step_ns) {
    pasts.touch(*held->front(), now_ns);
    pasts.release(now_ns + step_ns);
  }
  BOOST_TEST(pasts.size() == 1u);
  pasts.release(10 * step_ns);
  BOOST_TEST(pasts.size() == 0u);
}

BOOST_AUTO_TEST_CASE(Q9_deleted_users_count_in_the_bound_of_a_past) {
  for (const std::string name : {"ann", "carl", "dora", "eve"}) {
    create_user(name);
    send(message("acme", name, schema::TrashUserT()));
    send(message("acme", name, schema::DeleteUserT()));
    commit();
  }
  const auto seq = journal.head().seq;
  create_user("last");
  service::AuditorLimits limits;
  limits.pasts.weight_max = 4;
  const auto page = Audit(*this, limits).ask_as(list_at(seq), "owner");
  BOOST_TEST((page.code == Code::too_large));
  BOOST_TEST(tells(page, "the deleted ones counted"));
  limits.pasts.weight_max = 5;
  BOOST_TEST((Audit(*this, limits).ask_as(list_at(seq), "owner").code == Code::ok));
}

BOOST_AUTO_TEST_CASE(Q9_all_pasts_together_are_bounded) {
  for (const char* name : {"ann", "carl"}) create_user(name);
  const domain::Uuid acme = user("bob").tenant;
  const domain::Seq head = journal.head().seq;
  service::WholePasts::Limits limits;
  limits.weight_of_all_max = 4;
  service::WholePasts pasts(journal, limits);
  const service::WholeMoment first{{acme}, head};
  const service::WholeMoment second{{acme}, head - 1};
  make(pasts, {first}, second_ns);
  // Whoever asked for it waits: nobody's goes.
  const auto begun = pasts.find({second}, second_ns);
  BOOST_REQUIRE(begun);
  const auto refused = pasts.go_on(*begun->front(), view::View(), second_ns);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::busy));
  BOOST_TEST(made_count(pasts, {first}, second_ns) == 1u);
  // It has the answer: the next has the room.
  pasts.rest(*pasts.find({first}, second_ns)->front());
  make(pasts, {second}, second_ns);
  BOOST_TEST(pasts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(Q9_one_who_asks_about_many_moments_does_not_wait_for_its_own) {
  for (int count = 0; count < 10; ++count) create_user("user" + std::to_string(count));
  const domain::Seq head = journal.head().seq;
  Audit audit(*this);
  for (domain::Seq seq = head - 9; seq < head; ++seq)
    BOOST_TEST((audit.ask_as(list_at(seq), "owner").code == Code::ok), seq);
}

BOOST_AUTO_TEST_CASE(Q4_a_list_goes_on_though_the_clock_was_set_back) {
  for (const char* name : {"ann", "carl"}) create_user(name);
  schema::ListUsersT list;
  list.tenant = "acme";
  list.count_max = 1;
  // A clock of its own, which nobody corrects.
  clock.advance_ms(3'600'000);
  Audit audit(*this, clock);
  const auto first = audit.ask(schema::ListUsersT(list));
  BOOST_REQUIRE((first.code == Code::ok));
  clock.set_back_ms(1'800'000);
  list.after = first.body.AsUserPage()->next;
  const auto second = audit.ask(std::move(list));
  BOOST_TEST((second.code == Code::ok));
  BOOST_TEST(second.at_time_ns == first.at_time_ns);
}

// ---- slices

BOOST_AUTO_TEST_CASE(H8_a_long_report_yields_to_others_and_is_charged_by_its_work) {
  fill();
  Audit audit(*this);
  audit.post(report_request(99), "owner");
  // The first slice.
  BOOST_TEST(audit.turn());
  constexpr std::uint64_t others = 20;
  for (std::uint64_t id = 1; id <= others; ++id) audit.post(short_request(id), "other");
  for (std::uint64_t turn = 0; turn <= others; ++turn) audit.turn();
  auto pages = audit.answers();
  BOOST_TEST(pages.size() >= others - 1);
  for (const auto& page : pages) BOOST_TEST(page.id != 99u);
  while (audit.turn()) {
  }
  pages = audit.answers();
  BOOST_REQUIRE(!pages.empty());
  BOOST_TEST(pages.back().id == 99u);
  BOOST_TEST((pages.back().code == Code::ok));
}

BOOST_AUTO_TEST_CASE(H2_records_between_two_moments_are_read_in_slices) {
  const auto from = journal.head().seq;
  fill();
  allow("bob", "table/a");
  Audit audit(*this);
  audit.post(difference_request(from), "owner");
  std::size_t turns = 1;
  while (audit.turn()) ++turns;
  BOOST_TEST(turns >= 3u);
  const auto pages = audit.answers();
  BOOST_REQUIRE_EQUAL(pages.size(), 1u);
  BOOST_REQUIRE((pages[0].code == Code::ok));
  BOOST_TEST(pages[0].body.AsDifferencePage()->line_count == 1u);
}

BOOST_AUTO_TEST_CASE(H2_pages_are_read_from_one_difference_and_a_new_one_is_of_now) {
  const auto from = journal.head().seq;
  for (const char* resource : {"table/a", "table/b", "table/c"}) allow("bob", resource);
  Audit audit(*this);
  auto request = difference_request(from);
  request.body.AsGetDifference()->count_max = 2;
  const auto first = audit.ask_as(request, "owner");
  BOOST_REQUIRE((first.code == Code::ok));
  BOOST_TEST(first.body.AsDifferencePage()->more);
  // As a client reads on.
  auto next = difference_request(from);
  next.body.AsGetDifference()->from_time_ns = first.body.AsDifferencePage()->from_time_ns;
  next.body.AsGetDifference()->skip = 2;
  next.at_seq = first.at_seq;
  next.at_time_ns = first.at_time_ns;
  const auto second = audit.ask_as(next, "owner");
  BOOST_REQUIRE((second.code == Code::ok));
  BOOST_TEST(second.body.AsDifferencePage()->lines.size() == 1u);
  BOOST_TEST(!second.body.AsDifferencePage()->more);
  BOOST_TEST(audit.ask_as(request, "owner").body.AsDifferencePage()->line_count == 3u);
}

BOOST_AUTO_TEST_CASE(H8_who_waits_long_is_busy_and_only_while_it_asks_is_it_made_on) {
  fill();
  const SlowClock slow(present);
  Audit audit(*this, slow);
  audit.post(report_request(), "owner");
  while (audit.turn()) {
  }
  auto pages = audit.answers();
  BOOST_REQUIRE_EQUAL(pages.size(), 1u);
  BOOST_TEST((pages[0].code == Code::busy));
  BOOST_TEST(pages[0].retry_after_ms > 0u);
  BOOST_TEST(tells(pages[0], " records are read."));
  // Nobody asks: nothing is done.
  BOOST_TEST(!audit.turn());
  std::string told = pages[0].problems[0]->sentence;
  std::size_t asked = 1;
  for (; pages[0].code == Code::busy && asked < 50; ++asked) {
    audit.post(report_request(asked + 1), "owner");
    while (audit.turn()) {
    }
    pages = audit.answers();
    BOOST_REQUIRE_EQUAL(pages.size(), 1u);
    if (pages[0].code == Code::busy) {
      BOOST_TEST(pages[0].problems[0]->sentence != told);
      told = pages[0].problems[0]->sentence;
    }
  }
  BOOST_TEST((pages[0].code == Code::ok));
  BOOST_TEST(asked > 1u);
}

BOOST_AUTO_TEST_CASE(H8_long_answers_have_places_that_operators_share) {
  fill();
  Audit audit(*this);
  for (std::uint32_t days = 1; days <= service::LongAnswers::places_max; ++days) {
    schema::GetReportT body;
    body.tenant = "acme";
    body.soon_days = days;
    audit.post(request_of(std::move(body), days), "owner");
  }
  for (std::size_t turn = 0; turn < service::LongAnswers::places_max; ++turn) audit.turn();
  const auto refused = audit.answers();
  BOOST_REQUIRE(!refused.empty());
  for (const auto& page : refused) BOOST_TEST((page.code == Code::busy));
  audit.post(report_request(77), "other");
  bool is_answered = false;
  while (audit.turn()) {
  }
  for (const auto& page : audit.answers()) is_answered |= page.id == 77 && page.code == Code::ok;
  BOOST_TEST(is_answered);
}

BOOST_AUTO_TEST_CASE(Q9_a_stop_tells_everybody_who_waits) {
  fill();
  Audit audit(*this);
  for (std::uint64_t id = 1; id <= 5; ++id) audit.post(report_request(id), "owner");
  BOOST_TEST(audit.turn());
  audit.post(list_at(3), "other");
  audit.stop();
  const auto pages = audit.answers();
  BOOST_REQUIRE_EQUAL(pages.size(), 6u);
  for (const auto& page : pages) BOOST_TEST((page.code == Code::stopping));
  BOOST_TEST(!audit.turn());
}

BOOST_AUTO_TEST_CASE(H10_a_plan_that_reads_many_records_is_made_in_slices) {
  allow("bob", "table/a");
  const auto granted = journal.head().seq;
  schema::RenameUserT rename;
  rename.username = "bert";
  run(message("acme", "bob", std::move(rename)));
  const auto renamed = journal.head().seq;
  for (std::size_t count = 0; count < 2'500; ++count) {
    send(message("acme", "bert", schema::LockUserT()));
    const std::string last = send(message("acme", "bert", schema::UnlockUserT()));
    // Whatever the writer has time for at once.
    if (count % 256 == 0 || count == 2'499) turn_until([&] { return has_receipt(last); });
  }
  BOOST_REQUIRE(journal.head().seq >= renamed + 5'000);
  Audit audit(*this);
  schema::PlanUndoT wanted;
  wanted.seq = renamed;
  audit.post(request_of(std::move(wanted)), "owner");
  std::size_t turns = 1;
  while (audit.turn()) ++turns;
  BOOST_TEST(turns >= 2u);
  const auto pages = audit.answers();
  BOOST_REQUIRE_EQUAL(pages.size(), 1u);
  BOOST_REQUIRE_MESSAGE((pages[0].code == Code::ok),
                        (pages[0].problems.empty() ? "" : pages[0].problems[0]->sentence));
  BOOST_TEST(pages[0].body.AsUndoPlan()->commands.size() == 1u);
  schema::PlanUndoT other;
  other.seq = granted;
  BOOST_TEST((audit.ask(std::move(other)).code == Code::ok));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
