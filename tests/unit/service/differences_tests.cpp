// What differs between two moments (H2), and what a change would have changed (H4), through every
// service.
#include <boost/test/unit_test.hpp>

#include "daemon/calls/call_entry.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;

const std::string root = "uid:1";

struct Asked {
  Asked() {
    for (const char* alias : {"acme", "zenith"}) {
      schema::CreateTenantT body;
      body.alias = alias;
      service.run("", "", std::move(body));
    }
    service.add_operator("manager", schema::Role::manager, 2, {"acme"});
    service.add_operator("auditor", schema::Role::auditor, 3, {"acme"});
    schema::CreateUserT body;
    body.username = "bob";
    created = service.run("acme", "", std::move(body)).seq;
    schema::SetUserSettingsT settings;
    settings.api_logging = true;
    service.run("acme", "bob", std::move(settings));
    granted = grant("read", "table/orders");
  }

  std::uint64_t grant(const std::string& action, const std::string& resource) {
    schema::AddGrantT body;
    body.effect = schema::Effect::allow;
    body.action = action;
    body.resource = resource;
    return service.run("acme", "bob", std::move(body)).seq;
  }

  schema::HistoryPageT ask(schema::HistoryRequestT request, const std::string& identity = root) {
    const auto bytes = service.request(std::move(request), identity);
    schema::HistoryPageT page;
    flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->UnPackTo(&page);
    return page;
  }
  template <class Body>
  schema::HistoryPageT ask_about(Body body, const std::string& identity = root) {
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    return ask(std::move(request), identity);
  }

  static schema::GetDifferenceT since(std::uint64_t seq, const std::string& alias = "acme") {
    schema::GetDifferenceT body;
    body.tenant = alias;
    body.from_seq = seq;
    return body;
  }

  template <class Body>
  schema::PreviewCommandsT preview(Body command, const std::string& alias = "acme") {
    schema::PreviewCommandsT body;
    body.days = 30;
    body.message = std::make_unique<schema::CommandMessageT>();
    body.message->id = std::make_unique<schema::Uuid>(service.fresh_id());
    body.message->tenant = alias;
    auto& one = body.message->commands.emplace_back(std::make_unique<schema::CommandT>());
    one->user = "bob";
    one->body.Set(std::move(command));
    return body;
  }

  template <class Body>
  schema::HistoryRequestT what_if(Body command, std::uint64_t at_seq,
                                  const std::string& alias = "acme") {
    schema::GetWhatIfT body;
    body.tenant = alias;
    body.message = std::move(preview(std::move(command), alias).message);
    schema::HistoryRequestT request;
    request.at_seq = at_seq;
    request.body.Set(std::move(body));
    return request;
  }

  static schema::GetWhatIfT left_out(std::uint64_t seq) {
    schema::GetWhatIfT body;
    body.tenant = "acme";
    body.without = {seq};
    return body;
  }

  /// A check by the user, recorded (L1).
  void check(const std::string& action, const std::string& resource) {
    schema::QueryT query;
    query.tenant = "acme";
    schema::CheckT body;
    schema::NamedUserT named;
    named.username = "bob";
    body.credential.Set(std::move(named));
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = action;
    question->resource = resource;
    query.body.Set(std::move(body));
    service.ask(std::move(query), root);
  }

  WholeService service;
  std::uint64_t created = 0;
  std::uint64_t granted = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(differences_tests, Asked)

BOOST_AUTO_TEST_CASE(H2_what_was_gained_since_a_record_and_by_whom) {
  const auto page = ask_about(since(created));
  BOOST_REQUIRE((page.code == Code::ok));
  const auto& found = *page.body.AsDifferencePage();
  BOOST_REQUIRE_EQUAL(found.lines.size(), 1);
  BOOST_TEST((found.lines[0]->change == schema::AccessChange::gained));
  BOOST_TEST(found.lines[0]->resource == "table/orders");
  BOOST_TEST(found.lines[0]->username == "bob");
  BOOST_TEST(found.lines[0]->caused_by->seq == granted);
  BOOST_TEST(found.lines[0]->caused_by->operator_name == "root");
  BOOST_TEST(found.from_seq == created);
  BOOST_TEST(found.line_count == 1);
  BOOST_TEST(!found.more);
}

BOOST_AUTO_TEST_CASE(H2_between_two_moments_of_the_past) {
  grant("write", "table/orders");
  schema::HistoryRequestT request;
  request.body.Set(since(created));
  request.at_seq = granted;
  const auto page = ask(std::move(request));
  BOOST_REQUIRE((page.code == Code::ok));
  BOOST_TEST(page.at_seq == granted);
  BOOST_REQUIRE_EQUAL(page.body.AsDifferencePage()->lines.size(), 1);
  BOOST_TEST(page.body.AsDifferencePage()->lines[0]->action == "read");
}

BOOST_AUTO_TEST_CASE(H2_pages_go_on_behind_the_lines_before) {
  grant("write", "table/orders");
  auto wanted = since(created);
  wanted.count_max = 1;
  const auto first = ask_about(schema::GetDifferenceT(wanted));
  BOOST_TEST(first.body.AsDifferencePage()->more);
  wanted.skip = 1;
  const auto second = ask_about(std::move(wanted));
  BOOST_REQUIRE_EQUAL(second.body.AsDifferencePage()->lines.size(), 1);
  BOOST_TEST(second.body.AsDifferencePage()->lines[0]->action == "write");
  BOOST_TEST(!second.body.AsDifferencePage()->more);
}

BOOST_AUTO_TEST_CASE(H2_a_moment_that_is_none_or_later_is_told) {
  BOOST_TEST((ask_about(since(0)).code == Code::field_missing));
  BOOST_TEST((ask_about(since(1'000)).code == Code::moment_unknown));
  schema::HistoryRequestT request;
  request.body.Set(since(granted));
  request.at_seq = created;
  BOOST_TEST((ask(std::move(request)).code == Code::field_malformed));
}

BOOST_AUTO_TEST_CASE(O2_differences_outside_ones_tenants_are_as_if_there_was_no_tenant) {
  for (const char* identity : {"uid:2", "uid:3"}) {
    BOOST_TEST((ask_about(since(created), identity).code == Code::ok));
    const auto foreign = ask_about(since(created, "zenith"), identity);
    const auto none = ask_about(since(created, "nowhere"), identity);
    BOOST_TEST((foreign.code == Code::tenant_unknown));
    BOOST_TEST(foreign.problems.at(0)->sentence == none.problems.at(0)->sentence);
  }
}

BOOST_AUTO_TEST_CASE(H4_calls_that_a_command_would_have_denied) {
  check("read", "table/orders");
  check("read", "table/orders");
  check("write", "table/orders");
  const auto seq = ask_about(schema::ListOperatorsT()).seq;
  const auto page = ask_about(preview(schema::DisableUserT()), "uid:2");
  BOOST_REQUIRE_MESSAGE((page.code == Code::ok),
                        (page.problems.empty() ? "" : page.problems[0]->sentence));
  const auto& found = *page.body.AsFlipPage();
  BOOST_TEST(found.asked == 3);
  BOOST_TEST(found.denied == 2);
  BOOST_REQUIRE_EQUAL(found.flips.size(), 1);
  BOOST_TEST(found.flips[0]->username == "bob");
  BOOST_TEST(found.flips[0]->count == 2);
  BOOST_TEST((found.flips[0]->after == Code::user_not_active));
  // Nothing was done.
  BOOST_TEST(ask_about(schema::ListOperatorsT()).seq == seq);
  schema::AddGrantT grant;
  grant.effect = schema::Effect::allow;
  grant.action = "write";
  grant.resource = "table/orders";
  const auto allowed = ask_about(preview(std::move(grant)));
  BOOST_TEST(allowed.body.AsFlipPage()->allowed == 1);
  BOOST_TEST(allowed.body.AsFlipPage()->denied == 0);
}

BOOST_AUTO_TEST_CASE(H4_who_may_not_send_a_command_is_not_told_what_it_would_do) {
  BOOST_TEST((ask_about(preview(schema::DisableUserT()), "uid:3").code == Code::not_permitted));
  BOOST_TEST((ask_about(preview(schema::EraseUserT()), "uid:2").code == Code::not_permitted));
  BOOST_TEST(
      (ask_about(preview(schema::DisableUserT(), "zenith"), "uid:2").code == Code::tenant_unknown));
}

BOOST_AUTO_TEST_CASE(H4_what_would_be_refused_is_refused) {
  schema::RemoveGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "write";
  body.resource = "table/orders";
  BOOST_TEST((ask_about(preview(std::move(body))).code == Code::grant_unknown));
  auto none = preview(schema::DisableUserT());
  none.days = 0;
  BOOST_TEST((ask_about(std::move(none)).code == Code::field_malformed));
  BOOST_TEST((ask_about(schema::PreviewCommandsT()).code == Code::field_missing));
  schema::HistoryRequestT request;
  request.body.Set(preview(schema::DisableUserT()));
  request.at_seq = created;
  BOOST_TEST((ask(std::move(request)).code == Code::field_malformed));
}

BOOST_AUTO_TEST_CASE(H3_commands_that_had_been_sent_at_a_moment_of_the_past) {
  check("read", "table/orders");
  check("read", "table/orders");
  check("write", "table/orders");
  const auto seq = ask_about(schema::ListOperatorsT()).seq;
  for (const char* identity : {"uid:1", "uid:2", "uid:3"}) {
    const auto page = ask(what_if(schema::DisableUserT(), granted), identity);
    BOOST_REQUIRE_MESSAGE((page.code == Code::ok),
                          (page.problems.empty() ? "" : page.problems[0]->sentence));
    const auto& found = *page.body.AsFlipPage();
    BOOST_TEST(found.asked == 3);
    BOOST_TEST(found.denied == 2);
    BOOST_REQUIRE_EQUAL(found.flips.size(), 1);
    BOOST_TEST(found.flips[0]->username == "bob");
    BOOST_TEST((found.flips[0]->after == Code::user_not_active));
    BOOST_TEST(page.at_seq == granted);
  }
  BOOST_TEST(ask_about(schema::ListOperatorsT()).seq == seq);
}

BOOST_AUTO_TEST_CASE(H3_records_that_had_not_been) {
  check("read", "table/orders");
  check("write", "table/orders");
  const auto page = ask_about(left_out(granted));
  BOOST_REQUIRE((page.code == Code::ok));
  const auto& found = *page.body.AsFlipPage();
  BOOST_TEST(found.denied == 1);
  BOOST_TEST((found.flips.at(0)->after == Code::no_matching_grant));
  // Asked again it is made again, with what came since.
  check("read", "table/orders");
  BOOST_TEST(ask_about(left_out(granted)).body.AsFlipPage()->denied == 2);
}

BOOST_AUTO_TEST_CASE(H3_O2_what_if_is_of_ones_own_tenants_and_of_nothing_that_concerns_all) {
  for (const char* identity : {"uid:2", "uid:3"}) {
    const auto foreign = ask(what_if(schema::DisableUserT(), granted, "zenith"), identity);
    const auto none = ask(what_if(schema::DisableUserT(), granted, "nowhere"), identity);
    BOOST_TEST((foreign.code == Code::tenant_unknown));
    BOOST_TEST(foreign.problems.at(0)->sentence == none.problems.at(0)->sentence);
    // Another tenant's record, one of no tenant, and none at all.
    for (const std::uint64_t seq : {created - 3, created - 1, std::uint64_t{1'000}})
      BOOST_TEST((ask_about(left_out(seq), identity).code == Code::record_unknown));
  }
  schema::AddOperatorT body;
  body.name = "root";
  auto installation = what_if(std::move(body), granted);
  installation.body.AsGetWhatIf()->message->commands[0]->user.clear();
  BOOST_TEST((ask(std::move(installation)).code == Code::not_permitted));
  auto mixed = what_if(schema::DisableUserT(), granted);
  mixed.body.AsGetWhatIf()->message->tenant = "zenith";
  BOOST_TEST((ask(std::move(mixed)).code == Code::field_malformed));
}

BOOST_AUTO_TEST_CASE(H3_what_is_refused_then_and_what_supposes_nothing_is_told) {
  const auto page = ask(what_if(schema::DisableUserT(), created - 1));
  BOOST_TEST((page.code == Code::user_unknown));
  BOOST_TEST(page.problems.at(0)->sentence.find("At record " + std::to_string(created - 1)) == 0u,
             page.problems.at(0)->sentence);
  BOOST_TEST((ask(what_if(schema::DisableUserT(), 0)).code == Code::field_missing));
  schema::GetWhatIfT nothing;
  nothing.tenant = "acme";
  BOOST_TEST((ask_about(std::move(nothing)).code == Code::field_missing));
  schema::GetWhatIfT many = left_out(granted);
  many.without.assign(1'001, granted);
  BOOST_TEST((ask_about(std::move(many)).code == Code::too_large));
}

BOOST_AUTO_TEST_CASE(H1_H2_H3_what_is_asked_wrongly_is_told_with_its_place_and_its_remedy) {
  struct Case {
    schema::HistoryRequestT request;
    Code code;
    /// A part of the sentence.
    std::string what;
  };
  const auto show = [](const std::string& name, std::uint64_t seq, std::int64_t time_ns = 0) {
    schema::GetUserT body;
    body.tenant = "acme";
    body.username = name;
    schema::HistoryRequestT request;
    request.at_seq = seq;
    request.at_time_ns = time_ns;
    request.body.Set(std::move(body));
    return request;
  };
  schema::RenameUserT renaming;
  renaming.username = "bert";
  const auto renamed = service.run("acme", "bob", std::move(renaming)).seq;
  schema::HistoryRequestT turned;
  turned.body.Set(since(granted));
  turned.at_seq = created;
  schema::HistoryRequestT report;
  schema::GetReportT wanted;
  wanted.tenant = "acme";
  wanted.from_seq = renamed + 1;
  report.body.Set(std::move(wanted));
  const std::string until = "last until seq " + std::to_string(renamed);
  const Case cases[] = {
      {show("bob", renamed + 1), Code::moment_unknown, "The head is"},
      {show("bob", 0, 1), Code::moment_unknown, "The journal begins at"},
      {show("bob", 0, std::int64_t{1} << 62), Code::moment_unknown, "now."},
      {show("bob", created - 1), Code::user_unknown, until},
      {show("bert", created), Code::user_unknown, "and has it now."},
      {show("bob", 0), Code::user_unknown, until},
      {std::move(turned), Code::field_malformed, "later than the moment"},
      {std::move(report), Code::seq_beyond_journal, "The head is"},
      {what_if(schema::DisableUserT(), created - 1), Code::user_unknown, "At record"},
      {what_if(schema::DisableUserT(), renamed + 1), Code::moment_unknown, "The head is"},
  };
  for (const Case& one : cases) {
    const auto page = ask(schema::HistoryRequestT(one.request));
    BOOST_TEST_CONTEXT(one.what) {
      BOOST_TEST((page.code == one.code), schema::EnumNameCode(page.code));
      BOOST_REQUIRE_EQUAL(page.problems.size(), 1);
      const auto& problem = *page.problems[0];
      BOOST_TEST(problem.sentence.find(one.what) != std::string::npos, problem.sentence);
      BOOST_TEST(!problem.field.empty());
      BOOST_TEST(!problem.remedy.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
