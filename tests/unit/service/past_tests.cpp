// Views of a moment of the past (Q9, H1), and lists of one moment (Q4), through every service.
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/unit/service/audit.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;

const std::string root = "uid:1";

template <class Body>
schema::HistoryRequestT request_of(Body body) {
  schema::HistoryRequestT request;
  request.body.Set(std::move(body));
  return request;
}

struct Told {
  Told() {
    schema::CreateTenantT acme;
    acme.alias = "acme";
    service.run("", "", std::move(acme));
    next_hour();
  }

  void next_hour() { service.clock.advance_ms(3'600'000); }

  std::uint64_t create(const std::string& name) {
    schema::CreateUserT body;
    body.username = name;
    return service.run("acme", "", std::move(body)).seq;
  }
  std::uint64_t rename(const std::string& name, const std::string& other) {
    schema::RenameUserT body;
    body.username = other;
    return service.run("acme", name, std::move(body)).seq;
  }
  template <class Body>
  std::uint64_t grant(const std::string& name, const std::string& resource) {
    Body body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = resource;
    return service.run("acme", name, std::move(body)).seq;
  }

  schema::HistoryPageT ask(schema::HistoryRequestT request, const std::string& identity = root) {
    const auto bytes = service.request(std::move(request), identity);
    schema::HistoryPageT page;
    flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->UnPackTo(&page);
    return page;
  }

  static schema::HistoryRequestT check(const std::string& name, std::uint64_t at_seq,
                                       std::int64_t at_time_ns = 0) {
    schema::CheckUserT body;
    body.tenant = "acme";
    body.username = name;
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = "table/orders";
    auto request = request_of(std::move(body));
    request.at_seq = at_seq;
    request.at_time_ns = at_time_ns;
    return request;
  }
  static schema::HistoryRequestT show(const std::string& name, std::uint64_t at_seq) {
    schema::GetUserT body;
    body.tenant = "acme";
    body.username = name;
    auto request = request_of(std::move(body));
    request.at_seq = at_seq;
    return request;
  }
  /// The reason of the one decision.
  Code reason(schema::HistoryRequestT request) {
    const auto page = ask(std::move(request));
    BOOST_REQUIRE((page.code == Code::ok));
    return page.body.AsChecked()->decisions.at(0)->reason;
  }

  WholeService service;
};

bool tells(const schema::HistoryPageT& page, std::string_view part) {
  return !page.problems.empty() && page.problems[0]->sentence.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(past_tests, Told)

BOOST_AUTO_TEST_CASE(H1_a_check_is_answered_as_of_a_seq_or_a_time) {
  const auto created = create("bob");
  next_hour();
  const auto granted = grant<schema::AddGrantT>("bob", "table/orders");
  const std::int64_t granted_ns = service.clock.now_ns();
  next_hour();
  grant<schema::RemoveGrantT>("bob", "table/orders");
  BOOST_TEST((reason(check("bob", 0)) == Code::no_matching_grant));
  BOOST_TEST((reason(check("bob", created)) == Code::no_matching_grant));
  BOOST_TEST((reason(check("bob", granted)) == Code::ok));
  BOOST_TEST((reason(check("bob", 0, granted_ns - 1)) == Code::no_matching_grant));
  BOOST_TEST((reason(check("bob", 0, granted_ns)) == Code::ok));
  BOOST_TEST((reason(check("bob", 0, granted_ns + 3'599'999'999'999)) == Code::ok));
  const auto page = ask(check("bob", granted));
  BOOST_TEST(page.at_seq == granted);
  BOOST_TEST(page.at_time_ns == granted_ns);
  BOOST_TEST(page.seq > granted);
  BOOST_TEST(page.body.AsChecked()->decisions[0]->grant->reference->seq == granted);
}

BOOST_AUTO_TEST_CASE(H1_what_is_timed_is_judged_by_the_time_that_it_was) {
  create("bob");
  schema::AddGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = "table/orders";
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->not_after_ns = service.clock.now_ns() + 1'000;
  const auto granted = service.run("acme", "bob", std::move(body)).seq;
  next_hour();
  BOOST_TEST((reason(check("bob", 0)) == Code::condition_not_met));
  create("other");
  BOOST_TEST((reason(check("bob", granted)) == Code::ok));
}

BOOST_AUTO_TEST_CASE(Q9_a_moment_that_is_none_is_told_with_its_bounds) {
  create("bob");
  const std::int64_t now_ns = service.clock.now_ns();
  auto page = ask(check("bob", 1'000));
  BOOST_TEST((page.code == Code::moment_unknown));
  BOOST_TEST(tells(page, "The head is"));
  page = ask(check("bob", 0, now_ns + 1));
  BOOST_TEST((page.code == Code::moment_unknown));
  BOOST_TEST(tells(page, "now."));
  page = ask(check("bob", 0, 1));
  BOOST_TEST((page.code == Code::moment_unknown));
  BOOST_TEST(tells(page, "The journal begins at"));
  // The time is not of the record.
  page = ask(check("bob", 3, 1));
  BOOST_TEST((page.code == Code::moment_unknown));
  auto operators = request_of(schema::ListOperatorsT());
  operators.at_seq = 1;
  page = ask(std::move(operators));
  BOOST_TEST((page.code == Code::field_malformed));
  BOOST_TEST(page.problems.at(0)->field == "at_seq");
}

BOOST_AUTO_TEST_CASE(Q9_a_name_is_of_the_one_who_had_it_then) {
  const auto first = create("bob");
  const auto renamed = rename("bob", "bert");
  const auto second = create("bob");
  service.run("acme", "bob", schema::TrashUserT());
  auto page = ask(show("bob", first));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.body.AsUserView()->details->created->seq == first);
  BOOST_TEST(page.body.AsUserView()->details->username == "bob");
  BOOST_REQUIRE(page.name_owners.size() == 2u);
  BOOST_TEST(page.name_owners[0]->until_seq == renamed);
  BOOST_TEST(page.name_owners[1]->until_seq == 0u);
  page = ask(show("bob", second));
  BOOST_TEST(page.body.AsUserView()->details->created->seq == second);
  // Now, too, whose it was before is told.
  page = ask(show("bob", 0));
  BOOST_REQUIRE(page.name_owners.size() == 2u);
  BOOST_TEST(page.name_owners[0]->until_seq == renamed);
  // Between the two nobody had it.
  page = ask(show("bob", renamed));
  BOOST_TEST((page.code == Code::user_unknown));
  BOOST_TEST(tells(page, "at another time somebody has had the name"));
  // Nobody has it now who had it before.
  rename("bob", "other");
  page = ask(show("bob", 0));
  BOOST_TEST((page.code == Code::user_unknown));
  BOOST_TEST(tells(page, "at another time somebody has had the name"));
  rename("other", "bob");
  // Known then, though unknown now.
  rename("bert", "carl");
  page = ask(show("bert", renamed));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.body.AsUserView()->details->username == "bert");
  BOOST_TEST(page.name_owners.empty());
}

BOOST_AUTO_TEST_CASE(Q9_who_was_erased_since_then_reads_as_erased) {
  schema::CreateUserT body;
  body.username = "bob";
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->first_name = "Robert";
  service.run("acme", "", std::move(body));
  const auto granted = grant<schema::AddGrantT>("bob", "table/orders");
  service.run("acme", "bob", schema::TrashUserT());
  auto page = ask(show("bob", granted));
  BOOST_REQUIRE(page.body.AsUserView()->details->profile != nullptr);
  BOOST_TEST(page.body.AsUserView()->details->profile->first_name == "Robert");
  const auto erased = service.run("acme", "bob", schema::EraseUserT()).seq;
  page = ask(show("bob", granted));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.body.AsUserView()->details->profile == nullptr);
  BOOST_REQUIRE(page.body.AsUserView()->details->erased != nullptr);
  BOOST_TEST(page.body.AsUserView()->details->erased->seq == erased);
  BOOST_TEST((reason(check("bob", granted)) == Code::ok));
}

BOOST_AUTO_TEST_CASE(Q9_whole_tenants_are_as_they_were) {
  create("bob");
  const auto before = create("carl");
  create("dora");
  service.run("acme", "bob", schema::TrashUserT());
  schema::ListUsersT list;
  list.tenant = "acme";
  list.count_max = 1;
  auto request = request_of(std::move(list));
  request.at_seq = before;
  std::vector<std::string> names;
  for (bool more = true; more;) {
    const auto page = ask(schema::HistoryRequestT(request));
    BOOST_REQUIRE((page.code == Code::ok));
    BOOST_TEST(page.at_seq == before);
    const auto& part = *page.body.AsUserPage();
    for (const auto& user : part.users) {
      names.push_back(user->username);
      BOOST_TEST((user->status == schema::UserStatus::active));
    }
    more = part.more;
    request.body.AsListUsers()->after = part.next;
  }
  BOOST_TEST(names == (std::vector<std::string>{"bob", "carl"}), boost::test_tools::per_element());
  schema::GetTenantT get;
  get.alias = "acme";
  auto show_tenant = request_of(std::move(get));
  show_tenant.at_seq = before;
  const auto page = ask(std::move(show_tenant));
  BOOST_TEST(page.body.AsTenantPage()->tenants.at(0)->user_count == 2u);
}

BOOST_FIXTURE_TEST_CASE(Q9_a_past_that_takes_long_is_busy_and_says_how_far_it_is, ServiceFixture) {
  create_acme();
  create_user("bob");
  for (std::size_t count = 0; count < 3 * service::RecordWalk::slice_records; count += 2) {
    send(message("acme", "bob", schema::LockUserT()));
    send(message("acme", "bob", schema::UnlockUserT()));
    if (count % 512 == 0) commit();
  }
  create_user("carl");
  const auto seq = journal.head().seq - 1;
  const SlowClock clock(present);
  Audit audit(*this, clock);
  schema::ListUsersT list;
  list.tenant = "acme";
  schema::HistoryRequestT request;
  request.body.Set(std::move(list));
  request.at_seq = seq;
  std::size_t busy = 0;
  auto page = audit.ask_as(request, "owner");
  for (; page.code == Code::busy && busy < 100; ++busy) {
    BOOST_TEST(page.retry_after_ms > 0u);
    BOOST_TEST(tells(page, " of " + std::to_string(seq) + " records"));
    page = audit.ask_as(request, "owner");
  }
  BOOST_TEST(busy > 0u);
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.body.AsUserPage()->users.size() == 1u);
}

BOOST_AUTO_TEST_CASE(O1_a_service_is_told_of_the_present_alone) {
  Told told;
  told.create("ann");
  const auto seq = told.grant<schema::AddGrantT>("ann", "table/orders");
  told.service.add_operator("asks", schema::Role::service, 20);
  told.next_hour();
  schema::ListPermissionsT body;
  body.tenant = "acme";
  body.username = "ann";
  auto request = request_of(std::move(body));
  request.at_seq = seq;
  BOOST_TEST((told.ask(request).code == Code::ok));
  BOOST_TEST((told.ask(request, "uid:20").code == Code::not_permitted));
  request.at_seq = 0;
  BOOST_TEST((told.ask(request, "uid:20").code != Code::not_permitted));
}

BOOST_AUTO_TEST_CASE(O2_the_past_of_others_is_as_if_there_was_none) {
  schema::CreateTenantT other;
  other.alias = "other";
  service.run("", "", std::move(other));
  service.add_operator("stranger", schema::Role::auditor, 9, {"other"});
  const auto seq = create("bob");
  create("carl");
  const auto of_acme = ask(check("bob", seq), "uid:9");
  BOOST_TEST((of_acme.code == Code::tenant_unknown));
  schema::ListUsersT list;
  list.tenant = "acme";
  auto request = request_of(std::move(list));
  request.at_seq = seq;
  BOOST_TEST((ask(std::move(request), "uid:9").code == Code::tenant_unknown));
  schema::GetUserT by_id;
  by_id.user_id =
      std::make_unique<schema::Uuid>(*ask(show("bob", seq)).body.AsUserView()->details->id);
  request = request_of(std::move(by_id));
  request.at_seq = seq;
  const auto hidden = ask(std::move(request), "uid:9");
  BOOST_TEST((hidden.code == Code::user_unknown));
  BOOST_TEST(!tells(hidden, "another time"));
}

BOOST_AUTO_TEST_CASE(Q4_a_list_by_change_is_of_the_moment_of_its_first_page) {
  const std::set<std::string> all{"ann", "bob", "carl", "dora", "eve"};
  for (const std::string& name : all) create(name);
  schema::ListUsersT list;
  list.tenant = "acme";
  list.sort = schema::UserSort::changed;
  list.count_max = 2;
  std::multiset<std::string> told;
  std::set<std::uint64_t> moments;
  const std::string changed[] = {"ann", "eve", "dora"};
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    BOOST_REQUIRE(pages < 10u);
    const auto page = ask(request_of(schema::ListUsersT(list)));
    BOOST_REQUIRE((page.code == Code::ok));
    moments.insert(page.at_seq);
    const auto& part = *page.body.AsUserPage();
    for (const auto& user : part.users) told.insert(user->username);
    more = part.more;
    list.after = part.next;
    grant<schema::AddGrantT>(changed[pages % 3], "table/n" + std::to_string(pages));
    create("late" + std::to_string(pages));
  }
  BOOST_TEST(pages == 3u);
  BOOST_TEST(told == (std::multiset<std::string>(all.begin(), all.end())),
             boost::test_tools::per_element());
  BOOST_TEST(moments.size() == 1u);
}

BOOST_AUTO_TEST_CASE(Q4_who_can_tells_each_once_though_it_is_renamed) {
  for (const std::string name : {"ann", "bob", "carl"}) {
    create(name);
    grant<schema::AddGrantT>(name, "table/orders");
  }
  schema::WhoCanT who;
  who.tenant = "acme";
  who.question = std::make_unique<schema::QuestionT>();
  who.question->action = "read";
  who.question->resource = "table/orders";
  who.count_max = 1;
  std::vector<std::string> told;
  for (bool more = true; more;) {
    const auto page = ask(request_of(schema::WhoCanT(who)));
    BOOST_REQUIRE((page.code == Code::ok));
    const auto& part = *page.body.AsHolderPage();
    for (const auto& holder : part.holders) told.push_back(holder->username);
    more = part.more;
    who.after = part.next;
    if (told.size() == 1) {
      rename("carl", "aaron");
      rename("ann", "zoe");
    }
  }
  BOOST_TEST(told == (std::vector<std::string>{"ann", "bob", "carl"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(Q4_an_erasure_between_two_pages_loses_nobody) {
  for (const std::string name : {"ann", "bob", "carl"}) create(name);
  schema::ListUsersT list;
  list.tenant = "acme";
  list.count_max = 1;
  std::vector<std::string> told;
  for (bool more = true; more;) {
    const auto page = ask(request_of(schema::ListUsersT(list)));
    BOOST_REQUIRE((page.code == Code::ok));
    const auto& part = *page.body.AsUserPage();
    for (const auto& user : part.users) told.push_back(user->username);
    if (told.size() == 1) {
      service.run("acme", "carl", schema::TrashUserT());
      service.run("acme", "carl", schema::EraseUserT());
    } else {
      BOOST_TEST(part.users.at(0)->erased == (part.users.at(0)->username == "carl"));
    }
    more = part.more;
    list.after = part.next;
  }
  BOOST_TEST(told == (std::vector<std::string>{"ann", "bob", "carl"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(Q4_a_cursor_with_a_moment_that_is_none_is_refused) {
  create("bob");
  schema::ListUsersT list;
  list.tenant = "acme";
  list.after = "999:1:bob";
  BOOST_TEST((ask(request_of(schema::ListUsersT(list))).code == Code::moment_unknown));
  list.after = "1:1:bob";
  BOOST_TEST((ask(request_of(schema::ListUsersT(list))).code == Code::moment_unknown));
  // A name alone is a place in the list of now.
  list.after = "alice";
  BOOST_TEST((ask(request_of(schema::ListUsersT(list))).code == Code::ok));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
