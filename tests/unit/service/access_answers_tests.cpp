// What the reader and the auditor say of access: sizes kept to, and no word against another.
#include "tests/unit/service/audit.h"

namespace postern::support {

namespace {

constexpr std::size_t page_bytes_max = 1 << 20;
/// So large that no page holds them all; a user may have three times as many.
constexpr int grants = 3'000;
constexpr int questions_max = 10'000;
const std::string password = "Corr3ct-horse";

struct AnswerShop : ServiceFixture {
  AnswerShop() {
    create_acme();
    create_user("shop", password);
  }

  template <class Body>
  schema::ReceiptT change(Body body, const std::string& user = "shop") {
    auto receipt = run(message("acme", user, std::move(body)));
    BOOST_REQUIRE((receipt.code == Code::ok));
    return receipt;
  }

  static schema::AddGrantT grant(schema::Effect effect, const std::string& resource) {
    schema::AddGrantT body;
    body.effect = effect;
    body.action = "read";
    body.resource = resource;
    return body;
  }

  schema::ExplanationT explain(const std::string& resource,
                               const std::function<void(schema::ExplainT&)>& edit = {}) {
    schema::ExplainT wanted;
    wanted.tenant = "acme";
    wanted.username = "shop";
    wanted.question = std::make_unique<schema::QuestionT>();
    wanted.question->action = "read";
    wanted.question->resource = resource;
    if (edit) edit(wanted);
    Audit audit(*this);
    auto page = audit.ask(std::move(wanted));
    BOOST_TEST(audit.page_bytes <= page_bytes_max);
    BOOST_REQUIRE((page.code == Code::ok));
    return std::move(*page.body.AsExplanation());
  }
  Code check(const std::string& resource) {
    return answer(ask(by_name("acme", "shop", "read", resource)))
        .body.AsChecked()
        ->decisions.at(0)
        ->reason;
  }
  Code explained(const std::string& resource) {
    const auto explanation = explain(resource);
    return explanation.stops.empty() ? Code::ok : explanation.stops[0]->code;
  }
};

/// A path of 500 bytes, so that grants are as large as they come.
std::string long_path(int number) {
  std::string path = "table/n" + std::to_string(number);
  for (int count = 0; count < 8; ++count) path += "/" + std::string(60, 'x');
  return path;
}

struct Crowded : AnswerShop {
  void hold(schema::Effect effect, const std::function<std::string(int)>& resource,
            const std::function<void(schema::AddGrantT&)>& edit = {}) {
    for (int from = 0; from < grants; from += 1'000) {
      auto batch = message("acme", "shop", grant(effect, resource(from)));
      if (edit) edit(*batch.commands[0]->body.AsAddGrant());
      for (int number = from + 1; number < from + 1'000; ++number) {
        auto body = grant(effect, resource(number));
        if (edit) edit(body);
        auto& command = batch.commands.emplace_back(std::make_unique<schema::CommandT>());
        command->user = "shop";
        command->body.Set(std::move(body));
      }
      BOOST_REQUIRE((run(std::move(batch)).code == Code::ok));
    }
  }
};

/// All grants of a holder, page after page; each page keeps to its size.
template <class Wanted, class Read>
std::set<std::string> all_pages(Audit& audit, Wanted wanted, Read read) {
  std::set<std::string> resources;
  for (bool more = true; more;) {
    const auto page = audit.ask(Wanted(wanted));
    BOOST_TEST(audit.page_bytes <= page_bytes_max);
    BOOST_REQUIRE((page.code == Code::ok));
    const auto& [held, has_more, next] = read(page);
    BOOST_REQUIRE((!has_more || !held.empty()));
    for (const auto& one : held)
      BOOST_TEST(resources.insert(one->grant->resource).second, "told twice");
    more = has_more;
    wanted.after = next;
  }
  return resources;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_answers_tests)

// ---- sizes

BOOST_FIXTURE_TEST_CASE(Q6_a_user_with_every_grant_is_told_in_pages_of_a_mebibyte, Crowded) {
  hold(schema::Effect::allow, long_path);
  schema::GetUserT wanted;
  wanted.tenant = "acme";
  wanted.username = "shop";
  Audit audit(*this);
  using Page =
      std::tuple<const std::vector<std::unique_ptr<schema::GrantHeldT>>&, bool, const std::string&>;
  const auto told = all_pages(audit, std::move(wanted), [](const schema::HistoryPageT& page) {
    const auto& view = *page.body.AsUserView();
    return Page(view.data_access, view.more, view.next);
  });
  BOOST_TEST(told.size() == std::size_t{grants});
  schema::GetUserT wrong;
  wrong.tenant = "acme";
  wrong.username = "shop";
  for (const char* after :
       {"x", "0 table/a read 0 1", "0 table/a read 0 1 2 3", "0 table/a read 0 1 x"}) {
    wrong.after = after;
    BOOST_TEST((audit.ask(schema::GetUserT(wrong)).code == Code::field_malformed), after);
  }
}

BOOST_FIXTURE_TEST_CASE(Q6_a_user_with_the_widest_keys_fits_a_page, AnswerShop) {
  for (int number = 0; number < 100; ++number) {
    schema::CreateKeyT body;
    body.name = "k" + std::to_string(number);
    for (int part = 0; part < 100; ++part) {
      auto& made = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
      made->action = "read";
      made->resource = long_path(part);
    }
    change(std::move(body));
  }
  schema::GetUserT wanted;
  wanted.tenant = "acme";
  wanted.username = "shop";
  Audit audit(*this);
  const auto page = audit.ask(std::move(wanted));
  BOOST_TEST(audit.page_bytes <= page_bytes_max);
  BOOST_REQUIRE((page.code == Code::ok));
  const auto& security = *page.body.AsUserView()->security;
  BOOST_TEST(!security.keys.empty());
  BOOST_TEST(security.keys.size() + security.keys_left_out == 100u);
}

BOOST_FIXTURE_TEST_CASE(Q5_an_explanation_fits_a_page_and_says_what_it_leaves_out, Crowded) {
  // Each with as many networks as a list may have, so that few are a page.
  int networks = 0;
  hold(schema::Effect::deny, long_path, [&](schema::AddGrantT& body) {
    if (++networks > 40) return;
    body.conditions = std::make_unique<schema::ConditionsT>();
    body.conditions->networks = std::make_unique<schema::NetworksT>();
    for (int entry = 0; entry < 20; ++entry)
      body.conditions->networks->entries.push_back("2001:db8:0:" + std::to_string(entry) + "::/64");
  });
  const auto explanation = explain("table");
  BOOST_TEST(!explanation.allowed);
  BOOST_TEST((explanation.stops.at(0)->code == Code::denied_below));
  BOOST_TEST(explanation.stops.size() + explanation.stops_left_out == std::size_t{grants} + 1);
  BOOST_TEST(explanation.stops_left_out > 0u);
}

BOOST_FIXTURE_TEST_CASE(Q2_ten_thousand_answers_keep_to_a_mebibyte_and_count_what_they_leave_out,
                        Crowded) {
  hold(schema::Effect::deny, long_path);
  auto query = by_name("acme", "shop", "read", "table", questions_max);
  for (int number = 0; number < questions_max; ++number)
    query.body.AsCheck()->questions[static_cast<std::size_t>(number)]->resource =
        "table/n" + std::to_string(number % grants);
  const auto asked = ask(std::move(query));
  const auto got = answer(asked);
  BOOST_TEST(answer_bytes(asked) <= page_bytes_max);
  const auto& checked = *got.body.AsChecked();
  std::size_t without = 0;
  for (const auto& decision : checked.decisions) {
    BOOST_TEST((decision->reason == Code::denied_below));
    without += decision->grant == nullptr;
  }
  BOOST_TEST(without > 0u);
  BOOST_TEST(checked.grants_left_out == without);
}

BOOST_FIXTURE_TEST_CASE(A8_a_role_with_many_grants_is_told_in_pages, AnswerShop) {
  schema::CreateRoleT role;
  role.name = "clerk";
  change(std::move(role), "");
  constexpr int held = 2'000;
  for (int from = 0; from < held; from += 1'000) {
    schema::CommandMessageT batch;
    batch.tenant = "acme";
    for (int number = from; number < from + 1'000; ++number) {
      schema::AddRoleGrantT body;
      body.role = "clerk";
      body.effect = schema::Effect::allow;
      body.action = "read";
      body.resource = long_path(number);
      batch.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
    }
    BOOST_REQUIRE((run(std::move(batch)).code == Code::ok));
  }
  schema::GetRoleT wanted;
  wanted.tenant = "acme";
  wanted.name = "clerk";
  Audit audit(*this);
  using Page =
      std::tuple<const std::vector<std::unique_ptr<schema::GrantHeldT>>&, bool, const std::string&>;
  const auto told = all_pages(audit, std::move(wanted), [](const schema::HistoryPageT& page) {
    const auto& view = *page.body.AsRoleView();
    return Page(view.grants, view.more, view.next);
  });
  BOOST_TEST(told.size() == std::size_t{held});
}

// ---- explain and check

BOOST_FIXTURE_TEST_CASE(C5_explain_answers_as_a_check_by_name_unless_asked_about_a_password,
                        AnswerShop) {
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->lock_closes_password_only = true;
  change(std::move(body), "");
  change(grant(schema::Effect::allow, "table/a"));
  for (int count = 0; count < 5; ++count)
    answer(ask(by_password("acme", "shop", "wr0ng-" + std::to_string(count))));
  BOOST_TEST((check("table/a") == Code::ok));
  BOOST_TEST((explained("table/a") == Code::ok));
  BOOST_TEST(explain("table/a", [](auto& wanted) { wanted.question.reset(); }).allowed);
  const auto with_password = explain("table/a", [](auto& wanted) { wanted.with_password = true; });
  BOOST_REQUIRE(!with_password.stops.empty());
  BOOST_TEST((with_password.stops[0]->code == Code::user_locked));
  change(schema::LockUserT());
  BOOST_TEST((check("table/a") == Code::user_locked));
  BOOST_TEST((explained("table/a") == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(A9_explain_says_which_fact_a_deny_was_not_judged_for, AnswerShop) {
  change(grant(schema::Effect::allow, "table"));
  auto body = grant(schema::Effect::deny, "table/x/y");
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->networks = std::make_unique<schema::NetworksT>();
  body.conditions->networks->entries = {"203.0.113.0/24", "AWS"};
  change(std::move(body));
  BOOST_TEST((check("table/x/y") == Code::denied_by_grant));
  BOOST_TEST((check("table/x") == Code::denied_below));
  const auto told = [&](std::unique_ptr<schema::CallT> call) {
    const auto explanation =
        explain("table/x", [&](auto& wanted) { wanted.call = std::move(call); });
    return explanation.stops.at(0)->sentence;
  };
  BOOST_TEST(told(nullptr).contains("names no address"));
  auto call = std::make_unique<schema::CallT>();
  call->address = "192.0.2.1";
  BOOST_TEST(told(std::move(call)).contains("No ranges of AWS are known"));
}

BOOST_FIXTURE_TEST_CASE(N3_explain_says_that_a_providers_ranges_are_missing, AnswerShop) {
  schema::SetUserSettingsT body;
  body.networks = std::make_unique<schema::NetworksT>();
  body.networks->entries = {"AZURE"};
  change(std::move(body));
  const auto explanation = explain("table", [](auto& wanted) {
    wanted.call = std::make_unique<schema::CallT>();
    wanted.call->address = "192.0.2.1";
  });
  BOOST_TEST((explanation.stops.at(0)->code == Code::network_not_allowed));
  BOOST_TEST(explanation.stops[0]->sentence.contains("No ranges of AZURE are known"));
}

// ---- permissions

BOOST_FIXTURE_TEST_CASE(A7_a_deny_whose_resource_was_retired_is_told_as_the_deny_it_is,
                        AnswerShop) {
  const auto define = [&] {
    schema::DefineCatalogueT body;
    auto& kind = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
    kind->name = "shop";
    kind->actions.emplace_back(std::make_unique<schema::CatalogueActionT>())->name = "read";
    kind->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>())->path = "shop/a";
    kind->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>())->path = "shop/b";
    return body;
  };
  change(define(), "");
  change(grant(schema::Effect::allow, "shop"));
  change(grant(schema::Effect::allow, "shop/a"));
  change(grant(schema::Effect::deny, "shop/a"));
  schema::RetireCatalogueT retire;
  retire.resources = {"shop/a"};
  change(std::move(retire), "");
  const auto state_of = [&](schema::Effect effect, const std::string& resource) {
    schema::ListPermissionsT wanted;
    wanted.tenant = "acme";
    wanted.username = "shop";
    const auto page = Audit(*this).ask(std::move(wanted));
    for (const auto& line : page.body.AsPermissionPage()->permissions)
      if (line->grant->resource == resource && line->grant->effect == effect) return line->state;
    return Code::malformed_message;
  };
  BOOST_TEST((check("shop") == Code::denied_below));
  BOOST_TEST((state_of(schema::Effect::deny, "shop/a") == Code::ok));
  BOOST_TEST((state_of(schema::Effect::allow, "shop/a") == Code::unknown_resource));
  BOOST_TEST((state_of(schema::Effect::allow, "shop") == Code::ok));
  schema::RetireCatalogueT all;
  all.kinds = {"shop"};
  change(std::move(all), "");
  BOOST_TEST((state_of(schema::Effect::deny, "shop/a") == Code::unknown_resource));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
