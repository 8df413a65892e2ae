// One operator's heavy messages hold nobody else: turns by operator, in slices of counted work; and
// whatever was taken is answered, or told `busy`.
#include "daemon/service/turns.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/service/allocated_bytes.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

const std::string greedy = "uid:21";
const std::string honest = "uid:22";

domain::Uuid holder(std::uint64_t number) { return domain::uuid_v7(1, {number, number}); }

schema::CommandT grant(const std::string& user, schema::Effect effect,
                       const std::string& resource) {
  schema::AddGrantT body;
  body.effect = effect;
  body.action = "read";
  body.resource = resource;
  schema::CommandT made;
  made.user = user;
  made.body.Set(std::move(body));
  return made;
}

struct Large : ServiceFixture {
  Large() {
    create_acme();
    create_user("large");
    create_user("small");
    allow("small", "table");
    add_operator("greedy", schema::Role::administrator, 21);
    add_operator("honest", schema::Role::administrator, 22);
  }
  /// 1,000 commands a message.
  template <class Make>
  static schema::CommandMessageT batch(std::size_t from, std::size_t count, const Make& make) {
    schema::CommandMessageT made;
    made.tenant = "acme";
    for (std::size_t place = from; place < from + count; ++place)
      made.commands.push_back(std::make_unique<schema::CommandT>(make(place)));
    return made;
  }
  void fill(schema::Effect effect, const std::string& front) {
    for (std::size_t from = 0; from < 8'900; from += 1'000) {
      const auto receipt = run(batch(from, std::min<std::size_t>(1'000, 8'900 - from),
                                     [&](std::size_t place) {
                                       return grant("large", effect,
                                                    front + std::to_string(place));
                                     }));
      BOOST_REQUIRE((receipt.code == Code::ok));
    }
  }
  static schema::CommandMessageT dry_batch() {
    auto made = batch(0, 1'000, [](std::size_t place) {
      return grant("large", schema::Effect::allow, "table/dry" + std::to_string(place));
    });
    made.dry_run = true;
    return made;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(turns_tests)

BOOST_AUTO_TEST_CASE(who_has_used_least_is_next) {
  service::Turns<int> turns;
  for (int number = 0; number < 5; ++number) turns.add(holder(1), number);
  BOOST_TEST(turns.take() == 0);
  turns.charge(holder(1), 1'000);
  turns.add(holder(2), 10);
  turns.add(holder(2), 11);
  BOOST_TEST(turns.take() == 10);
  turns.charge(holder(2), 400);
  BOOST_TEST(turns.take() == 11);
  turns.charge(holder(2), 700);
  BOOST_TEST(turns.take() == 1);
  turns.charge(holder(1), 200);
  // Who was away has saved nothing up, and its debt is not forgotten.
  turns.add(holder(2), 12);
  turns.add(holder(3), 20);
  BOOST_TEST(turns.take() == 20);
  turns.charge(holder(3), 1);
  BOOST_TEST(turns.take() == 12);
  turns.add_first(holder(1), -1);
  BOOST_TEST(turns.take() == -1);
  BOOST_TEST(turns.take_first_by([](int number) { return number; }) == 2);
  BOOST_TEST(turns.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(K3_adding_to_thousands_of_grants_copies_few, Large) {
  fill(schema::Effect::allow, "table/t");
  const auto alone = [&](schema::CommandMessageT message) {
    const std::size_t before = allocated_bytes();
    const auto receipt = run(std::move(message));
    BOOST_REQUIRE((receipt.code == Code::ok));
    return allocated_bytes() - before;
  };
  const auto removal = [](std::size_t place) {
    schema::RemoveGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = "table/t" + std::to_string(place);
    schema::CommandT made;
    made.user = "large";
    made.body.Set(std::move(body));
    return made;
  };
  // A copy of all would be 200 MB.
  constexpr std::size_t most = 32 * 1'048'576;
  BOOST_TEST(alone(dry_batch()) < most);
  auto real = dry_batch();
  real.dry_run = false;
  BOOST_TEST(alone(std::move(real)) < most);
  BOOST_TEST(alone(batch(0, 1'000, removal)) < most);
  BOOST_TEST(user("large").grants->size() == 8'900U);
}

BOOST_FIXTURE_TEST_CASE(K6_a_batch_that_looks_at_too_much_is_refused_and_leaves_nothing, Large) {
  // Each command copies the catalogue.
  const auto kind = [](std::size_t number, std::size_t resources) {
    schema::DefineCatalogueT body;
    auto& made = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
    made->name = "shelf";
    made->actions.emplace_back(std::make_unique<schema::CatalogueActionT>())->name = "take";
    for (std::size_t place = 0; place < resources; ++place)
      made->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>())->path =
          "shelf/" + std::to_string(number) + "-" + std::to_string(place);
    schema::CommandT command;
    command.body.Set(std::move(body));
    return command;
  };
  for (std::size_t part = 0; part < 10; ++part)
    BOOST_REQUIRE(
        (run(batch(part, 1, [&](std::size_t number) { return kind(number, 900); })).code ==
         Code::ok));
  const auto head = journal.head().seq;
  const auto receipt =
      run(batch(100, 1'000, [&](std::size_t number) { return kind(number, 1); }));
  BOOST_REQUIRE((receipt.code == Code::too_large));
  BOOST_TEST(receipt.problems.front()->index > 0U);
  BOOST_TEST(receipt.problems.front()->index < 100U);
  BOOST_TEST(journal.head().seq == head);
  // In parts it is taken.
  BOOST_TEST(
      (run(batch(100, 2, [&](std::size_t number) { return kind(number, 1); })).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K5_heavy_batches_of_one_operator_hold_nobody_else, Large) {
  fill(schema::Effect::allow, "table/t");
  std::vector<std::string> flood;
  for (int count = 0; count < 60; ++count) flood.push_back(send(dry_batch(), greedy));
  const std::string of_honest = send(message("acme", "small", schema::LockUserT()), honest);
  const auto answered = [&] {
    return std::ranges::count_if(flood,
                                 [&](const std::string& sent) { return has_receipt(sent); });
  };
  // A slice or two, not all that came before.
  for (int turn = 0; turn < 2 && !has_receipt(of_honest); ++turn) commit();
  BOOST_REQUIRE(has_receipt(of_honest));
  BOOST_TEST((receipt(of_honest).code == Code::ok));
  BOOST_TEST(answered() < 15);
  turn_until([&] { return answered() == 60; });
  for (const std::string& sent : flood)
    BOOST_TEST((receipt(sent).code == Code::ok || receipt(sent).code == Code::busy));
}

BOOST_FIXTURE_TEST_CASE(K5_beyond_an_operators_share_of_turns_it_is_told_busy_with_its_id, Large) {
  const auto heavy = [] {
    auto made = dry_batch();
    for (auto& command : made.commands)
      command->body.AsAddGrant()->resource += std::string(60, 'x') + '/' + std::string(500, 'y');
    return made;
  };
  std::vector<std::string> flood;
  std::vector<schema::Uuid> ids;
  for (int count = 0; count < 300; ++count) {
    auto made = heavy();
    ids.push_back(fresh_id());
    made.id = std::make_unique<schema::Uuid>(ids.back());
    flood.push_back(send(std::move(made), greedy));
  }
  const std::string of_honest = send(heavy(), honest);
  turn_until([&] {
    return has_receipt(of_honest) && std::ranges::all_of(flood, [&](const std::string& sent) {
             return has_receipt(sent);
           });
  });
  std::size_t busy = 0;
  for (std::size_t place = 0; place < flood.size(); ++place) {
    const auto got = receipt(flood[place]);
    BOOST_TEST((*got.id == ids[place]));
    if (got.code != Code::busy) continue;
    ++busy;
    BOOST_TEST(got.retry_after_ms > 0U);
  }
  BOOST_TEST(busy > 100U);
  BOOST_TEST(busy < 300U);
  BOOST_TEST((receipt(of_honest).code != Code::busy));
}

BOOST_FIXTURE_TEST_CASE(Q2_questions_are_sliced_by_what_they_look_at, Large) {
  // Conditions that no call meets: every one of them is judged.
  for (std::size_t from = 0; from < 8'900; from += 1'000)
    BOOST_REQUIRE((run(batch(from, std::min<std::size_t>(1'000, 8'900 - from),
                             [&](std::size_t place) {
                               auto made = grant("large", schema::Effect::deny,
                                                 "table/*/n" + std::to_string(place));
                               auto& body = *made.body.AsAddGrant();
                               body.conditions = std::make_unique<schema::ConditionsT>();
                               body.conditions->not_after_ns = 1;
                               return made;
                             }))
                       .code == Code::ok));
  add_operator("greedy-service", schema::Role::service, 31, true);
  add_operator("honest-service", schema::Role::service, 32, true);
  std::vector<std::string> flood;
  for (int count = 0; count < 10; ++count)
    flood.push_back(ask(by_name("acme", "large", "read", "table/a", 100), "uid:31"));
  const auto answered = [&] {
    return std::ranges::count_if(flood,
                                 [&](const std::string& asked) { return has_answer(asked); });
  };
  // Each question looks at 8,900; a slice is no more than one.
  BOOST_TEST(answered() == 0);
  // One question is answered at once, a few in their operator's next turn.
  BOOST_TEST(has_answer(ask(by_name("acme", "small", "read", "table/a"), "uid:32")));
  const std::string few = ask(by_name("acme", "small", "read", "table/a", 5), "uid:32");
  for (int turn = 0; turn < 2 && !has_answer(few); ++turn) reader->turn();
  BOOST_TEST(has_answer(few));
  BOOST_TEST(answered() == 0);
  turn_until([&] { return answered() == 10; });
  for (const std::string& asked : flood)
    BOOST_TEST(answer(asked).body.AsChecked()->decisions.size() == 100U);
}

BOOST_FIXTURE_TEST_CASE(Q2_publishing_goes_on_beside_long_checks, Large) {
  add_operator("service", schema::Role::service, 31, true);
  const std::string first = ask(by_name("acme", "small", "read", "table/a", 10'000), "uid:31");
  commit();
  BOOST_TEST(!has_answer(first));
  // Each publication waits for no more than the checks that began before it.
  std::vector<std::string> later;
  for (int count = 0; count < 100; ++count) {
    later.push_back(ask(by_name("acme", "small", "read", "table/a", 1'000), "uid:31"));
    schema::SetApiAccessT body;
    body.allowed = count % 2 == 1;
    send(message("acme", "large", std::move(body)));
    commit();
  }
  BOOST_TEST(has_answer(first));
  BOOST_TEST((answer(first).code == Code::ok));
  turn_until([&] {
    return std::ranges::all_of(later, [&](const std::string& asked) { return has_answer(asked); });
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
